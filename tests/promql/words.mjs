// Names in prose: metrics, alerts, and labels with a value.

import { parse } from './promql.mjs';
import { labelsOf } from './series.mjs';

/** What begins like a metric or an alert and is none: the crate, and the roles of the examples. */
const OTHERS = [
  'servicecatalog_exporter',
  'ServiceCatalogExporter',
  'ServiceCatalogExporterHub',
  'ServiceCatalogExporterDiscovery',
];

/** What a text says of metrics and alerts that are not there. */
export function unknownNames(text, known) {
  const wrong = new Set();
  const names = known.names();
  for (const [word, name, more] of text.matchAll(
    /(?<![\w:./-])((?:\w+:)*servicecatalog_\w*(?::\w+)*)(?!\w|::)(\*|…)?/g,
  )) {
    const fits =
      more || name.endsWith('_')
        ? names.some((one) => one.startsWith(name))
        : (known.metric(name) ?? isHistogram(name, names));
    if (!fits && !OTHERS.includes(name))
      wrong.add(`names ${word}, which is no metric of METRICS.md and no recording rule`);
  }
  for (const [name] of text.matchAll(/(?<![\w:.])ServiceCatalog[A-Z]\w*(?!\w|::)/g)) {
    if (!known.alerts.has(name) && !OTHERS.includes(name)) wrong.add(`names ${name}, which is no alert`);
  }
  return [...wrong];
}

/** Calls `say` with what is wrong with a piece of code in a line of prose. */
export function judgeCode(code, known, say) {
  const selector = /^[\w:]+\{.*\}$/s.test(code) ? parse(code).tree : undefined;
  if (selector) labelsOf(selector, known, say);
  else if (/^\w+(=~?|!=|!~)"[^"]*"$/.test(code)) judgeMatcher(code, known, say);
  else unknownNames(code, known).forEach(say);
}

/** A label with a value must fit one of the metrics that have the label. */
function judgeMatcher(code, known, say) {
  const [label] = /^\w+/.exec(code);
  const having = known.names().filter((name) => known.metric(name).labels.has(label));
  if (having.length === 0) {
    say(`names the label ${label}, which no metric has`);
    return;
  }
  const complaints = having.map((name) => {
    const said = [];
    labelsOf(parse(`${name}{${code}}`).tree, known, (what) => said.push(what));
    return said;
  });
  if (complaints.every((said) => said.length > 0)) complaints[0].forEach(say);
}

function isHistogram(name, names) {
  return names.includes(`${name}_bucket`);
}
