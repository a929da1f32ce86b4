import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findingsAfter } from './fixture.mjs';

const FLEET = 'grafana/servicecatalog-fleet.json';

/** After `change` of the dashboard there is a finding there, in `place`, that has `words` in it. */
function finds(words, change, place = 'dashboard') {
  const found = findingsAfter((world) => change(world.dashboards['servicecatalog-fleet'], world));
  const begins = `${FLEET}: ${place}: `;
  assert.ok(
    found.some((finding) => finding.startsWith(begins) && finding.includes(words)),
    `wanted ${begins} … ${words}, found\n${found.join('\n')}`,
  );
}

const panel = (words, change) => finds(words, ({ panels }) => change(panels[0]), 'Success');
const table = (words, change) => finds(words, ({ panels }) => change(panels[1]), 'Alerts');
const target = (words, expr) =>
  panel(words, ({ targets }) => {
    targets[0].expr = expr;
  });
const REPLICA = 'instance, pod, endpoint, container, node';
const ours = '{job=~"$job", instance=~"$instance"}';

test('the variables datasource, job and instance are as the linter wants them', () => {
  const variable = (name, words, change) =>
    finds(words, ({ templating }) => change(templating.list.find((one) => one.name === name)));
  variable('datasource', 'template-datasource-rule', (one) => {
    one.name = 'source';
  });
  variable('datasource', 'template-datasource-rule', (one) => {
    one.query = 'loki';
  });
  variable('datasource', 'template-datasource-rule', (one) => {
    one.label = 'Source';
  });
  for (const name of ['job', 'instance']) {
    variable(name, `template-${name}-rule`, (one) => {
      one.multi = false;
    });
    variable(name, `template-${name}-rule`, (one) => {
      one.allValue = '.*';
    });
    variable(name, `template-${name}-rule`, (one) => {
      one.label = name;
    });
    variable(name, `template-${name}-rule`, (one) => {
      one.type = 'custom';
    });
    variable(name, `template-${name}-rule`, (one) => {
      one.datasource.uid = 'abc';
    });
    finds(`template-${name}-rule`, ({ templating }) => {
      templating.list = templating.list.filter((one) => one.name !== name);
    });
  }
});

test('every variable that is a query is one of PromQL, and read again when the time changes', () => {
  const job = (words, query) =>
    finds(words, ({ templating }) => {
      templating.list[1].query = query;
    });
  finds('template-on-time-change-reload-rule', ({ templating }) => {
    templating.list[1].refresh = 1;
  });
  finds('region has no query', ({ templating }) => templating.list.push({ type: 'textbox', name: 'region' }));
  job('template-label-promql-rule', 'servicecatalog_scan_success');
  job('template-label-promql-rule', 'label_values(job)');
  job('template-label-promql-rule', 'label_values(servicecatalog_scan_success{, job)');
  job('is no metric', 'label_values(servicecatalog_nothing, job)');
  job('has no label a', 'query_result(servicecatalog_scan_success{a="b"})');
  job('wants the label jobs', 'label_values(servicecatalog_scan_success, jobs)');
  finds('wants the label jobs', ({ templating }) => {
    templating.list[1].query = { query: 'label_values(servicecatalog_scan_success, jobs)', refId: 'A' };
  });
});

test('a variable that is used and not defined is found, and one that is defined and not used', () => {
  finds('uses the variable region', ({ panels }) => {
    panels[0].title = 'In $region';
  });
  finds('uses the variable page', ({ links }) => links.push({ url: '${page:percentencode}/x' }));
  finds('never uses it', ({ templating }) =>
    templating.list.push({ type: 'textbox', name: 'region', query: '' }),
  );
});

test('the frame of a dashboard is as it must be', () => {
  for (const [words, change] of [
    ['uneditable-dashboard', { editable: true }],
    ['uneditable-dashboard', { editable: undefined }],
    ['has the uid', { uid: 'fleet' }],
    ['has an id', { id: 7 }],
    ['has no version', { version: undefined }],
    ['has no schemaVersion', { schemaVersion: undefined }],
    ['has no tags', { tags: [] }],
    ['has no links', { links: [] }],
    ['has no title', { title: '' }],
    ['__inputs', { __inputs: [] }],
  ])
    finds(words, (dashboard) => Object.assign(dashboard, change));
});

test('panels have ids of their own and places that do not overlap', () => {
  finds('more than one panel with the id 1', ({ panels }) => {
    panels[1].id = 1;
  });
  finds('a panel with the id undefined', ({ panels }) => {
    delete panels[1].id;
  });
  finds('over `Alerts`', ({ panels }) => {
    panels[0].gridPos.h = 9;
  });
  finds('24 columns', ({ panels }) => {
    panels[0].gridPos.x = 13;
  });
  finds('24 columns', ({ panels }) => {
    delete panels[0].gridPos;
  });
  finds('over `Alerts`', (dashboard) => {
    dashboard.panels[0].gridPos.h = 9;
    dashboard.panels = [
      { type: 'row', id: 9, title: 'Row', gridPos: { x: 0, y: 0, w: 24, h: 1 }, panels: dashboard.panels },
    ];
  });
});

test('links lead to dashboards and runbooks that exist, and every dashboard leads to the others', () => {
  finds('no dashboard servicecatalog-old', ({ panels }) => {
    panels[0].links = [{ url: '/d/servicecatalog-old?var-job=$job' }];
  });
  finds('has no link to servicecatalog-exporter', ({ links }) => {
    links[0].url = '/x';
  });
  finds('names ServiceCatalogGone', ({ panels }) => {
    panels[0].links = [{ url: 'https://a/ServiceCatalogGone.md' }];
  });
  finds('without url or tags', ({ links }) => links.push({ type: 'dashboards', tags: [] }));
});

test('every panel has a title, a description, the datasource, a unit and a target', () => {
  panel('panel-title-description-rule', (one) => {
    one.description = '';
  });
  finds(
    'panel-title-description-rule',
    ({ panels }) => {
      panels[0].title = ' ';
    },
    ' ',
  );
  panel('panel-datasource-rule', (one) => {
    one.datasource = { type: 'prometheus', uid: 'abc' };
  });
  panel('panel-datasource-rule', (one) => {
    one.datasource.type = 'loki';
  });
  panel('panel-datasource-rule', (one) => {
    one.targets[0].datasource = { type: 'prometheus', uid: 'abc' };
  });
  panel('panel-units-rule', (one) => {
    delete one.fieldConfig.defaults.unit;
  });
  panel('panel-units-rule', (one) => {
    one.fieldConfig.defaults.unit = 'suffix: calls';
  });
  panel('panel-units-rule', (one) => {
    one.fieldConfig.overrides = [{ properties: [{ id: 'unit', value: 'x' }] }];
  });
  panel('panel-no-targets-rule', (one) => {
    one.targets = [];
  });
  panel('same refId', (one) => {
    one.targets.push(one.targets[0]);
  });
  panel('has no legend', (one) => {
    delete one.targets[0].legendFormat;
  });
  panel('names servicecatalog_nothing', (one) => {
    one.description = 'See servicecatalog_nothing.';
  });
});

test('value mappings, and the unit of the axis of a heatmap, do instead of a unit', () => {
  const unitless = (change) =>
    findingsAfter(({ dashboards }) => {
      const [one] = dashboards['servicecatalog-fleet'].panels;
      delete one.fieldConfig.defaults.unit;
      change(one);
    });
  assert.deepEqual(
    unitless((one) => {
      one.fieldConfig.defaults.mappings = [{ type: 'value', options: {} }];
    }),
    [],
  );
  assert.deepEqual(
    unitless((one) => Object.assign(one, { type: 'heatmap', options: { yAxis: { unit: 's' } } })),
    [],
  );
});

test('every target is valid PromQL that asks for job and instance', () => {
  target('target-promql-rule', 'sum by (');
  target('target-promql-rule', '');
  target('is a recording rule', 'target:reason:max{job=~"$job"}');
  target('target-job-rule', `max without (${REPLICA}) (servicecatalog_scan_success{instance=~"$instance"})`);
  target(
    'target-job-rule',
    `max without (${REPLICA}) (servicecatalog_scan_success{job="$job", instance=~"$instance"})`,
  );
  target('target-instance-rule', `max without (${REPLICA}) (servicecatalog_scan_success{job=~"$job"})`);
});

test('rates are over $__rate_interval, and counters within a rate', () => {
  target(
    'target-rate-interval-rule',
    `max without (${REPLICA}) (rate(servicecatalog_scans_total${ours}[5m]))`,
  );
  target(
    'target-rate-interval-rule',
    `max without (${REPLICA}) (rate(servicecatalog_scans_total${ours}[$__interval]))`,
  );
  target('is not under max without', `min without (${REPLICA}) (servicecatalog_scan_success${ours})`);
  target('stands outside rate', `max without (${REPLICA}) (servicecatalog_scans_total${ours})`);
  target('is not under max without', `sum(rate(servicecatalog_scans_total${ours}[$__rate_interval]))`);
});

test('a metric or a label that is not there is found wherever a panel names it', () => {
  target('is no metric', `servicecatalog_nothing${ours}`);
  target(
    'stage is never',
    `max without (${REPLICA}) (servicecatalog_scan_success{stage="all", job=~"$job", instance=~"$instance"})`,
  );
  panel('its legend shows account', (one) => {
    one.targets[0].legendFormat = '{{ account }}';
  });
  panel('a link names `product`', (one) => {
    one.fieldConfig.defaults.links = [{ url: '/x?a=${__field.labels.product}' }];
  });
  table('excludeByName names `pid`', (one) => {
    one.transformations[0].options.excludeByName = { pid: true };
  });
  table('an override names `Alerts`', (one) => {
    one.fieldConfig.overrides[0].matcher.options = 'Alerts';
  });
  table('a link names `alert`', (one) => {
    one.fieldConfig.overrides[0].properties[0].value[0].url = '${__data.fields.alert}';
  });
  table('a link names `The alert`', (one) => {
    one.fieldConfig.overrides[0].properties[0].value[0].url = '${__data.fields["The alert"]}';
  });
});

test('variables outside of strings become a value, within strings they stay', () => {
  const good = (expr, change = () => {}) =>
    assert.deepEqual(
      findingsAfter(({ dashboards }) => {
        const dashboard = dashboards['servicecatalog-fleet'];
        dashboard.panels[0].targets[0].expr = expr;
        change(dashboard);
      }),
      [],
    );
  const top = { type: 'custom', name: 'top', query: '7', current: { value: '7' } };
  const first = `max without (${REPLICA}) (servicecatalog_scan_success${ours})`;
  good(`topk($top, ${first})`, ({ templating }) => templating.list.push(top));
  good(`max without (${REPLICA}) (max_over_time(servicecatalog_scan_success${ours}[$__range]))`);
  good(
    `max without (${REPLICA}) (increase(servicecatalog_scans_total${ours}[\${span}]))`,
    ({ templating, panels }) => {
      templating.list.push({ type: 'interval', name: 'span', query: '1d', current: { value: ['1d'] } });
      panels[0].targets[0].legendFormat = 'a';
    },
  );
});

test('what .lint excludes is not found, and an entry has a reason, a panel and something to exclude', () => {
  const lint = 'grafana/.lint: target-instance-rule';
  const said = (change) =>
    findingsAfter(({ exclusions, dashboards }) => change(exclusions.exclusions, dashboards))
      .filter((finding) => finding.startsWith('grafana/'))
      .join('\n');
  assert.match(
    said((all) => {
      delete all['target-instance-rule'];
    }),
    /Alerts: .*target-instance-rule/,
  );
  assert.match(
    said((all) => {
      all['target-instance-rule'].entries[0].dashboard = 'Other';
    }),
    /Alerts: .*target-instance-rule/,
  );
  assert.ok(
    said((all) => {
      all['target-instance-rule'].entries[0].reason = '';
    }).includes(`${lint}/Fleet/Alerts: has no reason`),
  );
  assert.ok(
    said((all) => {
      delete all['target-instance-rule'].entries[0].panel;
    }).includes('names no panel'),
  );
  assert.ok(
    said((all) => {
      all['target-job-rule'] = all['target-instance-rule'];
    }).includes('excludes nothing any more'),
  );
  assert.ok(
    said((all, dashboards) => {
      all.house = { entries: [{ panel: 'Success', reason: 'R' }] };
      delete dashboards['servicecatalog-fleet'].panels[0].targets[0].legendFormat;
    }).includes('has no legend'),
    'what the house wants cannot be excluded',
  );
});
