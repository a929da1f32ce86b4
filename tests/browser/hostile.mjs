// Markup in names and messages stays text, in the page and in what is typed into the form.

import assert from 'node:assert/strict';
import { inBrowser, picture, visit } from './support.mjs';

const evil = process.argv[5];

await inBrowser(async (open) => {
  const page = await open();
  for (const query of ['', `?q=${encodeURIComponent(evil)}`, `?status=${encodeURIComponent(evil)}`]) {
    await visit(page, query);
    const injected = await page.locator('script, img, iframe, object, svg, [onerror], [onload]').count();
    assert.equal(injected, 0, `elements were injected: ${query}`);
    assert.equal(await page.evaluate(() => globalThis.injected), undefined);
  }
  await visit(page);
  await picture(page, 'hostile');
  const shown = await page.locator('section[aria-labelledby=problems]').innerText();
  assert.ok(shown.split(evil).length >= 3, `name and message are shown as they are: ${shown}`);
  await page.locator('#q').fill(evil);
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/[?&]q=/);
  assert.equal(await page.locator('#q').inputValue(), evil);
  assert.equal(await page.locator('section[aria-labelledby=problems] tbody tr').count(), 1);
});
