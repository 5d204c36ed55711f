// Run notebooks of the browser edition in headless Chromium, as a learner does.
//
// node browser_run.mjs BASE OUTPUT NAME...
//
// BASE is the site's address, such as http://127.0.0.1:8000. OUTPUT is a folder: for each notebook it
// gets NAME.json, with the cells' outputs, the times, the kernels' workers, the pictures that are not
// shown, and each request that went elsewhere or failed.
// The variable CHROMIUM has the browser's path.
import fs from 'fs';
import os from 'os';
import path from 'path';
import { chromium } from 'playwright-core';

const [, , base, output, ...names] = process.argv;
const READY = 180_000; // milliseconds
const QUIET = [
  '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

async function withBrowser(use) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'site-')); // a new one: nothing is cached
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM, headless: true, args: QUIET,
    viewport: { width: 1280, height: 1400 },
  });
  const seen = { requests: 0, outside: [], failed: [] };
  context.on('request', (request) => {
    const url = new URL(request.url());
    seen.requests += 1;
    if (url.protocol.startsWith('http') && url.hostname !== '127.0.0.1') seen.outside.push(request.url());
  });
  context.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    if (why !== 'net::ERR_ABORTED') seen.failed.push(`${request.url()} ${why}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 400) seen.failed.push(`${response.url()} ${response.status()}`);
  });
  try {
    return { ...(await use(await context.newPage())), ...seen };
  } finally {
    await context.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
}

// In the page: the kernel has started and the notebook is shown.
const isReady = () => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return panel?.content?.widgets?.length > 1 && panel.sessionContext?.isReady;
};

// In the page: the alt texts of pictures that are not shown.
const brokenPictures = () => [...document.querySelectorAll('.jp-Notebook img')]
  .filter((image) => image.complete && !image.naturalWidth).map((image) => image.alt);

// In the page: Run All, and note when the first cells have printed.
const runAll = async () => {
  const app = window.jupyterapp;
  const cells = app.shell.currentWidget.content.widgets;
  const began = performance.now();
  const times = {};
  const answered = () => cells.filter((cell) => cell.model.type === 'code' && cell.model.outputs.length);
  const timer = setInterval(() => {
    if (answered().length && !times.line) times.line = performance.now() - began;
    if (answered().length > 1 && !times.answer) times.answer = performance.now() - began;
  }, 20);
  await app.commands.execute('notebook:run-all-cells');
  clearInterval(timer);
  times.all = performance.now() - began;
  const kept = cells.map((cell) => {
    const { cell_type, id, source, outputs } = cell.model.toJSON();
    return { cell_type, id, source: [source].flat().join(''), outputs };
  });
  return { cells: kept, times };
};

// From the press on "Run this page" to the first answer, when the learner presses Run All at once.
async function run(page, name) {
  await page.goto(`${base}/${name}.html`);
  await page.waitForSelector('.run-this-page');
  const start = Date.now();
  await page.click('.run-this-page');
  await page.waitForFunction(() => window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length > 1, null, { timeout: READY });
  const shown = Date.now() - start;
  await page.waitForFunction(isReady, null, { timeout: READY });
  const ready = Date.now() - start;
  const result = await page.evaluate(runAll);
  const broken = await page.evaluate(brokenPictures);
  await page.screenshot({ path: path.join(output, `${name}.png`) });
  const kernels = page.workers().map((worker) => worker.url()).filter((url) => /early_kernel|comlink/.test(url));
  return { ...result, broken, kernels, times: { shown, ready, answer: ready + result.times.answer, all: ready + result.times.all } };
}

fs.mkdirSync(output, { recursive: true });
for (const name of names) {
  const result = await withBrowser((page) => run(page, name));
  fs.writeFileSync(path.join(output, `${name}.json`), JSON.stringify(result, null, 1));
  const failed = result.cells.filter((cell) => (cell.outputs ?? []).some((o) => o.output_type === 'error'));
  const seconds = Object.entries(result.times).map(([what, ms]) => `${what} ${(ms / 1000).toFixed(1)}`);
  console.log(`${name}: ${failed.length} failed; ${seconds.join(', ')} s; ${result.requests} requests`);
}
