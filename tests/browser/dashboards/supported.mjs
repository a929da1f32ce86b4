// What of a panel can be drawn here. Everything else is complained of: a picture that left out what
// is not understood would show something else than the dashboard.

import { matchers, calculations } from './fields.mjs';
import { transformations } from './frames.mjs';
import { known } from './page/units.mjs';

const any = () => [];
/** Has a part in use, but none in a picture. */
const unseen = any;
const one = (...values) => (value, at) =>
  (values.includes(value) ? [] : [`${at} is ${JSON.stringify(value)}; known here: ${values.join(', ')}`]);
const list = (rule) => (value, at) => value.flatMap((item, n) => rule(item, `${at}[${n}]`));
const every = (...values) => list(one(...values));
const only = (rules) => (value, at) => Object.entries(value).flatMap(([key, inner]) => {
  if (inner === null || inner === undefined) return [];
  return Object.hasOwn(rules, key) ? rules[key](inner, `${at}.${key}`) : [`${at}.${key} is not known here`];
});

const hideFrom = only({ legend: any, tooltip: unseen, viz: any });
const none = (name) => only({ [name]: one('none'), group: any });
const legend = only({
  showLegend: any, displayMode: one('list', 'table', 'hidden'), placement: one('bottom', 'right'),
  calcs: every(...calculations), sortBy: any, sortDesc: any, width: any, isVisible: any,
});
const reduceOptions = only({ values: one(false), calcs: every(...calculations), fields: one('', '/.*/'), limit: unseen });

const CUSTOM = {
  timeseries: {
    drawStyle: one('line', 'bars', 'points'), lineInterpolation: one('linear', 'smooth', 'stepAfter', 'stepBefore'),
    lineWidth: any, fillOpacity: any, gradientMode: one('none', 'opacity'), spanNulls: any,
    showPoints: one('auto', 'never', 'always'), pointSize: any, stacking: only({ mode: one('none', 'normal'), group: any }),
    axisPlacement: one('auto', 'left', 'hidden'), axisLabel: any, axisSoftMin: any, axisSoftMax: any,
    axisBorderShow: unseen, axisColorMode: one('text'), axisCenteredZero: one(false), axisGridShow: one(true),
    axisWidth: unseen, barAlignment: one(0), barWidthFactor: any, barMaxWidth: unseen, hideFrom, insertNulls: one(false),
    lineStyle: only({ fill: one('solid', 'dash'), dash: any }), scaleDistribution: only({ type: one('linear', 'log'), log: any }),
    thresholdsStyle: only({ mode: one('off', 'line', 'dashed', 'area', 'line+area') }),
  },
  stat: { hideFrom },
  bargauge: { hideFrom },
  table: {
    align: any, width: any, minWidth: any, filterable: unseen, inspect: unseen, hidden: any, hideHeader: any, hideFrom,
    wrapHeaderText: unseen,
    cellOptions: only({ type: one('auto', 'color-text', 'color-background', 'gauge'), mode: any, wrapText: one(false), applyToRow: one(false), valueDisplayMode: one('text', 'color') }),
    footer: only({ reducers: every() }),
  },
  'state-timeline': { lineWidth: any, fillOpacity: any, spanNulls: any, insertNulls: one(false), hideFrom, axisPlacement: one('auto', 'left') },
  heatmap: { hideFrom, scaleDistribution: none('type') },
};

const OPTIONS = {
  timeseries: { legend, tooltip: unseen, timezone: one('browser') },
  stat: {
    reduceOptions, colorMode: one('value', 'background', 'background_solid', 'none'), graphMode: one('none', 'area'),
    textMode: one('auto', 'value', 'value_and_name', 'name', 'none'), orientation: one('auto', 'horizontal', 'vertical'),
    justifyMode: one('auto', 'center'), wideLayout: any, showPercentChange: one(false), percentChangeColorMode: unseen, text: unseen,
  },
  bargauge: {
    reduceOptions, displayMode: one('basic', 'gradient', 'lcd'), orientation: one('auto', 'horizontal', 'vertical'),
    valueMode: one('color', 'text', 'hidden'), showUnfilled: any, namePlacement: one('auto', 'left', 'top'), sizing: unseen,
    minVizHeight: unseen, minVizWidth: unseen, maxVizHeight: unseen, text: unseen, legend,
  },
  table: {
    showHeader: one(true), cellHeight: one('sm', 'md'), frameIndex: one(0), sortBy: any, showTypeIcons: one(false),
    footer: only({ show: one(false), reducer: unseen, countRows: one(false), fields: unseen, enablePagination: one(false) }),
    enablePagination: one(false),
  },
  'state-timeline': {
    mergeValues: any, showValue: one('auto', 'always', 'never'), rowHeight: any, alignValue: one('left', 'center', 'right'),
    legend, tooltip: unseen, perPage: any, timezone: one('browser'),
  },
  heatmap: {
    calculate: one(false), cellGap: any, cellRadius: unseen, cellValues: any, exemplars: unseen, legend: only({ show: any }), rowsFrame: any,
    showValue: one('never'), tooltip: unseen, filterValues: any, selectionMode: unseen,
    color: only({
      mode: one('scheme'), scheme: any, steps: any, fill: unseen, exponent: unseen, scale: unseen,
      reverse: one(false), min: any, max: any,
    }),
    yAxis: only({ axisPlacement: one('left'), unit: any, decimals: any, reverse: one(false), axisLabel: any }),
  },
  text: { mode: one('markdown'), content: any, code: unseen },
};

const fieldOptions = (type) => ({
  displayName: any, decimals: any, min: any, max: any, noValue: any, links: any, mappings: list(mapping), custom: only(CUSTOM[type] ?? {}),
  unit: (unit, at) => (known(unit) ? [] : [`${at}: the unit ${unit} is not known here`]),
  color: only({ mode: one('thresholds', 'palette-classic', 'fixed'), fixedColor: any, seriesBy: unseen }),
  thresholds: only({ mode: one('absolute', 'percentage'), steps: any }),
  description: unseen, filterable: unseen, fieldMinMax: unseen,
});

const mapping = only({ type: one('value', 'range', 'special', 'regex'), options: any });

/** The value of a property with a dotted name, by the rules of what it is below. */
function property(rules, { id, value }, at) {
  const nested = id.split('.').reduceRight((inner, key) => ({ [key]: inner }), value);
  return only(rules)(nested, at);
}

const override = (rules) => only({
  matcher: only({ id: one(...matchers), options: any }),
  properties: list((each, at) => property(rules, each, at)),
  __systemRef: unseen,
});

const target = only({
  refId: any, expr: any, legendFormat: any, format: one('time_series', 'table', 'heatmap'), instant: any, range: any,
  interval: any, hide: one(false), exemplar: one(false), datasource: any, editorMode: unseen, intervalFactor: one(1),
  useBackend: unseen, fullMetaSearch: unseen, includeNullMetadata: unseen, queryType: unseen, disableTextWrap: unseen,
});

const transformation = only({
  id: one(...transformations), disabled: any,
  options: only({ excludeByName: any, indexByName: any, renameByName: any, includeByName: only({}), sort: any, fields: only({}), orderByMode: one('manual') }),
});

/** What is not known of a panel, in words. */
export function complaints(panel) {
  const { type } = panel;
  if (!OPTIONS[type]) return [`panels of the type ${type} are not known here`];
  const rules = fieldOptions(type);
  return only({
    id: any, type: any, title: any, description: any, gridPos: any, datasource: any, pluginVersion: unseen, transparent: any,
    interval: any, maxDataPoints: any, links: any, cacheTimeout: unseen, repeatDirection: unseen,
    targets: list(target), transformations: list(transformation), options: only(OPTIONS[type]),
    fieldConfig: only({ defaults: only(rules), overrides: list(override(rules)) }),
  })(panel, `panel "${panel.title}"`);
}
