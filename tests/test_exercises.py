"""check(): it finds the check of an exercise, and prints what it says. test_live.py goes live."""

import sys
from types import ModuleType

import pytest
from conftest import item, plain

from helpers import CourseError, check
from helpers.situations import NotYet, answering, call, recorded, require, value_of

ASKED = item("exercise 1", [{"role": "user", "content": "asked"}], plain("Yes."))


@pytest.fixture
def exercises(course, capsys, monkeypatch):
    """A notebook `00_test` with a check of one exercise, started."""

    def exercise_1(work: object, more: object = None) -> str:
        """Right is 7, and 8 where it is asked for."""
        require(work == 7, f"Return 7, not {work!r}.")
        require(more in (None, 8), "The second is 8.")
        return "Right: seven."

    module = ModuleType("helpers.checks.test")
    module.exercise_1 = exercise_1  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "helpers.checks.test", module)
    course(ASKED)
    capsys.readouterr()


def test_what_is_right_is_ticked(exercises, capsys):
    check("exercise 1", 7)
    check("exercise 1", 7, 8)
    assert capsys.readouterr().out == "✓ Right: seven.\n" * 2


def test_what_is_not_is_told_the_next_step(exercises, capsys):
    check("exercise 1", None)
    check("exercise 1", 7, 9)
    assert capsys.readouterr().out == "Not yet. Return 7, not None.\nNot yet. The second is 8.\n"


def test_an_unknown_exercise_is_told_the_known_ones(exercises):
    with pytest.raises(
        CourseError, match=r"no exercise 'exercise 9' in this notebook. Known: exercise 1\."
    ):
        check("exercise 9", 7)


def test_what_is_given_to_the_wrong_place_is_told_so(exercises):
    with pytest.raises(CourseError, match="what the exercise asks you to write, and nothing else"):
        check("exercise 1", 7, 8, 9)
    with pytest.raises(CourseError, match="no exercise 7"):
        check(7, "exercise 1")  # type: ignore[arg-type]


def test_a_check_before_start_is_told_so():
    with pytest.raises(CourseError, match="first code cell"):
        check("exercise 1", 7)


def test_an_error_of_the_check_itself_is_not_hidden(exercises, monkeypatch):
    def broken(work: object) -> str:
        return str(1 / 0)

    monkeypatch.setattr(sys.modules["helpers.checks.test"], "exercise_1", broken)
    with pytest.raises(ZeroDivisionError):
        check("exercise 1", 7)


def test_a_situation_answers_whatever_is_asked(exercises):
    with answering(*recorded("exercise 1")) as situation:
        for client in (situation.client, situation.openai):
            asked = getattr(client, "complete", None) or client.chat.completions.create
            options = {} if client is situation.client else {"model": "any"}
            response = asked(messages=[{"role": "user", "content": "other"}], **options)
            assert response.choices[0].message.content == "Yes."
    assert [request.attempt for request in situation.sent] == [None, 0]


def test_what_a_learners_function_raises_and_prints_stays_inside(capsys):
    def noisy(number: int) -> float:
        print("working")
        return 1 / number

    assert (call(noisy, 1).value, call(noisy, 1).printed) == (1, "working\n")
    assert isinstance(call(noisy, 0).error, ZeroDivisionError)
    with pytest.raises(NotYet, match="At zero, your code raises ZeroDivisionError: division"):
        value_of(noisy, 0, when="At zero")
    assert capsys.readouterr().out == ""
