// A worker that loads Pyodide while the page still loads JupyterLab, and then becomes the kernel's worker.
//
// Its first message is the address of JupyterLite's own worker. What comes while that loads is kept for it.
import packages from './at_once.mjs';
import { begin } from './pyodide.mjs';

begin(packages);

const waiting = [];

function keep(event) {
  event.stopImmediatePropagation();
  waiting.push(event);
}

async function become({ data: address }) {
  self.addEventListener('message', keep);
  await import(address);
  self.removeEventListener('message', keep);
  for (const { data, ports } of waiting) {
    self.dispatchEvent(new MessageEvent('message', { data, ports: [...ports] }));
  }
}

self.addEventListener('message', become, { once: true });
