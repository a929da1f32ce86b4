import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findingsAfter } from './fixture.mjs';

test('nothing is found where nothing is wrong', () => {
  assert.deepEqual(findingsAfter(), []);
});

/** After `change` there is a finding that begins with `place` and has `words` in it. */
function finds(place, words, change) {
  const found = findingsAfter(change);
  assert.ok(
    found.some((finding) => finding.startsWith(place) && finding.includes(words)),
    `wanted ${place} … ${words}, found\n${found.join('\n')}`,
  );
}

const RULES = 'deploy/prometheus/rules.yml: group/ServiceCatalog';
const REPLICA = 'instance, pod, endpoint, container, node';
/** The expression of the alert of products becomes another one. */
const rule =
  (expr) =>
  ({ rules }) =>
    Object.assign(rules.groups[0].rules[1], { expr });
const first = (inner) => `max without (${REPLICA}) (${inner})`;

test('a metric, label or value that METRICS.md does not have is found in a rule', () => {
  for (const [expr, words] of [
    [first('servicecatalog_nothing'), 'servicecatalog_nothing is no metric'],
    [first('servicecatalog_scan_success{sage="products"}'), 'has no label sage'],
    [first('servicecatalog_scan_success{stage="product"}'), 'stage is never `product`'],
    [first('servicecatalog_scan_failure_reason{reason=~"throttled|scp"}'), 'reason is never `scp`'],
    [first('servicecatalog_scan_failure_reason{reason=~"thr?d"}'), 'reason is never `thr?d`'],
    [first('servicecatalog_stack_instances{status="ERROR"}'), 'status is never `ERROR`'],
    [first('servicecatalog_provisioned_product_status{status!="CURRENT"}'), 'status is never `CURRENT`'],
    [first('servicecatalog_aws_requests_in_flight{reason="x"}'), 'has no label reason'],
    ['ALERTS{alertname="ServiceCatalogNone"}', 'alertname is never'],
    ['{job="a"}', 'takes every metric'],
    ['target:reason:mix', 'is no metric'],
    ['target:reason:max{instance="a"}', 'has no label instance'],
    ['target:reason:max{reason="a"}', 'reason is never `a`'],
    [
      'histogram_quantile(0.9, sum by (operation) (rate(servicecatalog_aws_request_duration_seconds_bucket[5m])))',
      'needs the label le',
    ],
  ])
    finds(`${RULES}ProductError`, words, rule(expr));
});

test('a label that is not there any more is found where series are brought together', () => {
  for (const [expr, words] of [
    [`sum by (instance) (${first('servicecatalog_scan_success')})`, 'sum by (instance)'],
    [`sum without (status) (${first('servicecatalog_scan_success')})`, 'sum without (status)'],
    [
      `${first('servicecatalog_scan_success')} * on (aws_acount_id) ${first('servicecatalog_scan_interval_seconds')}`,
      'on (aws_acount_id)',
    ],
    [
      `${first('servicecatalog_scan_success')} * ignoring (reasn) ${first('servicecatalog_scan_interval_seconds')}`,
      'ignoring (reasn)',
    ],
    [
      `${first('servicecatalog_scan_success')} * on (aws_region) group_left (rol) ${first('servicecatalog_target_info')}`,
      'group_left (rol)',
    ],
    [`label_replace(${first('servicecatalog_scan_success')}, "a", "$1", "b", "")`, 'reads the label b'],
    [`label_join(${first('servicecatalog_scan_success')}, "a", "", "b")`, 'reads the label b'],
  ])
    finds(`${RULES}ProductError`, words, rule(expr));
});

test('an expression that Prometheus refuses is found', () => {
  finds(`${RULES}ProductError`, 'is no PromQL', rule('sum by ('));
});

test('a template that shows what the result does not have is found, be it in a query of its own', () => {
  const shows =
    (template) =>
    ({ rules }) =>
      Object.assign(rules.groups[0].rules[1].annotations, { summary: template });
  for (const [template, words] of [
    ['{{ $labels.stage }}', 'shows the label stage'],
    ['{{ $labels.severity }}', 'shows the label severity'],
    ['{{ index $labels "instance" }}', 'shows the label instance'],
    [
      '{{ range query "servicecatalog_scan_succes" }}{{ .Labels.aws_region }}{{ end }}',
      'servicecatalog_scan_succes is no metric',
    ],
    [
      '{{ with printf "servicecatalog_scan_success{stag=\'%s\'}" $labels.aws_region | query }}{{ . }}{{ end }}',
      'has no label stag',
    ],
    [
      '{{ range query "servicecatalog_scan_success" }}{{ .Labels.nothing }}{{ end }}',
      'shows the label nothing',
    ],
    ['see servicecatalog_scan_failure_reasons', 'names servicecatalog_scan_failure_reasons'],
    ['see ServiceCatalogNothing', 'names ServiceCatalogNothing'],
  ])
    finds(`${RULES}ProductError`, words, shows(template));
});

test('the house rules of PromQL are held', () => {
  for (const [expr, words] of [
    ['sum by (aws_account_id) (servicecatalog_provisioned_products)', 'is not under max without'],
    ['servicecatalog_scan_success == 0', 'is not under max without'],
    ['max without (instance) (servicecatalog_scan_success)', 'is not under max without'],
    [
      `${first('servicecatalog_scan_success')} * on (aws_region) group_left () topk by (aws_region) (2, servicecatalog_target_info)`,
      'servicecatalog_target_info` is not under',
    ],
    [
      first('servicecatalog_scan_success * on (instance) servicecatalog_scan_interval_seconds'),
      'is not under max without',
    ],
    [first('servicecatalog_scans_total'), 'stands outside rate'],
    [first('max_over_time(servicecatalog_scans_total[5m])'), 'stands outside rate'],
    ['sum(servicecatalog_aws_request_duration_seconds_count)', 'stands outside rate'],
    [`${first('servicecatalog_scan_success')} or vector(0)`, 'or vector(…)'],
  ])
    finds(`${RULES}ProductError`, words, rule(expr));
});

test('a join that may find two series where it wants one is found', () => {
  const status = first('servicecatalog_provisioned_product_status');
  const info = first('servicecatalog_target_info');
  const interval = first('servicecatalog_scan_interval_seconds');
  const T = 'job, namespace, aws_account_id, aws_region';
  const product = `${T}, provisioned_product_id`;
  const joins = (expr) =>
    findingsAfter(rule(expr)).filter((finding) => finding.includes('may have two series')).length;
  for (const [expr, wanted] of [
    // Replicas may disagree on the names.
    [`${status} * on (${T}) group_left (account_name) ${info}`, 1],
    [`${info} * on (${T}) group_right (account_name) ${status}`, 1],
    [`${status} * on (${T}) group_left (account_name) topk by (${T}) (1, ${info})`, 0],
    [`${status} * on (${T}) group_left (account_name) topk by (${T}) (2, ${info})`, 1],
    [`${status} * on (${T}) group_left (account_name) topk by (${product}) (1, ${status})`, 1],
    [`${status} * on (${T}) group_left (account_name) topk(1, ${info})`, 1],
    // What has no other label cannot differ.
    [`${status} * on (${T}) group_left () ${interval}`, 0],
    [`${status} > on (${T}) group_left () 3 * ${interval}`, 0],
    [`${status} * on (${T}) group_left () servicecatalog_scan_interval_seconds`, 1],
    [`${status} * on (${T}) group_left () max by (${T}) (${info})`, 0],
    [`${status} * on (${T}) group_left () max without (target_name, account_name, role_arn) (${info})`, 0],
    [`${status} * on (${T}) group_left () max without (target_name, account_name) (${info})`, 1],
    [`${interval} * on (${T}) ${interval}`, 0],
    [`${status} * on (${T}) ${interval}`, 1],
    [`${interval} * on (aws_account_id) ${interval}`, 2],
    [`${interval} * on (${T}) (${interval} unless on (${T}) ${status})`, 0],
    [`${interval} * on (${T}) (${interval} or on (${T}) ${interval} offset 1h)`, 0],
    [`${interval} * on (${T}) (topk by (${T}) (1, ${info}) or ${info})`, 1],
    [`${interval} * on (${T}) (topk by (${T}) (1, ${info}) or on (${T}) max by (${T}) (${status}))`, 0],
    [`${interval} * on (${T}) target:reason:max`, 1],
    [`${interval} and on (${T}) ${status}`, 0],
    // One instance is one process, and its series become one each.
    ['up * on (job, instance) servicecatalog_exporter_ready', 0],
    [
      'up * on (job, instance) group_left (a) count_values without () ("a", servicecatalog_exporter_ready)',
      0,
    ],
    ['up * on (job) group_left (a) count_values without (instance) ("a", servicecatalog_exporter_ready)', 1],
    ['up * on (job) group_left () servicecatalog_exporter_ready', 1],
    ['up * on (job) group_left () servicecatalog_exporter_ready{instance="a", pod="b"}', 1],
  ])
    assert.equal(joins(expr), wanted, expr);
});

test('what the house rules allow is not found', () => {
  for (const expr of [
    first('increase(servicecatalog_scans_total[1h])'),
    `max without (${REPLICA}, stage) (time() - servicecatalog_scan_last_success_timestamp_seconds > 60)`,
    first('max_over_time(servicecatalog_scan_success[1h]) == 0'),
    `${first('servicecatalog_scan_success')} * on (aws_account_id) group_left () topk by (aws_account_id) (1, servicecatalog_target_info)`,
    'absent(servicecatalog_scan_success)',
    'servicecatalog_exporter_ready == 0',
  ]) {
    const found = findingsAfter((world) => {
      rule(expr)(world);
      world.rules.groups[0].rules[1].annotations.summary = 'S';
    });
    assert.deepEqual(found, [], expr);
  }
});

test('an alert without what belongs to it is found', () => {
  const alter =
    (change) =>
    ({ rules }) =>
      change(rules.groups[0].rules[1]);
  for (const [words, change] of [
    [
      'severity',
      (alert) => {
        alert.labels.severity = 'page';
      },
    ],
    [
      'no summary',
      (alert) => {
        delete alert.annotations.summary;
      },
    ],
    [
      'no description',
      (alert) => {
        alert.annotations.description = ' ';
      },
    ],
    [
      'runbook_url',
      (alert) => {
        alert.annotations.runbook_url = alert.annotations.runbook_url.replace('Error', 'Eror');
      },
    ],
    [
      'keep_firing_for',
      (alert) => {
        delete alert.keep_firing_for;
      },
    ],
  ])
    finds(`${RULES}ProductError`, words, alter(change));
  finds(
    'deploy/prometheus/rules.yml: group/ProductError',
    'is not named',
    alter((alert) => {
      alert.alert = 'ProductError';
    }),
  );
  finds(`${RULES}ScanFailing`, 'keep_firing_for', ({ rules }) => {
    rules.groups[0].rules[0].expr = first('servicecatalog_provisioned_product_ever_succeeded');
  });
  finds(
    `${RULES}ProductError`,
    'no runbook',
    ({ texts }) => delete texts['docs/runbooks/ServiceCatalogProductError.md'],
  );
  finds(`${RULES}ProductError`, 'no unit test', ({ tests }) => delete tests.ServiceCatalogProductError);
});

test('a runbook or a test of no alert is found', () => {
  finds('docs/runbooks/ServiceCatalogOld.md', 'of no alert', ({ texts }) => {
    texts['docs/runbooks/ServiceCatalogOld.md'] = '# ServiceCatalogOld\n';
  });
  finds('deploy/prometheus/tests/ServiceCatalogOld.yml', 'of no alert', ({ tests }) => {
    tests.ServiceCatalogOld = {};
  });
});

test('a unit test that proves too little is found', () => {
  const alter =
    (change) =>
    ({ tests }) =>
      change(tests.ServiceCatalogProductError.tests[0]);
  for (const [words, change] of [
    ['never sees it fire', (group) => group.alert_rule_test.shift()],
    ['never sees it silent', (group) => group.alert_rule_test.pop()],
    [
      'never sees it recover',
      (group) => {
        group.alert_rule_test[1].eval_time = '49m59s';
      },
    ],
    [
      'never sees it fire',
      (group) => {
        group.alert_rule_test[0].alertname = 'ServiceCatalogScanFailing';
      },
    ],
    [
      'has no label stag',
      (group) => {
        group.input_series[0].series = 'servicecatalog_scan_success{stag="a"}';
      },
    ],
    [
      'is no metric',
      (group) => {
        group.input_series[0].series = 'servicecatalog_scan_sucess';
      },
    ],
    [
      'is no PromQL',
      (group) => {
        group.input_series[0].series = 'up{';
      },
    ],
    [
      'ends or has a gap',
      (group) => {
        group.input_series[0].values = '1+0x60';
      },
    ],
  ])
    finds(`${RULES}ProductError`, words, alter(change));
});

test('a runbook that lacks a part, or names what is not there, is found', () => {
  const path = 'docs/runbooks/ServiceCatalogProductError.md';
  const alter =
    (from, to) =>
    ({ texts }) => {
      assert.ok(texts[path].includes(from));
      texts[path] = texts[path].replace(from, to);
    };
  for (const [words, from, to] of [
    ['has not the headings', '## Impact', '## Effect'],
    ['has not the headings', '## Impact', '## Impact\n\n## Impact'],
    ['says nothing below `## Impact`', 'Some.', ''],
    ['begins with another heading', '# ServiceCatalogProductError', '# Error'],
    ['has no label stge', '{stage=', '{stge='],
    ['stage is never', '"products"', '"product"'],
    ['is no PromQL', '== 0', '=='],
    ['reason is never', 'throttled', 'throttle'],
    ['names the label reson', 'reason=', 'reson='],
    ['names servicecatalog_scam_*', 'servicecatalog_scan_*', 'servicecatalog_scam_*'],
    ['names servicecatalog_scans', 'Mend it', 'See servicecatalog_scans'],
    ['names ServiceCatalogGone', 'Mend it', 'See ServiceCatalogGone'],
    ['has no label b', 'Mend it', 'See `servicecatalog_scan_stale{b="c"}`'],
    ['names servicecatalog_old', 'Mend it', '```sh\ncurl x | grep servicecatalog_old\n```'],
    ['never ends', 'Mend it', '```sh\nx'],
  ])
    finds(`${path}: `, words, alter(from, to));
});

test('a query of the README or of METRICS.md that is wrong is found', () => {
  finds('README.md: line 4', 'is no metric', ({ texts }) => {
    texts['README.md'] = texts['README.md'].replace('_success', '_sucess');
  });
  finds('METRICS.md: line', 'has no label', ({ texts }) => {
    texts['METRICS.md'] = texts['METRICS.md'].replace('{status=~"TAINTED', '{state=~"TAINTED');
  });
});

test('a routing of alerts and labels that are not there is found', () => {
  const place = 'deploy/alertmanager/alertmanager.yml: top/';
  for (const [at, words, change] of [
    ['route/group_by', 'has no label account', ({ route }) => route.group_by.push('account')],
    [
      'route/routes/0/matchers',
      'severity is never `page`',
      ({ route }) => route.routes[0].matchers.push('severity="page"'),
    ],
    [
      'route/routes/0/matchers',
      'alertname is never',
      ({ route }) => route.routes[0].matchers.push('alertname="ServiceCatalogGone"'),
    ],
    [
      'inhibit_rules/0/source_matchers',
      'alertname is never',
      (all) => all.inhibit_rules[0].source_matchers.push('alertname=~"ServiceCatalogGone|x"'),
    ],
    [
      'inhibit_rules/0/target_matchers',
      'cannot be read',
      (all) => all.inhibit_rules[0].target_matchers.push('severity'),
    ],
    ['inhibit_rules/0/equal', 'has no label region', (all) => all.inhibit_rules[0].equal.push('region')],
  ])
    finds(place + at, words, ({ routing }) => change(routing));
});

test('files that cannot be read are found', () => {
  finds('grafana/servicecatalog-fleet.json', 'is no JSON', ({ dashboards }) => {
    dashboards['servicecatalog-fleet'] = '{';
  });
  finds('deploy/prometheus/rules.yml', 'has no groups', (world) => {
    world.rules = {};
  });
  finds('grafana: ', 'has no dashboards', (world) => {
    world.dashboards = {};
  });
});
