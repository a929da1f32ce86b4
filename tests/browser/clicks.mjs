// Filters, order and pages, by clicking.

import assert from 'node:assert/strict';
import { ids, inBrowser, names, violations, visit } from './support.mjs';

await inBrowser(async (open) => {
  const page = await open();
  await visit(page);
  const problems = page.locator('section[aria-labelledby=problems]');
  const seen = async () => [...new Set(await problems.locator('td[data-label=Status] > .badge:first-child').allInnerTexts())];

  await page.locator('#status').selectOption('TAINTED');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/[?&]status=TAINTED/);
  assert.deepEqual(await seen(), ['▲ TAINTED']);
  assert.equal(await page.locator('#status').inputValue(), 'TAINTED', 'the form keeps it');

  await problems.getByRole('columnheader', { name: 'Name' }).getByRole('link').click();
  await page.waitForURL(/sort=name/);
  const ascending = await names(page);
  assert.ok(ascending.length > 50, `${ascending.length} rows`);
  assert.deepEqual(ascending, [...ascending].sort());
  assert.match(page.url(), /status=TAINTED/, 'the order keeps the filter');
  await problems.getByRole('columnheader', { name: 'Name' }).getByRole('link').click();
  await page.waitForURL(/order=desc/);
  const descending = await names(page);
  assert.deepEqual(descending, [...descending].sort().reverse());
  assert.equal(
    await problems.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort'),
    'descending',
  );

  const first = await ids(page);
  await problems.getByRole('link', { name: 'Next page of problems' }).first().click();
  await page.waitForURL(/[?&]page=2/);
  const second = await ids(page);
  assert.ok(second.length > 0 && second.every((id) => !first.includes(id)), 'other rows');
  assert.match(page.url(), /status=TAINTED.*sort=name.*order=desc/, 'the page keeps the rest');

  const shared = page.url();
  const other = await open();
  await other.goto(shared);
  assert.deepEqual(await ids(other), second, 'a link can be shared');

  await page.locator('#q').fill('nothing is called so');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=nothing/);
  assert.deepEqual(await ids(page), []);
  assert.ok(await page.getByText('No problem matches the filter.').isVisible());
  assert.deepEqual(await violations(page), []);
  await page.getByRole('link', { name: 'Without filters' }).first().click();
  await page.waitForURL((to) => to.search === '');
  assert.ok((await ids(page)).length > 0);
});
