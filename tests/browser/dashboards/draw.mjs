// Draws a dashboard and takes its picture. Rows that are collapsed when it is opened are opened.

import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';

import { inBrowser, packages, pictures } from '../support.mjs';
import { choices, file, seconds, url } from './arguments.mjs';
import { Dashboard, WIDTH } from './dashboard.mjs';
import { model } from './model.mjs';

/** Where the page is, to the browser; what it asks for there is read from the disk. */
const HERE = 'http://page.invalid/';
const KINDS = { '.html': 'text/html', '.css': 'text/css', '.mjs': 'text/javascript', '.js': 'text/javascript' };
const PLOTTER = join(packages, 'node_modules/uplot/dist');

async function serve(route) {
  const name = route.request().url().slice(HERE.length);
  const folder = name.startsWith('uPlot') ? PLOTTER : join(import.meta.dirname, 'page');
  await route.fulfill({
    body: await readFile(join(folder, basename(name))), contentType: `${KINDS[extname(name)]}; charset=utf-8`,
  });
}

/** All panels, each below its row. What cannot be drawn is thrown for the whole. */
async function drawing() {
  const dashboard = await Dashboard.open(file, url, seconds, Object.fromEntries(choices));
  const [panels, wrong] = [[], []];
  for (const panel of dashboard.opened) {
    try {
      panels.push(panel.type === 'row'
        ? { ...panel, title: dashboard.fill(panel.title) } : await model(dashboard, panel));
    } catch (error) {
      wrong.push(`${dashboard.title}, ${panel.title}: ${error.message}`);
    }
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  const { title, end } = dashboard;
  return { title, variables: dashboard.variables.shown(dashboard.json), from: end - seconds, to: end, panels };
}

const name = basename(file, '.json');
await inBrowser(async (open) => {
  const page = await open([name, 'dark', { width: WIDTH, height: 900 }]);
  await page.route(`${HERE}**`, serve);
  await page.goto(`${HERE}index.html`);
  const blank = await page.evaluate((whole) => globalThis.draw(whole), await drawing());
  if (blank.length > 0) throw new Error(`${name}: nothing is drawn in ${blank.join(', ')}`);
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
