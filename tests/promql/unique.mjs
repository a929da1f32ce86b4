// Whether a side of a join has at most one series for the labels that it is joined on. Where it has two, Prometheus
// answers the whole expression with an error, and does so on the day on which a second replica says another name.

import { REPLICA } from './contract.mjs';
import { walk } from './promql.mjs';
import { labelsOf } from './series.mjs';
import { isScalar, isSet } from './types.mjs';

/** Calls `say` for each join of a tree that may find two series where it wants one. */
export function judgeJoins(tree, known, say) {
  for (const { node } of walk(tree)) {
    if (node.kind !== 'binary' || node.matching !== 'on' || isSet(node.op)) continue;
    for (const side of ['left', 'right']) {
      // The side that group_left or group_right names may have many.
      if (node.group === side || isUnique(node[side], node.labels, known)) continue;
      const by = node.labels.join(', ');
      say(`the ${side} side of ${node.op} on (${by}) may have two series for that: topk by (${by}) (1, …)`);
    }
  }
}

function isUnique(tree, on, known) {
  const unique = (inner, labels = on) => isUnique(inner, labels, known);
  if (hasNoOther(tree, on, known)) return true;
  switch (tree.kind) {
    case 'selector': {
      const sources = known.sources(tree.name);
      return sources.length === 1 && unique(sources[0]);
    }
    case 'range':
      return unique(tree.inner);
    case 'call':
      return tree.args.some(
        (argument) => !isScalar(argument) && argument.kind !== 'string' && unique(argument),
      );
    case 'aggregate': {
      const { op, modifier, labels, param, inner } = tree;
      if (op === 'topk' || op === 'bottomk')
        return param.text === '1' && modifier === 'by' && labels.every((label) => on.includes(label));
      // Each series becomes one, which says its value in a label.
      if (op === 'count_values') return modifier === 'without' && labels.length === 0 && unique(inner);
      // What it takes away makes no difference any more; what it takes by is all that there is.
      return modifier === 'without' && unique(inner, [...on, ...labels]);
    }
    case 'binary': {
      const { op, left, right, matching, labels, group } = tree;
      if (isScalar(left)) return unique(right);
      if (isScalar(right) || op === 'and' || op === 'unless') return unique(left);
      if (op !== 'or') return unique(group === 'right' ? right : left);
      const apart = matching === 'on' && labels.every((label) => on.includes(label));
      return apart && unique(left) && unique(right);
    }
    default:
      return true;
  }
}

/** Whether series can differ in no label beside those. */
function hasNoOther(tree, on, known) {
  const labels = labelsOf(tree, known, () => {});
  const equal = (tree.matchers ?? []).filter(({ op }) => op === '=').map(({ label }) => label);
  // A job is scraped through one service, and an instance is one process.
  const same = [...on, ...equal, 'service', ...(on.includes('instance') ? ['namespace', ...REPLICA] : [])];
  return labels !== null && [...labels].every((label) => same.includes(label));
}
