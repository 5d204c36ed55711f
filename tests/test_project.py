"""The project's own files agree with each other."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from notebooks import ALL, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def test_the_lock_pins_what_pyproject_states():
    pinned = {}
    for line in LOCK.splitlines():
        if line and not line.startswith(("#", " ")):
            requirement = Requirement(line)
            assert re.fullmatch(r"==[^=,]+", str(requirement.specifier)), f"not pinned: {line}"
            pinned.setdefault(requirement.name.lower(), []).append(str(requirement.specifier)[2:])
    for stated in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]:
        requirement = Requirement(stated)
        assert requirement.name in pinned, f"{stated}: run make lock"
        assert all(requirement.specifier.contains(v, prereleases=True) for v in pinned[requirement.name]), stated


def test_everything_installs_from_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    assert pip == ["-r requirements.lock", "-e ."]
    for name in ("Makefile", ".github/workflows/ci.yml"):
        text = (ROOT / name).read_text("utf-8")
        installs = re.findall(r"pip install (.*)", text)
        assert installs and all(re.search(r"-r requirements\.lock|-e \.|--quiet .*\buv$", i) for i in installs), name


def test_helpers_stay_small():
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in (ROOT / "helpers").glob("*.py"))
    assert lines <= 700


def test_the_top_level_is_the_agreed_one():
    ignored = {".git", ".venv", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", "build", ".env"}
    found = {p.name for p in ROOT.iterdir()} - ignored
    found -= {name for name in found if name.endswith(".egg-info")}
    agreed = {"notebooks", "helpers", "tests", "environment.yml", "README.md", "Makefile", "pyproject.toml", "LICENSE"}
    assert found == agreed | {"requirements.lock", ".gitignore", ".gitattributes", ".github", ".ci", ".env.example"}


def test_the_readme_lists_every_notebook_as_00_does():
    contents = re.compile(r"^\| (?:\[)?(\d\d) ([^\]|]+?)(?:\]\([^)]*\))? \| ([^|]+) \| (\d+) \|$", re.M)
    start = "\n".join(
        cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        for cell in yaml.safe_load((ROOT / "notebooks" / "00_start_here.ipynb").read_text("utf-8"))["cells"]
    )
    rows = contents.findall(start)
    assert [number for number, *_ in rows] == [path.stem[:2] for path in ALL]
    assert contents.findall(README) == rows


def test_the_readme_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#\s]+)\)", README):
        assert "://" in target or Path(ROOT, target).exists(), target


def test_minutes_add_up():
    """What 00 and the README say a notebook takes is what its first cell says: reading and exercises."""
    rows = dict(re.findall(r"^\| \[(\d\d) [^|]+ \| [^|]+ \| (\d+) \|$", README, re.M))
    for path in ALL:
        reading, exercises = re.search(r"\| (\d+) minutes \| (\d+) minutes \|", path.read_text("utf-8")).groups()
        assert int(rows[path.stem[:2]]) == int(reading) + int(exercises), path.stem
