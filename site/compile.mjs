// node compile.mjs FOLDER: put bytecode into each wheel in FOLDER and into Pyodide's standard library,
// by the Python that Pyodide has. The browser then need not compile what it imports, which takes
// longer than everything else. Bytecode takes the source's place. The course and its SDK keep their
// source as well, for those who want to read it, and anyio, which reads it itself. Pygments stays as
// it is: of its 500 languages, one is used.
import { loadPyodide } from 'pyodide';

const python = await loadPyodide();
python.mountNodeFS('/archives', process.argv[2]);
python.runPython(`
import importlib._bootstrap_external as external
import importlib.util
import sys
import zipfile
from pathlib import Path

WITH_SOURCE = ("anyio", "azure_ai_inference", "azure_chat_course")
AS_IT_IS = "pygments-"
PLACES = {  # by an archive's suffix: where Pyodide has what is in it
    ".whl": "/lib/python{}.{}/site-packages/".format(*sys.version_info),
    ".zip": "/lib/python{}{}.zip/".format(*sys.version_info),
}


def bytecode(source, name):
    """The content of a .pyc that Python does not compare with its source."""
    code = compile(source, name, "exec", dont_inherit=True)
    return external._code_to_hash_pyc(code, importlib.util.source_hash(source), False)


def compiled(archive, name, data):
    """What becomes of a file of an archive: files with their content."""
    if not name.endswith(".py") or ".data/" in name:
        return {name: data}
    try:
        content = bytecode(data, PLACES[archive.suffix] + name)
    except SyntaxError:  # a template, or code for another Python
        return {name: data}
    if archive.name.startswith(WITH_SOURCE):
        return {name: data, importlib.util.cache_from_source(name): content}
    return {name + "c": content}


for archive in sorted(Path("/archives").iterdir()):
    if archive.name.startswith(AS_IT_IS):
        continue
    new = archive.with_suffix(".new")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as out:
        for name in old.namelist():
            for file, content in compiled(archive, name, old.read(name)).items():
                out.writestr(zipfile.ZipInfo(file), content, zipfile.ZIP_DEFLATED)
    new.rename(archive)
`);
