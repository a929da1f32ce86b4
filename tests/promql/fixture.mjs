// A small checkout in memory with which nothing is wrong: a test breaks one thing and looks for the finding.

import { ROOT, filesOf } from './files.mjs';
import { judge } from './judge.mjs';

const METRICS = filesOf(ROOT).read('METRICS.md');
const RULES = 'deploy/prometheus/rules.yml';
const EXCLUSIONS = 'grafana/.lint';
const ALERTMANAGER = 'deploy/alertmanager/alertmanager.yml';
const REPLICA = 'instance, pod, endpoint, container, node';

/** What is found after `change` was done to the checkout, an object as `good` makes it. */
export function findingsAfter(change = () => {}) {
  const world = good();
  change(world);
  const texts = textsOf(world);
  const yaml = { [RULES]: { content: world.rules }, [EXCLUSIONS]: { content: world.exclusions } };
  for (const [alert, content] of Object.entries(world.tests)) yaml[testOf(alert)] = { content };
  yaml[ALERTMANAGER] = { content: world.routing };
  return judge({
    read: (path) => texts[path],
    list: (folder, ending) =>
      Object.keys(texts).filter((path) => path.startsWith(`${folder}/`) && path.endsWith(ending)),
    yaml: () => yaml,
  });
}

/** The files of a checkout: path → text. JSON is YAML, too. */
export function textsOf({ rules, tests, routing, exclusions, dashboards, texts }) {
  const all = {
    ...texts,
    [RULES]: JSON.stringify(rules),
    [EXCLUSIONS]: JSON.stringify(exclusions),
    [ALERTMANAGER]: JSON.stringify(routing),
  };
  for (const [alert, content] of Object.entries(tests)) all[testOf(alert)] = JSON.stringify(content);
  for (const [name, dashboard] of Object.entries(dashboards)) {
    all[`grafana/${name}.json`] = typeof dashboard === 'string' ? dashboard : JSON.stringify(dashboard);
  }
  return all;
}

function testOf(alert) {
  return `deploy/prometheus/tests/${alert}.yml`;
}

export function good() {
  const alerts = ['ServiceCatalogProductError', 'ServiceCatalogScanFailing'];
  const [product, scan] = alerts;
  const texts = {
    'METRICS.md': METRICS,
    'README.md': '# Exporter\n\n```promql\nservicecatalog_scan_success == 0\n```\n',
  };
  for (const alert of alerts) texts[`docs/runbooks/${alert}.md`] = runbook(alert);
  return {
    rules: {
      groups: [
        {
          name: 'group',
          rules: [
            {
              record: 'target:reason:max',
              expr: `max without (${REPLICA}) (servicecatalog_scan_failure_reason)`,
            },
            {
              alert: product,
              expr: `max without (${REPLICA}) (servicecatalog_provisioned_product_status{status="ERROR"} == 1)`,
              keep_firing_for: '10m',
              labels: { severity: 'warning' },
              annotations: annotations(product, '{{ $labels.provisioned_product_id }} is in ERROR'),
            },
            {
              alert: scan,
              expr: 'target:reason:max == 1',
              labels: { severity: 'critical' },
              annotations: annotations(scan, '{{ $labels.aws_account_id }} fails: {{ $labels.reason }}'),
            },
          ],
        },
      ],
    },
    tests: Object.fromEntries(alerts.map((alert) => [alert, unitTest(alert)])),
    routing: {
      route: {
        group_by: ['alertname', 'aws_account_id'],
        routes: [{ matchers: ['severity=critical', 'alertname=~"ServiceCatalogScan.+"'] }],
      },
      inhibit_rules: [
        {
          source_matchers: ['alertname = "ServiceCatalogScanFailing"'],
          target_matchers: ['severity!=info'],
          equal: ['job'],
        },
      ],
    },
    exclusions: {
      exclusions: {
        'target-instance-rule': {
          entries: [{ dashboard: 'Fleet', panel: 'Alerts', reason: 'Alerts have no instance.' }],
        },
      },
    },
    dashboards: { 'servicecatalog-fleet': fleet(), 'servicecatalog-exporter': other() },
    texts,
  };
}

function annotations(alert, summary) {
  return {
    summary,
    description: 'See servicecatalog_scan_failure_reason.',
    runbook_url: `https://runbooks.example.com/servicecatalog-exporter/${alert}.md`,
  };
}

function unitTest(alertname) {
  return {
    tests: [
      {
        input_series: [{ series: 'up', values: '1 1 stale' }],
        alert_rule_test: [
          { alertname, eval_time: '50m', exp_alerts: [{ exp_labels: {} }] },
          { alertname, eval_time: '1h5m', exp_alerts: [] },
        ],
      },
    ],
  };
}

function runbook(alert) {
  return [
    `# ${alert}`,
    '## Meaning',
    'It is `reason="throttled"`, see `servicecatalog_scan_*`.',
    '## Impact',
    'Some.',
    '## Diagnosis',
    '```promql\nservicecatalog_scan_success{stage="products"} == 0\n```',
    '## Mitigation',
    'Mend it.',
    '## False positives',
    'None.\n',
  ].join('\n\n');
}

function variables() {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  const query = (name, text) => ({
    type: 'query',
    name,
    label: name[0].toUpperCase() + name.slice(1),
    query: text,
    datasource,
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: '.+',
  });
  return [
    { type: 'datasource', name: 'datasource', label: 'Data source', query: 'prometheus' },
    query('job', 'label_values(servicecatalog_exporter_build_info, job)'),
    query('instance', 'label_values(servicecatalog_exporter_build_info{job=~"$job"}, instance)'),
  ];
}

function panel(id, title, y, expr, more = {}) {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  return {
    id,
    title,
    type: 'timeseries',
    description: 'What it says.',
    datasource,
    gridPos: { x: 0, y, w: 12, h: 8 },
    fieldConfig: { defaults: { unit: 'short' } },
    targets: [{ refId: 'A', datasource, expr, legendFormat: '{{stage}}' }],
    ...more,
  };
}

function frame(uid, title, panels, link) {
  return {
    id: null,
    uid,
    title,
    version: 1,
    schemaVersion: 41,
    editable: false,
    tags: ['servicecatalog'],
    links: [{ type: 'link', url: `/d/${link}` }],
    templating: { list: variables() },
    panels,
  };
}

function fleet() {
  return frame(
    'servicecatalog-fleet',
    'Fleet',
    [
      panel(
        1,
        'Success',
        0,
        `max without (${REPLICA}) (servicecatalog_scan_success{job=~"$job", instance=~"$instance"})`,
      ),
      panel(2, 'Alerts', 8, 'ALERTS{job=~"$job", alertname=~"ServiceCatalog.+"}', {
        type: 'table',
        targets: [
          {
            refId: 'A',
            expr: 'ALERTS{job=~"$job", alertname=~"ServiceCatalog.+"}',
            format: 'table',
            instant: true,
          },
        ],
        transformations: [
          {
            id: 'organize',
            options: { excludeByName: { Time: true }, renameByName: { alertname: 'Alert' } },
          },
        ],
        fieldConfig: {
          defaults: { unit: 'short' },
          overrides: [
            {
              matcher: { id: 'byName', options: 'Alert' },
              properties: [{ id: 'links', value: [{ url: '/runbooks/${__data.fields.alertname}.md' }] }],
            },
          ],
        },
      }),
    ],
    'servicecatalog-exporter',
  );
}

function other() {
  return frame(
    'servicecatalog-exporter',
    'Exporter',
    [
      panel(
        1,
        'Failures',
        0,
        `max without (${REPLICA}) (rate(servicecatalog_scan_failures_total{job=~"$job", instance=~"$instance"}[$__rate_interval]))`,
      ),
    ],
    'servicecatalog-fleet',
  );
}
