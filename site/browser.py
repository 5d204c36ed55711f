"""The browser edition: JupyterLite with the course, its packages, and Pyodide beside it."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import lockfile
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

SITE = Path(__file__).parent
# What is copied of Pyodide, and under which name: JupyterLite loads our own pyodide.mjs.
PYODIDE_FILES = {
    "pyodide.mjs": "runtime.mjs",
    "pyodide.asm.mjs": "pyodide.asm.mjs",
    "pyodide.asm.wasm": "pyodide.asm.wasm",
}
# Our part of what the kernel's worker loads.
OURS = ("pyodide.mjs", "early_kernel.mjs", "pictures.mjs", "png_filters.mjs")
LIBRARY = "python_stdlib.zip"  # Pyodide's as well, but it goes in with bytecode
# Not in the browser: Jupyter itself, and what its kernel there does without, such as a terminal.
WITHOUT = {"jupyter", "jupyterlab", "jupyterlab-widgets", "pexpect", "prompt-toolkit", "psutil"}
FOR_THE_KERNEL = ("micropip", "comm", "ipython", "jedi", "packaging")
NO_WHEEL = {"cffi", "cryptography", "libcst", "pillow", "pyyaml"}  # for this platform, on the index
OF_THE_KERNEL = ("ipykernel", "piplite", "pyodide_kernel", "widgetsnbextension-4")
# Fetched while Pyodide starts, not when a cell imports them: what each notebook begins with.
# JupyterLite asks for jedi, which completes names, and waits for ever where it is not here.
AT_ONCE = (
    *("micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython"),
    *("azure-chat-course", "azure-ai-inference"),
)

# Goes into the browser as one file, because to write its two thousand takes half a second. It reads
# no file of its own, so that Python can import it from an archive.
ARCHIVED = "openai"

# httpx2 warns of settings that a browser decides by itself, such as limits of connections.
QUIET = r"""
import warnings

warnings.filterwarnings("ignore", r"The following transport option\(s\) are not supported")
"""

READ = "import sys; from helpers.replay import load; [load(path) for path in sys.argv[1:]]"


class NotBuilt(Exception):
    """The browser edition cannot be built; the message has the remedy."""


def build(course: Path, work: Path, output: Path, given: Path | None) -> None:
    """Build the browser edition.

    Args:
        course: the repository's folder.
        work: a folder for what can be kept from one build to the next.
        output: an empty or missing folder. A second build into the same one loses settings.
        given: a folder of wheels for Pyodide that are used in place of stand-ins.

    Raises:
        NotBuilt: Pyodide has another version than JupyterLite's kernel expects, or a wheel is
            not there, or not for Pyodide.
    """
    if output.exists():
        raise NotBuilt(f"{output} is there already: remove it first.")
    constants = _kernel_constants()
    pyodide = SITE / "node_modules" / "pyodide"
    found = json.loads((pyodide / "package.json").read_text("utf-8"))["version"]
    if found != constants["PYODIDE_VERSION"]:
        raise NotBuilt(
            f"JupyterLite's kernel expects Pyodide {constants['PYODIDE_VERSION']}, and npm has "
            f"{found}: change the version in site/package.json and run npm install there."
        )
    info = json.loads((pyodide / "pyodide-lock.json").read_text("utf-8"))["info"]
    lite = work / "lite"
    shutil.rmtree(lite, ignore_errors=True)
    static = lite / "static" / "pyodide"
    static.mkdir(parents=True)
    for name, new_name in PYODIDE_FILES.items():
        shutil.copy(pyodide / name, static / new_name)
    for name in OURS:
        shutil.copy(SITE / name, static)
    for function in ("decode", "encode"):  # scripts that define it, here as modules
        script = SITE / "node_modules" / "jpeg-js" / "lib" / f"{function}r.js"
        module = f"{script.read_text('utf-8')}\nexport {{ {function} }};\n"
        (static / f"jpeg_{function}r.mjs").write_text(module, "utf-8")
    (static / "at_once.mjs").write_text(f"export default {json.dumps(AT_ONCE)};\n", "utf-8")
    gather_wheels(course, work, static, info, given)
    try:
        lockfile.write(static, info, WITHOUT)
    except lockfile.Incomplete as error:
        raise NotBuilt(str(error)) from None
    (lite / "jupyter-lite.json").write_text(_settings(), "utf-8")
    contents = work / "contents"
    copy_contents(course, contents)
    _run(
        *(sys.executable, "-m", "jupyter", "lite", "build", "--lite-dir", lite),
        *("--contents", contents, "--output-dir", output, "--no-sourcemaps"),
        *("--no-unused-shared-packages", "--no-libarchive"),
        "--ContentsManager.hide_globs=*.pyc",  # else what is kept of the recordings is not found
        cwd=lite,
    )
    for app in ("lab", "notebooks"):
        start_early(output / app / "index.html")


def start_early(page: Path) -> None:
    """Let a page of JupyterLite start the kernel's worker before all else.

    Raises:
        NotBuilt: the page has no head to put this into.
    """
    text = page.read_text("utf-8")
    script = (SITE / "early_start.js").read_text("utf-8")
    changed = re.sub(
        r"<head>", lambda head: f"{head[0]}\n<script>\n{script}</script>", text, count=1
    )
    if changed == text:
        raise NotBuilt(f"{page} has no <head>.")
    page.write_text(changed, "utf-8")


def _kernel_constants() -> dict[str, str]:
    from jupyterlite_pyodide_kernel import constants

    return {name: value for name, value in vars(constants).items() if isinstance(value, str)}


def _settings() -> str:
    settings = json.loads((SITE / "jupyter-lite.json").read_text("utf-8"))
    plugins = settings["jupyter-config-data"]["litePluginSettings"]
    kernel = plugins["@jupyterlite/pyodide-kernel-extension:kernel"]
    kernel["loadPyodideOptions"]["packages"] = list(AT_ONCE)
    return json.dumps(settings, indent=2)


def copy_contents(course: Path, contents: Path) -> None:
    """What the browser edition's file list has: notebooks without outputs, and what they read.

    Diagrams become ASCII: JupyterLite shows none that has other characters, because it calls
    `btoa` on their text. Recordings are read once, which keeps what PyYAML makes of them: in a
    browser it is slow.
    """
    shutil.rmtree(contents, ignore_errors=True)
    leave_out = shutil.ignore_patterns(".*", "sources", "__pycache__")
    shutil.copytree(course / "notebooks", contents, ignore=leave_out)
    for path in contents.glob("*.ipynb"):
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        kernel = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}
        notebook["metadata"]["kernelspec"] = kernel
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False), "utf-8")
    for path in contents.rglob("*.svg"):
        path.write_bytes(path.read_text("utf-8").encode("ascii", "xmlcharrefreplace"))
    recordings = map(str, (contents / "recordings").glob("*.yaml"))
    environment = os.environ | {"PYTHONPATH": str(course), "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([sys.executable, "-c", READ, *recordings], check=True, env=environment)


def gather_wheels(
    course: Path, work: Path, static: Path, info: dict[str, str], given: Path | None
) -> None:
    """Put the standard library and every wheel into a folder, with bytecode in them."""
    new = work / "new-wheels"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    python = info["python"].rpartition(".")[0]
    required = resolve(course, python)
    own = given_wheels(given)
    have = {parse_wheel_filename(wheel.name)[0] for wheel in own}
    for wheel in own:
        shutil.copy(wheel, new)
    to_get = [r for r in required if r.name not in have | NO_WHEEL]
    _download(to_get, python, info["abi_version"], work / "downloads", new)
    pinned = {canonicalize_name(r.name): r for r in required}
    if "pyyaml" not in have:
        _pure_pyyaml(pinned["pyyaml"], work / "downloads", new)
    if "libcst" not in have:
        _libcst_with_its_older_parser(pinned["libcst"], work / "downloads", new)
    for name in ("cryptography", "pillow"):
        if name not in have:
            _build_wheel(SITE / "standins" / name, new)
    _course_wheel(course, new)
    for wheel in _kernel_wheels():
        shutil.copy(wheel, new)
    _without_stubs(next(new.glob("jedi-*.whl")))
    shutil.copy(SITE / "node_modules" / "pyodide" / LIBRARY, new)
    _with_bytecode(new, work / "compiled", static)


def given_wheels(folder: Path | None) -> list[Path]:
    """The wheels of a folder, which take the place of stand-ins.

    Raises:
        NotBuilt: there is no such folder, or a wheel in it is for another platform.
    """
    if folder is None:
        return []
    if not folder.is_dir():
        raise NotBuilt(f"{folder} is no folder.")
    wheels = sorted(folder.glob("*.whl"))
    for wheel in wheels:
        platforms = [tag.platform for tag in parse_wheel_filename(wheel.name)[3]]
        if not any(platform.endswith(("any", "_wasm32")) for platform in platforms):
            raise NotBuilt(f"{wheel.name} is not for Pyodide: its platform is {platforms[0]}.")
    return wheels


def resolve(course: Path, python: str) -> list[Requirement]:
    """What the course imports and the kernel needs, for Pyodide, in the versions of the lock."""
    import tomllib

    project = tomllib.loads((course / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [Requirement(text) for text in project["dependencies"]]
    lines = [str(r) for r in wanted if r.name not in WITHOUT]
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header"]
    command += ["--no-annotate", "--python-platform", "wasm32-pyodide2025"]
    command += ["--python-version", python, "--constraint", str(course / "requirements.lock"), "-"]
    done = subprocess.run(
        command,
        input="\n".join([*lines, *FOR_THE_KERNEL]),
        capture_output=True,
        text=True,
        env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"},
    )
    if done.returncode:
        raise NotBuilt(f"uv cannot resolve the packages for the browser:\n{done.stderr}")
    found = [Requirement(line) for line in done.stdout.splitlines() if line[:1].isalpha()]
    unused = WITHOUT | {"widgetsnbextension", "pycparser", "wcwidth"}  # the kernel's own, or none
    return [r for r in found if canonicalize_name(r.name) not in unused]


def _download(
    required: Iterable[Requirement], python: str, abi: str, kept: Path, new: Path
) -> None:
    """Wheels for Pyodide from the package index, or from the last build."""
    kept.mkdir(parents=True, exist_ok=True)
    at_hand = {parse_wheel_filename(wheel.name)[:2]: wheel for wheel in kept.glob("*.whl")}
    missing = []
    for requirement in required:
        key = (canonicalize_name(requirement.name), _version(requirement))
        if wheel := at_hand.get(key):
            shutil.copy(wheel, new)
        else:
            missing.append(str(requirement))
    if missing:
        number = python.replace(".", "")
        with tempfile.TemporaryDirectory() as folder:
            _run(
                *(*_PIP, "download", "--no-deps", "--only-binary=:all:", "--dest", folder),
                *("--platform", f"pyemscripten_{abi}_wasm32", "--python-version", python),
                *("--implementation", "cp", "--abi", f"cp{number}", "--abi", "abi3"),
                *("--abi", "none", *missing),
            )
            for wheel in Path(folder).glob("*.whl"):
                shutil.copy(wheel, kept)
                shutil.copy(wheel, new)


def _version(requirement: Requirement) -> object:
    from packaging.version import Version

    return Version(str(requirement.specifier).removeprefix("=="))


_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def _pure_pyyaml(requirement: Requirement, kept: Path, new: Path) -> None:
    """PyYAML without libyaml: it builds as a wheel for every platform."""
    if not list(kept.glob(f"pyyaml-{_version(requirement)}-py3-none-any.whl")):
        command = [*_PIP, "wheel", "--no-deps", "--no-binary", "pyyaml", "--wheel-dir", str(kept)]
        _run(*command, str(requirement), env={"PYYAML_FORCE_LIBYAML": "0"})
    shutil.copy(kept / f"pyyaml-{_version(requirement)}-py3-none-any.whl", new)


def _without_stubs(wheel: Path) -> None:
    """Take out of jedi, which completes names, what it knows of other people's packages: 2 MB."""
    with written_anew(wheel) as (old, out):
        for name in old.namelist():
            if not re.search(r"/typeshed/stubs/|/django-stubs/|/RECORD$", name):
                out.writestr(name, old.read(name))


@contextlib.contextmanager
def written_anew(wheel: Path) -> Iterator[tuple[zipfile.ZipFile, zipfile.ZipFile]]:
    """A wheel as it is, and an empty one that then takes its place."""
    slim = wheel.with_suffix(".slim")
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(slim, "w", zipfile.ZIP_DEFLATED) as out:
        yield old, out
    slim.replace(wheel)


def _libcst_with_its_older_parser(requirement: Requirement, kept: Path, new: Path) -> None:
    """libcst's wheel for this computer, with standins/libcst/native.py for its part in Rust."""
    native = kept / "native"
    if not list(native.glob(f"libcst-{_version(requirement)}-*.whl")):
        native.mkdir(parents=True, exist_ok=True)
        command = [*_PIP, "download", "--no-deps", "--only-binary=:all:", "--dest", str(native)]
        _run(*command, str(requirement))
    (wheel,) = native.glob(f"libcst-{_version(requirement)}-*.whl")
    marked = f"{_version(requirement)}+standin"
    text = "its own older parser reads Python up to 3.8, so a program with match is refused"
    target = new / f"libcst-{marked}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith((".so", ".pyd", "/RECORD")) or "/tests/" in name:
                continue
            if name.endswith(".dist-info/METADATA"):
                data = re.sub(rb"(?m)^Version: .*", f"Version: {marked}".encode(), data, count=1)
                data = re.sub(rb"(?m)^Summary: .*", f"Summary: {text}".encode(), data, count=1)
            folder, slash, rest = name.partition("/")
            if folder.endswith(".dist-info"):
                folder = f"libcst-{marked}.dist-info"
            out.writestr(f"{folder}{slash}{rest}", data)
        out.write(SITE / "standins" / "libcst" / "native.py", "libcst/native.py")


def _course_wheel(course: Path, new: Path) -> None:
    """The helpers as a wheel; its metadata ask only for what the browser edition has."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        leave_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(course / "helpers", copy / "helpers", ignore=leave_out)
        with (copy / "helpers" / "__init__.py").open("a", encoding="utf-8") as file:
            file.write(QUIET)
        for name in ("LICENSE", "README.md"):
            shutil.copy(course / name, copy)
        text = (course / "pyproject.toml").read_text("utf-8")
        for name in WITHOUT:
            text = re.sub(rf'(?m)^    "{name}[<>=].*\n', "", text)
        (copy / "pyproject.toml").write_text(text, "utf-8")
        _build_wheel(copy, new)


def _build_wheel(source: Path, new: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:  # setuptools leaves files in the source
        copy = shutil.copytree(source, Path(folder) / source.name)
        _run(*_PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", new, copy)


def _kernel_wheels() -> list[Path]:
    """The wheels that JupyterLite's kernel brings along."""
    folder = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension")
    wheels = sorted((folder / "static" / "pypi").glob("*.whl"))
    return [wheel for wheel in wheels if wheel.name.startswith(OF_THE_KERNEL)]


def _with_bytecode(new: Path, kept: Path, static: Path) -> None:
    """Copy archives with bytecode; those that have not changed come from the last build."""
    import hashlib

    todo = kept / "todo"
    shutil.rmtree(todo, ignore_errors=True)
    todo.mkdir(parents=True)
    recipe, places = (SITE / "compile.mjs").read_bytes(), {}
    for archive in new.iterdir():
        key = hashlib.sha256(archive.read_bytes() + recipe).hexdigest()[:16]
        places[archive.name] = kept / f"{key}-{archive.name}"
        if not places[archive.name].exists():
            shutil.copy(archive, todo)
    if list(todo.iterdir()):
        _run("node", SITE / "compile.mjs", todo)
    for name, place in places.items():
        if not place.exists():
            shutil.move(todo / name, place)
        shutil.copy(place, static / name)
    as_one_file(next(static.glob(f"{ARCHIVED}-*.whl")), ARCHIVED)


def as_one_file(wheel: Path, package: str) -> None:
    """Put a package's modules into one archive, which pyodide.mjs adds to Python's path."""
    modules = io.BytesIO()
    with written_anew(wheel) as (old, out):
        with zipfile.ZipFile(modules, "w", zipfile.ZIP_DEFLATED) as inner:
            for name in old.namelist():
                archive = inner if name.startswith(f"{package}/") else out
                archive.writestr(name, old.read(name))
        out.writestr(f"{package}.zip", modules.getvalue(), zipfile.ZIP_STORED)


def _run(*command: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Run a command. Its output is shown only if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        words = " ".join(str(part) for part in command)
        raise NotBuilt(f"{words}\n{done.stdout[-3000:]}")
