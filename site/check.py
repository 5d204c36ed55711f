"""Check the built site. Usage: python site/check.py FOLDER [NOTEBOOK ...]

The pages have no broken link and no picture without alt text, and a search finds. Each notebook
runs in headless Chromium, no cell fails, and each output is the saved one, but for those in
DIFFERENT.
"""

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pages

SITE = Path(__file__).parent
COURSE = SITE.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MOST_MEGABYTES = 60
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


def read_pages(folder: Path) -> dict[Path, Page]:
    """The pages of the site, without the browser edition's own."""
    found = {}
    for path in folder.glob("*.html"):
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


def search_problems(folder: Path) -> list[str]:
    """Whether the search's index leads from a word to its page."""
    text = (folder / "searchindex.js").read_text("utf-8")
    index = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    places = index["terms"].get("logprob", index["terms"].get("stream"))
    numbers = places if isinstance(places, list) else [places]
    names = {index["docnames"][number] for number in numbers if number is not None}
    return [] if names else ["the search finds no page with the word stream"]


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


def find_browser() -> str | None:
    """The path of Chromium, from the variable CHROMIUM or the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def notebook_problems(folder: Path, names: list[str]) -> list[str]:
    """Run notebooks in the browser, served from the folder."""
    browser = find_browser()
    if browser is None:
        return ["there is no Chromium: install it, or set CHROMIUM to the path of one"]
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        output = folder.with_name(folder.name + "-work") / "runs"
        shutil.rmtree(output, ignore_errors=True)
        base = f"http://127.0.0.1:{server.server_port}"
        command = ["node", str(SITE / "browser_run.mjs"), base, str(output), *names]
        done = subprocess.run(command, env=os.environ | {"CHROMIUM": browser})
        server.shutdown()
    problems = [] if done.returncode == 0 else ["the run in the browser broke off"]
    for name in names:
        file = output / f"{name}.json"
        if file.exists():
            problems += run_problems(name, json.loads(file.read_text("utf-8")))
        else:
            problems.append(f"{name}: it did not run to its end")
    return problems


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves the folder as `python -m http.server` does, and prints nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]).resolve()
    if not (folder / "index.html").exists():
        print(f"There is no site in {folder}: run make site first.", file=sys.stderr)
        return 2
    names = arguments[1:] or [path.stem for path in pages.notebooks(COURSE)]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    problems = page_problems(folder) + search_problems(folder)
    if size > MOST_MEGABYTES:
        problems.append(f"the site has {size:.1f} MB, more than {MOST_MEGABYTES}")
    problems += notebook_problems(folder, names)
    print(*problems, sep="\n")
    print(f"{len(problems)} problems." if problems else "The site is well.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
