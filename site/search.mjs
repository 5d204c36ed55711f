// Type words into the search box of the built pages: node search.mjs SITE WORD...
// SITE is the site's address. Prints, for each word, the pages that the search lists.
// The variable CHROMIUM has the browser's path.
import { chromium } from 'playwright-core';

const [, , site, ...words] = process.argv;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
const page = await browser.newPage();
const found = {};
for (const word of words) {
  await page.goto(`${site}/index.html`);
  await page.click('.search-button__button:visible');
  await page.fill('#pst-search-dialog input[type=search]', word);
  await page.press('#pst-search-dialog input[type=search]', 'Enter');
  await page.waitForURL('**/search.html?*');
  // The summary has its final words once the last page is listed.
  await page.waitForFunction(() => /finished|did not match/.test(document.querySelector('.search-summary')?.textContent));
  found[word] = await page.$$eval('#search-results li a', (links) => links.map((link) => new URL(link.href).pathname.slice(1)));
}
console.log(JSON.stringify(found));
await browser.close();
