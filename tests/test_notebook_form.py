"""The form that readers of a notebook count on.

Its order, its size, its words, its cells to copy.
"""

import re
from functools import cache
from itertools import pairwise
from statistics import median
from xml.etree import ElementTree

import pytest

from notebooks import ALL, NOTEBOOKS, read, tagged

# References: nobody reads them from end to end, so the sizes and sections of a lesson do not fit.
# Each has rules of its own, in a file of its own.
REFERENCES = {"09_call_by_call": "test_call_by_call.py"}
NAMES = [path.stem for path in ALL if path.stem not in REFERENCES]
# The section that shows the same elsewhere, and the packages of the cells to copy. All of 11 is
# OpenAI v1, and azure-ai-inference has no Responses API, so its second cell is for `requests`.
SAME = {"11_responses_api": "The same with chat completions"}
PACKAGES = {"11_responses_api": ("openai", "requests")}
every_notebook = pytest.mark.parametrize("name", NAMES)
book = cache(lambda name: read(NOTEBOOKS / f"{name}.ipynb"))
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")

# What nobody would say, from a reading of the first edition; and words that belittle the reader.
STIFF = [
    *(
        "stand in a file",
        "stands in a file",
        "stands by itself",
        "order of reading",
        "the way on is",
    ),
    *("had said all", "is up to the model", "look whether", "has made sure of that"),
    *("so and as", "That is meant", "stood in", "makes Python values", "the more, the more"),
    *("there the reason is", "in the one and", "beside the one that", "is what kind of"),
    *("wants data, not sentences", "is a default for all its requests", "some hosts look for"),
    *("and learnt where", "You will have"),
]
BELITTLING = r"(?i)\b(simply|just|easy|easily|obviously|of course|trivial|basically)\b"


def cells(name: str, kind: str) -> list:
    return [cell for cell in book(name).cells if cell.cell_type == kind]


def copies(name: str) -> list:
    return [cell for cell in cells(name, "code") if "copy" in cell.metadata.get("tags", ())]


def visible(text: str) -> str:
    """What a reader sees of a text cell before unfolding anything; of a picture, nothing."""
    text = re.sub(r"<details>.*?</details>", "", text, flags=re.S)
    return re.sub(r"\]\([^)]*\)", "]", PICTURE.sub("", text))


def words(text: str) -> int:
    return len(re.findall(r"[\w’'-]*\w", visible(text)))


def headings(name: str) -> list[tuple[int, str]]:
    text = re.sub(
        r"```.*?```", "", "\n".join(c.source for c in cells(name, "markdown")), flags=re.S
    )
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", text, re.M)]


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)


def test_each_reference_has_rules_of_its_own():
    for name, rules in REFERENCES.items():
        assert (NOTEBOOKS / f"{name}.ipynb").exists()
        assert f'"{name}"' in (NOTEBOOKS.parent / "tests" / rules).read_text("utf-8")


@every_notebook
def test_the_order_of_sections(name):
    found = headings(name)
    assert [level for level, _ in found].count(1) == 1 and found[0][0] == 1
    assert all(b - a <= 1 for (a, _), (b, _) in pairwise(found)), found
    titles = [title for level, title in found if level == 2]
    assert len(set(titles)) == len(titles)
    assert titles[-2:] == ["Key points", "Copy this"]
    assert any("on the wire" in title for title in titles) and "Your turn" in titles
    assert name.startswith("00") or SAME.get(name, "The same with OpenAI v1") in titles


@every_notebook
def test_the_opening(name):
    first = book(name).cells[0].source
    assert re.match(r"# [^\n]+\n\n[^\n]*\?", first), "a title, then questions"
    assert PICTURE.search(first), "a picture of what the reader builds"
    assert re.search(r"\n\d+ minutes · answers are replayed · .*\(25 November 2026\)$", first)


@every_notebook
def test_the_first_answer_comes_early(name):
    before = 0
    for at, cell in enumerate(book(name).cells):
        said = [o for o in cell.get("outputs", ()) if not o.get("text", "").startswith("Replay:")]
        if said:
            assert at <= 5 and before <= 90, f"cell {at + 1}, after {before} words"
            return
        before += words(cell.source) if cell.cell_type == "markdown" else 0
    raise AssertionError("no answer at all")


@every_notebook
def test_the_size(name):
    texts = [words(cell.source) for cell in cells(name, "markdown")]
    assert len(book(name).cells) <= 44 and len(cells(name, "code")) <= 18
    assert sum(texts) <= 1000, sum(texts)
    assert median(count for count in texts if count) <= 40
    for cell in cells(name, "code"):
        lines = cell.source.splitlines()
        most = 70 if cell in copies(name) else 36  # blank lines and comments count
        assert len(lines) <= most, f"{cell.id}: {len(lines)} lines"
        assert all(len(line) <= 88 for line in lines), f"{cell.id} is wide"


@every_notebook
def test_a_heading_starts_its_cell(name):
    for cell in cells(name, "markdown"):
        at = re.search(r"^## ", without_code(cell.source), re.M)
        assert not at or at.start() == 0, f"{cell.id}: a heading in the middle of a cell"


@every_notebook
def test_the_reader_is_asked_to_predict(name):
    asked = sum(
        len(re.findall(r"\*\*[^*]+\?\*\*", cell.source)) for cell in cells(name, "markdown")
    )
    assert asked >= 3, asked


@every_notebook
def test_drawn_pictures_are_described_as_they_describe_themselves(name):
    drawn = 0
    for cell in cells(name, "markdown"):
        for alt, target in PICTURE.findall(cell.source):
            if target.endswith(".svg"):
                drawn += 1
                picture = ElementTree.parse(NOTEBOOKS / target)
                described = picture.findtext("{http://www.w3.org/2000/svg}desc")
                assert described == " ".join(alt.split()), target
    assert drawn >= 1


@every_notebook
def test_nobody_talks_like_this(name):
    for cell in cells(name, "markdown"):
        text = without_code(cell.source)
        assert not re.search(BELITTLING, text), re.search(BELITTLING, text)
        assert not [phrase for phrase in STIFF if phrase in text], cell.id


@every_notebook
def test_the_outputs_fit_a_screen(name):
    for cell in cells(name, "code"):
        lines = sum(len(o.get("text", "").splitlines()) for o in cell.outputs)
        assert lines <= 40, f"{cell.id}: {lines} lines"


@every_notebook
def test_two_cells_to_copy_stand_alone(name):
    found = copies(name)
    assert len(found) == 2
    packages = PACKAGES.get(name, ("openai", "azure-ai-inference"))
    for cell, package in zip(found, packages, strict=True):
        first = cell.source.splitlines()[0]
        assert first.startswith(f"# pip install {package}"), first
        assert "helpers" not in cell.source and "await " not in cell.source
        assert "REQUEST_TIMEOUT" in cell.source and "_MODEL" in cell.source


@every_notebook
def test_exercises_grow_and_fold_their_solutions(name):
    exercises = tagged(book(name), "exercise")
    assert 1 <= len(exercises) <= 3
    for number, at in enumerate(exercises, start=1):
        check = f'check("exercise {number}", '
        before, after = book(name).cells[at - 1].source, book(name).cells[at + 1].source
        assert book(name).cells[at].source.count(check) == 1
        assert f"### Exercise {number}: " in before
        assert all(f"<summary>{part}</summary>" in after for part in ("Hint", "Solution"))
        assert check in after
    tests = NOTEBOOKS.parent / "tests" / "exercises" / f"test_{name}.py"
    assert tests.exists(), "right and wrong solutions"
