// Reads PromQL, with the grammar of Prometheus's own editor, into a small tree:
//   { kind: 'selector', name, matchers: [{ label, op, value }], text }
//   { kind: 'range', inner, duration }            x[5m], and x[5m:1m]
//   { kind: 'call', name, args }
//   { kind: 'aggregate', op, modifier: 'by' | 'without' | null, labels, param, inner }
//   { kind: 'binary', op, bool, left, right,
//     matching: 'on' | 'ignoring' | null, labels, group: 'left' | 'right' | null, include }
//   { kind: 'number', text }, { kind: 'string', value }
// Parentheses, signs, offset and @ change neither labels nor meaning to us and are left out.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { quoted } from './text.mjs';
import { typeOf } from './types.mjs';

const packages = fileURLToPath(new URL('../../target/tools/node/package.json', import.meta.url));
const { parser } = load('@prometheus-io/lezer-promql');

function load(name) {
  try {
    return createRequire(packages)(name);
  } catch (error) {
    throw new Error(`${name} is not there (${error.code}): install it with \`make tools\``);
  }
}

/** The tree of an expression, and what is wrong with it: `{ tree, errors }`; no tree if it does not parse. */
export function parse(text) {
  const root = parser.parse(text).topNode;
  const error = firstError(root);
  if (error) return { errors: [`is no PromQL at ${quoted(text.slice(error.from).trim() || 'its end')}`] };
  const errors = [];
  const tree = treeOf(kids(root)[0], text);
  typeOf(tree, errors);
  return { tree, errors };
}

/** Every node of a tree, with those that it stands in, the outermost first. */
export function* walk(tree, above = []) {
  yield { node: tree, above };
  for (const child of children(tree)) yield* walk(child, [...above, tree]);
}

/** The selectors of a tree. */
export function selectors(tree) {
  return [...walk(tree)].filter(({ node }) => node.kind === 'selector').map(({ node }) => node);
}

/** A regular expression of a matcher, anchored as Prometheus does; null if JavaScript cannot read it. */
export function anchored(pattern) {
  try {
    return new RegExp(`^(?:${pattern})$`, 'su');
  } catch {
    return null;
  }
}

function firstError(root) {
  let found = null;
  root.cursor().iterate((node) => {
    if (node.type.isError && !found) found = { from: node.from };
  });
  return found;
}

function children(tree) {
  switch (tree.kind) {
    case 'range':
      return [tree.inner];
    case 'call':
      return tree.args;
    case 'aggregate':
      return tree.param ? [tree.param, tree.inner] : [tree.inner];
    case 'binary':
      return [tree.left, tree.right];
    default:
      return [];
  }
}

function kids(node) {
  const all = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.name !== 'LineComment') all.push(child);
  }
  return all;
}

function treeOf(node, text) {
  const of = (n) => text.slice(n.from, n.to);
  const [first] = kids(node);
  switch (node.name) {
    case 'ParenExpr':
    case 'OffsetExpr':
    case 'StepInvariantExpr':
      return treeOf(first, text);
    case 'UnaryExpr':
      return treeOf(kids(node)[1], text);
    case 'NumberDurationLiteral':
      return { kind: 'number', text: of(node) };
    case 'StringLiteral':
      return { kind: 'string', value: unquote(of(node)) };
    case 'VectorSelector':
      return selectorOf(node, text);
    case 'MatrixSelector':
    case 'SubqueryExpr':
      return { kind: 'range', inner: treeOf(first, text), duration: of(kids(node)[1]) };
    case 'FunctionCall':
      return { kind: 'call', name: of(first), args: kids(kids(node)[1]).map((n) => treeOf(n, text)) };
    case 'AggregateExpr': {
      const body = kids(kids(node).find((n) => n.name === 'FunctionCallBody')).map((n) => treeOf(n, text));
      const modifier = kids(node).find((n) => n.name === 'AggregateModifier');
      return {
        kind: 'aggregate',
        op: of(first).toLowerCase(),
        modifier: modifier ? of(modifier.firstChild).toLowerCase() : null,
        labels: modifier ? labelsOf(modifier.lastChild, text) : [],
        body,
        param: body.length > 1 ? body[0] : null,
        inner: body.at(-1),
      };
    }
    case 'BinaryExpr':
      return binaryOf(node, text);
    default:
      // Of a newer Prometheus: anchored and smoothed.
      return { kind: 'unknown', text: of(node) };
  }
}

function binaryOf(node, text) {
  const of = (n) => text.slice(n.from, n.to);
  const parts = kids(node);
  // Of a newer Prometheus, as is a name in quotes below.
  if (parts.some((n) => n.name === 'FillModifier')) return { kind: 'unknown', text: of(node) };
  const tree = {
    kind: 'binary',
    op: of(parts[1]).toLowerCase(),
    bool: parts.some((n) => n.name === 'BoolModifier'),
    left: treeOf(parts[0], text),
    right: treeOf(parts.at(-1), text),
    matching: null,
    labels: [],
    group: null,
    include: [],
  };
  for (const part of kids(parts.find((n) => n.name === 'MatchingModifierClause') ?? parts[1])) {
    switch (part.name) {
      case 'On':
      case 'Ignoring':
        tree.matching = part.name.toLowerCase();
        break;
      case 'GroupLeft':
        tree.group = 'left';
        break;
      case 'GroupRight':
        tree.group = 'right';
        break;
      case 'GroupingLabels':
        tree[tree.group ? 'include' : 'labels'] = labelsOf(part, text);
        break;
      default:
    }
  }
  return tree;
}

function selectorOf(node, text) {
  const of = (n) => text.slice(n.from, n.to);
  const selector = { kind: 'selector', name: null, matchers: [], text: of(node) };
  for (const part of kids(node)) {
    if (part.name === 'Identifier') selector.name = of(part);
    if (part.name !== 'LabelMatchers') continue;
    for (const matcher of kids(part)) {
      if (matcher.name !== 'UnquotedLabelMatcher') return { kind: 'unknown', text: of(node) };
      const [label, op, value] = kids(matcher);
      const found = { label: of(label), op: of(op), value: unquote(of(value)) };
      if (found.label === '__name__' && found.op === '=') selector.name = found.value;
      else selector.matchers.push(found);
    }
  }
  return selector;
}

function labelsOf(node, text) {
  return kids(node).map((n) => bare(text.slice(n.from, n.to)));
}

function bare(label) {
  return /^["'`]/.test(label) ? unquote(label) : label;
}

const ESCAPES = { n: '\n', t: '\t', r: '\r' };

function unquote(literal) {
  const inner = literal.slice(1, -1);
  if (literal[0] === '`') return inner;
  return inner.replace(/\\(.)/gs, (_, c) => ESCAPES[c] ?? c);
}
