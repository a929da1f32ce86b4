// Every alert says how bad it is and what to do, and has a runbook and a unit test that prove it.

import { parse } from './promql.mjs';
import { labelsOf } from './series.mjs';
import { quoted } from './text.mjs';

const SEVERITIES = ['critical', 'warning', 'info'];
const RUNBOOKS = 'https://runbooks.example.com/servicecatalog-exporter/';
const HEADINGS = ['Meaning', 'Impact', 'Diagnosis', 'Mitigation', 'False positives'];

/**
 * Calls `say(what)` for what an alert lacks. `runbook` and `test` are texts, undefined where there is no
 * file; `tested` is what the test says as YAML.
 */
export function judgeAlert(rule, { runbook, test, tested }, known, say) {
  const { alert, labels, annotations } = rule;
  if (!/^ServiceCatalog[A-Z]\w+$/.test(alert)) say('is not named ServiceCatalog<Name>');
  if (!SEVERITIES.includes(labels.severity))
    say(`has the severity ${labels.severity ?? 'of nothing'}: give it one of ${SEVERITIES.join(', ')}`);
  for (const key of ['summary', 'description']) {
    if (!annotations[key]?.trim()) say(`has no ${key}`);
  }
  const url = `${RUNBOOKS}${alert}.md`;
  if (annotations.runbook_url !== url)
    say(`has the runbook_url ${annotations.runbook_url ?? 'of nothing'}: it is ${url}`);
  const { tree } = parse(rule.expr);
  if (tree && known.below(tree).some(({ object }) => object) && !rule.keep_firing_for) {
    say(
      'is about products or stack instances: give it keep_firing_for, or a restart resolves it and fires anew',
    );
  }
  if (runbook === undefined) say(`has no runbook: write docs/runbooks/${alert}.md`);
  if (test === undefined) say(`has no unit test: write deploy/prometheus/tests/${alert}.yml`);
  else judgeTest(alert, tested, known, (what) => say(`its test ${what}`));
}

/** Calls `say(what)` for what a runbook lacks. */
export function judgeRunbook(alert, text, say) {
  const headings = [...text.matchAll(/^(#+) (.+?) *$/gm)].map(([, rank, title]) => ({
    rank: rank.length,
    title,
  }));
  if (headings[0]?.rank !== 1 || headings[0].title !== alert)
    say(`begins with another heading than \`# ${alert}\``);
  const found = headings
    .filter(({ rank, title }) => rank === 2 && HEADINGS.includes(title))
    .map(({ title }) => title);
  if (found.join() !== HEADINGS.join())
    say(`has not the headings ${HEADINGS.join(', ')}, each of rank 2, once and in this order`);
  for (const title of found) {
    const below = text.split(new RegExp(`^## ${title} *$`, 'm'))[1].split(/^## /m)[0];
    if (!below.trim()) say(`says nothing below \`## ${title}\``);
  }
}

function judgeTest(alert, content, known, say) {
  const tests = content?.tests ?? [];
  const groups = tests.map(({ alert_rule_test: all = [] }) =>
    all.filter(({ alertname }) => alertname === alert),
  );
  const fires = ({ exp_alerts }) => Array.isArray(exp_alerts) && exp_alerts.length > 0;
  const recovers = (cases) => {
    const since = Math.min(...cases.filter(fires).map(({ eval_time }) => seconds(eval_time)));
    return cases.some((one) => !fires(one) && seconds(one.eval_time) > since);
  };
  if (!groups.flat().some(fires)) say('never sees it fire: add a case with exp_alerts');
  else if (groups.flat().every(fires)) say('never sees it silent: add a case with `exp_alerts: []`');
  else if (!groups.some(recovers)) say('never sees it recover: add a later case with `exp_alerts: []`');
  const inputs = tests.flatMap(({ input_series }) => input_series ?? []);
  for (const { series } of inputs) {
    const { tree, errors } = parse(series ?? '');
    errors.forEach((error) => say(`has the series ${quoted(series ?? '')}, which ${error}`));
    if (tree) labelsOf(tree, known, (what) => say(`has the series ${quoted(series)}: ${what}`));
  }
  if (!inputs.some(({ values }) => /\bstale\b|(^|\s)_/.test(values))) {
    say('has no series that ends or has a gap: give one `stale` or `_`, as when a process goes away');
  }
}

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };

/** A duration as Prometheus writes it. */
function seconds(duration) {
  const parts = [...String(duration).matchAll(/(\d+)(ms|[smhdwy])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + count * SECONDS[unit], 0);
}
