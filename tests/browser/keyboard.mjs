// Everything can be reached by keyboard, in the order of the page, and one sees where one is.

import assert from 'node:assert/strict';
import { LOOKS, inBrowser, visit } from './support.mjs';

/** Where the focus is, and whether it shows. */
const focused = (page) => page.evaluate(() => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const all = [...document.querySelectorAll('*')];
  return {
    name: `${element.tagName} ${(element.textContent || element.id).trim().slice(0, 40)}`,
    place: all.indexOf(element),
    outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    inView: box.width > 0 && box.right > 0 && box.bottom > 0 && box.top < innerHeight,
  };
});

await inBrowser(async (open) => {
  for (const look of LOOKS) {
    const page = await open(look);
    await visit(page);
    await page.keyboard.press('Tab');
    const skip = await focused(page);
    assert.match(skip.name, /Skip to the content/);
    assert.ok(skip.inView, 'the skip link shows when it has the focus');

    const all = await page.locator('a[href], button, select, input:not([type=hidden]), [tabindex="0"]')
      .evaluateAll((elements) => elements.filter((element) => element.checkVisibility()).length);
    let last = skip;
    let steps = 1;
    for (; steps < all; steps += 1) {
      await page.keyboard.press('Tab');
      const now = await focused(page);
      assert.ok(now.place > last.place, `${now.name} comes before ${last.name}`);
      assert.ok(now.outlined, `${look[0]}: the focus on ${now.name} does not show`);
      assert.ok(now.inView, `${look[0]}: ${now.name} has the focus out of sight`);
      last = now;
    }

    await visit(page);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#content$/);
    await page.keyboard.press('Tab');
    const inMain = await page.evaluate(() => document.querySelector('main').contains(document.activeElement));
    assert.ok(inMain, 'the skip link leads into the content');
    await page.context().close();
  }
});
