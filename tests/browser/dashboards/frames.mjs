// Answers of Prometheus as Grafana's frames: columns of equal length, each with a name, and for a
// series its labels. Transformations make frames of frames.

const field = (name, type, values, more = {}) => ({ name, type, values, ...more });

/** A value as a number; what is no finite number has no place in a graph, but an infinity counts. */
const number = (text) => ({ '+Inf': Infinity, '-Inf': -Infinity }[text] ?? Number(text));

/** The series of a query of the format `time_series`: a frame for each, with gaps where Prometheus has none. */
export function seriesFrames(target, found, window) {
  return found.map(({ metric, value, values = [value] }) => {
    const byTime = new Map(values.map(([time, text]) => [time, number(text)]));
    const times = target.instant ? [...byTime.keys()] : steps(window);
    return {
      refId: target.refId,
      fields: [
        field('Time', 'time', times),
        field('Value', 'number', times.map((time) => byTime.get(time) ?? null), {
          labels: withoutName(metric),
          legend: legend(target, metric),
        }),
      ],
    };
  });
}

/** The one frame of a query of the format `table`: a row a sample, a column a label. */
export function tableFrame(target, found, ofMany) {
  const labels = [...new Set(found.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const rows = found.flatMap(({ metric, value, values = [value] }) =>
    values.map(([time, text]) => ({ metric, time, value: number(text) })));
  return {
    refId: target.refId,
    fields: [
      field('Time', 'time', rows.map(({ time }) => time)),
      ...labels.map((label) => field(label, 'string', rows.map(({ metric }) => metric[label] ?? ''))),
      field(ofMany ? `Value #${target.refId}` : 'Value', 'number', rows.map(({ value }) => value)),
    ],
  };
}

/** The buckets of a query of the format `heatmap`: how many came into each, the lowest first. */
export function bucketFrame(target, found, window) {
  const bound = ({ metric }) => number(metric.le);
  const buckets = [...found].sort((a, b) => bound(a) - bound(b));
  if (new Set(buckets.map(bound)).size !== buckets.length || buckets.some((b) => Number.isNaN(bound(b)))) {
    throw new Error('a heatmap needs each bucket once: sum by (le)');
  }
  const times = steps(window);
  let below = times.map(() => 0);
  const fields = buckets.map(({ metric, values }) => {
    const byTime = new Map(values.map(([time, text]) => [time, number(text)]));
    const cumulative = times.map((time) => byTime.get(time) ?? null);
    const own = cumulative.map((value, n) => (value === null ? null : value - (below[n] ?? 0)));
    below = cumulative;
    return field(metric.le, 'number', own, { labels: withoutName(metric), legend: metric.le });
  });
  return { refId: target.refId, fields: [field('Time', 'time', times), ...fields] };
}

function steps({ start, end, step }) {
  return Array.from({ length: Math.round((end - start) / step) + 1 }, (_, n) => start + n * step);
}

function withoutName({ __name__: _, ...labels }) {
  return labels;
}

/** What a series is called. */
function legend({ legendFormat = '', expr }, metric) {
  if (legendFormat === '__auto') return Object.keys(metric).length === 0 ? expr : null;
  if (legendFormat) return legendFormat.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => metric[label] ?? '');
  const pairs = Object.entries(withoutName(metric)).map(([name, value]) => `${name}="${value}"`);
  return `${metric.__name__ ?? ''}{${pairs.join(', ')}}`;
}

/** The name by which a field is shown and matched. */
export function nameOf(field) {
  if (field.renamed) return field.renamed;
  if (field.legend === null) throw new Error('a legend of __auto over labels is not known here: write one');
  return field.legend ?? field.name;
}

const TRANSFORMATIONS = {
  merge: (frames) => (frames.length < 2 ? frames : [merged(frames)]),
  organize: (frames, options) => frames.map((frame) => organized(frame, options)),
  sortBy: (frames, { sort }) => frames.map((frame) => sorted(frame, sort)),
};

export const transformations = Object.keys(TRANSFORMATIONS);

export function transform(frames, steps = []) {
  return steps.filter(({ disabled }) => !disabled).reduce((frames, { id, options }) => {
    if (!TRANSFORMATIONS[id]) throw new Error(`the transformation ${id} is not known here`);
    return TRANSFORMATIONS[id](frames, options ?? {});
  }, frames);
}

/** Rows that agree in what they have in common become one. */
function merged(frames) {
  const names = [...new Set(frames.flatMap(({ fields }) => fields.map(({ name }) => name)))];
  const common = names.filter((name) => frames.every(({ fields }) => fields.some((f) => f.name === name)));
  const rows = [];
  const byKey = new Map();
  for (const { fields } of frames) {
    for (let n = 0; n < (fields[0]?.values.length ?? 0); n += 1) {
      const row = Object.fromEntries(fields.map(({ name, values }) => [name, values[n]]));
      const key = JSON.stringify(common.map((name) => row[name]));
      const agreeing = (byKey.get(key) ?? []).filter((other) =>
        Object.keys(row).every((name) => (other[name] ?? row[name]) === row[name]));
      if (agreeing.length > 0) {
        for (const other of agreeing) Object.assign(other, row);
      } else {
        rows.push(row);
        byKey.set(key, [...(byKey.get(key) ?? []), row]);
      }
    }
  }
  const types = new Map(frames.flatMap(({ fields }) => fields.map(({ name, type }) => [name, type])));
  return { fields: names.map((name) => field(name, types.get(name), rows.map((row) => row[name] ?? null))) };
}

function organized(frame, { excludeByName = {}, indexByName = {}, renameByName = {} }) {
  const place = (field) => indexByName[nameOf(field)] ?? Infinity;
  const fields = frame.fields
    .filter((field) => !excludeByName[nameOf(field)])
    .map((field, n) => ({ field, n }))
    .sort((a, b) => (place(a.field) - place(b.field)) || a.n - b.n)
    .map(({ field }) => ({ ...field, renamed: renameByName[nameOf(field)] || field.renamed }));
  return { ...frame, fields };
}

const natural = new Intl.Collator('en', { numeric: true, sensitivity: 'base' }).compare;

/** For `sort`; what is not known comes last. */
export function compare(a, b) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return typeof a === 'number' && typeof b === 'number' ? a - b : natural(String(a), String(b));
}

function sorted(frame, [by]) {
  const column = frame.fields.find((field) => nameOf(field) === by.field);
  if (!column && frame.fields[0]?.values.length > 0) throw new Error(`sorted by ${by.field}, of which there is no column`);
  if (!column) return frame;
  const order = column.values.map((_, n) => n)
    .sort((a, b) => compare(column.values[a], column.values[b]) * (by.desc ? -1 : 1));
  const fields = frame.fields.map((field) => ({ ...field, values: order.map((n) => field.values[n]) }));
  return { ...frame, fields };
}
