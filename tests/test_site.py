"""The site's build, as far as it can be tested without building, and the check of a room."""

import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from types import SimpleNamespace

import pytest
import yaml
from PIL import Image

from notebooks import ALL, ROOT

sys.path[:0] = [str(ROOT / "site"), str(ROOT / "tests" / "tools")]
import browser
import check
import colab
import icons
import learners
import lockfile
import pages
import room

INFO = {"python": "3.14.2", "abi_version": "2026_0"}


def wheel(folder, name, files=(), needs=()):
    """A wheel with empty files and what it needs."""
    head = "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Name: {name}\nVersion: 1.0\n{head}")
        for file in files:
            archive.writestr(file, "")


def test_the_lock_file_lists_local_files_alone(tmp_path):
    needs = ["yarl", "jupyterlab", "psutil; sys_platform != 'emscripten'", "b; extra == 'x'"]
    wheel(tmp_path, "azure_one", ["azure/__init__.py", "azure/one/__init__.pyc"], needs)
    wheel(tmp_path, "yarl", ["yarl/__init__.py", "single.py", "yarl.data/x.py"])
    lockfile.write(tmp_path, INFO, {"jupyterlab"})
    packages = json.loads((tmp_path / "pyodide-lock.json").read_text())["packages"]
    assert packages["azure-one"]["depends"] == ["yarl"]
    assert packages["yarl"]["imports"] == ["single", "yarl"]
    assert all((tmp_path / entry["file_name"]).exists() for entry in packages.values())


def test_a_package_as_one_file_is_imported_from_it(tmp_path):
    wheel(tmp_path, "big", ["big/__init__.py", "big/inside/__init__.py", "big/inside/part.py"])
    (path,) = tmp_path.glob("*.whl")
    browser.as_one_file(path, "big")
    lockfile.write(tmp_path, INFO, ())
    entry = json.loads((tmp_path / "pyodide-lock.json").read_text())["packages"]["big"]
    assert entry["imports"] == ["big"]
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["big-1.0.dist-info/METADATA", "big.zip"]
        archive.extract("big.zip", tmp_path)
    code = "import sys; sys.path.append('big.zip'); import big.inside.part as m; print(m.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == os.path.join("big.zip", "big", "inside", "part.py")


def test_a_missing_wheel_stops_the_build(tmp_path):
    wheel(tmp_path, "one", needs=["two"])
    with pytest.raises(lockfile.Incomplete, match="one needs two"):
        lockfile.write(tmp_path, INFO, ())


def test_given_wheels_must_be_for_pyodide(tmp_path):
    assert browser.given_wheels(None) == browser.given_wheels(tmp_path) == []
    right = tmp_path / "pillow-12.0.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl"
    right.touch()
    assert browser.given_wheels(tmp_path) == [right]
    (tmp_path / "cffi-2.0.0-cp314-cp314-manylinux_2_17_x86_64.whl").touch()
    with pytest.raises(browser.NotBuilt, match="manylinux"):
        browser.given_wheels(tmp_path)
    with pytest.raises(browser.NotBuilt, match="no folder"):
        browser.given_wheels(tmp_path / "missing")


def test_a_page_starts_the_kernel_before_its_own_scripts(tmp_path):
    page = tmp_path / "index.html"
    page.write_text("<html>\n<head>\n<script>theirs()</script></head></html>", "utf-8")
    browser.start_early(page)
    text = page.read_text("utf-8")
    assert 0 < text.index("early_kernel.mjs") < text.index("theirs()")
    page.write_text("<html></html>", "utf-8")
    with pytest.raises(browser.NotBuilt, match="no <head>"):
        browser.start_early(page)


MAKE_WORKERS = """
globalThis.window = {
  crossOriginIsolated: process.argv[2] === 'isolated',
  Worker: class { constructor(address) { this.from = address; this.got = []; }
    postMessage(message) { this.got.push(message); } },
};
require(process.argv[1]);
const addresses = ['/x/other.js', '/x/comlink.worker.1.js', '/x/comlink.worker.1.js'];
console.log(JSON.stringify(addresses.map((address) => new window.Worker(address))));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not there")
@pytest.mark.parametrize("page", ["usual", "isolated"])
def test_the_first_kernel_gets_the_worker_that_began_early(page):
    script = ROOT / "site" / "early_start.js"
    command = ["node", "--eval", MAKE_WORKERS, str(script), page]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    other, first, second = json.loads(done.stdout)
    theirs = "/x/comlink.worker.1.js"
    assert other == {"from": "/x/other.js", "got": []}
    assert second == {"from": theirs, "got": []}
    early = {"from": "../static/pyodide/early_kernel.mjs", "got": [theirs]}
    assert first == (early if page == "usual" else second)


UNFILTER = """
import { unfilter } from 'PATH';
import fs from 'fs';
const [rowLength, pixelLength] = process.argv.slice(1).map(Number);
process.stdout.write(unfilter(fs.readFileSync(0), rowLength, pixelLength));
"""


class InNode:
    """What pictures.mjs gives to Python in the browser, as far as PNG files need it."""

    @staticmethod
    def unfilter(rows: bytes, *lengths: int) -> SimpleNamespace:
        script = UNFILTER.replace("PATH", (ROOT / "site" / "png_filters.mjs").as_uri())
        command = ["node", "--input-type=module", "--eval", script, *map(str, lengths)]
        done = subprocess.run(command, input=rows, capture_output=True, check=True)
        return SimpleNamespace(to_bytes=lambda: done.stdout)


@pytest.fixture
def still(monkeypatch):
    """The stand-in's reader of files, outside the browser."""
    ffi = SimpleNamespace(JsException=OSError, to_js=bytes)
    monkeypatch.setitem(sys.modules, "pyodide", SimpleNamespace(ffi=ffi))
    monkeypatch.setitem(sys.modules, "pyodide.ffi", ffi)
    monkeypatch.setitem(sys.modules, "course_pictures", InNode)
    path = ROOT / "site" / "standins" / "pillow" / "PIL" / "still.py"
    spec = importlib.util.spec_from_file_location("still", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def drawn(mode: str) -> Image.Image:
    """A picture with slopes and edges, so that an encoder uses several filters."""
    picture = Image.new("RGBA", (37, 23))
    for x in range(37):
        for y in range(23):
            alpha = 255 if x < 20 else 7 * x % 256
            picture.putpixel((x, y), (6 * x, 11 * y, (x * y) % 256, alpha))
    if mode == "P, transparent":
        return picture.quantize(15)
    if mode == "I;16":
        return picture.convert("L").convert("I").point(lambda v: v * 257).convert("I;16")
    return picture.convert("RGB").convert(mode) if mode in ("1", "P") else picture.convert(mode)


@pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not there")
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "P, transparent", "RGB", "RGBA", "I;16"])
def test_without_waiting_a_png_file_has_the_pixels_that_pillow_sees(still, mode):
    picture = drawn(mode)
    picture.save(file := io.BytesIO(), "PNG")
    expected = drawn("L") if mode == "I;16" else picture  # the upper bytes of 16 bits
    assert still.decode(file.getvalue()) == expected.convert("RGBA").tobytes()


@pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not there")
def test_without_waiting_a_png_file_is_written_and_read_again(still):
    pixels = drawn("RGBA").tobytes()
    raw = still.png((37, 23), 8, still.RGBA, still.unfiltered(pixels, 4 * 37))
    assert Image.open(io.BytesIO(raw)).tobytes() == pixels == still.decode(raw)


def test_without_waiting_a_broken_file_is_an_oserror(still):
    drawn("RGB").save(file := io.BytesIO(), "PNG")
    raw = file.getvalue()
    interlaced = raw[:28] + b"\1" + raw[29:]
    for broken in (raw[:60], raw[:20], interlaced, b"RIFF    WEBP", b""):
        with pytest.raises(OSError):
            still.decode(broken)


def test_a_namespace_is_imported_by_its_whole_name():
    files = ["azure/__init__.py", "azure/ai/__init__.py", "azure/ai/inference/__init__.py"]
    assert lockfile.modules(files[2:]) == {"azure.ai.inference"}
    assert lockfile.modules(["azure/core/__init__.pyc"]) == {"azure.core"}


def test_the_pages_are_those_of_the_course_in_order(tmp_path):
    pages.prepare(ROOT, tmp_path / "pages")
    index = (tmp_path / "pages" / "index.md").read_text("utf-8")
    listed = index.partition(":hidden:")[2].split()[:-1]
    stems = [path.stem for path in ALL]
    assert listed[: len(stems)] == stems
    others = {path.stem for path in (ROOT / "notebooks").glob("*.md")}
    assert set(listed[len(stems) :]) == {*others, "CONTRIBUTING"}
    assert "](notebooks/" not in index and not (tmp_path / "pages" / "recordings").exists()


def test_the_script_of_icons_keeps_those_that_a_page_or_a_script_names(tmp_path):
    script = tmp_path / icons.SCRIPT
    script.parent.mkdir(parents=True)
    script.write_text(
        'var a={sun:[5,5,[9728],"f185","M2"],"arrow-up":[3,5,[],"f062",["M1","M2"]],'
        'glass:[5,5,[1,"search"],"f002","M4"]},b={moon:[5,5,[],"f186","M3"]};'
    )
    (tmp_path / "index.html").write_text('<i class="fa-solid fa-search"></i>')
    (script.parent / "theme.js").write_text('"fa-solid fa-arrow-up"')
    icons.keep_used(tmp_path)
    assert script.read_text() == (
        'var a={"arrow-up":[3,5,[],"f062",["M1","M2"]],glass:[5,5,[1,"search"],"f002","M4"]},b={};'
    )


def test_recordings_that_the_browser_would_parse_are_found(tmp_path):
    def listed(path, *names):
        path.mkdir(parents=True)
        contents = {"content": [{"name": name} for name in names]}
        (path / "all.json").write_text(json.dumps(contents))

    recordings = tmp_path / "lite" / "api" / "contents" / "recordings"
    listed(recordings, "01_a.yaml", "02_b.yaml", "__pycache__")
    assert len(check.slow_recordings(tmp_path)) == 2
    listed(recordings / "__pycache__", "01_a.json")
    assert check.slow_recordings(tmp_path) == ["02_b.yaml: the browser would have to parse it"]


def test_a_picture_of_an_output_keeps_its_alt_text(tmp_path):
    pages.prepare(ROOT, tmp_path / "pages")
    cells = json.loads((tmp_path / "pages" / "07_vision.ipynb").read_text("utf-8"))["cells"]
    described = [
        cell
        for cell in cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert described and all(cell["metadata"]["mystnb"]["image"]["alt"] for cell in described)


def test_the_browser_edition_gets_diagrams_that_btoa_takes(tmp_path):
    course = tmp_path / "course" / "notebooks"
    shutil.copytree(ROOT / "notebooks" / "images", course / "images")
    drawn = course / "images" / "odd.svg"
    drawn.write_text("<svg><text>“Möwe” … 🌞</text></svg>", "utf-8")
    browser.copy_contents(course.parent, tmp_path / "contents")
    copies = list((tmp_path / "contents").rglob("*.svg"))
    assert drawn.name in [copy.name for copy in copies]
    for copy in copies:
        path = course / copy.relative_to(tmp_path / "contents")
        assert copy.read_bytes().isascii()
        before, after = (ET.canonicalize(from_file=each) for each in (path, copy))
        assert before == after, path.name


def test_colab_copies_begin_with_the_course(tmp_path):
    colab.write_copies(ROOT, tmp_path / "colab", "https://example.invalid/owner/name")
    assert sorted(p.name for p in (tmp_path / "colab").iterdir()) == [p.name for p in ALL]
    for path in ALL:
        first, *others = json.loads((tmp_path / "colab" / path.name).read_text("utf-8"))["cells"]
        source = "".join(first["source"])
        assert "git clone --quiet --depth 1 https://example.invalid/owner/name course" in source
        assert "azure-ai-inference==1.0.0b9" in source and "jupyterlab" not in source
        assert source.endswith("%pip install --quiet --no-deps ./course\n%cd -q course/notebooks")
        assert others == json.loads(path.read_text("utf-8"))["cells"]


def test_a_site_for_learners_has_no_solutions_and_no_page_for_teachers(tmp_path):
    course = learners.copy_for_learners(ROOT, tmp_path / "course")
    copies = pages.notebooks(course)
    assert [path.name for path in copies] == [path.name for path in ALL]
    hints = 0
    for path, copy in zip(ALL, copies, strict=True):
        before, after = json.loads(path.read_text("utf-8")), json.loads(copy.read_text("utf-8"))
        codes = [[c for c in book["cells"] if c["cell_type"] == "code"] for book in (before, after)]
        assert codes[0] == codes[1] and len(before["cells"]) == len(after["cells"])
        assert "<summary>Solution" not in copy.read_text("utf-8")
        hints += copy.read_text("utf-8").count("<summary>Hint")
    assert hints > len(ALL)
    assert "teaching" not in {page.stem for page in pages.pages(course)}
    old, new = ((folder / "README.md").read_text("utf-8") for folder in (ROOT, course))
    assert "teaching.md" in old and "teaching.md" not in new
    assert {line for line in old.splitlines() if line.startswith("- **")} - set(
        new.splitlines()
    ) == {next(line for line in old.splitlines() if line.startswith("- **You teach.**"))}


def test_the_check_finds_what_is_wrong_with_a_page(tmp_path):
    (tmp_path / "a.html").write_text('<p id="here"><a href="#here"></a><img src="x.png" alt="x">')
    (tmp_path / "x.png").touch()
    assert check.page_problems(tmp_path) == []
    (tmp_path / "b.html").write_text(
        '<a href="a.html#there"></a><a href="c.html"></a><img src="x.png">'
    )
    text = "\n".join(check.page_problems(tmp_path))
    assert "no alt text" in text and "no such place" in text and "not there" in text
    assert len(check.page_problems(tmp_path)) == 3


def test_a_search_must_find_the_page_and_nothing_for_a_word_that_is_nowhere():
    well = {word: [page] if page else [] for word, page in check.SEARCHES.items()}
    assert None in check.SEARCHES.values() and check.wrong_searches(well) == []
    for word in check.SEARCHES:
        (problem,) = check.wrong_searches(well | {word: ["genindex.html"]})
        assert repr(word) in problem and "genindex.html" in problem


def result_of(name):
    """A run in the browser that gave exactly the saved outputs."""
    cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))["cells"]
    cells = [cell | {"outputs": cell.get("outputs", [])} for cell in cells]
    return {"outside": [], "broken": [], "kernels": ["early_kernel.mjs"], "cells": cells}


@pytest.mark.parametrize(
    ("status", "printed", "expected"),
    [
        (0, '{"a.html": [], "b.html": ["x", "y"]}', ["b.html: x", "b.html: y"]),
        (1, "", ["the look at the pages fails: no browser"]),
    ],
)
def test_what_a_visitor_stumbles_over_is_told_by_page(monkeypatch, status, printed, expected):
    done = SimpleNamespace(returncode=status, stdout=printed, stderr="no browser")
    monkeypatch.setattr(check, "run_node", lambda *arguments: done)
    assert check.look_problems("browser", "site", ["a.html", "b.html"]) == expected


def test_a_run_with_the_saved_outputs_is_well():
    assert check.run_problems("00_start_here", result_of("00_start_here")) == []


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"output_type": "stream", "name": "stdout", "text": "something else\n"}, "not '"),
        ({"output_type": "error", "ename": "E", "evalue": "x", "traceback": []}, "fails"),
    ],
)
def test_a_run_with_another_output_or_an_error_is_not(output, said):
    result = result_of("00_start_here")
    result["cells"][3]["outputs"] = [output]
    (problem,) = check.run_problems("00_start_here", result)
    assert "00_start_here, cell 3" in problem and said in problem


def test_a_kernel_that_did_not_begin_early_is_a_problem():
    workers = ["early_kernel.mjs", "comlink.worker.js"]
    (problem,) = check.run_problems(
        "00_start_here", result_of("00_start_here") | {"kernels": workers}
    )
    assert "comlink.worker.js" in problem


def test_a_picture_that_is_not_shown_is_a_problem():
    result = result_of("00_start_here") | {"broken": ["Two steps."]}
    assert check.run_problems("00_start_here", result) == [
        "00_start_here: no picture, only its text: 'Two steps.'"
    ]


def test_a_request_that_goes_outside_is_a_problem():
    result = result_of("00_start_here") | {"outside": ["https://example.invalid/x"]}
    assert check.run_problems("00_start_here", result) == [
        "00_start_here: a request to https://example.invalid/x"
    ]


def test_without_a_browser_the_check_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "CHROMIUM" in check.browser_problems(tmp_path, ["00_start_here"])[0]


def test_the_sites_lock_pins_its_tools_and_names_no_place():
    lines = (ROOT / "site" / "requirements.lock").read_text("utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in lines if "==" in line}
    stated = (ROOT / "site" / "requirements.in").read_text("utf-8").splitlines()
    names = {re.split("[<>=]", line)[0] for line in stated if line and line[0] != "#"}
    assert len(names) > 5 and names <= pinned
    npm = (ROOT / "site" / "package-lock.json").read_text("utf-8")
    assert not re.search(r"://|/home|/tmp", "\n".join(lines)) and '"resolved"' not in npm


def test_pyodide_is_pinned_in_one_version():
    stated = json.loads((ROOT / "site" / "package.json").read_text())["dependencies"]["pyodide"]
    locked = json.loads((ROOT / "site" / "package-lock.json").read_text())["packages"]
    assert locked["node_modules/pyodide"]["version"] == stated


def test_codespaces_sets_up_as_everybody_does():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["postCreateCommand"] == "make setup" and container["image"].endswith("3.12")
    recommended = json.loads((ROOT / ".vscode" / "extensions.json").read_text())["recommendations"]
    assert "ms-toolsai.jupyter" in recommended


def workflow_jobs():
    """The jobs of the site's workflow, by name."""
    return yaml.safe_load((ROOT / ".github" / "workflows" / "site.yml").read_text("utf-8"))["jobs"]


def test_the_site_is_deployed_only_where_the_owner_says_so():
    jobs = workflow_jobs()
    built = jobs.pop("site")
    assert "permissions" not in built and "deploy-pages" not in json.dumps(built)
    assert set(jobs) == {"deploy", "colab"}
    for job in jobs.values():
        assert "vars.DEPLOY_SITE == 'yes'" in job["if"] and job["needs"] == "site"


def test_the_branch_for_colab_holds_the_copies_alone(tmp_path):
    (script,) = [step["run"] for step in workflow_jobs()["colab"]["steps"] if "run" in step]
    origin, checkout = tmp_path / "origin.git", tmp_path / "checkout"

    def run(*command, folder=tmp_path):
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    run("git", "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    run("git", "clone", "--quiet", str(origin), str(checkout))
    (checkout / ".gitignore").write_text("build/\n")
    (checkout / "README.md").touch()
    run("git", "add", ".", folder=checkout)
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
    run("git", *identity, "commit", "--quiet", "--message=one", folder=checkout)
    run("git", "push", "--quiet", "origin", "HEAD:main", folder=checkout)
    for copies in (["00_a.ipynb", "01_b.ipynb"], ["00_a.ipynb"]):  # the second replace the first
        shutil.rmtree(checkout)
        run("git", "clone", "--quiet", "--branch=main", str(origin), str(checkout))
        (checkout / "build" / "colab").mkdir(parents=True)
        for name in copies:
            (checkout / "build" / "colab" / name).write_text(f"{name} of {len(copies)}")
        run("bash", "-e", "-c", script, folder=checkout)
        assert run("git", "ls-tree", "-r", "--name-only", "colab", folder=origin) == copies
        assert len(run("git", "log", "--format=%H", "colab", folder=origin)) == 1
    assert run("git", "ls-tree", "--name-only", "main", folder=origin) == [
        ".gitignore",
        "README.md",
    ]


def test_a_room_that_is_well(capsys):
    checks = tuple(
        c for c in room.CHECKS if c.name in ("recordings", "a port for Jupyter", "writing")
    )
    assert room.report(checks) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:5] for line in lines[:-1]] == ["ok   "] * 3 and "offline" in lines[-1]


def test_a_room_that_is_not_names_the_remedy(capsys):
    def fails():
        raise room.Wrong("no such thing")

    assert room.report((room.Check("a thing", fails, "get one"),)) == 1
    assert capsys.readouterr().out.splitlines() == [
        "FIX  a thing: no such thing",
        "     get one",
        "1 to fix.",
    ]


def test_a_room_without_set_up_says_so(monkeypatch, tmp_path, capsys):
    """Once: what needs the set-up would fail too, and name remedies that do not help."""
    monkeypatch.setattr(room, "course_python", lambda: tmp_path / "python")
    with pytest.raises(room.Wrong):
        room.setup()
    assert room.report(tuple(check for check in room.CHECKS if check.name != "a browser")) == 1
    said = capsys.readouterr().out
    assert said.count("FIX ") == 1 and said.count("not looked at without set-up") == 4


def test_a_room_needs_a_home_that_jupyter_can_write_to(monkeypatch, tmp_path):
    monkeypatch.setattr(room, "course_python", lambda: sys.executable)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "run"))
    assert room.home()
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "file" / "run"))
    with pytest.raises(room.Wrong):
        room.home()


@pytest.mark.slow
def test_a_call_under_each_library_answers(monkeypatch):
    monkeypatch.setattr(room, "course_python", lambda: sys.executable)
    assert room.calls() == "azure-ai-inference, openai, requests, aiohttp"


def test_a_recording_that_is_broken_fails_the_room(monkeypatch, tmp_path):
    (tmp_path / "notebooks" / "recordings").mkdir(parents=True)
    (tmp_path / "notebooks" / "00_a.ipynb").touch()
    (tmp_path / "notebooks" / "recordings" / "00_a.yaml").write_text("- [")
    monkeypatch.setattr(room, "course_python", lambda: sys.executable)
    monkeypatch.setattr(room, "ROOT", tmp_path)
    with pytest.raises(room.Wrong):
        room.recordings()


def test_python_builds_the_site_with_no_import_of_the_course():
    code = "import sys; sys.path.insert(0, 'site'); import pages, colab, check"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
