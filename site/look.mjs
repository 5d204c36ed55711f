// Look at built pages as a visitor does: node look.mjs SITE PAGE...
// SITE is the site's address. Prints, for each page, what is wrong: what axe-core finds against
// WCAG 2.1 AA (contrast, names, order of headings), an icon that is missing, a page that scrolls
// sideways, and a header that covers the title. A wide window is light and a narrow one dark:
// colours do not depend on width.
// The variable CHROMIUM has the browser's path.
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [, , site, ...names] = process.argv;
const axeScript = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const windows = [
  { colorScheme: 'light', viewport: { width: 1200, height: 900 } },
  { colorScheme: 'dark', viewport: { width: 400, height: 900 } },
];

/** What axe-core and two measures say of the page. Runs in the page. */
async function look() {
  const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];
  const rules = { 'label-content-name-mismatch': { enabled: false } }; // the theme's search button
  const { violations } = await axe.run(document, { runOnly, rules });
  const problems = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html.slice(0, 200)}`);
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    problems.push(`it scrolls sideways: ${root.scrollWidth} pixels wide`);
  }
  for (const icon of document.querySelectorAll('i[class*="fa-"], svg:has(> .missing)')) {
    problems.push(`an icon is missing: ${icon.getAttribute('class')}`);
  }
  const title = document.querySelector('article h1')?.getBoundingClientRect();
  for (const item of document.querySelectorAll('.bd-header-article :is(a, button)')) {
    const box = item.getBoundingClientRect();
    if (title && box.height && box.bottom > title.top) {
      problems.push(`the header covers the title: ${item.textContent.trim() || item.title}`);
    }
  }
  return problems;
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
const found = {};
for (const options of windows) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  for (const name of names) {
    await page.goto(`${site}/${name}`);
    await page.addScriptTag({ path: axeScript });
    const problems = await page.evaluate(look);
    const where = `${options.viewport.width} pixels, ${options.colorScheme}`;
    found[name] = [...(found[name] ?? []), ...problems.map((problem) => `at ${where}, ${problem}`)];
  }
  await context.close();
}
console.log(JSON.stringify(found));
await browser.close();
