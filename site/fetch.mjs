// A page's `fetch` against the replay server: node fetch.mjs SITE SERVER
// SITE and SERVER are addresses of other ports, so the browser asks first (CORS). Prints the answer.
// The variable CHROMIUM has the browser's path.
import { chromium } from 'playwright-core';

const [, , site, server] = process.argv;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
const page = await browser.newPage();
await page.goto(`${site}/index.html`);
const answer = await page.evaluate(async (address) => {
  const reply = await fetch(`${address}/models/chat/completions?api-version=2024-05-01-preview`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'api-key': 'any' },
    body: JSON.stringify({
      model: 'mistral-large-2407',
      messages: [{ role: 'user', content: 'Say hello in three languages.' }],
    }),
  });
  const body = await reply.json();
  return { status: reply.status, content: body.choices?.[0].message.content ?? JSON.stringify(body) };
}, server);
console.log(JSON.stringify(answer));
await browser.close();
