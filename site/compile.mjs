// node compile.mjs FOLDER: put bytecode into each wheel in FOLDER, by the Python that Pyodide has.
// The browser then need not compile what it imports. The course and its SDK keep their source as
// well, for those who want to read it; of other large packages, bytecode takes the source's place.
import { loadPyodide } from 'pyodide';

const python = await loadPyodide();
python.mountNodeFS('/wheels', process.argv[2]);
python.runPython(`
import importlib._bootstrap_external as external
import importlib.util
import zipfile
from pathlib import Path

WITH_SOURCE = ("azure_ai_inference", "azure_chat_course")
WITHOUT_SOURCE = ("azure_core", "ipython-", "openai", "prompt_toolkit", "pydantic-", "traitlets")


def bytecode(source, name):
    """The content of a .pyc that Python does not compare with its source."""
    code = compile(source, name, "exec", dont_inherit=True)
    return external._code_to_hash_pyc(code, importlib.util.source_hash(source), False)


for wheel in sorted(Path("/wheels").glob("*.whl")):
    if not wheel.name.startswith(WITH_SOURCE + WITHOUT_SOURCE):
        continue
    compiled = wheel.with_suffix(".new")
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(compiled, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            files = {name: data}
            if name.endswith(".py") and ".data/" not in name:
                try:
                    content = bytecode(data, "/lib/python3.14/site-packages/" + name)
                except SyntaxError:  # a template, or code for another Python
                    pass
                else:
                    if wheel.name.startswith(WITH_SOURCE):
                        files[importlib.util.cache_from_source(name)] = content
                    else:
                        files = {name + "c": content}
            for file, content in files.items():
                new.writestr(zipfile.ZipInfo(file), content, zipfile.ZIP_DEFLATED)
    compiled.rename(wheel)
`);
