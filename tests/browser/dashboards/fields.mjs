// What a panel says of its fields: defaults, overrides, mappings, thresholds, and so the text and
// the colour of a value.

import { color, PALETTE } from './colors.mjs';
import { nameOf } from './frames.mjs';
import { format } from './page/units.mjs';

const asRegex = (text) => {
  const [, body, flags] = /^\/(.*)\/(\w*)$/s.exec(text) ?? [];
  return body === undefined ? new RegExp(`^${text}$`) : new RegExp(body, flags);
};

const MATCHERS = {
  byName: (field, _, name) => field.name === name || nameOf(field) === name,
  byNames: (field, _, { names }) => names.includes(nameOf(field)),
  byRegexp: (field, _, pattern) => asRegex(pattern).test(nameOf(field)),
  byFrameRefID: (_, frame, refId) => frame.refId === refId,
  byType: (field, _, type) => field.type === type,
};
export const matchers = Object.keys(MATCHERS);

function put(config, path, value) {
  const keys = path.split('.');
  const last = keys.pop();
  let at = config;
  for (const key of keys) at = at[key] ??= {};
  at[last] = value;
}

/** Whether an override speaks of that field. */
export function speaksOf({ matcher }, field, frame) {
  return MATCHERS[matcher.id](field, frame, matcher.options);
}

/** The frames with a `config` and a `shown` name on each field, in the context of their panel. */
export function configured(frames, { defaults = {}, overrides = [] }) {
  let series = 0;
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const config = structuredClone(defaults);
      for (const override of overrides) {
        if (!speaksOf(override, field, frame)) continue;
        for (const { id, value } of override.properties) put(config, id, structuredClone(value));
      }
      const index = field.type === 'number' ? series++ : 0;
      return { ...field, config, index, shown: shownName(field, config) };
    }),
  }));
}

function shownName(field, { displayName }) {
  if (!displayName) return nameOf(field);
  return displayName.replace(/\$\{(.+?)\}/g, (whole, path) => {
    const [, label] = /^__field\.labels\.(\w+)$/.exec(path) ?? [];
    if (label) return field.labels?.[label] ?? '';
    if (path === '__field.name' || path === '__series.name') return nameOf(field);
    throw new Error(`${whole} in a display name is not known here`);
  });
}

const SPECIAL = {
  'null': (value) => value === null,
  nan: (value) => Number.isNaN(value),
  'null+nan': (value) => value === null || Number.isNaN(value),
  'true': (value) => value === true,
  'false': (value) => value === false,
  empty: (value) => value === '',
};

/** What a mapping makes of a value: a text, a colour, or nothing. */
function mapped(mappings = [], value) {
  for (const { type, options } of mappings) {
    if (type === 'value' && value !== null && String(value) in options) return options[String(value)];
    if (type === 'range' && typeof value === 'number'
      && value >= (options.from ?? -Infinity) && value <= (options.to ?? Infinity)) return options.result;
    if (type === 'regex' && value !== null && asRegex(options.pattern).test(String(value))) {
      const text = options.result.text && String(value).replace(asRegex(options.pattern), options.result.text);
      return { ...options.result, text };
    }
    if (type === 'special' && SPECIAL[options.match](value)) return options.result;
  }
  return {};
}

/** Whether a mapping speaks of it; what none speaks of and is absent is no value. */
export const isMapped = ({ config }, value) => Object.keys(mapped(config.mappings, value)).length > 0;

/** The smallest and the largest value of a field, as its thresholds and bars need them. */
export function limits({ config, values }) {
  const numbers = values.filter((value) => typeof value === 'number' && Number.isFinite(value));
  return {
    least: config.min ?? Math.min(...numbers, Infinity),
    most: config.max ?? Math.max(...numbers, -Infinity),
  };
}

function threshold({ config, ...field }, value) {
  const { mode = 'absolute', steps = [{ value: null, color: 'green' }] } = config.thresholds ?? {};
  const { least, most } = limits({ config, ...field });
  const at = mode === 'absolute' ? value : ((value - least) / (most - least || 1)) * 100;
  return steps.findLast((step) => at >= (step.value ?? -Infinity))?.color ?? steps[0].color;
}

/** The colour of a whole series, or of one value of it; what is no number is below all thresholds. */
export function colorOf(field, value) {
  const { mode = 'thresholds', fixedColor } = field.config.color ?? {};
  if (mode === 'fixed') return color(fixedColor ?? 'text');
  if (mode === 'palette-classic') return PALETTE[field.index % PALETTE.length];
  if (mode === 'thresholds') return color(threshold(field, typeof value === 'number' && !Number.isNaN(value) ? value : -Infinity));
  throw new Error(`colours by ${mode} are not known here`);
}

/** A value as it stands in the panel. */
export function display(field, value, now) {
  const { text, color: mappedColor } = mapped(field.config.mappings, value);
  const { unit, decimals, noValue } = field.config;
  const plain = () => {
    if (value === null || Number.isNaN(value)) return noValue ?? '-';
    if (field.type === 'time') return format(value * 1000, 'dateTimeAsIso');
    return typeof value === 'number' ? format(value, unit, decimals, now) : String(value);
  };
  return {
    text: text ?? plain(),
    color: mappedColor ? color(mappedColor) : colorOf(field, value),
  };
}

const CALCULATIONS = {
  lastNotNull: (values) => values.at(-1),
  last: (values, all) => all.at(-1),
  firstNotNull: (values) => values[0],
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  count: (values) => values.length,
};
export const calculations = Object.keys(CALCULATIONS);

/** What a table of legends calls them. */
export const CALLED = {
  lastNotNull: 'Last *', last: 'Last', firstNotNull: 'First *', max: 'Max', min: 'Min', mean: 'Mean', sum: 'Total', count: 'Count',
};

/** One value of many; `null` if there is none. */
export function reduce(values, calculation) {
  const there = values.filter((value) => value !== null && !Number.isNaN(value));
  return there.length === 0 ? null : CALCULATIONS[calculation](there, values) ?? null;
}
