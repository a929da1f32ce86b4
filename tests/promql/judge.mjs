// Brings it all together: every file that speaks PromQL, judged.

import { judgeAlertmanager } from './alertmanager.mjs';
import { judgeAlert, judgeRunbook } from './alerts.mjs';
import { contractOf } from './contract.mjs';
import { judgeDashboard } from './dashboards.mjs';
import { judgeNames, judgeQueries } from './documents.mjs';
import { exclusionsOf } from './exclusions.mjs';
import { judgeRule, rulesOf } from './rules.mjs';
import { vocabularyOf } from './vocabulary.mjs';

const RULES = 'deploy/prometheus/rules.yml';
const TESTS = 'deploy/prometheus/tests';
const ROUTINGS = 'deploy/alertmanager';
const RUNBOOKS = 'docs/runbooks';
export const DASHBOARDS = 'grafana';
const EXCLUSIONS = `${DASHBOARDS}/.lint`;

/** All that is wrong, each as `file: place: what is wrong and what to do`. `files` is as of files.mjs. */
export function judge(files) {
  const findings = new Set();
  const find = (file) => (place, what) => findings.add(`${file}: ${place}: ${what}`);

  const tests = files.list(TESTS, '.yml');
  const routings = files.list(ROUTINGS, '.yml');
  const others = files.list('deploy/prometheus', '.yml').filter((path) => path !== RULES);
  const yaml = files.yaml([RULES, EXCLUSIONS, ...tests, ...routings, ...others]);
  for (const [path, { error }] of Object.entries(yaml)) if (error) find(path)('top', `is no YAML: ${error}`);
  const content = (path) => yaml[path]?.content;

  const rules = rulesOf(content(RULES), find(RULES));
  const known = vocabularyOf(contractOf(files.read('METRICS.md')), rules);
  for (const rule of rules) judgeRule(rule, known, find(RULES));
  judgeAlerts(rules, files, { tests, content }, known, find);
  for (const path of routings) judgeAlertmanager(content(path), known, find(path));
  judgeDocuments(files, known, find);
  judgeDashboards(files, content(EXCLUSIONS), known, find);
  return [...findings];
}

function judgeAlerts(rules, files, { tests, content }, known, find) {
  const runbooks = files.list(RUNBOOKS, '.md').filter((path) => nameOf(path) !== 'README');
  for (const rule of rules.filter(({ alert }) => alert)) {
    const test = `${TESTS}/${rule.alert}.yml`;
    const texts = { runbook: files.read(`${RUNBOOKS}/${rule.alert}.md`), test: files.read(test) };
    judgeAlert(rule, { ...texts, tested: content(test) }, known, (what) => find(RULES)(rule.place, what));
  }
  for (const path of [...runbooks, ...tests]) {
    if (!known.alerts.has(nameOf(path)))
      find(path)('name', 'is that of no alert: name the file as its alert, or take it out');
  }
  for (const path of runbooks)
    judgeRunbook(nameOf(path), files.read(path), (what) => find(path)('headings', what));
}

function judgeDocuments(files, known, find) {
  // METRICS.md is what names are judged by.
  judgeQueries(files.read('METRICS.md'), known, find('METRICS.md'));
  for (const path of ['README.md', `${DASHBOARDS}/README.md`, ...files.list(RUNBOOKS, '.md')]) {
    const text = files.read(path);
    if (text === undefined) continue;
    judgeQueries(text, known, find(path));
    judgeNames(text, known, find(path));
  }
}

function judgeDashboards(files, excluded, known, find) {
  const exclusions = exclusionsOf(excluded);
  const paths = files.list(DASHBOARDS, '.json');
  if (paths.length === 0) find(DASHBOARDS)('folder', 'has no dashboards');
  for (const path of paths) {
    let dashboard;
    try {
      dashboard = JSON.parse(files.read(path));
    } catch (error) {
      find(path)('top', `is no JSON: ${error.message}`);
      continue;
    }
    judgeDashboard(nameOf(path), dashboard, { known, uids: paths.map(nameOf) }, (place, rule, what) => {
      if (!exclusions.excluded(rule, place)) find(path)(place.panel ?? 'dashboard', `${what} (${rule})`);
    });
  }
  exclusions.judge(find(EXCLUSIONS));
}

function nameOf(path) {
  return path
    .split('/')
    .at(-1)
    .replace(/\.\w+$/, '');
}
