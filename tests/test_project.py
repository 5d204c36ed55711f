"""The project's own files agree with each other."""

import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from sysconfig import get_path
from typing import TextIO

import pytest
import requests
import yaml
from nbclient import NotebookClient
from packaging.markers import Marker
from packaging.requirements import Requirement

from notebooks import ALL, ROOT, name_in, run

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKS = {  # each with what it is made from
    "requirements.lock": [*PROJECT["dependencies"], *EXTRAS["build"]],
    "tests/requirements.lock": [*PROJECT["dependencies"], *EXTRAS["build"], *EXTRAS["dev"]],
}
README = (ROOT / "README.md").read_text("utf-8")
every_lock = pytest.mark.parametrize("name", LOCKS)


needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not here")


def read(name: str) -> str:
    """A file of the project."""
    return (ROOT / name).read_text("utf-8")


def requirements(name: str) -> list[Requirement]:
    """What a lock file pins."""
    lines = read(name).splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", " "))]


def holds(marker: Marker | None, python: str, system: str, machine: str) -> bool:
    """Whether a requirement with this marker is installed on a system."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": system,
        "os_name": "nt" if system == "win32" else "posix",
        "platform_machine": machine,
        "implementation_name": "cpython",
    }
    return marker is None or marker.evaluate(environment)


@every_lock
def test_the_lock_pins_what_pyproject_states(name):
    pinned = {}
    for requirement in requirements(name):
        assert re.fullmatch(r"==[^=,]+", str(requirement.specifier)), f"not pinned: {requirement}"
        assert requirement.url is None
        version = str(requirement.specifier)[2:]
        pinned.setdefault(requirement.name.lower(), []).append(version)
    for stated in LOCKS[name]:
        requirement = Requirement(stated)
        assert requirement.name in pinned, f"{stated}: run make lock"
        for version in pinned[requirement.name]:
            assert requirement.specifier.contains(version, prereleases=True), stated


@every_lock
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize(
    ("system", "machine"),
    [("linux", "x86_64"), ("darwin", "arm64"), ("darwin", "x86_64"), ("win32", "AMD64")],
)
def test_the_lock_pins_one_version_for_each_system(name, python, system, machine):
    chosen = [r.name for r in requirements(name) if holds(r.marker, python, system, machine)]
    assert len(set(chosen)) == len(chosen)
    stated = [Requirement(text) for text in LOCKS[name]]
    assert {r.name for r in stated if holds(r.marker, python, system, machine)} <= set(chosen)


def test_tests_run_with_the_versions_that_learners_have():
    assert {str(r) for r in requirements("requirements.lock")} <= {
        str(r) for r in requirements("tests/requirements.lock")
    }


@every_lock
def test_the_lock_names_no_place(name):
    """An index or a path would be one of the machine that made the lock."""
    assert not re.search(r"://|[/\\@]|--", read(name))


def test_everything_installs_from_the_locks():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    assert pip == ["-r requirements.lock", "-e ."]
    installs = {
        "Makefile": re.findall(r"\$\(call install,(.*)\)$", read("Makefile"), re.M),
        "CI": re.findall(r"uv pip install --python \.venv (.*)", read(".github/workflows/ci.yml")),
    }
    itself = "--no-deps --no-build-isolation -e ."
    assert installs == {
        "Makefile": ["-r requirements.lock", itself, "-r tests/requirements.lock"],
        "CI": ["-r tests/requirements.lock", itself],  # which pins the learner's packages too
    }


def test_windows_checks_what_make_test_checks():
    makefile, workflow = read("Makefile"), read(".github/workflows/ci.yml")
    style = re.search(r"^define STYLE\n(.*?)^endef", makefile, re.M | re.S)[1].splitlines()
    recipe = re.search(r"^test:.*\n((?:\t.*\n)+)", makefile, re.M)[1].replace("\t", "").splitlines()
    assert recipe[0] == "$(STYLE)"
    commands = [line.removeprefix("$(OFFLINE) ") for line in [*style, *recipe[1:]]]
    steps = re.findall(r"- run: (\.venv\\Scripts\\python .*)", workflow)
    steps = [re.sub(r"^\S+", "$(PY)", step).replace("\\", "/") for step in steps]
    assert [step for step in steps if " pip install " not in step] == commands


def copy_set_up_files(folder: Path) -> None:
    """Copy what `make setup` reads."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)


def python_in(folder: Path) -> Path:
    """The Python of a folder's environment."""
    return folder / (".venv/Scripts/python.exe" if sys.platform == "win32" else ".venv/bin/python")


@needs_make
def test_a_folder_that_was_moved_or_lost_its_python_is_set_up_anew(tmp_path):
    """An environment of Python works only where it was made, and with what it was made."""
    there, elsewhere = tmp_path / "Kurs für Ämter, it's (1)", tmp_path / "elsewhere"
    (there / ".venv").mkdir(parents=True)
    copy_set_up_files(there)

    def is_set_up(folder: Path) -> bool:
        command = ["make", "--question", "setup"]
        return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0

    assert not is_set_up(there)
    (there / ".venv" / ".ready").write_text(f"{there.resolve()}\n", "utf-8")
    assert not is_set_up(there)  # its Python is gone
    python = python_in(there)
    python.parent.mkdir()
    python.symlink_to(there / "gone")
    assert not is_set_up(there)
    python.unlink()
    shutil.copy(sys.executable, python)
    assert is_set_up(there)
    there.rename(elsewhere)
    assert not is_set_up(elsewhere)


@needs_make
def test_a_python_that_is_missing_or_old_is_named_with_the_remedy(tmp_path):
    old = tmp_path / "old"
    old.write_text(f"#!/bin/sh\nshift\nexec '{sys.executable}' -c "
                   '"import sys; sys.version_info = (3, 9); $1"\n', "utf-8")  # fmt: skip
    old.chmod(0o755)
    copy_set_up_files(tmp_path)
    for python, says in (("no-python", "there is no no-python."), (old, f"{old} is 3.9.")):
        command = ["make", "--no-print-directory", "setup", f"PYTHON={python}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        lines = (done.stdout + done.stderr).splitlines()
        lines = [line for line in lines if not line.startswith("make")]
        assert done.returncode == 2 and len(lines) == 1, lines
        assert says in lines[0] and "make PYTHON=python3.12 lab" in lines[0]


@needs_make
@pytest.mark.parametrize(
    ("wheelhouse", "says"), [("", "Set-up needs the internet"), ("gone", "Is there a folder gone?")]
)
def test_a_setup_that_gets_no_packages_ends_with_the_remedy(wheelhouse, says, tmp_path):
    probe = f"include {ROOT}/Makefile\nPY := false\ntry:\n\t@$(call install,nothing)\n"
    (tmp_path / "probe").write_text(probe, "utf-8")
    command = ["make", "--no-print-directory", "--file", "probe", f"WHEELHOUSE={wheelhouse}", "try"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout.splitlines()[-1].startswith(says)


@needs_make
def test_a_folder_of_wheels_may_have_any_name(tmp_path):
    name = 'it\'s a (wheel) house & "more"'
    probe = f"include {ROOT}/Makefile\ntry:\n\t@printf '%s\\n' $(FROM)\n"
    (tmp_path / "probe").write_text(probe, "utf-8")
    command = ["make", "--no-print-directory", "--file", "probe", f"WHEELHOUSE={name}", "try"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["--no-index", "--find-links", name]


@needs_make
def test_make_works_whatever_the_shell_says_to_pip_and_python(monkeypatch, tmp_path):
    (tmp_path / "probe").write_text(f"include {ROOT}/Makefile\nshow:\n\t@env\n", "utf-8")
    monkeypatch.setenv("PIP_USER", "yes")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    command = ["make", "--file", "probe", "show"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "PIP_USER=0" in done.stdout.splitlines() and "PYTHONSAFEPATH" not in done.stdout


@needs_make
def test_make_names_the_cure_where_jupyter_has_no_home_and_set_up_no_internet(tmp_path):
    ready, home = tmp_path / ".venv" / ".ready", tmp_path / "none"
    python_in(tmp_path).parent.mkdir(parents=True)
    shutil.copy(sys.executable, python_in(tmp_path))
    copy_set_up_files(tmp_path)
    ready.write_text(f"{tmp_path.resolve()}\n", "utf-8")

    def said(*arguments: str) -> str:
        done = subprocess.run(
            ["make", *arguments], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8"
        )
        assert done.returncode
        return done.stdout

    cure = f'make lab HOME="{tmp_path.resolve()}/.venv"'
    assert f"{home}. Run: {cure}\n" in said("lab", f"HOME={home}")
    ready.unlink()
    broken = "PYTHON=true", "UV=false", "PIP=false"
    assert "Set-up needs the internet, or a folder" in said("setup", *broken)
    assert "Is there a folder nope?" in said("setup", "WHEELHOUSE=nope", *broken)


@pytest.mark.parametrize("stopped", [True, False])
def test_ctrl_c_stops_a_run_without_a_traceback(stopped, monkeypatch, capsys):
    def execute(client: NotebookClient, stderr: TextIO, **_: object) -> None:
        if stopped:
            client._async_cleanup_kernel_future = None  # as nbclient's handler of the signal does
        print("the kernel's own traceback", file=stderr)
        raise AssertionError

    monkeypatch.setattr(NotebookClient, "execute", execute)
    with pytest.raises(KeyboardInterrupt if stopped else AssertionError):
        run(ALL[0])
    assert capsys.readouterr().err == ("" if stopped else "the kernel's own traceback\n")


@pytest.mark.parametrize("argument", ["01_basic", "01_basic.ipynb", "notebooks/01_basic.ipynb"])
def test_a_notebook_may_be_named_as_the_shell_completes_it(argument):
    assert name_in(argument) == name_in(argument.replace("/", "\\")) == "01_basic"


@pytest.mark.parametrize("way", ["file", "module"])
def test_ctrl_c_stops_a_program_with_one_line_also_while_it_imports(way, tmp_path):
    (tmp_path / "slow_import.py").write_text("raise KeyboardInterrupt", "utf-8")
    (tmp_path / "program.py").write_text("import slow_import", "utf-8")
    program = ["program.py"] if way == "file" else ["-m", "program"]
    command = [sys.executable, ROOT / "tests" / "tools" / "stoppable.py", *program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "Stopped.\n")


@pytest.mark.parametrize("program", [["sub/program.py"], ["-m", "sub.program"]], ids=str)
def test_a_program_that_can_be_stopped_sees_what_it_sees_otherwise(program, tmp_path):
    (tmp_path / "sub").mkdir()
    source = "import sys\nprint(__name__, __file__, sys.path[0], sys.argv[1:])\n"
    (tmp_path / "sub" / "program.py").write_text(source, "utf-8")

    def printed(*command: str | Path) -> str:
        done = subprocess.run(
            [sys.executable, *command, "a", "-b"], cwd=tmp_path, capture_output=True, text=True
        )
        return done.stdout

    stoppable = ROOT / "tests" / "tools" / "stoppable.py"
    assert printed(stoppable, *program) == printed(*program) != ""


def test_make_runs_each_program_of_its_own_so_that_ctrl_c_stops_it():
    program = r"(tests/tools|site)/\w+\.py|-m (venv|capture|helpers\.\S+)"
    recipes = [line for line in read("Makefile").splitlines() if line.startswith("\t")]
    lines = [line for line in recipes if re.search(program, line) and "pytest" not in line]
    assert len(lines) > 8
    assert [line for line in lines if "$(STOPPABLE)" not in line] == []


def test_the_top_level_is_the_agreed_one():
    """Of what git keeps: what an editor or a system leaves in the folder does not count."""
    command = ["git", "ls-files", "-z"]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = {file.split("/")[0] for file in files.split("\0") if file}
    course = {"notebooks", "helpers", "tests", "environment.yml", "README.md", "Makefile"}
    python = {"pyproject.toml", "requirements.lock", "LICENSE", ".env.example"}
    repository = {".gitignore", ".gitattributes", ".github", ".ci", ".devcontainer", ".vscode"}
    assert course | python | repository <= found
    assert found - course - python - repository <= {"CONTRIBUTING.md", "site"}


def serve_one_answer(command: list, folder: Path) -> None:
    """Start the replay server without a word of where recordings and rules are, and ask it."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, text=True, stdout=pipe, stderr=pipe) as process:
        try:
            address = re.search(r"http://\S+:\d+", process.stdout.readline())
            assert address, process.stderr.read()
            url = f"{address[0]}/v1/models"
            listed = requests.get(url, headers={"api-key": "k"}, timeout=10).json()
            assert "mistral-large-2407" in {model["id"] for model in listed["data"]}
        finally:
            process.kill()


@pytest.mark.slow
def test_a_wheel_installed_elsewhere_works(tmp_path):
    """Build a wheel of a copy, install it in another environment, import it: three seconds."""
    source, wheels, other = tmp_path / "source", tmp_path / "wheels", tmp_path / "other"
    leave_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".DS_Store")
    shutil.copytree(ROOT / "helpers", source / "helpers", ignore=leave_out)
    shutil.copytree(ROOT / "notebooks" / "recordings", source / "notebooks" / "recordings")
    (source / "tests").mkdir()  # a folder that must stay out
    (source / "tests" / "test_it.py").touch()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    build = [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", wheels, source]
    subprocess.run(build, check=True)
    (wheel,) = wheels.glob("azure_chat_course-*.whl")

    venv.create(other, symlinks=sys.platform != "win32")
    places = {"base": str(other), "platbase": str(other)}
    packages = Path(get_path("purelib", "venv", places))
    python = Path(get_path("scripts", "venv", places), Path(sys.executable).name)
    subprocess.run([*pip, "install", *offline, "--target", packages, wheel], check=True)
    # The other packages come from this environment, but not the link to this folder's `helpers`.
    (packages / "others.pth").write_text(get_path("purelib"), "utf-8")

    expected = {p.relative_to(source) for p in (source / "helpers").rglob("*") if p.is_file()}
    installed = {p.relative_to(packages) for p in (packages / "helpers").rglob("*") if p.is_file()}
    assert {path for path in installed if path.suffix != ".pyc"} == expected
    assert not (packages / "tests").exists()
    code = "import helpers, helpers.replay; print(helpers.__file__)"
    command = [python, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(packages)
    serve_one_answer([python, "-m", "helpers.replay.server", "--port", "0"], tmp_path)


def test_the_readme_lists_every_notebook_as_00_does():
    contents = re.compile(
        r"^\| (?:\[)?(\d\d) ([^\]|]+?)(?:\]\([^)]*\))? \| ([^|]+) \| (\d+) \|$", re.M
    )
    start = "\n".join(
        cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        for cell in yaml.safe_load((ROOT / "notebooks" / "00_start_here.ipynb").read_text("utf-8"))[
            "cells"
        ]
    )
    rows = contents.findall(start)
    assert [number for number, *_ in rows] == [path.stem[:2] for path in ALL[1:]]
    assert contents.findall(README)[1:] == rows


def test_minutes_add_up():
    """The minutes in 00 and the README are those of the first cell."""
    rows = dict(re.findall(r"^\| \[(\d\d) [^|]+ \| [^|]+ \| (\d+) \|$", README, re.M))
    for path in ALL:
        said = re.search(r"(\d+) minutes · answers are replayed", path.read_text("utf-8"))
        assert said and rows[path.stem[:2]] == said[1], path.stem
