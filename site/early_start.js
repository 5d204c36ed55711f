// Start the kernel's worker at once. JupyterLite makes its own when the notebook is shown, seconds later, and gets
// this one. Where a server isolates the page, JupyterLite uses another kind of worker, and starts it by itself.
if (!window.crossOriginIsolated) {
  const Usual = window.Worker;
  const early = new Usual('../static/pyodide/early_kernel.mjs', { type: 'module' });
  window.Worker = function Worker(address, options) {
    if (!String(address).includes('/comlink.worker')) return new Usual(address, options);
    window.Worker = Usual; // a second kernel has a worker of its own
    early.postMessage(String(address));
    return early;
  };
  window.Worker.prototype = Usual.prototype;
}
