"""Checks of exercises, which need no service."""

from collections.abc import Callable
from importlib import import_module
from inspect import signature
from textwrap import fill
from typing import Any

from .connect import current
from .display.output import COLUMNS
from .replay import CourseError


def check(exercise: str, /, *work: Any) -> None:
    """Check an exercise, and print ✓ or the next thing to do.

    Args:
        exercise: its name, such as "exercise 1".
        work: what you wrote, such as a function, and what else the exercise asks for.

    Raises:
        CourseError: there is no such exercise, or it is checked with something else.
    """
    from .situations import NotYet

    function = _check_of(exercise)
    parameters = signature(function)
    try:
        parameters.bind(*work)
    except TypeError:
        wanted = ", ".join([f'"{exercise}"', *parameters.parameters])
        raise CourseError(f"this exercise checks something else: write check({wanted}).") from None
    try:
        said = f"✓ {function(*work)}"
    except NotYet as next_step:
        said = f"Not yet. {next_step}"
    for line in said.splitlines():
        print(fill(line, COLUMNS, break_long_words=False, break_on_hyphens=False))


def _check_of(exercise: Any) -> Callable[..., str]:
    notebook = current().notebook
    if not isinstance(exercise, str):
        raise CourseError('begin with the exercise\'s name, such as check("exercise 1", …).')
    name = exercise.replace(" ", "_")
    path = f"{__package__}.checks.{notebook.partition('_')[2]}"
    try:
        module = import_module(path)
    except ModuleNotFoundError as error:
        if error.name != path:
            raise
        raise CourseError("this notebook has no exercises.") from None
    known = sorted(key for key in vars(module) if key.startswith("exercise_"))
    if name not in known:
        listed = ", ".join(key.replace("_", " ") for key in known)
        raise CourseError(f"there is no exercise {exercise!r} in this notebook. Known: {listed}.")
    return getattr(module, name)
