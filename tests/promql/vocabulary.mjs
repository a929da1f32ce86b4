// What an expression may name: the metrics of METRICS.md, and what the rules make of them.

import { parse, selectors } from './promql.mjs';
import { labelsOf } from './series.mjs';

const silently = () => {};

/** `rules` are objects { alert, record, expr, labels }, as rules.mjs reads them. */
export function vocabularyOf(contract, rules) {
  const alerts = rules.filter(({ alert }) => alert);
  const names = new Set(alerts.map(({ alert }) => alert));
  const trees = new Map(rules.map((rule) => [rule, parse(rule.expr).tree]));
  const made = new Map();
  const all = [
    ...contract.metrics.keys(),
    'ALERTS',
    'ALERTS_FOR_STATE',
    ...rules.flatMap(({ record }) => record ?? []),
  ];

  /** What a rule's series have for labels: those of its result, and those that it adds. */
  function labelsMadeBy(rule) {
    const tree = trees.get(rule);
    return [...((tree && labelsOf(tree, known, silently)) ?? []), ...Object.keys(rule.labels)];
  }

  function make(name) {
    const plain = { target: false, object: false, counter: false, extra: () => false };
    // While it is being made it has no labels: a rule that reads itself then ends.
    made.set(name, { ...plain, labels: new Set() });
    if (name === 'ALERTS' || name === 'ALERTS_FOR_STATE') {
      return { ...plain, labels: new Set(['alertname', 'alertstate', ...alerts.flatMap(labelsMadeBy)]) };
    }
    const sources = rules.filter(({ record }) => record === name);
    if (sources.length === 0) return undefined;
    return { ...plain, labels: new Set(sources.flatMap(labelsMadeBy)) };
  }

  const known = {
    alerts: names,
    names: () => all,
    metric(name) {
      if (contract.metrics.has(name)) return contract.metrics.get(name);
      if (!made.has(name)) made.set(name, make(name));
      return made.get(name);
    },
    isRecorded: (name) => rules.some(({ record }) => record && record === name),
    /** The trees of the rules that make a metric. */
    sources: (name) =>
      rules.filter(({ record }) => record && record === name).flatMap((rule) => trees.get(rule) ?? []),
    values: (name, label) => (label === 'alertname' ? names : contract.values(name, label)),
    /** Every label that some metric has. */
    labels: () => new Set(known.names().flatMap((name) => [...known.metric(name).labels])),
    /** The metrics that a tree stands on, those below recording rules too. */
    below(tree, seen = new Set()) {
      for (const { name } of selectors(tree)) {
        if (seen.has(name)) continue;
        seen.add(name);
        known.sources(name).forEach((source) => known.below(source, seen));
      }
      return [...seen].flatMap((name) => known.metric(name) ?? []);
    },
  };
  return known;
}
