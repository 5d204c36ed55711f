"""What every notebook and recording must look like.

Each rule is here because a reader would trip over its breach.
"""

import ast
import base64
import io
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from PIL import Image

import helpers
import helpers.migration
from helpers.replay import Recording, dump, load
from helpers.replay.matching import Index
from notebooks import ALL, METADATA, ROOT, WIDGET, read, text_of

ALLOWED_HEADERS = {"content-type", "retry-after", "x-ms-error-code"}
ALLOWED_HOSTS = {  # placeholders that can never be reached, and public addresses that name nobody
    "replay.invalid",
    "login.microsoftonline.com",
    "cognitiveservices.azure.com",
    "ml.azure.com",
    "ai.azure.com",
    "<resource>.services.ai.azure.com",
    "<resource>.openai.azure.com",
    "localhost",
    "www.w3.org",  # the name space of SVG
}
SECRETS = {
    "path of a machine": r"/home/|/root/|/Users/|/tmp/|[A-Z]:\\\\",
    "e-mail address": r"[\w.]+@[\w-]+\.\w+",
    "key": r"\bsk-\w{8,}|\b[0-9a-fA-F]{32}\b|\b[A-Za-z0-9]{60,}\b|eyJ[\w-]{10,}",
    "identifier": r"\b(?!00000000)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    "header of one request": r"(?i)request-id|set-cookie|apim-|x-ms-region|azureml-model-session",
}
MODEL_NAME = re.compile(
    r"(?i)(gpt|mistral|ministral|phi|llama|grok|deepseek|claude|cohere|o\d)-[\w.-]+"
)
# Names that a cell sends to show what is refused: one that no endpoint knows, one that sees no
# pictures.
DEMONSTRATED = {"mistral-enormous", "gpt-4"}
NAMES = [path.stem for path in ALL]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "notebooks").glob("*.md"))]
every_notebook = pytest.mark.parametrize("name", NAMES)
book = cache(lambda name: read(ROOT / "notebooks" / f"{name}.ipynb"))


def cells(name: str, kind: str) -> list:
    return [cell for cell in book(name).cells if cell.cell_type == kind]


def prose(name: str) -> str:
    return "\n".join(cell.source for cell in cells(name, "markdown"))


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)


def headings(name: str) -> list[tuple[int, str]]:
    text = re.sub(r"```.*?```", "", prose(name), flags=re.S)
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", text, re.M)]


def recordings_file(name: str) -> Path:
    return ROOT / "notebooks" / "recordings" / f"{name}.yaml"


@cache
def recordings(name: str) -> list[Recording]:
    return list(load(recordings_file(name)).recordings)


def code(name: str) -> list[tuple[str, ast.Module]]:
    """The code of a notebook, of its cells and of its folded solutions, by where it stands."""
    parts = [(cell.id, cell.source) for cell in cells(name, "code")]
    for cell in cells(name, "markdown"):
        parts += [(cell.id, text) for text in re.findall(r"```python\n(.*?)```", cell.source, re.S)]
    return [(where, ast.parse(text)) for where, text in parts]


def published(name: str) -> dict[str, str]:
    """Everything a reader gets, as text, by where it stands."""
    texts = {f"{cell.id} source": cell.source for cell in book(name).cells}
    for cell in cells(name, "code"):
        for output in cell.outputs:
            data = {k: v for k, v in output.get("data", {}).items() if not k.startswith("image/p")}
            texts[f"{cell.id} output"] = (
                texts.get(f"{cell.id} output", "") + output.get("text", "") + json.dumps(data)
            )
    return texts | {"recordings": recordings_file(name).read_text("utf-8")}


def test_there_are_notebooks():
    assert NAMES[:3] == ["00_start_here", "01_basic", "02_streaming"]


@every_notebook
def test_valid_and_as_the_tools_write_it(name):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    nbformat.validate(book(name))
    assert book(name).metadata == METADATA
    assert path.read_text("utf-8") == text_of(book(name)), "save it with: make outputs"


@every_notebook
def test_was_run_top_to_bottom(name):
    assert [cell.execution_count for cell in cells(name, "code")] == list(
        range(1, len(cells(name, "code")) + 1)
    )


@every_notebook
def test_outputs_are_clean(name):
    for cell in cells(name, "code"):
        for output in cell.outputs:
            assert output.output_type != "error" and output.get("name") != "stderr", cell.id
            assert WIDGET not in output.get("data", {}), cell.id


@every_notebook
def test_no_cell_escapes_nbval(name):
    for cell in book(name).cells:
        tags = set(cell.metadata.get("tags", ()))
        assert tags <= {"exercise", "playground", "copy", "replay-only"}, cell.id
        assert not re.search(r"NBVAL|PYTEST_VALIDATE", cell.source), cell.id


@every_notebook
def test_previous_and_next(name):
    at, last = NAMES.index(name), book(name).cells[-1].source
    for there, word in ((at - 1, "Previous"), (at + 1, "Next")):
        if 0 <= there < len(NAMES):
            assert re.search(rf"{word}: \[[^\]]+\]\({NAMES[there]}\.ipynb\)", last)
        else:
            assert word not in last
    assert "[Contents](" in last


@every_notebook
def test_links_lead_somewhere(name):
    for label, target in re.findall(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)", without_code(prose(name))):
        assert label.strip() and label.lower() not in ("here", "link", "this"), target
        file, _, anchor = target.partition("#")
        if urlsplit(target).scheme:
            continue
        path = ROOT / "notebooks" / file if file else ROOT / "notebooks" / f"{name}.ipynb"
        assert path.exists(), target
        if anchor and path.suffix == ".ipynb":
            assert unquote(anchor) in {
                title.replace(" ", "-") for _, title in headings(path.stem)
            }, target


@pytest.mark.parametrize("page", [p.relative_to(ROOT).as_posix() for p in PAGES])
def test_links_of_a_page_lead_somewhere(page):
    text = without_code((ROOT / page).read_text("utf-8"))
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        path = (ROOT / page).parent / file
        assert path.is_file(), target
        if anchor:  # in a notebook: on a page, GitHub and the site do not agree on anchors
            assert anchor in {title.replace(" ", "-") for _, title in headings(path.stem)}, target


@every_notebook
def test_pictures_are_described(name):
    for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", prose(name)):
        assert len(alt) > 10, target
    for tag in re.findall(r"<img\b[^>]*>", prose(name)):
        assert re.search(r'alt="[^"]{10,}"', tag), tag
    for cell in cells(name, "code"):
        for output in cell.outputs:
            for mime in [m for m in output.get("data", {}) if m.startswith("image/")]:
                assert len(output.metadata[mime]["alt"]) > 10 and output.data["text/plain"], cell.id
                if mime == "image/png":
                    Image.open(io.BytesIO(base64.b64decode(output.data[mime]))).verify()


@every_notebook
def test_nothing_private(name):
    for where, text in published(name).items():
        # What a picture shows, as recordings hold it, and drawn ones in outputs, are no secrets.
        text = re.sub(r"picture \d+x\d+\s+[0-9a-f]{192}|data:image/[^\"' ]+", "", text)
        for what, pattern in SECRETS.items():
            found = re.search(pattern, text)
            assert not found, f"{where}: {what}: {found and found[0]}"
        for host in re.findall(r"https?://([^/\s:'\"\\`|)]+)", text):
            assert host in ALLOWED_HOSTS, f"{where}: {host}"


def undefined(notebooks: dict[str, list]) -> str:
    """Names that ruff finds undefined in lists of cells, each taken as a notebook of its own."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name, some in notebooks.items():
            Path(folder, f"{name}.ipynb").write_text(
                text_of(nbformat.v4.new_notebook(cells=some)), "utf-8"
            )
        command = [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--isolated",
            "--no-cache",
            "--select=F821",
            folder,
        ]
        return subprocess.run(
            [*command, "--output-format=concise"], capture_output=True, text=True
        ).stdout


def test_no_name_is_used_before_it_is_defined():
    """ruff sees a notebook as a whole.

    So give it every beginning of one, where what comes later is not defined.
    """
    parts = {}
    for name in NAMES:
        code = cells(name, "code")
        parts |= {f"{name}-{n:02d}": code[:n] for n in range(1, len(code) + 1)}
    assert "F821" not in undefined(parts)
    swapped = [nbformat.v4.new_code_cell("print(late)"), nbformat.v4.new_code_cell("late = 1")]
    assert "`late`" in undefined({"swapped": swapped[:1]})


@every_notebook
def test_recordings_say_where_they_come_from(name):
    for recording in recordings(name):
        assert recording.origin in ("constructed", "captured"), recording.name
        assert len(recording.after) > 10, recording.name
        if recording.origin == "constructed":
            assert not re.search(r"(?i)\b(captured|recorded) from\b", recording.after), (
                recording.name
            )
        for answer in recording.answers:
            assert set(answer.headers) <= ALLOWED_HEADERS, recording.name


@every_notebook
def test_recordings_are_different_from_each_other(name):
    index = Index(recordings(name))
    assert len({recording.name for recording in recordings(name)}) == len(recordings(name))
    for recording in recordings(name):
        assert index.find(recording.request) is recording, recording.name


@every_notebook
def test_each_file_of_recordings_is_written_as_it_was_read(name):
    text = recordings_file(name).read_bytes().decode("utf-8")
    assert dump(load(recordings_file(name))) == text


@every_notebook
def test_cells_import_of_helpers_only_what_it_offers(name):
    for where, module in code(name):
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
                names = {alias.name for alias in node.names}
                offered = {"helpers": helpers, "helpers.migration": helpers.migration}
                assert node.module in offered, where
                assert names <= set(offered[node.module].__all__), f"{where}: {names}"
            if isinstance(node, ast.Import):
                assert not [a.name for a in node.names if a.name.split(".")[0] == "helpers"], where


def test_what_helpers_offers_is_there():
    for module in (helpers, helpers.migration):
        assert len(set(module.__all__)) == len(module.__all__)
        for name in module.__all__:
            assert getattr(module, name).__doc__, name


@every_notebook
def test_cells_reach_into_nothing_of_replay(name):
    for where, module in code(name):
        for node in ast.walk(module):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id
            assert called not in ("session", "current"), where


@every_notebook
def test_models_come_from_the_environment(name):
    """A model that code names is retired sooner than the course is.

    A wrong name may stand in a demonstration.
    """
    for where, module in code(name):
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = MODEL_NAME.fullmatch(node.value)
                assert not named or node.value in DEMONSTRATED, f"{where}: {node.value}"


@pytest.mark.parametrize(
    ("text", "is_model"),
    [("gpt-4o-mini", True), ("Mistral-Large-3", True), ("phi-3.5-vision-instruct", True),
     ("o4-mini", True), ("grok-4-1-fast-non-reasoning", True),
     ("Llama-3.3-70B-Instruct", True), ("no-such-model", False),
     ("my-local-model", False), ("chat/completions", False), ("Ask a gpt-4 model.", False)],
)  # fmt: skip
def test_what_a_models_name_looks_like(text, is_model):
    assert bool(MODEL_NAME.fullmatch(text)) == is_model


def test_recordings_and_notebooks_go_together():
    assert sorted(p.stem for p in (ROOT / "notebooks" / "recordings").glob("*.*aml")) == NAMES
