"""Check the built site. Usage: python site/check.py FOLDER [NOTEBOOK ...]

The pages have no broken link and no picture without alt text, are legible on light and dark, and
the search finds. Each notebook runs in headless Chromium, no cell fails, and each output is the
saved one, but for those in DIFFERENT.
"""

import contextlib
import functools
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pages

SITE = Path(__file__).parent
COURSE = SITE.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MOST_MEGABYTES = 60
PICTURES = "07_vision"  # what this notebook does depends on the browser
# What is typed into the search box, and a page that must be found; None: no page has the word.
SEARCHES = {
    "logprobs": "04_extra_params.html",
    "content filter": "06_content_safety.html",
    "zyzzyva": None,
}
# Outputs that are not the saved ones, by a part of the cell's source, each with its reason.
DIFFERENT = {
    "check_setup()": "the browser edition has no JupyterLab, and says where a stand-in is in use",
}


class Page(HTMLParser):
    """What a page links to, its anchors, and its pictures without alt text."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.without_alt: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        self.links += [values[name] for name in ("href", "src") if values.get(name)]
        if tag == "img" and not values.get("alt", "").strip():
            self.without_alt.append(values.get("src", "?"))


def pages_of(folder: Path) -> list[str]:
    """The names of the site's pages, without the browser edition's own."""
    return sorted(path.name for path in folder.glob("*.html"))


def read_pages(folder: Path) -> dict[Path, Page]:
    """The pages of the site, without the browser edition's own."""
    found = {}
    for path in (folder / name for name in pages_of(folder)):
        found[path] = Page()
        found[path].feed(path.read_text("utf-8"))
    return found


def page_problems(folder: Path) -> list[str]:
    """What is wrong with the pages."""
    found, problems = read_pages(folder), []
    for path, page in found.items():
        problems += [f"{path.name}: no alt text: {src[:60]}" for src in page.without_alt]
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            anchors = found[target].anchors if target in found else None
            if not target.exists():
                problems.append(f"{path.name}: a link to {link}, which is not there")
            elif parts.fragment and anchors is not None and unquote(parts.fragment) not in anchors:
                problems.append(f"{path.name}: a link to {link}, which has no such place")
    return sorted(set(problems))


def search_problems(browser: str, site: str) -> list[str]:
    """Type into the search box of the first page, and look at the pages that are listed."""
    done = run_node("search.mjs", browser, site, *SEARCHES)
    if done.returncode:
        return [f"the search fails: {done.stderr[-300:]}"]
    return wrong_searches(json.loads(done.stdout))


def wrong_searches(found: dict[str, list[str]]) -> list[str]:
    """Which words did not lead to their page, or led anywhere though no page has them."""
    problems = []
    for word, expected in SEARCHES.items():
        listed = found[word]
        if expected is None and listed:
            problems.append(f"the search for {word!r}, which no page has, lists {listed}")
        elif expected is not None and expected not in listed:
            problems.append(f"the search for {word!r} lists {listed}, and not {expected}")
    return problems


def look_problems(browser: str, site: str, names: list[str]) -> list[str]:
    """What a visitor would stumble over, wide and light, narrow and dark: see look.mjs."""
    done = run_node("look.mjs", browser, site, *names)
    if done.returncode:
        return [f"the look at the pages fails: {done.stderr[-300:]}"]
    found = json.loads(done.stdout)
    return [f"{name}: {problem}" for name, problems in found.items() for problem in problems]


def text_of(outputs: list[dict[str, Any]]) -> str:
    """What a reader sees of outputs, pictures by the text that replaces them."""
    lines = []
    for output in outputs:
        if output["output_type"] == "stream":
            lines.append("".join(output["text"]))
        elif output["output_type"] == "error":
            lines.append(f"{output['ename']}: {output['evalue']}\n")
        else:
            lines.append("".join(output["data"].get("text/plain", "")) + "\n")
    return "".join(lines)


def run_problems(name: str, result: dict[str, Any]) -> list[str]:
    """What is wrong with a notebook's run in the browser."""
    saved = json.loads((COURSE / "notebooks" / f"{name}.ipynb").read_text("utf-8"))["cells"]
    problems = [f"{name}: a request to {url}" for url in result["outside"]]
    problems += [f"{name}: no picture, only its text: {alt!r:.60}" for alt in result["broken"]]
    if len(result["kernels"]) != 1:  # JupyterLite has not taken the one that began early
        problems.append(f"{name}: not one worker of a kernel, but {result['kernels']}")
    if len(saved) != len(result["cells"]):
        return [*problems, f"{name}: {len(result['cells'])} cells, not {len(saved)}"]
    for number, (cell, ran) in enumerate(zip(saved, result["cells"], strict=True)):
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        expected, found = text_of(cell["outputs"]), text_of(ran["outputs"])
        if any(output["output_type"] == "error" for output in ran["outputs"]):
            problems.append(f"{name}, cell {number}, fails: {found[-300:]}")
        elif expected != found and not any(part in source for part in DIFFERENT):
            problems.append(f"{name}, cell {number}: not {expected[:300]!r} but {found[:300]!r}")
    return problems


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves the folder as `python -m http.server` does, and prints nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


class WithoutWaiting(QuietHandler):
    """Makes the kernel's Python unable to wait for JavaScript, as it is in Firefox and Safari."""

    def do_GET(self) -> None:
        if not self.path.endswith("/early_kernel.mjs"):
            return super().do_GET()
        script = (
            b"delete WebAssembly.Suspending;\n" + Path(self.translate_path(self.path)).read_bytes()
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript")
        self.send_header("Content-Length", str(len(script)))
        self.end_headers()
        self.wfile.write(script)


def find_browser() -> str | None:
    """The path of Chromium, from the variable CHROMIUM or the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def served(folder: Path, handler: type[QuietHandler] = QuietHandler) -> Iterator[str]:
    """Serve a folder, as `python -m http.server` does. Yields its address."""
    handler = functools.partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def slow_recordings(folder: Path) -> list[str]:
    """Recordings that the browser's Python would parse, which is slow there."""
    listed = folder / "lite" / "api" / "contents" / "recordings"
    kept = {Path(name).stem for name in _names(listed / "__pycache__")}
    files = [Path(name) for name in _names(listed)]
    slow = [file.name for file in files if file.suffix == ".yaml" and file.stem not in kept]
    return [f"{name}: the browser would have to parse it" for name in slow]


def _names(listed: Path) -> list[str]:
    """The names that JupyterLite lists in a folder."""
    file = listed / "all.json"
    contents = json.loads(file.read_text("utf-8"))["content"] if file.exists() else []
    return sorted(item["name"] for item in contents)


def run_node(script: str, browser: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the scripts in this folder, which use the browser. Keeps what it prints."""
    command = ["node", str(SITE / script), *arguments]
    environment = os.environ | {"CHROMIUM": browser}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def browser_problems(folder: Path, names: list[str]) -> list[str]:
    """What is wrong in the browser, to which the folder is served: search, fetch, notebooks."""
    browser = find_browser()
    if browser is None:
        return ["there is no Chromium: install it, or set CHROMIUM to the path of one"]
    runs = folder.with_name(folder.name + "-work") / "runs"
    with served(folder) as site:
        problems = search_problems(browser, site) + fetch_problems(browser, site)
        problems += look_problems(browser, site, pages_of(folder))
        problems += notebook_problems(browser, site, runs, names)
    if PICTURES in names:
        with served(folder, WithoutWaiting) as site:
            problems += notebook_problems(browser, site, runs / "without-waiting", [PICTURES])
    return problems


def notebook_problems(browser: str, site: str, output: Path, names: list[str]) -> list[str]:
    """Run notebooks in the browser; what came of it is left in a folder."""
    shutil.rmtree(output, ignore_errors=True)
    command = ["node", str(SITE / "browser_run.mjs"), site, str(output), *names]
    done = subprocess.run(command, env=os.environ | {"CHROMIUM": browser})
    problems = [] if done.returncode == 0 else ["the run in the browser broke off"]
    for name in names:
        file = output / f"{name}.json"
        if file.exists():
            problems += run_problems(name, json.loads(file.read_text("utf-8")))
        else:
            problems.append(f"{name}: it did not run to its end")
    return problems


def fetch_problems(browser: str, site: str) -> list[str]:
    """A page's `fetch` against the replay server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["make", "--silent", "serve", f"ARGS=--host 127.0.0.1 --port {port} --pace 0"]
    replay_server = subprocess.Popen(
        command, cwd=COURSE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_for(port)
        done = run_node("fetch.mjs", browser, site, f"http://127.0.0.1:{port}")
    finally:
        os.killpg(replay_server.pid, signal.SIGINT)  # make, and the server that it began
        replay_server.wait()
    if done.returncode:
        return [f"a page's fetch fails: {done.stderr[-300:]}"]
    answer = json.loads(done.stdout)
    well = answer["status"] == 200 and answer["content"]
    return [] if well else [f"a page's fetch gets {answer['status']}: {answer['content'][:300]}"]


def wait_for(port: int, seconds: float = 20) -> None:
    """Wait until a server listens on a port, or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]).resolve()
    if not (folder / "index.html").exists():
        print(f"There is no site in {folder}: run make site first.", file=sys.stderr)
        return 2
    names = arguments[1:] or [path.stem for path in pages.notebooks(COURSE)]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    problems = page_problems(folder)
    if size > MOST_MEGABYTES:
        problems.append(f"the site has {size:.1f} MB, more than {MOST_MEGABYTES}")
    problems += slow_recordings(folder)
    problems += browser_problems(folder, names)
    print(*problems, sep="\n")
    print(f"{len(problems)} problems." if problems else "The site is well.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
