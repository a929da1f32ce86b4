// Which labels the series of a result can have, and which metrics, labels and values an expression names that
// do not exist.

import { SCRAPED } from './contract.mjs';
import { anchored } from './promql.mjs';
import { quoted } from './text.mjs';
import { isScalar, isSet } from './types.mjs';

/**
 * The labels that a result can have, as a set; null if it cannot be said. `known` is as of vocabulary.mjs; `say` is
 * called with each thing that is wrong.
 */
export function labelsOf(tree, known, say) {
  const of = (node) => labelsOf(node, known, say);
  switch (tree.kind) {
    case 'selector':
      return ofSelector(tree, known, say);
    case 'range':
      return of(tree.inner);
    case 'call':
      return ofCall(tree, of, say);
    case 'aggregate':
      return ofAggregate(tree, of, say);
    case 'binary':
      return ofBinary(tree, of, say);
    default:
      return new Set();
  }
}

function ofSelector(selector, known, say) {
  let names = [selector.name];
  if (!selector.name) {
    const pattern = selector.matchers.find(({ label, op }) => label === '__name__' && op === '=~');
    if (!pattern) {
      say(`${quoted(selector.text)} takes every metric there is: name one`);
      return null;
    }
    names = known.names().filter((name) => anchored(pattern.value)?.test(name));
    if (names.length === 0) say(`no metric has a name like ${quoted(pattern.value)}`);
  }
  const labels = new Set();
  for (const name of names) {
    const metric = known.metric(name);
    if (!metric) {
      say(`${name} is no metric of METRICS.md and no recording rule`);
      return null;
    }
    metric.labels.forEach((label) => labels.add(label));
    for (const { label, op, value } of selector.matchers) {
      if (label === '__name__') continue;
      if (metric.extra(label)) labels.add(label);
      else if (!metric.labels.has(label)) say(`${name} has no label ${label}`);
      else ofMatcher(known.values(name, label), { label, op, value }, say);
    }
  }
  return labels;
}

function ofMatcher(values, { label, op, value }, say) {
  // A variable, or a place for the reader to fill in.
  if (!values || /[$<]/.test(value)) return;
  const wrong = (what) => say(`${label} is never ${quoted(what)}: it is one of ${[...values].join(', ')}`);
  if (!op.endsWith('~')) {
    if (value !== '' && !values.has(value)) wrong(value);
    return;
  }
  for (const part of /^[\w|]*$/.test(value) ? value.split('|') : [value]) {
    if (part !== '' && ![...values].some((one) => anchored(part)?.test(one))) wrong(part);
  }
}

function ofCall({ name, args }, of, say) {
  const all = args.map((argument) => ({ argument, labels: of(argument) }));
  const vector = all.find(({ argument }) => !isScalar(argument) && argument.kind !== 'string');
  const labels = vector?.labels;
  const text = (at) => (args[at]?.kind === 'string' ? args[at].value : undefined);
  switch (name) {
    case 'absent':
    case 'absent_over_time': {
      const inner = vector?.argument.kind === 'range' ? vector.argument.inner : vector?.argument;
      const matchers = inner?.kind === 'selector' ? inner.matchers : [];
      return new Set(
        matchers.filter(({ op, label }) => op === '=' && label !== '__name__').map(({ label }) => label),
      );
    }
    case 'label_replace': {
      if (labels && !labels.has(text(3))) say(`label_replace reads the label ${text(3)}, which is not there`);
      return labels && new Set([...labels, text(1)]);
    }
    case 'label_join':
      for (const { value } of args.slice(3)) {
        if (labels && !labels.has(value)) say(`label_join reads the label ${value}, which is not there`);
      }
      return labels && new Set([...labels, text(1)]);
    case 'histogram_quantile':
      if (labels && !labels.has('le')) say('histogram_quantile needs the label le: keep it in the sum below');
      return labels && without(labels, ['le']);
    default:
      return labels === undefined ? new Set() : labels;
  }
}

function ofAggregate({ op, modifier, labels, param, inner }, of, say) {
  const below = of(inner);
  const counted = op === 'count_values' && param?.kind === 'string' ? [param.value] : [];
  if (op === 'topk' || op === 'bottomk') {
    grouping(op, labels, below, modifier === 'by' ? [] : SCRAPED, say);
    return below;
  }
  if (modifier === 'without') {
    grouping(`${op} without`, labels, below, SCRAPED, say);
    return below && new Set([...without(below, labels), ...counted]);
  }
  grouping(`${op} by`, labels, below, [], say);
  return new Set([...labels, ...counted]);
}

function grouping(where, labels, below, always, say) {
  for (const label of labels) {
    if (below && !below.has(label) && !always.includes(label))
      say(`${where} (${label}): there is no such label below it`);
  }
}

function ofBinary(tree, of, say) {
  const left = of(tree.left);
  const right = of(tree.right);
  if (isScalar(tree.left)) return right;
  if (isScalar(tree.right)) return left;
  const sides = { left, right };
  for (const label of tree.labels) {
    const has = Object.values(sides).filter((side) => side === null || side.has(label)).length;
    if (tree.matching === 'on' && has < 2) say(`on (${label}): a side of ${tree.op} has no such label`);
    if (tree.matching === 'ignoring' && has < 1 && !SCRAPED.includes(label))
      say(`ignoring (${label}): no side of ${tree.op} has such a label`);
  }
  const many = sides[tree.group ?? 'left'];
  const one = tree.group === 'right' ? left : right;
  grouping(`group_${tree.group}`, tree.include, one, [], say);
  if (tree.op === 'or') return left && right && new Set([...left, ...right]);
  if (isSet(tree.op)) return left;
  if (tree.group) return many && new Set([...many, ...tree.include]);
  if (tree.matching === 'on') return new Set(tree.labels);
  return left && without(left, tree.labels);
}

function without(labels, gone) {
  return new Set([...labels].filter((label) => !gone.includes(label)));
}
