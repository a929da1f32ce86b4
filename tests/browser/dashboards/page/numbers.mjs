// Numbers as they are now: stats, bars and tables.

import { html, inkOn, svg, tellRest, widest } from './elements.mjs';

function spark(values, color) {
  const there = values.filter((value) => value !== null);
  const [least, most] = [Math.min(...there), Math.max(...there)];
  const points = values.flatMap((value, n) => (value === null ? []
    : [`${(n / (values.length - 1)) * 100},${38 - ((value - least) / (most - least || 1)) * 34}`]));
  const area = svg('polygon', { points: `0,40 ${points.join(' ')} 100,40`, fill: color });
  return svg('svg', { viewBox: '0 0 100 40', preserveAspectRatio: 'none' }, area);
}

export function stat(body, { values, colorMode, orientation }) {
  const down = orientation === 'horizontal' || (orientation === 'auto' && body.clientHeight > body.clientWidth);
  const box = html('div', { class: down ? 'stats down' : 'stats' });
  body.append(box);
  for (const { name, text, color, spark: line } of values) {
    const cell = html('div');
    box.append(cell);
    if (colorMode.startsWith('background')) cell.style.background = color;
    const ink = { value: color, none: '' }[colorMode] ?? inkOn(color);
    if (line) cell.append(spark(line, colorMode === 'value' ? color : ink));
    if (name) cell.append(html('div', { class: 'name', style: { color: colorMode === 'value' ? '' : ink } }, name));
    if (text !== null) cell.append(html('div', { class: 'value', style: { color: ink } }, text));
  }
  const cells = [...box.children];
  const wide = widest(values.map(({ text }) => text ?? ''), '600 100px "DejaVu Sans", sans-serif');
  const size = Math.min(((cells[0].clientWidth - 16) / wide) * 100, cells[0].clientHeight * 0.5, 40);
  for (const value of box.querySelectorAll('.value')) value.style.fontSize = `${Math.max(size, 11)}px`;
}

export function bars(body, { bars, displayMode, upright, coloredText, unfilled }) {
  if (upright) throw new Error('upright bars are not known here');
  const box = html('div', { class: 'bars' });
  body.append(box);
  const name = Math.min(widest(bars.map(({ name }) => name)) + 2, body.clientWidth * 0.45);
  const value = widest(bars.map(({ text }) => text)) + 8;
  for (const bar of bars) {
    const fill = displayMode === 'basic' ? bar.color : `linear-gradient(90deg, color-mix(in srgb, ${bar.color} 35%, #171b23), ${bar.color})`;
    const line = html('i', { style: { background: fill, width: `${bar.part * 100}%` } });
    box.append(html('div', { style: { gridTemplateColumns: `${name}px 1fr ${value}px` } },
      html('span', { class: 'name' }, bar.name),
      html('span', { class: unfilled ? 'space unfilled' : 'space' }, line),
      html('span', { class: 'value', style: { color: coloredText ? bar.color : '' } }, bar.text)));
  }
  tellRest(box, box.children);
}

function cell({ text, color, type, part, linked }, align) {
  const element = html('td', { class: linked ? 'linked' : null, style: { textAlign: align } });
  if (type === 'gauge' && part !== null) {
    element.append(html('span', { class: 'gauge' }, html('i', { style: { background: color, width: `${part * 100}%` } })));
  } else {
    element.append(text);
  }
  if (type === 'color-text') element.style.color = color;
  if (type === 'color-background' && color !== 'transparent') {
    Object.assign(element.style, { background: color, color: inkOn(color) });
  }
  return element;
}

/** Grafana makes no column narrower by itself. */
const LEAST = 150;

export function table(body, { columns, rows }) {
  const free = columns.filter(({ width }) => width === null).length;
  const taken = columns.reduce((sum, { width }) => sum + (width ?? 0), 0);
  const share = free > 0 ? Math.max(LEAST, (body.clientWidth - 16 - taken) / free) : 0;
  const cols = columns.map(({ width }) => html('col', { style: { width: `${width ?? share}px` } }));
  const whole = taken + free * share;
  const head = html('tr', {}, ...columns.map(({ name, align }) => html('th', { style: { textAlign: align } }, name)));
  const lines = rows.map((row) => html('tr', {}, ...row.map((each, n) => cell(each, columns[n].align))));
  const box = html('div', { class: 'rows' },
    html('table', { style: { width: `${Math.max(whole, body.clientWidth - 16)}px` } }, html('colgroup', {}, ...cols), head, ...lines));
  body.append(box);
  tellRest(box, lines);
}
