// A panel as the page draws it: names, texts, colours and numbers, with nothing left to decide.

import { SCHEMES, color } from './colors.mjs';
import { CALLED, colorOf, display, isMapped, limits, reduce } from './fields.mjs';
import { compare } from './frames.mjs';
import { format } from './page/units.mjs';

/** What every panel without anything to show says. */
const nothing = (fieldConfig) => ({ nothing: fieldConfig.defaults.noValue ?? 'No data' });

/** The fields of a graph, and the time that they share. */
function numbers(frames) {
  return frames.flatMap((frame) => frame.fields.filter(({ type }) => type === 'number')
    .map((field) => ({ ...field, times: frame.fields[0].values })));
}

const hidden = ({ config }) => Boolean(config.custom?.hideFrom?.viz);
const calculated = (field, calculation) => {
  const value = reduce(field.values, calculation);
  return { value, ...display(field, value) };
};

function legend({ legend = {} }, fields) {
  const { showLegend = true, displayMode = 'list', placement = 'bottom', calcs = [], sortBy, sortDesc } = legend;
  if (!showLegend || displayMode === 'hidden') return null;
  const rows = fields.filter(({ config }) => !config.custom?.hideFrom?.legend).map((field) => ({
    name: field.shown, color: colorOf(field, reduce(field.values, 'lastNotNull')), values: calcs.map((c) => calculated(field, c)),
  }));
  const by = calcs.findIndex((calculation) => CALLED[calculation] === sortBy);
  if (displayMode === 'table' && by >= 0) {
    rows.sort((a, b) => compare(a.values[by].value, b.values[by].value) * (sortDesc ? -1 : 1));
  }
  return { displayMode, placement, calculations: calcs.map((calculation) => CALLED[calculation]), rows };
}

function timeseries(panel, frames) {
  const fields = numbers(frames).filter((field) => !hidden(field));
  if (fields.length === 0) return nothing(panel.fieldConfig);
  const { times } = fields[0];
  const below = new Map();
  const series = fields.map((field) => {
    const custom = field.config.custom ?? {};
    const stacked = custom.stacking?.mode === 'normal';
    const group = custom.stacking?.group ?? 'A';
    const values = field.values.map((value) => (Number.isFinite(value) ? value : null));
    let base = null;
    if (stacked) {
      base = below.get(group) ?? values.map(() => 0);
      below.set(group, values.map((value, n) => (value ?? 0) + base[n]));
    }
    return {
      name: field.shown,
      color: colorOf(field, reduce(field.values, 'lastNotNull')),
      base,
      values: stacked ? values.map((value, n) => (value === null ? null : value + base[n])) : values,
      draw: custom.drawStyle ?? 'line',
      path: custom.lineInterpolation ?? 'linear',
      width: custom.lineWidth ?? 1,
      fill: (custom.fillOpacity ?? 0) / 100,
      dash: custom.lineStyle?.fill === 'dash' ? (custom.lineStyle.dash ?? [10, 10]) : null,
      points: custom.showPoints ?? 'auto',
      joined: custom.spanNulls === true,
    };
  });
  const { config } = fields[0];
  const units = new Set(fields.map((field) => field.config.unit));
  if (units.size > 1) throw new Error(`two axes, ${[...units].join(' and ')}, are not known here`);
  const { scaleDistribution, thresholdsStyle, axisSoftMin, axisSoftMax, axisLabel } = config.custom ?? {};
  const style = thresholdsStyle?.mode ?? 'off';
  const steps = style === 'off' ? [] : config.thresholds.steps.filter(({ value }) => value !== null && value > 0);
  return {
    times,
    series,
    axis: {
      unit: config.unit, decimals: config.decimals, least: config.min, most: config.max, label: axisLabel || null,
      softLeast: axisSoftMin, softMost: axisSoftMax, log: scaleDistribution?.type === 'log' ? scaleDistribution.log ?? 2 : null,
    },
    thresholds: steps.map((step) => ({ value: step.value, color: color(step.color) })),
    legend: legend(panel.options, fields),
  };
}

/** One value of each series, for stats and bars. */
function reduced({ options, fieldConfig }, frames) {
  const [calculation = 'lastNotNull'] = options.reduceOptions?.calcs ?? [];
  return numbers(frames).filter((field) => !hidden(field)).map((field) => {
    const value = reduce(field.values, calculation);
    return { field, value, name: field.shown, ...display(field, value) };
  }).filter(({ value }) => value !== null || fieldConfig.defaults.noValue !== undefined);
}

function stat(panel, frames) {
  const values = reduced(panel, frames);
  const { colorMode = 'value', graphMode = 'area', textMode = 'auto', orientation = 'auto' } = panel.options;
  const shown = values.length > 0 ? values : [{
    name: '', text: panel.fieldConfig.defaults.noValue ?? 'No data', value: null,
    color: color(panel.fieldConfig.defaults.thresholds?.steps[0].color ?? 'text'),
  }];
  return {
    values: shown.map(({ field, name, text, color }) => ({
      name: textMode === 'value' || (textMode === 'auto' && shown.length === 1) ? null : name,
      text: textMode === 'name' || textMode === 'none' ? null : text,
      color,
      spark: graphMode === 'area' && field?.values.length > 1 ? field.values : null,
    })),
    colorMode,
    orientation,
  };
}

function bargauge(panel, frames) {
  const values = reduced(panel, frames);
  if (values.length === 0) return nothing(panel.fieldConfig);
  const fields = values.map(({ field }) => field);
  const most = Math.max(...fields.map((field) => limits(field).most));
  const least = Math.min(...fields.map((field) => limits(field).least));
  const { displayMode = 'gradient', orientation = 'auto', valueMode = 'color' } = panel.options;
  return {
    bars: values.map(({ name, text, color, value }) => ({
      name, text: valueMode === 'hidden' ? '' : text, color,
      part: value === null ? 0 : Math.max(0, Math.min(1, (value - least) / (most - least || 1))),
    })),
    displayMode,
    upright: orientation === 'vertical',
    coloredText: valueMode === 'color',
    unfilled: panel.options.showUnfilled ?? true,
  };
}

function table(panel, frames) {
  if (frames.length > 1) throw new Error('a table of more than one frame needs the transformation merge');
  const [frame] = frames;
  const columns = (frame?.fields ?? []).filter(({ config }) => !hidden({ config }) && !config.custom?.hidden);
  const many = columns[0]?.values.length ?? 0;
  if (many === 0) return nothing(panel.fieldConfig);
  const order = Array.from({ length: many }, (_, n) => n);
  for (const { displayName, desc } of [...(panel.options.sortBy ?? [])].reverse()) {
    const by = columns.find(({ shown }) => shown === displayName);
    if (!by) throw new Error(`sorted by ${displayName}, of which there is no column`);
    order.sort((a, b) => compare(by.values[a], by.values[b]) * (desc ? -1 : 1));
  }
  return {
    columns: columns.map(({ shown, type, config }) => ({
      name: shown,
      width: config.custom?.width ?? null,
      align: { auto: type === 'number' ? 'right' : 'left' }[config.custom?.align ?? 'auto'] ?? config.custom.align,
    })),
    rows: order.map((n) => columns.map((field) => cell(field, field.values[n]))),
  };
}

function cell(field, value) {
  const { type = 'auto' } = field.config.custom?.cellOptions ?? {};
  const { text, color } = display(field, value);
  const { least, most } = limits(field);
  const part = type === 'gauge' && value !== null ? (value - least) / (most - least || 1) : null;
  return { text, color, type, part, linked: (field.config.links ?? []).length > 0 && value !== null && value !== '' };
}

function timeline(panel, frames, window) {
  const fields = numbers(frames).filter((field) => !hidden(field));
  if (fields.length === 0) return nothing(panel.fieldConfig);
  const { mergeValues = true, showValue = 'auto', rowHeight = 0.9, alignValue = 'left' } = panel.options;
  const states = new Map();
  const lanes = fields.map((field) => {
    const spans = [];
    field.values.forEach((value, n) => {
      if (value === null) return;
      const { text, color } = display(field, value);
      if (isMapped(field, value)) states.set(text, color);
      const [from, to] = [field.times[n], Math.min((field.times[n + 1] ?? window.end), window.end)];
      const last = spans.at(-1);
      if (mergeValues && last?.text === text && last.to === from) last.to = to;
      else spans.push({ from, to, text, color });
    });
    return { name: field.shown, spans };
  });
  return {
    from: window.start, to: window.end, lanes, rowHeight, alignValue, showValue,
    opacity: (panel.fieldConfig.defaults.custom?.fillOpacity ?? 70) / 100,
    legend: panel.options.legend?.showLegend === false ? null
      : { displayMode: 'list', placement: 'bottom', rows: [...states].map(([name, color]) => ({ name, color, values: [] })) },
  };
}

function heatmap(panel, frames) {
  if (frames.length !== 1) throw new Error('a heatmap of more than one query is not known here');
  const [times, ...buckets] = frames[0].fields;
  if (buckets.length === 0) return nothing(panel.fieldConfig);
  const { color: { scheme }, yAxis = {}, cellGap = 1, filterValues, cellValues } = panel.options;
  if (!SCHEMES[scheme]) throw new Error(`the colours ${scheme} are not known here`);
  const most = Math.max(...buckets.flatMap(({ values }) => values.filter(Number.isFinite)));
  return {
    times: times.values,
    buckets: buckets.map(({ legend, values }) => ({
      name: format(legend === '+Inf' ? Infinity : Number(legend), yAxis.unit ?? 'none', yAxis.decimals),
      parts: values.map((value) => (value === null || value <= (filterValues?.le ?? -Infinity) ? null : value / (most || 1))),
    })),
    scheme: SCHEMES[scheme],
    gap: cellGap,
    most: panel.options.legend?.show ? format(most, cellValues?.unit ?? panel.fieldConfig.defaults.unit) : null,
  };
}

const MODELS = { timeseries, stat, bargauge, table, 'state-timeline': timeline, heatmap };

/** What is drawn of a panel. */
export async function model(dashboard, panel) {
  const { id, type, gridPos, options = {} } = panel;
  const questions = dashboard.questions(panel);
  const answers = await Promise.all(questions.map((question) => dashboard.ask(question)));
  const drawn = MODELS[type]({ ...panel, options }, dashboard.frames(panel, answers), questions[0].times);
  return { id, type, gridPos, title: dashboard.fill(panel.title), ...drawn };
}
