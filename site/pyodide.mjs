// What JupyterLite loads as Pyodide: Pyodide itself, and its Python looks into the notebooks' folder
// last. In the browser each look there is a request, and Python looks for every import.
import * as pictures from './pictures.mjs';
import { loadPyodide as load, version } from './runtime.mjs';

// Packages that came as one archive are imported from it.
const PATHS = `
import glob, site, sys
sys.path.remove("")
sys.path += [*glob.glob(f"{site.getsitepackages()[0]}/*.zip"), ""]
`;
// What the kernel and each notebook's first cells import.
const FIRST = `
import piplite.piplite, pyodide_kernel
import azure.ai.inference, azure.core.pipeline.transport._requests_basic, requests
import dotenv, helpers, wrapt, yaml
`;
let early = null;

async function prepare(options) {
  const pyodide = await load(options);
  pyodide.runPython(PATHS);
  pyodide.registerJsModule('course_pictures', pictures); // for the stand-in for Pillow
  return pyodide;
}

// Load Pyodide before JupyterLite asks for it.
function begin(packages) {
  const indexURL = new URL('.', import.meta.url).href;
  early = prepare({ indexURL, packages }).then((pyodide) => {
    pyodide.runPython(FIRST);
    return pyodide;
  });
}

async function loadPyodide(options) {
  if (!early) return prepare(options);
  const pyodide = await early;
  pyodide.setStdout({ batched: options.stdout });
  pyodide.setStderr({ batched: options.stderr });
  return pyodide;
}

export { begin, loadPyodide, version };
