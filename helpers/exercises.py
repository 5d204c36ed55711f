"""Checks of exercises, which need no service."""

from collections.abc import Callable
from importlib import import_module
from inspect import signature
from typing import Any

from .connect import current
from .replay import CourseError


def check(exercise: str, first: Any, /, *more: Any) -> None:
    """Check an exercise, and print ✓ or the next thing to do.

    Args:
        exercise: its name, such as "exercise 1".
        first: what you wrote, such as a function.
        more: what else the exercise asks for.

    Raises:
        CourseError: there is no such exercise, or it is checked with something else.
    """
    from .situations import NotYet

    function = _check_of(exercise)
    try:
        signature(function).bind(first, *more)
    except TypeError:
        raise CourseError(
            f'give check("{exercise}", …) what the exercise asks you to write, and nothing else.'
        ) from None
    try:
        print(f"✓ {function(first, *more)}")
    except NotYet as next_step:
        print(f"Not yet. {next_step}")


def _check_of(exercise: str) -> Callable[..., str]:
    notebook = current().notebook
    name = str(exercise).replace(" ", "_")
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
