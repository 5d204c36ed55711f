"""Install what the JavaScript on notebooks/other_languages.md needs, once, into .venv/node.

    python tests/tools/node_packages.py

Tests run with the network cut, so `make` does this before them. Without npm or its registry, the
JavaScript blocks are skipped, and the tests say why.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from notebooks import ROOT

MANIFEST = ROOT / "tests" / "node" / "package.json"
FOLDER = ROOT / ".venv" / "node"


def unavailable() -> str:
    """Why the packages are not there; "" if they are."""
    if not shutil.which("node"):
        return "there is no node here"
    installed = FOLDER / "installed.json"
    if not installed.exists():
        return "the npm packages are not installed: python tests/tools/node_packages.py"
    if installed.read_bytes() != MANIFEST.read_bytes():
        return "the npm packages are older than tests/node: python tests/tools/node_packages.py"
    return ""


def install(folder: Path = FOLDER) -> str:
    """Install the packages. Returns why that was not possible; "" if it was."""
    npm = shutil.which("npm")
    if not npm:
        return "there is no npm here"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(MANIFEST, folder / "package.json")
    options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"]
    try:
        done = subprocess.run(
            [npm, "install", *options], cwd=folder, capture_output=True, text=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        return "npm took more than two minutes"
    if done.returncode:
        return f"npm install failed: {(done.stderr or done.stdout).strip()[-300:]}"
    shutil.copy(MANIFEST, folder / "installed.json")
    return ""


if __name__ == "__main__":
    if unavailable() and (problem := install()):
        print(f"JavaScript is left out of the tests: {problem}", file=sys.stderr)
