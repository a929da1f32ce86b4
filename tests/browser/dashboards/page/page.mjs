// Draws a dashboard from what model.mjs makes of it: each panel at its place in the grid.

import { clock, html, nothing, tellRest } from './elements.mjs';
import { graph } from './graph.mjs';
import { heatmap, timeline } from './lanes.mjs';
import { legend } from './legend.mjs';
import { bars, stat, table } from './numbers.mjs';

/** A unit of the grid's height, and the space between two panels. */
const [UNIT, SPACE, COLUMNS] = [30, 8, 24];

/** A chart with its legend below it or beside it. */
function charted(draw) {
  return (body, panel) => {
    const chart = html('div', { class: 'chart' });
    body.append(chart);
    if (panel.legend) {
      if (panel.legend.placement === 'right') body.classList.add('right');
      const names = legend(panel.legend);
      body.append(names);
      tellRest(names, names.querySelectorAll('tr, span:not(.mark)'));
    }
    draw(chart, panel);
  };
}

const DRAW = {
  timeseries: charted(graph), 'state-timeline': charted(timeline), heatmap: charted(heatmap), stat, bargauge: bars, table,
};

function place(element, { x, y, w, h }, width) {
  const column = (width - 16 + SPACE) / COLUMNS;
  Object.assign(element.style, {
    left: `${8 + x * column}px`, top: `${y * (UNIT + SPACE)}px`,
    width: `${w * column - SPACE}px`, height: `${h * (UNIT + SPACE) - SPACE}px`,
  });
  return element;
}

/** Whether there is anything to be seen. */
function seen(body) {
  const canvas = body.querySelector('canvas');
  if (canvas) return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((part) => part > 0);
  return body.textContent.trim() !== '' && body.clientHeight > 0;
}

/** Draws it all, and returns the titles of panels in which nothing is to be seen. */
globalThis.draw = async ({ title, variables, from, to, panels }) => {
  document.title = title;
  const main = document.querySelector('main');
  main.append(html('header', {}, html('h1', {}, title),
    html('span', {}, `${new Date(from * 1000).toISOString().slice(0, 10)} ${clock(from)} to ${clock(to)} UTC`)));
  main.append(html('nav', {}, ...variables.map(({ label, text }) => html('span', {}, html('b', {}, label), html('i', {}, text)))));
  const grid = html('div', { class: 'grid' });
  main.append(grid);
  const bottom = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
  grid.style.height = `${bottom * (UNIT + SPACE)}px`;
  const width = grid.clientWidth;
  const drawn = [];
  for (const panel of panels) {
    if (panel.type === 'row') {
      grid.append(place(html('div', { class: panel.shut ? 'row shut' : 'row' }, panel.title), panel.gridPos, width));
      continue;
    }
    const body = html('div', { class: 'body' });
    grid.append(place(html('section', { class: 'panel' }, html('h2', {}, panel.title), body), panel.gridPos, width));
    if (panel.nothing) body.append(nothing(panel.nothing));
    else DRAW[panel.type](body, panel);
    drawn.push([panel.title, body]);
  }
  // Graphs are drawn when all that happens now is over.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return drawn.filter(([, body]) => !seen(body)).map(([title]) => title);
};
