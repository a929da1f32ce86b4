// How a dashboard is read, held to what Grafana does with the same.
//   node --test as_grafana.mjs

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { window } from './clock.mjs';
import { configured, display } from './fields.mjs';
import { bucketFrame, nameOf, seriesFrames, tableFrame, transform } from './frames.mjs';
import { format } from './page/units.mjs';
import { complaints } from './supported.mjs';
import { Variables } from './variables.mjs';

const WINDOW = window(1000, 100);

/** A Prometheus that answers every instant query with these. */
const answering = (...found) => ({ instant: async () => found, labelValues: async () => found });
const variable = (more) => ({ name: 'product', type: 'query', query: 'label_values(up, job)', ...more });
const variables = (list, prometheus, choices) => Variables.of({ templating: { list } }, prometheus, WINDOW, choices);

test('all values of a variable are alternatives, or what somebody wrote for all', async () => {
  const several = { multi: true, includeAll: true, current: { value: ['$__all'] } };
  const each = await variables([variable(several)], answering('a.b', 'c'));
  assert.equal(each.fill('x{job=~"$product"}', {}), 'x{job=~"(a\\\\.b|c)"}');
  const written = await variables([variable({ ...several, allValue: '.+' })], answering('a.b', 'c'));
  assert.equal(written.fill('x{job=~"${product}"}', {}), 'x{job=~".+"}');
  assert.deepEqual(written.shown({ templating: { list: [{ name: 'product' }] } }), [{ label: 'product', text: 'All' }]);
});

test('a variable that only ever has one value is no regular expression', async () => {
  const one = await variables([variable({})], answering('a.b', 'c'));
  assert.equal(one.fill('$product', {}), 'a.b');
});

test('value and text of a variable come from groups of its expression', async () => {
  const series = { metric: { name: 'data "lake"', id: 'pp-1' }, value: [1, '1'] };
  const regex = '/name="(?<text>.*)",id="(?<value>[^"]*)"/';
  const list = [variable({ query: { query: 'query_result(up)' }, regex })];
  const chosen = await variables(list, answering(series), { product: 'pp-1' });
  assert.equal(chosen.fill('$product', {}), 'pp-1');
  assert.equal(chosen.fill('${product:text}', {}), 'data "lake"');
});

test('a variable may speak of one that stands behind it', async () => {
  const list = [variable({ query: 'label_values(up{job="$other"}, job)' }), variable({ name: 'other' })];
  const asked = [];
  const prometheus = { labelValues: async (_, match) => asked.push(match) && ['there'] };
  await variables(list, prometheus);
  assert.deepEqual(asked, ['up', 'up{job="there"}']);
});

test('a variable without a value is a fault, and so is one that nobody made', async () => {
  await assert.rejects(variables([variable({})], answering()), /product: has no value/);
  const one = await variables([variable({})], answering('a'));
  assert.throws(() => one.fill('$prodcut', {}), /no variable/);
  assert.equal(one.fill('label_replace(x, "a", "$1", "b", "(.*)")', {}), 'label_replace(x, "a", "$1", "b", "(.*)")');
});

test('rates are over four scrapes at least, and over a step and a scrape of long ranges', () => {
  assert.equal(window(1000, 100).builtin.__rate_interval, '20s');
  assert.equal(window(1e6, 6 * 3600, 360).builtin.__rate_interval, '65s');
  assert.equal(window(1000, 100, 1000, '1m').builtin.__rate_interval, '240s');
});

test('where Prometheus has no sample a line has a gap', () => {
  const found = [{ metric: { a: 'b' }, values: [[900, '1'], [910, '3']] }];
  const [{ fields: [times, values] }] = seriesFrames({ refId: 'A', legendFormat: '{{a}}!' }, found, window(910, 10));
  assert.deepEqual([times.values, values.values, nameOf(values)], [[900, 905, 910], [1, null, 3], 'b!']);
});

test('rows of several queries become one where they do not contradict each other', () => {
  const table = (refId, ...rows) => tableFrame({ refId }, rows.map(([metric, value]) => ({ metric, value: [1, value] })), true);
  const frames = [
    table('A', [{ account: '1', region: 'x' }, '10'], [{ account: '2', region: 'x' }, '20']),
    table('B', [{ account: '1' }, '7'], [{ account: '3' }, '8']),
    table('C'),
  ];
  const [merged] = transform(frames, [
    { id: 'merge' },
    { id: 'organize', options: { excludeByName: { Time: true }, indexByName: { 'Value #B': 0 }, renameByName: { 'Value #B': 'B' } } },
    { id: 'sortBy', options: { sort: [{ field: 'B', desc: false }] } },
  ]);
  assert.deepEqual(merged.fields.map((field) => [nameOf(field), ...field.values]), [
    ['B', 7, 8, null], ['account', '1', '3', '2'], ['region', 'x', null, 'x'], ['Value #A', 10, null, 20], ['Value #C', null, null, null],
  ]);
});

test('a bucket of a heatmap is what it has more than the one below', () => {
  const found = [['+Inf', '9'], ['0.1', '2'], ['0.5', '6']].map(([le, value]) => ({ metric: { le }, values: [[900, value]] }));
  const { fields: [, ...buckets] } = bucketFrame({ refId: 'A' }, found, window(900, 0));
  assert.deepEqual(buckets.map(({ legend, values }) => [legend, ...values]), [['0.1', 2], ['0.5', 4], ['+Inf', 3]]);
});

test('a mapping goes before a threshold, and what is absent is below all of them', () => {
  const defaults = {
    noValue: 'unknown', unit: 's',
    thresholds: { mode: 'absolute', steps: [{ value: null, color: '#111111' }, { value: 60, color: '#222222' }] },
    mappings: [{ type: 'value', options: { 0: { text: 'never', color: '#333333' } } }],
  };
  const frames = [{ fields: [{ name: 'Value', type: 'number', values: [] }] }];
  const [{ fields: [field] }] = configured(frames, { defaults, overrides: [] });
  const texts = [0, 59, 90, null].map((value) => Object.values(display(field, value)));
  assert.deepEqual(texts, [['never', '#333333'], ['59 s', '#111111'], ['1.50 min', '#222222'], ['unknown', '#111111']]);
});

test('an override by name is for fields of that name only', () => {
  const frames = [{ fields: ['TAINTED', 'ERROR'].map((name) => ({ name, type: 'number', values: [], legend: name })) }];
  const overrides = [{ matcher: { id: 'byName', options: 'ERROR' }, properties: [{ id: 'custom.lineWidth', value: 3 }] }];
  const [{ fields }] = configured(frames, { defaults: { custom: { lineWidth: 1 } }, overrides });
  assert.deepEqual(fields.map(({ config }) => config.custom.lineWidth), [1, 3]);
});

test('numbers are written with three digits and their unit', () => {
  const written = [
    [0, 's'], [93, 's'], [0.0456, 's'], [200_000, 's'], [1536, 'bytes'], [0.9861, 'percentunit'], [12_345, 'short'],
    [1.5, 'reqps'], [7, 'suffix: accounts'], [3, undefined], [Infinity, 's'],
  ].map(([value, unit]) => format(value, unit));
  assert.deepEqual(written, ['0 s', '1.55 min', '45.6 ms', '2.31 days', '1.50 KiB', '98.6%', '12.3 K', '1.50 req/s', '7 accounts', '3', '∞']);
  assert.equal(format(1_000_000, 'dateTimeFromNow', undefined, 1_000_000 + 7200_000), '2 hours ago');
});

test('what is not understood is complained of', () => {
  const panel = {
    title: 'P', type: 'stat', options: { colorMode: 'rainbow' }, fieldConfig: { defaults: { unit: 'furlongs' }, overrides: [] },
    transformations: [{ id: 'pivot', options: {} }], surprise: 1,
  };
  const said = complaints(panel).join('\n');
  for (const part of ['colorMode is "rainbow"', 'unit furlongs', '"pivot"', 'surprise']) assert.ok(said.includes(part), said);
});
