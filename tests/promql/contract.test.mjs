import assert from 'node:assert/strict';
import { test } from 'node:test';

import { contractOf } from './contract.mjs';
import { ROOT, filesOf } from './files.mjs';

const METRICS = filesOf(ROOT).read('METRICS.md');
const contract = contractOf(METRICS);
const labels = (name) => [...contract.metrics.get(name).labels];

test('METRICS.md gives families with the labels of targets and products written out', () => {
  assert.ok(labels('servicecatalog_stack_instance_status').includes('provisioned_product_name'));
  assert.ok(labels('servicecatalog_stack_instance_status').includes('stack_region'));
  assert.ok(labels('servicecatalog_scan_success').includes('aws_region'));
  assert.ok(!labels('servicecatalog_scan_success').includes('provisioned_product_id'));
  assert.ok(!labels('servicecatalog_exporter_ready').includes('aws_region'));
  assert.ok(labels('servicecatalog_exporter_ready').includes('instance'));
});

test('METRICS.md names every family that has a section there', () => {
  const sections = [...METRICS.matchAll(/^### `(servicecatalog_\w+)`$/gm)].map(([, name]) => name);
  assert.ok(sections.length > 40);
  for (const name of sections)
    assert.ok(contract.metrics.has(name) || contract.metrics.has(`${name}_bucket`), name);
});

test('a histogram is its buckets, its sum and its count, and all of them are counters', () => {
  assert.equal(contract.metrics.has('servicecatalog_aws_request_duration_seconds'), false);
  for (const part of ['_bucket', '_sum', '_count'])
    assert.ok(contract.metrics.get(`servicecatalog_aws_request_duration_seconds${part}`).counter);
  assert.ok(labels('servicecatalog_aws_request_duration_seconds_bucket').includes('le'));
  assert.ok(!labels('servicecatalog_aws_request_duration_seconds_sum').includes('le'));
});

test('the values of labels are those that METRICS.md lists', () => {
  const { values } = contract;
  assert.deepEqual(
    [...values('servicecatalog_stack_instances', 'status')],
    ['CURRENT', 'OUTDATED', 'INOPERABLE', 'UNKNOWN'],
  );
  assert.ok(values('servicecatalog_provisioned_product_status', 'status').has('PLAN_IN_PROGRESS'));
  assert.ok(!values('servicecatalog_provisioned_product_status', 'status').has('CURRENT'));
  assert.deepEqual(
    [...values('servicecatalog_scan_success', 'stage')],
    ['products', 'stack_instances', 'names_and_tags', 'records', 'versions'],
  );
  assert.deepEqual([...values('servicecatalog_series_dropped', 'cause')], ['limit', 'duplicate', 'no_id']);
  assert.ok(values('servicecatalog_scan_failure_reason', 'reason').has('region_disabled'));
  const ignored = values('servicecatalog_exporter_events_ignored_total', 'reason');
  assert.ok(ignored.has('malformed') && ignored.has('dropped') && !ignored.has('throttled'));
  assert.ok(values('servicecatalog_aws_requests_total', 'operation').has('DescribeRecord'));
  assert.ok(values('servicecatalog_provisioned_products', 'provisioned_product_type').has('EXTERNAL'));
  assert.ok(values('servicecatalog_exporter_http_requests_total', 'handler').has('other'));
  assert.equal(values('servicecatalog_scan_success', 'aws_account_id'), null);
});

test('the process and the scrape have metrics too', () => {
  assert.ok(contract.metrics.get('process_cpu_seconds_total').counter);
  for (const name of ['process_start_time_seconds', 'up', 'scrape_duration_seconds'])
    assert.ok(contract.metrics.has(name), name);
});

test('a METRICS.md of another form is refused, not half read', () => {
  for (const [from, to] of [
    ['## All families', '## Families'],
    ['### The process', '### Processes'],
    ['- `stage`:', '- Stages:'],
    ['of stack instances: ', 'of instances: '],
    ['## Reasons of failure', '## Reasons'],
    ['### `servicecatalog_series_dropped`', '### Dropped'],
    ['Handlers:', 'These:'],
  ]) {
    assert.ok(METRICS.includes(from), from);
    assert.throws(() => contractOf(METRICS.replaceAll(from, to)), /mend/, from);
  }
});
