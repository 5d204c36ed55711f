"""Where endpoints differ, for the replay server: the one thing that it takes from outside."""

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from .errors import CourseError
from .http_request import HttpRequest
from .matching import as_it_is, plain_request
from .recording import Answer, Recording, Request

GROUP = "helpers.replay.rules"  # the entry points by which an installed package offers its rules


def nothing(*_: Any) -> None:
    """No answer."""


def no_files() -> Sequence[Path]:
    """Raise CourseError: nothing says where recordings are."""
    raise CourseError(
        "name one or more files of recordings, or rules that say where these are. No package that "
        f"is installed for {sys.executable or 'this Python'} has such rules."
    )


@dataclass(frozen=True)
class Rules:
    """What differs between endpoints, and where recordings are.

    Attributes:
        read: what a request means, as for a Session.
        meaning: a body without what makes no difference, as for a Session.
        refuse: the answer to a request that no model gets to see; None if it gets through.
        otherwise: the answer to a request without a recording, such as for a list of models; None
            if there is none.
        files: the files to serve where the command names none. Raises CourseError.
        unit: what a file is called on the command line.
        bases: the base paths to tell of.
    """

    read: Callable[[HttpRequest], Request] = plain_request
    meaning: Callable[[Any], Any] = as_it_is
    refuse: Callable[[HttpRequest], Answer | None] = nothing
    otherwise: Callable[[HttpRequest, Sequence[Recording]], Answer | None] = nothing
    files: Callable[[], Sequence[Path]] = no_files
    unit: str = "file"
    bases: Sequence[str] = ()


def load_rules(place: str) -> Rules:
    """The rules at a place such as `package.module:name`; if it is empty, what is installed.

    Raises:
        CourseError: there are none at that place.
    """
    places = [place] if place else sorted({one.value for one in entry_points(group=GROUP)})
    if not places:
        return Rules()
    module, _, name = places[0].partition(":")
    try:
        rules = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise CourseError(f"there are no rules at {places[0]!r}: {error}.") from None
    if not isinstance(rules, Rules):
        raise CourseError(f"{places[0]!r} is not an object of the class Rules.")
    return rules
