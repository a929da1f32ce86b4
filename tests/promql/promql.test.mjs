import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parse, selectors } from './promql.mjs';

const errorsOf = (text) => parse(text).errors.join('; ');

test('an expression becomes a tree with its selectors, matchers and groupings', () => {
  const { tree, errors } = parse(
    '# why\nsum by (a) (rate(x_total{b=~"c|d", e!="\\"f"}[5m] offset 1h)) / on (a) group_left (g) (-topk by (a) (1, y{h="i"}))',
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(
    [tree.op, tree.matching, tree.labels, tree.group, tree.include],
    ['/', 'on', ['a'], 'left', ['g']],
  );
  assert.deepEqual([tree.left.op, tree.left.modifier, tree.left.labels], ['sum', 'by', ['a']]);
  assert.equal(tree.left.inner.args[0].duration, '5m');
  assert.equal(tree.right.param.text, '1');
  const [x, y] = selectors(tree);
  assert.deepEqual(x.matchers, [
    { label: 'b', op: '=~', value: 'c|d' },
    { label: 'e', op: '!=', value: '"f' },
  ]);
  assert.deepEqual([x.name, y.name], ['x_total', 'y']);
});

test('what Prometheus reads is no error', () => {
  for (const good of [
    'time() - x > on (a) group_left () 3 * y',
    'x unless y',
    'a or b and c',
    '1 > bool 2',
    'absent(up{job="a"})',
    'sum(x) by (b)',
    'x[5m]',
    'max_over_time(rate(x[5m])[1h:1m])',
    'label_replace(x, "a", "$1", "b", "(.*)")',
    'count_values("v", x)',
    'vector(1)',
    'round(x)',
    'hour()',
    'histogram_quantile(0.9, x)',
    'label_join(x, "a", "-", "b", "c", "d")',
    '{__name__=~"a.*"}',
    'x @ end()',
    'x{a="b",}',
  ])
    assert.equal(errorsOf(good), '', good);
});

test('what Prometheus refuses is an error', () => {
  for (const bad of [
    '',
    '# nothing',
    'x +',
    'foo(x)',
    'x{a=b}',
    'sum by a (x)',
    'x[5 minutes]',
    'x[$__rate_interval]',
    'x y',
    'x{a="b"',
    'rate(x)',
    'rate(x[5m], 1)',
    'abs(x[5m])',
    'abs()',
    'sum(x[5m])',
    'topk(x)',
    'topk(x, y)',
    'x and 1',
    '1 > 2',
    'x + "a"',
    'x[5m] > 1',
    'histogram_quantile(x, 1)',
    'count_values(1, x)',
    'abs("a")',
  ])
    assert.notEqual(errorsOf(bad), '', bad);
});

test('what only a newer Prometheus reads is an error', () => {
  for (const newer of [
    'limitk(1, x)',
    'info(x)',
    'x anchored',
    'mad_over_time(x[5m])',
    'x[5m + 1m]',
    'x + fill(0) y',
    '{"x"}',
    'x{"a"="b"}',
  ])
    assert.notEqual(errorsOf(newer), '', newer);
});
