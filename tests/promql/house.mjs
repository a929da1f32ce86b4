// The house rules of PromQL in rules and panels.

import { REPLICA } from './contract.mjs';
import { walk } from './promql.mjs';
import { judgeJoins } from './unique.mjs';
import { quoted } from './text.mjs';
import { isScalar } from './types.mjs';

const OF_COUNTERS = ['rate', 'irate', 'increase', 'resets', 'changes'];
const PRESENCE = ['absent', 'absent_over_time'];
const FIRST = `max without (${REPLICA.join(', ')}) (…)`;

/** What is unknown to one replica may be known to the other, so here the smaller number is right. */
const UNKNOWN = 'servicecatalog_scan_stack_sets_unknown';

/** Calls `say` with what breaks a rule of the house. */
export function houseRules(tree, known, say) {
  judgeJoins(tree, known, say);
  for (const { node, above } of walk(tree)) {
    if (node.kind === 'binary' && node.op === 'or' && [node.left, node.right].some(isConstant)) {
      say(
        'or vector(…) makes a number of what is unknown: leave it out, or take `0 *` a series that is known',
      );
    }
    const metric = node.kind === 'selector' ? known.metric(node.name) : undefined;
    if (metric?.counter && !isCounted(above)) {
      say(`the counter ${quoted(node.text)} stands outside rate, irate and increase: take one of them`);
    }
    if (metric?.target && !isOfOneReplica(node, above)) {
      say(`${quoted(node.text)} is not under ${FIRST} first: replicas would double it`);
    }
  }
}

function isConstant(tree) {
  return isScalar(tree) || (tree.kind === 'call' && tree.name === 'vector');
}

function isCounted(above) {
  const [call, range] = [above.at(-2), above.at(-1)];
  if (range?.kind === 'range' && call?.kind === 'call')
    return [...OF_COUNTERS, PRESENCE[1]].includes(call.name);
  return range?.kind === 'call' && range.name === PRESENCE[0];
}

/** Whether what first brings series together takes one of each that two replicas export. */
function isOfOneReplica(selector, above) {
  let inner = selector;
  for (const outer of [...above].reverse()) {
    if (outer.kind === 'aggregate') return takesOne(outer, selector.name);
    if (outer.kind === 'call' && PRESENCE.includes(outer.name)) return true;
    if (outer.kind === 'binary') {
      const other = outer.left === inner ? outer.right : outer.left;
      if (!isScalar(other)) return false;
    }
    inner = outer;
  }
  return false;
}

function takesOne({ op, modifier, labels, param }, name) {
  if (op === 'max' || (op === 'min' && name === UNKNOWN)) return modifier === 'without' && REPLICA.every((label) => labels.includes(label));
  // The right side of a join, of which nothing but labels is wanted.
  return (
    op === 'topk' &&
    param.text === '1' &&
    modifier === 'by' &&
    !REPLICA.some((label) => labels.includes(label))
  );
}
