// One panel of a dashboard, by the rules `panel-…` and `target-…` of grafana/dashboard-linter, which are held
// for panels of every type.

import { RATE_INTERVAL, expand, isOurs } from './grafana.mjs';
import { houseRules } from './house.mjs';
import { parse, selectors, walk } from './promql.mjs';
import { labelsOf } from './series.mjs';
import { quoted } from './text.mjs';
import { unknownNames } from './words.mjs';

/** Units of Grafana that the linter knows, too; those that we have a use for. */
const UNITS = (
  'none short string locale sci hex percent percentunit bool bool_yes_no bool_on_off bytes decbytes Bps binBps ms s m h d' +
  ' dtdurations dthms dtdhms dateTimeAsIso dateTimeAsIsoNoDateIfToday dateTimeAsLocal dateTimeAsSystem dateTimeFromNow' +
  ' hertz cps ops reqps rps cpm opm rpm'
).split(' ');

/** Calls `wrong(rule, what)`. */
export function judgePanel(panel, variables, known, wrong) {
  if (!panel.title?.trim() || !panel.description?.trim())
    wrong('panel-title-description-rule', 'has no title, or no description');
  for (const { datasource, refId } of [panel, ...(panel.targets ?? [])]) {
    const inherited = refId && !datasource;
    if (!inherited && !isOurs(datasource)) {
      wrong(
        'panel-datasource-rule',
        `${refId ? `its target ${refId}` : 'it'} has another datasource than $datasource of type prometheus`,
      );
    }
  }
  judgeUnit(panel, wrong);
  const targets = panel.targets ?? [];
  if (targets.length === 0) wrong('panel-no-targets-rule', 'has no target');
  const ids = targets.map(({ refId }) => refId);
  if (ids.some((id, at) => !id || ids.indexOf(id) !== at))
    wrong('house', 'has targets with the same refId, or with none');
  const results = targets.map((target) => judgeTarget(target, panel, variables, known, wrong));
  if (!results.includes(null)) judgeFields(panel, new Set(results.flatMap((labels) => [...labels])), wrong);
  unknownNames(panel.description ?? '', known).forEach((what) => wrong('house', `its description ${what}`));
}

function judgeUnit({ type, fieldConfig, options }, wrong) {
  const properties = (fieldConfig?.overrides ?? []).flatMap((override) => override.properties ?? []);
  const units = properties.filter(({ id }) => id === 'unit').map(({ value }) => value);
  const mapped =
    fieldConfig?.defaults?.mappings?.length ||
    properties.some(({ id, value }) => id === 'mappings' && value?.length);
  const words = type === 'stat' && options?.reduceOptions?.fields;
  units.push(...[fieldConfig?.defaults?.unit, type === 'heatmap' && options?.yAxis?.unit].filter(Boolean));
  for (const unit of units) {
    if (!UNITS.includes(unit))
      wrong(
        'panel-units-rule',
        `has the unit ${unit}: take one of Grafana's, and if it is, name it in tests/promql/panels.mjs`,
      );
  }
  if (units.length === 0 && !mapped && !words) wrong('panel-units-rule', 'has no unit');
}

/** The labels of the target's result; null if they are not known. */
function judgeTarget(target, panel, variables, known, wrong) {
  const { tree, errors } = parse(expand(target.expr ?? '', variables));
  const at = (what) => `the target ${target.refId} ${what}`;
  errors.forEach((error) => wrong('target-promql-rule', at(error)));
  if (!tree) return null;
  const house = (what) => wrong('house', `the target ${target.refId}: ${what}`);
  const labels = labelsOf(tree, known, house);
  houseRules(tree, known, house);
  for (const { name, matchers, text } of selectors(tree)) {
    if (known.isRecorded(name)) house(`${name} is a recording rule: panels must work without the rules`);
    for (const label of ['job', 'instance']) {
      const good = matchers.some(
        (one) => one.label === label && one.op === '=~' && one.value === `$${label}`,
      );
      if (!good)
        wrong(`target-${label}-rule`, at(`does not ask for ${label}=~"$${label}" in ${quoted(text)}`));
    }
  }
  for (const { node, above } of walk(tree)) {
    const call = above.at(-1);
    if (node.kind === 'range' && ['rate', 'irate'].includes(call?.name) && node.duration !== RATE_INTERVAL) {
      wrong(
        'target-rate-interval-rule',
        at(`takes ${call.name} over ${node.duration}: take $__rate_interval`),
      );
    }
  }
  for (const [, label] of (target.legendFormat ?? '').matchAll(/\{\{\s*(\S*?)\s*\}\}/g)) {
    if (labels && !labels.has(label)) house(`its legend shows ${label}, which the result does not have`);
  }
  const lines = ['timeseries', 'state-timeline', 'bargauge', 'piechart'].includes(panel.type);
  if (lines && !target.legendFormat) house('has no legend');
  return labels;
}

/** Labels that the panel names beside its queries. */
function judgeFields(panel, labels, wrong) {
  const columns = (panel.transformations ?? []).flatMap(({ options }) =>
    Object.values(options?.renameByName ?? {}),
  );
  const exists = (name) =>
    labels.has(name) || /^(Time|Value|__name__)( #?\w+)?$/.test(name) || columns.includes(name);
  const missing = (where, name) =>
    wrong('house', `${where} names ${quoted(name)}, which no target's result has`);
  for (const { id, options } of panel.transformations ?? []) {
    if (id !== 'organize') continue;
    for (const part of ['excludeByName', 'indexByName', 'renameByName']) {
      Object.keys(options?.[part] ?? {})
        .filter((name) => !exists(name))
        .forEach((name) => missing(part, name));
    }
  }
  const text = JSON.stringify(panel);
  const fields = [...text.matchAll(/\$\{__data\.fields(?:\.(\w+)|\[(?:\\"|')?(.+?)(?:\\"|')?\])/g)].map(
    ([, a, b]) => a ?? b,
  );
  fields.filter((name) => !/^\d+$/.test(name) && !exists(name)).forEach((name) => missing('a link', name));
  for (const [, name] of text.matchAll(/\$\{__field\.labels\.(\w+)/g))
    if (!labels.has(name)) missing('a link', name);
  if (panel.type !== 'table') return;
  for (const { matcher } of panel.fieldConfig?.overrides ?? []) {
    if (matcher?.id === 'byName' && !exists(matcher.options)) missing('an override', matcher.options);
  }
}
