// What the scripts beside this one share. They are run by tests/it/browser.rs:
//   node <script> <url of the page> <folder of the npm packages> <folder for screenshots>
// They say on standard error what is wrong, and end with 1 then.

import assert from 'node:assert/strict';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';

export const [url, packages, pictures] = process.argv.slice(2);
const require = createRequire(resolve(packages, 'package.json'));
const { chromium } = require('playwright-core');
const axe = require.resolve('axe-core/axe.min.js');

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
/** Every look: name, colour scheme, size of the window. */
export const LOOKS = [
  ['light', 'light', WIDE],
  ['dark', 'dark', WIDE],
  ['phone', 'light', PHONE],
  ['phone-dark', 'dark', PHONE],
];

function inPath(program) {
  for (const folder of process.env.PATH.split(delimiter)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // It is in another folder, or nowhere.
    }
  }
  throw new Error(`${program} is not in PATH: install it with \`make tools\``);
}

/** Runs `work` in a browser, and fails for whatever no page of ours may do. */
export async function inBrowser(work) {
  mkdirSync(pictures, { recursive: true });
  const browser = await chromium.launch({
    executablePath: inPath('chromium'),
    chromiumSandbox: false,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
  const wrong = [];
  try {
    await work(async (look) => open(browser, look, wrong));
  } finally {
    await browser.close();
  }
  assert.deepEqual(wrong, [], 'the page did what it must not');
}

/** A page of that look, watched. */
async function open(browser, [, colorScheme, viewport] = LOOKS[0], wrong = []) {
  const context = await browser.newContext({ colorScheme, viewport, deviceScaleFactor: 1 });
  await context.route('**/*', (route) => {
    if (route.request().url().startsWith(url)) return route.continue();
    wrong.push(`asks ${route.request().url()}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`says ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`throws ${error}`));
  page.on('dialog', (dialog) => {
    wrong.push(`opens a dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  return page;
}

/** Goes there; the answer must be good. */
export async function visit(page, query = '') {
  const answer = await page.goto(url + query);
  assert.equal(answer.status(), 200, `${url}${query}`);
}

/** What axe-core finds wrong, in a few words each. */
export async function violations(page) {
  // Not as an element of the page, which its policy forbids.
  await page.evaluate(require('node:fs').readFileSync(axe, 'utf8'));
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
    resultTypes: ['violations'],
  }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((n) => n.html).join(' | ')}`);
}

/** The ids of the problems that are shown. */
export function ids(page) {
  return page.locator('section[aria-labelledby=problems] tbody th code').allTextContents();
}

/** The names of the problems that are shown. */
export function names(page) {
  return page.locator('section[aria-labelledby=problems] tbody th .name').allTextContents();
}

/** The width of the document beyond that of the window: what has to be scrolled sideways. */
export function overhang(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

/** Takes a picture of the whole page. */
export function picture(page, name) {
  return page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}
