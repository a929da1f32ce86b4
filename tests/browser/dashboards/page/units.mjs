// Numbers as people read them, by the units of Grafana that the dashboards use. The page draws axes
// with it, too.

const SCALES = {
  short: [1000, ['', ' K', ' Mil', ' Bil', ' Tri']],
  bytes: [1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']],
  decbytes: [1000, [' B', ' kB', ' MB', ' GB', ' TB']],
};
const TIMES = [
  [31_536_000, 'year'], [604_800, 'week'], [86_400, 'day'], [3600, 'hour'], [60, 'min'], [1, 's'],
  [1e-3, 'ms'], [1e-6, 'µs'], [0, 'ns'],
];
const WHOLE = new Set(['year', 'week', 'day', 'hour']);
const PER = { reqps: 'req/s', ops: 'ops/s', cps: 'c/s', rps: 'rd/s', eps: 'evt/s', cpm: 'c/m', opm: 'ops/m', reqpm: 'req/m' };

/** Three digits, where nobody says how many decimals. */
function fixed(value, decimals) {
  if (value === 0) return '0';
  if (decimals !== undefined && decimals !== null) return value.toFixed(decimals);
  if (Number.isInteger(value)) return String(value);
  const size = Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.max(0, Math.min(20, 2 - size)));
}

function scaled(value, [base, names], decimals) {
  let power = 0;
  while (Math.abs(value) >= base && power < names.length - 1) {
    value /= base;
    power += 1;
  }
  return fixed(value, decimals) + names[power];
}

function duration(seconds, decimals) {
  if (seconds === 0) return '0 s';
  const [size, name] = TIMES.find(([least]) => Math.abs(seconds) >= least);
  const value = seconds / (size || 1e-9);
  const plural = WHOLE.has(name) && fixed(value, decimals) !== '1' ? 's' : '';
  return `${fixed(value, decimals)} ${name}${plural}`;
}

/** Days, hours, minutes and seconds, those that are there. */
function parts(seconds) {
  const sign = seconds < 0 ? '-' : '';
  let left = Math.floor(Math.abs(seconds));
  const words = [];
  for (const [size, name] of [[86_400, 'd'], [3600, 'h'], [60, 'm'], [1, 's']]) {
    const many = Math.floor(left / size);
    left -= many * size;
    if (many > 0) words.push(`${many}${name}`);
  }
  return sign + (words.join(' ') || '0s');
}

const iso = (ms) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

function ago(ms, now) {
  const [size, name] = [[31_536_000, 'year'], [2_592_000, 'month'], ...TIMES.slice(2, 5), [1, 'second']]
    .find(([least]) => Math.abs(now - ms) / 1000 >= least) ?? [1, 'second'];
  const many = Math.round(Math.abs(now - ms) / 1000 / size);
  const words = `${many} ${{ min: 'minute' }[name] ?? name}${many === 1 ? '' : 's'}`;
  return ms > now ? `in ${words}` : `${words} ago`;
}

const UNITS = {
  none: fixed,
  hex: (value) => value.toString(16).toUpperCase(),
  string: (value) => String(value),
  locale: (value, decimals) => value.toLocaleString('en', { maximumFractionDigits: decimals ?? 2 }),
  short: (value, decimals) => scaled(value, SCALES.short, decimals),
  bytes: (value, decimals) => scaled(value, SCALES.bytes, decimals),
  decbytes: (value, decimals) => scaled(value, SCALES.decbytes, decimals),
  percent: (value, decimals) => `${fixed(value, decimals)}%`,
  percentunit: (value, decimals) => `${fixed(value * 100, decimals)}%`,
  s: duration,
  ms: (value, decimals) => duration(value / 1000, decimals),
  dtdurations: parts,
  dtdhms: parts,
  bool: (value) => (value ? 'True' : 'False'),
  bool_yes_no: (value) => (value ? 'Yes' : 'No'),
  bool_on_off: (value) => (value ? 'On' : 'Off'),
  dateTimeAsIso: iso,
  dateTimeAsSystem: iso,
  dateTimeFromNow: (value, _, now) => ago(value, now),
};

export const known = (unit) => unit in UNITS || unit in PER || /^(suffix|prefix):/.test(unit);

/** `value` in that unit; `now`, in milliseconds, is for ages. */
export function format(value, unit = 'none', decimals = undefined, now = Date.now()) {
  if (!Number.isFinite(value) && typeof value === 'number') return value > 0 ? '∞' : '-∞';
  const [, kind, text] = /^(suffix|prefix):(.*)$/.exec(unit) ?? [];
  if (kind === 'suffix') return `${fixed(value, decimals)}${text}`;
  if (kind === 'prefix') return `${text}${fixed(value, decimals)}`;
  if (unit in PER) return `${scaled(value, SCALES.short, decimals)} ${PER[unit]}`;
  if (!UNITS[unit || 'none']) throw new Error(`the unit ${unit} is not known here`);
  return UNITS[unit || 'none'](value, decimals, now);
}
