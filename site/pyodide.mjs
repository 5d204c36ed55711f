// What JupyterLite loads as Pyodide: Pyodide itself, and its Python looks into the notebooks' folder
// last. In the browser each look there is a request, and Python looks for every import.
import { loadPyodide as load, version } from './runtime.mjs';

async function loadPyodide(options) {
  const pyodide = await load(options);
  pyodide.runPython('import sys; sys.path.remove(""); sys.path.append("")');
  return pyodide;
}

export { loadPyodide, version };
