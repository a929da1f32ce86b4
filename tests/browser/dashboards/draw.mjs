// Draws a dashboard and takes two pictures: one of all of it, and one that README.md has room for.

import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { inBrowser, packages, pictures } from '../support.mjs';
import { choices, file, seconds, url } from './arguments.mjs';
import { Dashboard, WIDTH } from './dashboard.mjs';
import { model } from './model.mjs';

/** Where the page is, to the browser; what it asks for there is read from the disk. */
const HERE = 'http://page.invalid/';
const KINDS = { '.html': 'text/html', '.css': 'text/css', '.mjs': 'text/javascript', '.js': 'text/javascript' };
const PAGE = fileURLToPath(new URL('page', import.meta.url));
const PLOTTER = join(packages, 'node_modules/uplot/dist');

/** Rows that are shut in the smaller picture. */
const SHUT = {
  'servicecatalog-fleet': ['Where it is', 'What changed', 'Stack sets', 'History of single products (reads the series of every product)'],
  'servicecatalog-product': [],
  'servicecatalog-versions': [],
  'servicecatalog-exporter': ['Scans', 'Events', 'Storage', 'Organisation and shards', 'The process'],
};

async function serve(route) {
  const name = route.request().url().slice(HERE.length);
  const folder = name.startsWith('uPlot') ? PLOTTER : PAGE;
  await route.fulfill({
    body: await readFile(join(folder, basename(name))), contentType: `${KINDS[extname(name)]}; charset=utf-8`,
  });
}

/** All panels by their id. What cannot be drawn is thrown for the whole. */
async function models(dashboard) {
  const [drawn, wrong] = [new Map(), []];
  for (const panel of dashboard.panels) {
    try {
      drawn.set(panel.id, await model(dashboard, panel));
    } catch (error) {
      wrong.push(`${dashboard.title}, ${panel.title}: ${error.message}`);
    }
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return drawn;
}

async function picture(open, dashboard, drawn, shut, name) {
  const panels = dashboard.opened(shut).map((panel) => (panel.type === 'row'
    ? { ...panel, title: dashboard.fill(panel.title) } : { ...drawn.get(panel.id), gridPos: panel.gridPos }));
  const { title, end, json } = dashboard;
  const page = await open([name, 'dark', { width: WIDTH, height: 900 }]);
  await page.route(`${HERE}**`, serve);
  await page.goto(`${HERE}index.html`);
  const variables = dashboard.variables.shown(json);
  const whole = { title, variables, from: end - seconds, to: end, panels };
  const blank = await page.evaluate((whole) => globalThis.draw(whole), whole);
  if (blank.length > 0) throw new Error(`${name}: nothing is drawn in ${blank.join(', ')}`);
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

try {
  const dashboard = await Dashboard.open(file, url, seconds, Object.fromEntries(choices));
  const drawn = await models(dashboard);
  const name = basename(file, '.json');
  await inBrowser(async (open) => {
    await picture(open, dashboard, drawn, [], name);
    await picture(open, dashboard, drawn, SHUT[name] ?? [], `${name}-readme`);
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
