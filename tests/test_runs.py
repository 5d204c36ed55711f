"""Each notebook run a second time, and further than nbval goes.

Same bytes, cells again, solutions, all recordings.
"""

import base64
import difflib
import io
import json
import re

import nbformat
import pytest
from PIL import Image, ImageChops

from helpers.replay import Answer, Recording, load
from notebooks import ALL, NOTEBOOKS, plays, read, run, solutions, tagged, text_of

pytestmark = pytest.mark.usefixtures("quick_kernels")

# Answers whose words no cell prints: it shows a verdict on them, or the numbers that code read.
SHOWN_AS_VALUES = ("sailing, streamed", "the numbers", "the board", "parsed")


def printed(cell) -> str:
    return "".join(
        o.get("text", "") or o.get("data", {}).get("text/plain", "")
        for o in cell.get("outputs", ())
    )


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def recordings(name: str) -> list[Recording]:
    return list(load(NOTEBOOKS / "recordings" / f"{name}.yaml").recordings)


@pytest.fixture(scope="module", params=ALL, ids=lambda path: path.stem)
def executed(request):
    """A notebook as committed, and one run of it.

    Its cells, then those of the lesson again from the last to the first, then forms and solutions.
    Cells to copy are programs of their own, and take names such as `client`.
    """
    book = read(request.param)
    programs = tagged(book, "copy")
    code = [
        cell
        for at, cell in enumerate(book.cells)
        if cell.cell_type == "code" and at not in programs
    ]
    code.pop(0)  # start(): it begins anew, and would forget what has been played
    again = [cell.source for cell in reversed(code)]
    result = run(request.param, extra=[*again, *plays(book), *solutions(book)])
    backwards, result.extra = result.extra[: len(again)], result.extra[len(again) :]
    return request.param.stem, book, result, list(zip(reversed(code), backwards, strict=True))


def test_same_bytes(executed):
    _, book, result, _ = executed
    committed, new = nbformat.from_dict(json.loads(text_of(book))), result.notebook
    for old_cell, new_cell in zip(committed.cells, new.cells, strict=True):
        for a, b in zip(old_cell.get("outputs", ()), new_cell.get("outputs", ()), strict=True):
            if "image/png" in a.get(
                "data", {}
            ):  # pictures: the same pixels, whatever the PNG library
                one, two = (
                    Image.open(io.BytesIO(base64.b64decode(o.data["image/png"]))) for o in (a, b)
                )
                assert one.size == two.size and ImageChops.difference(one, two).getbbox() is None
                b.data["image/png"] = a.data["image/png"]
    left, right = text_of(committed), text_of(new)
    assert left == right, "\n".join(
        difflib.unified_diff(left.splitlines(), right.splitlines(), lineterm="", n=1)
    )


def test_cells_can_be_run_again_and_out_of_order(executed):
    for before, after in executed[3]:
        assert printed(after) == printed(before), before.id


def test_solutions_are_right(executed):
    _, book, result, _ = executed
    asked = solutions(book)
    for source, cell in zip(asked, result.extra[-len(asked) :], strict=True):
        assert "✓ Right" in printed(cell), f"{source}\n{printed(cell)}"
    for at in tagged(book, "exercise"):
        assert "Not yet" in printed(book.cells[at]), "an exercise must begin unsolved"


def test_every_recording_is_used(executed):
    name, _, result, _ = executed
    assert sorted(result.played) == sorted(recording.name for recording in recordings(name))


def joined(content: str | list | None) -> str:
    """The text of content, which some models send in parts."""
    parts = content if isinstance(content, list) else [{"text": content}]
    return "".join(part.get("text") or "" for part in parts)


def without_thinking(text: str) -> str:
    """What a reader of an answer is to see of it."""
    return re.sub(r"(?s)^\s*<think>.*?(</think>|$)", "", text)


def texts_of(answer: Answer) -> list[str]:
    """The words of an answer that a reader is to see.

    A message, a stream's pieces put together, an error.
    """
    if answer.events is not None:
        typed = [event for event in answer.events if isinstance(event, dict) and "type" in event]
        if typed:  # of the Responses API
            deltas = [e["delta"] for e in typed if e["type"] == "response.output_text.delta"]
            return ["".join(deltas)]
        choices = [
            choice
            for event in answer.events
            if isinstance(event, dict)
            for choice in event["choices"]
        ]
        pieces = [(choice.get("delta") or {}).get("content") or "" for choice in choices]
        return [without_thinking("".join(map(joined, pieces)))]
    body = answer.body if isinstance(answer.body, dict) else {}
    if "choices" in body:
        contents = [(choice.get("message") or {}).get("content") for choice in body["choices"]]
        return [without_thinking(joined(content)) for content in contents]
    if "output" in body:
        calls = [str(item["arguments"]) for item in body["output"] if "arguments" in item]
        messages = [item for item in body["output"] if item["type"] == "message"]
        return [*calls, *(joined(item.get("content")) for item in messages)]
    return [str(body.get("message") or (body.get("error") or {}).get("message") or "")]


def test_changing_a_word_in_any_recording_would_show(executed):
    """Each answer's words stand in some output, so that nbval, or a test above, sees a change.

    Of an error, its code or status does; of a stream that a cell leaves early, its beginning. The
    answers of exercises go to what a learner wrote, and those of cells to copy are looked at by
    tests of their own.
    """
    name, _, result, _ = executed
    outputs = words(" ".join(printed(cell) for cell in [*result.notebook.cells, *result.extra]))
    for recording in recordings(name):
        if recording.name.startswith(("exercise", "copy")):
            continue
        if recording.name.startswith(SHOWN_AS_VALUES):
            continue
        final = recording.answers[-1]
        error = final.body.get("error") if isinstance(final.body, dict) else None
        told = [str(final.status), str((error or {}).get("code"))] if final.status != 200 else []
        for text in map(words, texts_of(final)):
            seen = text.strip()[:30] if final.events is not None else text.strip()
            shown = seen in outputs or any(sign in outputs for sign in told)
            assert shown, f"{recording.name}: {text}"
