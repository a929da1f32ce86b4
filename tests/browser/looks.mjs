// The page in each look: nothing that axe-core objects to, nothing to scroll sideways, landmarks.

import assert from 'node:assert/strict';
import { LOOKS, inBrowser, overhang, picture, url, violations, visit } from './support.mjs';

const name = process.argv[5];

await inBrowser(async (open) => {
  for (const look of LOOKS) {
    const page = await open(look);
    await visit(page);
    await picture(page, `${name}-${look[0]}`);
    assert.deepEqual(await violations(page), [], `${look[0]} of ${url}`);
    assert.ok((await overhang(page)) <= 0, `${look[0]}: wider than the window by ${await overhang(page)}`);
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
