"""notebooks/teaching.md says what is true of the notebooks."""

import re
import shutil
import subprocess
from datetime import datetime, timedelta

import pytest

from notebooks import NOTEBOOKS, ROOT, read, tagged

PAGE = (NOTEBOOKS / "teaching.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### ((?:\d\d) .+?)\n(.*?)(?=^##)", PAGE, re.M | re.S))


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without headings."""
    lines = [line.strip().strip("|") for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"\|", line)] for line in lines]
    return [row for at, row in enumerate(cells) if not is_rule(row) and not is_heading(cells, at)]


def is_rule(row: list[str]) -> bool:
    return all(re.fullmatch("-+", cell) for cell in row)


def is_heading(cells: list[list[str]], at: int) -> bool:
    return at + 1 < len(cells) and is_rule(cells[at + 1])


def test_every_notebook_has_its_section():
    numbers = [path.stem[:2] for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))]
    assert [title[:2] for title in SECTIONS] == numbers


@pytest.mark.parametrize("title", SECTIONS)
def test_three_questions_with_answers_and_a_sentence_that_frees(title):
    asked = rows(SECTIONS[title])
    assert len(asked) == 3
    for question, people_say, right in asked:
        assert re.match(rf"\[[^]]+\]\({title[:2]}_\w+\.ipynb#[^)]+\)", question), question
        assert people_say and right
    assert re.search(r'Stuck: .+?\. Say:\s"[^"]+"', SECTIONS[title], re.S)


@pytest.mark.parametrize(
    ("day", "begins", "ends"), [("A half day", "09:00", "12:30"), ("A full day", "09:00", "17:00")]
)
def test_the_clock_adds_up(day, begins, ends):
    text = PAGE.split(f"## {day}\n")[1].split("\n## ")[0]
    at = datetime.strptime(begins, "%H:%M")
    for time, minutes, *_ in rows(text):
        assert time == f"{at:%H:%M}"
        at += timedelta(minutes=int(minutes))
    assert f"{at:%H:%M}" == ends


def test_exercises_that_the_page_names_are_there():
    """Of the day's tables, which say which exercises to do."""
    for names, exercises in re.findall(
        r"\]\((\d\d_\w+)\.ipynb\), (both exercises|exercises 1 and 3)", PAGE
    ):
        count = len(tagged(read(NOTEBOOKS / f"{names}.ipynb"), "exercise"))
        assert count == (2 if exercises == "both exercises" else 3), names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("00_start_here", ["Models: mistral-large-2407", "has no recorded answer"]),
        ("01_basic", ["The next one of what?", "FAIL 16 words", "86400"]),
        (
            "02_streaming",
            [
                "quay 2.None",
                "IndexError",
                "choices in each chunk: 0 1",
                "silent  The tide is highest at [not whole: None]",
            ],
        ),
        ("03_json_mode", ["Certainly!", "The cat travels free.", '"seats":1']),
        (
            "04_extra_params",
            [
                "length: Second Thoughts:",
                "stop: Second Thoughts",
                "Klabautermann",
                '400\n{"detail"',
            ],
        ),
        ("05_tools", ["get_flight_info", "call00515 cancel_bookings"]),
        (
            "06_content_safety",
            [
                "They are. Use a serrated knife",
                "content:       None",
                "stop {'custom_blocklists'",
                "2 of 6 passed",
            ],
        ),
        ("07_vision", ["About 350.", "1,890", "1910", "08:16"]),
        (
            "08_move_a_program",
            [
                "TypeError: Missing required",
                "IndexError",
                "322 characters: model_dump(exclude_unset=True)",
            ],
        ),
        ("10_reasoning_models", ["Secret in the thinking: True", "200: length, 200 thinking, ''"]),
    ],
)
def test_what_the_page_calls_right_is_what_the_notebook_prints(name, expected):
    outputs = [
        output.get("text", "")
        for cell in read(NOTEBOOKS / f"{name}.ipynb").cells
        for output in cell.get("outputs", ())
    ]
    for text in expected:
        assert any(text in output for output in outputs), text


def test_the_commands_are_those_of_the_project():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("handout", "lab"):
        assert f"make {target}" in PAGE and re.search(rf"^{target}:", makefile, re.M)
    for script in set(re.findall(r"tests/tools/\w+\.py", PAGE)):
        assert (ROOT / script).is_file()
    assert "CC BY 4.0" in PAGE and "CC BY 4.0" in (ROOT / "LICENSE").read_text("utf-8")


@pytest.mark.skipif(not (shutil.which("make") and shutil.which("git")), reason="needs make and git")
def test_the_course_without_solutions_is_made_anew_each_time(tmp_path):
    """`cp -r` into a folder that is there already would put the notebooks one level too deep."""
    (commands,) = re.findall(r"^```\n(make handout\n.*?)^```", PAGE, re.M | re.S)
    for name in ("notebooks/01.ipynb", "tests/exercises/solved.py", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    handout = (
        "handout:\n\tmkdir -p build/handout/learners\n\ttouch build/handout/learners/01.ipynb\n"
    )
    (tmp_path / "Makefile").write_text(handout)
    identity = "-c user.name=a -c user.email=a@example.invalid"
    begin = f"git init --quiet\ngit add .\ngit {identity} commit --quiet --message=one\n"
    subprocess.run(["sh", "-ec", begin + commands * 2], cwd=tmp_path, check=True)
    course = tmp_path / "build" / "course"
    files = {str(path.relative_to(course)) for path in course.rglob("*") if path.is_file()}
    assert files == {"Makefile", "README.md", "notebooks/01.ipynb"}
