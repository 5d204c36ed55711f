// node compile.mjs FOLDER: adds bytecode to each wheel in FOLDER, by the Python that Pyodide has.
// The browser then need not compile what it imports.
import { loadPyodide } from 'pyodide';

const python = await loadPyodide();
python.mountNodeFS('/wheels', process.argv[2]);
python.runPython(`
import importlib._bootstrap_external as external
import importlib.util
import zipfile
from pathlib import Path


def bytecode(source, name):
    """The content of a .pyc that Python does not compare with its source."""
    code = compile(source, name, "exec", dont_inherit=True)
    return external._code_to_hash_pyc(code, importlib.util.source_hash(source), False)


for wheel in sorted(Path("/wheels").glob("*.whl")):
    compiled = wheel.with_suffix(".new")
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(compiled, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
            if not name.endswith(".py") or ".data/" in name:
                continue
            try:
                content = bytecode(data, "/lib/python3.14/site-packages/" + name)
            except SyntaxError:  # a template, or code for another Python
                continue
            cached = zipfile.ZipInfo(importlib.util.cache_from_source(name))
            new.writestr(cached, content, zipfile.ZIP_DEFLATED)
    compiled.rename(wheel)
`);
