// The page in each look: nothing that axe-core objects to, nothing to scroll sideways, landmarks.

import assert from 'node:assert/strict';
import { LOOKS, inBrowser, overhang, picture, url, violations, visit } from './support.mjs';

const name = process.argv[5];
// Round where the tables turn into cards, and down to what a zoomed page has left.
const WIDTHS = [1920, 1280, 1190, 1180, 820, 320];

await inBrowser(async (open) => {
  for (const look of LOOKS) {
    const page = await open(look);
    await visit(page);
    await picture(page, `${name}-${look[0]}`);
    assert.deepEqual(await violations(page), [], `${look[0]} of ${url}`);
    for (const width of look[0] === 'light' ? WIDTHS : [look[2].width]) {
      await page.setViewportSize({ ...look[2], width });
      const beyond = await overhang(page);
      assert.ok(beyond <= 0, `${width} pixels: wider than the window by ${beyond}`);
    }
    for (const role of ['banner', 'main', 'contentinfo']) {
      assert.equal(await page.getByRole(role).count(), 1, role);
    }
    assert.ok((await page.getByRole('navigation').count()) >= 2);
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
    for (const table of await page.getByRole('table').all()) {
      assert.ok((await table.locator('caption').innerText()).length > 0, 'a table without a caption');
    }
    await page.context().close();
  }
});
