"""pyodide-lock.json: which wheels the browser edition has. It lists local files alone, so that
nothing is asked of a server elsewhere."""

import hashlib
import json
import zipfile
from collections.abc import Collection, Iterable
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

MODULES = (".py", ".pyc", ".so", ".zip")  # .zip: modules in an archive
NAMESPACES = {"azure"}  # many packages have it: `import azure.identity` needs its own package


class Incomplete(Exception):
    """A wheel asks for one that is not there."""


def environment(python: str) -> dict[str, str]:
    """What markers in requirements see in Pyodide."""
    return {
        "extra": "",
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "wasm32",
        "platform_python_implementation": "CPython",
        "platform_system": "Emscripten",
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": "emscripten",
    }


def write(folder: Path, info: dict[str, str], without: Collection[str]) -> None:
    """Write pyodide-lock.json for the wheels in a folder.

    Args:
        folder: where the wheels are, and where the file goes.
        info: `info` of the lock that came with Pyodide: its ABI and Python's version.
        without: dependencies that the browser edition does without.

    Raises:
        Incomplete: a dependency has no wheel in the folder.
    """
    seen = environment(info["python"])
    packages = {}
    for wheel in sorted(folder.glob("*.whl")):
        entry = _entry(wheel, seen, without)
        packages[entry["name"]] = entry
    for entry in packages.values():
        if missing := sorted(set(entry["depends"]) - set(packages)):
            raise Incomplete(f"{entry['name']} needs {', '.join(missing)}, and there is no wheel.")
    text = json.dumps({"info": info, "packages": packages}, indent=1)
    (folder / "pyodide-lock.json").write_text(text, "utf-8")


def _entry(wheel: Path, seen: dict[str, str], without: Collection[str]) -> dict[str, Any]:
    name, version, _build, _tags = parse_wheel_filename(wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
        metadata = next(file for file in files if file.endswith(".dist-info/METADATA"))
        headers = HeaderParser().parsestr(archive.read(metadata).decode())
    needed = [Requirement(text) for text in headers.get_all("Requires-Dist") or []]
    depends = {canonicalize_name(r.name) for r in needed if _holds(r.marker, seen)}
    return {
        "name": str(name),
        "version": str(version),
        "file_name": wheel.name,
        "install_dir": "site",
        "package_type": "package",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "imports": sorted(modules(files)),
        "depends": sorted(depends - set(without)),
        "unvendored_tests": False,
    }


def _holds(marker: Marker | None, seen: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(seen)


def modules(files: Iterable[str]) -> set[str]:
    """The names by which a wheel's files are imported: `openai`, `azure.ai.inference`."""
    found = set()
    for file in files:
        folder, _, _ = file.partition("/")
        if not file.endswith(MODULES) or folder.endswith((".dist-info", ".data")):
            continue
        found.add(folder.split(".")[0])
    for namespace in NAMESPACES & found:
        found.remove(namespace)
        inside = [f for f in files if f.startswith(f"{namespace}/") and "/__init__.py" in f]
        found.add(min(inside, key=len).partition("/__init__.py")[0].replace("/", "."))
    return found
