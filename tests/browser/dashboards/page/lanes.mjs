// States over time and buckets over time: boxes on lanes.

import { clock, inkOn, svg, ticks, widest, widthOf } from './elements.mjs';

const BELOW = 20;

function times(plot, from, to, left, width, height) {
  const at = (time) => left + ((time - from) / (to - from || 1)) * width;
  const { step, instants } = ticks(from, to, Math.max(2, width / 90));
  for (const instant of instants) {
    plot.append(
      svg('line', { class: 'line', x1: at(instant), x2: at(instant), y1: 0, y2: height }),
      svg('text', { x: at(instant), y: height + 15, 'text-anchor': at(instant) > left + width - 16 ? 'end' : 'middle' }, clock(instant, step)),
    );
  }
  return at;
}

const FONT = '11px "DejaVu Sans", sans-serif';

/** Room for the longest of these texts, but no more than a third of all. */
const room = (texts, width) => Math.min(widest(texts, FONT) + 12, width / 3);

/** As much of a text as fits. */
function cut(text, width) {
  const whole = widthOf(text, FONT);
  if (whole <= width) return text;
  const fits = Math.floor((text.length * width) / whole) - 1;
  return fits > 2 ? `${text.slice(0, fits)}…` : '';
}

export function timeline(box, { from, to, lanes, rowHeight, alignValue, showValue, opacity }) {
  const [width, height] = [box.clientWidth, box.clientHeight];
  const left = room(lanes.map(({ name }) => name), width);
  const plot = svg('svg', { width, height });
  const below = height - BELOW;
  const at = times(plot, from, to, left, width - left - 12, below);
  const lane = below / lanes.length;
  lanes.forEach(({ name, spans }, n) => {
    const [top, high] = [n * lane + (lane * (1 - rowHeight)) / 2, lane * rowHeight];
    plot.append(svg('text', { class: 'lane', x: left - 8, y: top + high / 2 + 4, 'text-anchor': 'end' }, cut(name, left - 8)));
    for (const span of spans) {
      const [x, wide] = [at(span.from), at(span.to) - at(span.from)];
      plot.append(svg('rect', { x, y: top, width: Math.max(wide, 1), height: high, fill: span.color, 'fill-opacity': opacity }));
      const text = showValue === 'never' || high < 11 ? '' : cut(span.text, wide - 6);
      if (text !== span.text && showValue === 'auto') continue;
      const anchor = { left: [x + 4, 'start'], center: [x + wide / 2, 'middle'], right: [x + wide - 4, 'end'] }[alignValue];
      plot.append(svg('text', { style: { fill: inkOn(span.color) }, x: anchor[0], y: top + high / 2 + 4, 'text-anchor': anchor[1] }, text));
    }
  });
  box.append(plot);
}

export function heatmap(box, { times: instants, buckets, scheme: [low, high], gap, most }) {
  const [width, height] = [box.clientWidth, box.clientHeight];
  const left = room(buckets.map(({ name }) => name), width);
  const legend = most === null ? 0 : 24;
  const plot = svg('svg', { width, height });
  const below = height - BELOW - legend;
  const step = instants.length > 1 ? instants[1] - instants[0] : 60;
  const at = times(plot, instants[0] - step, instants.at(-1), left, width - left - 12, below);
  const lane = below / buckets.length;
  buckets.forEach(({ name, parts }, n) => {
    const top = below - (n + 1) * lane;
    plot.append(svg('text', { x: left - 8, y: Math.max(top + 4, 9), 'text-anchor': 'end' }, name));
    parts.forEach((part, m) => {
      if (part === null) return;
      // The time of a sample is the end of what it counts.
      const x = at(instants[m] - step);
      plot.append(svg('rect', {
        x, y: top + gap / 2, width: Math.max(at(instants[m]) - x - gap, 1), height: Math.max(lane - gap, 1),
        fill: `color-mix(in oklch, ${high} ${Math.round(Math.sqrt(part) * 100)}%, ${low})`,
      }));
    });
  });
  if (legend > 0) {
    for (let n = 0; n < 40; n += 1) {
      plot.append(svg('rect', {
        x: left + n * 5, y: height - 14, width: 5, height: 8,
        fill: `color-mix(in oklch, ${high} ${Math.round((n / 39) * 100)}%, ${low})`,
      }));
    }
    plot.append(svg('text', { x: left + 208, y: height - 6 }, `up to ${most}`));
  }
  box.append(plot);
}
