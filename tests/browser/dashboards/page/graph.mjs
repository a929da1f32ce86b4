// Numbers over time, drawn by uPlot.

import { clock, html, widest } from './elements.mjs';
import { format } from './units.mjs';

const { uPlot } = globalThis;
const { linear, spline, stepped, bars } = uPlot.paths;
const PATHS = {
  linear: linear(), smooth: spline(), stepAfter: stepped({ align: 1 }), stepBefore: stepped({ align: -1 }),
};

const GRID = { stroke: '#222833', width: 1 };
const FONT = '11px "DejaVu Sans", sans-serif';

/** Steps between two lines of the grid, where those of uPlot would be odd. */
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000];
const DURATIONS = [
  1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15,
  30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
];

function transparent(color, part) {
  return part === 0 ? undefined : `color-mix(in srgb, ${color} ${Math.round(part * 100)}%, transparent)`;
}

/** A colour that a canvas knows. */
function plain(color) {
  if (color === undefined) return undefined;
  const probe = html('i', { style: { color } });
  document.body.append(probe);
  const { color: known } = getComputedStyle(probe);
  probe.remove();
  return known;
}

function line(series, { times }) {
  const { color, draw, path, width, fill, dash, points, joined, name } = series;
  const drawn = {
    line: { stroke: plain(color), width, paths: PATHS[path] },
    bars: { stroke: plain(color), width: 1, paths: bars({ size: [0.9, 60] }) },
    points: { paths: () => null },
  }[draw];
  // Between two points of which one has no neighbour there is no line to be seen.
  const alone = series.values.some((value, n) => value !== null
    && (series.values[n - 1] ?? null) === null && (series.values[n + 1] ?? null) === null);
  const dotted = draw === 'points' || points === 'always' || (points === 'auto' && (alone || times.length < 40));
  return {
    label: name, spanGaps: joined, dash: dash ?? undefined, ...drawn,
    fill: draw === 'points' ? undefined : plain(transparent(color, fill)),
    points: { show: draw !== 'bars' && dotted, size: 4, fill: plain(color), stroke: plain(color) },
  };
}

function range({ least, most, softLeast, softMost, log }) {
  return (plot, low, high) => {
    if (low === null) return [least ?? 0, most ?? 100];
    if (log) return uPlot.rangeLog(low, high, log, true);
    const soft = (limit) => ({ pad: 0.1, soft: limit ?? 0, mode: limit === undefined ? 3 : 1 });
    const [from, to] = uPlot.rangeNum(low, high, { min: soft(softLeast), max: soft(softMost) });
    const [bottom, top] = [least ?? from, most ?? to];
    return top > bottom ? [bottom, top] : [bottom, bottom + 1];
  };
}

export function graph(box, panel) {
  const { times, axis, thresholds } = panel;
  const data = [times];
  const series = [{}];
  const bands = [];
  for (const each of panel.series) {
    const positive = (value) => (axis.log && value <= 0 ? null : value);
    data.push(each.values.map(positive));
    series.push(line(each, panel));
    if (each.base?.some((value) => value > 0)) {
      // The lower edge of what is stacked on others.
      data.push(each.base);
      series.push({ stroke: undefined, width: 0, points: { show: false }, paths: PATHS[each.path] });
      bands.push({ series: [series.length - 2, series.length - 1], fill: series.at(-2).fill });
    }
  }
  const step = (plot, splits) => (splits.length > 1 ? splits[1] - splits[0] : 60);
  return new uPlot({
    width: box.clientWidth,
    height: box.clientHeight,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: { show: false },
    legend: { show: false },
    padding: [8, 12, 0, 0],
    scales: {
      x: { time: true, range: () => [times[0], times.at(-1)] },
      y: { range: range(axis), distr: axis.log ? 3 : 1, log: axis.log ?? 10 },
    },
    axes: [
      {
        stroke: '#8d95a5', font: FONT, grid: GRID, ticks: { show: false }, size: 24, space: 80,
        values: (plot, splits) => splits.map((split) => clock(split, step(plot, splits))),
      },
      {
        stroke: '#8d95a5', font: FONT, grid: GRID, ticks: { show: false }, label: axis.label ?? undefined, labelSize: 20,
        incrs: axis.decimals === 0 ? WHOLE : axis.unit === 's' ? DURATIONS : undefined,
        values: (plot, splits) => splits.map((split) => (split === null ? '' : format(split, axis.unit, axis.decimals))),
        size: (plot, values) => Math.max(36, widest((values ?? []).map((text) => text ?? ''), FONT) + 14),
      },
    ],
    series,
    bands,
    hooks: {
      draw: [(plot) => {
        const { ctx, bbox } = plot;
        for (const { value, color } of thresholds) {
          const y = plot.valToPos(value, 'y', true);
          if (y < bbox.top || y > bbox.top + bbox.height) continue;
          ctx.save();
          ctx.strokeStyle = plain(color);
          ctx.setLineDash([8, 6]);
          ctx.beginPath();
          ctx.moveTo(bbox.left, y);
          ctx.lineTo(bbox.left + bbox.width, y);
          ctx.stroke();
          ctx.restore();
        }
      }],
    },
  }, data, box);
}
