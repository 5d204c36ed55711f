"""Checks that need no service: of an exercise, and of the learner's computer."""

import sys
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, requires, version

from .recordings import CourseError, NoRecording, Recordings, canonical, differences
from .replay import session


@contextmanager
def check(exercise: str):
    """Check an exercise: is the last request sent in the `with` block the one that is asked for?

    It prints ✓ or what differs. In replay and live alike it looks at the request, never at an answer's words.

    Args:
        exercise: the exercise's name, which is also that of the recording that answers it.

    Raises:
        CourseError: there is no such exercise.
    """
    here = session()
    known = {r.name: r for r in (here.recordings or Recordings(here.path)).all}
    if exercise not in known:
        names = ", ".join(name for name in known if name.startswith("exercise"))
        raise CourseError(f"there is no exercise {exercise!r} in this notebook. Known: {names}.")
    asked, before = known[exercise], len(here.sent)
    with suppress(NoRecording):
        yield
    if len(here.sent) == before:
        print("Not yet: no request was sent. Write the call inside the with block.")
        return
    (method, path, body), wanted = here.sent[-1], asked.body
    if here.recordings is None and "model" in body:
        wanted = {**wanted, "model": body["model"]}  # live, the model is yours
    if (method, path) != (asked.method, asked.path):
        print(f"Not yet: you sent {method} {path}; asked is {asked.method} {asked.path}.")
    elif canonical(body) != canonical(wanted):
        print(f"Not yet. Here your request differs from the one asked for:\n{differences(body, wanted, 'asked')}")
    else:
        print("✓ Right: this is the request that was asked for.")


def check_setup() -> None:
    """Check what the course needs of this computer: a line each, and for what is wrong the way to put it right."""
    from packaging.requirements import Requirement

    again = "close JupyterLab, run make lab in the project's folder, and open this notebook there"
    checks = [(sys.version_info >= (3, 11), "Python 3.11 or newer", f"install it, then {again}")]
    try:
        needed = [Requirement(text) for text in requires("azure-chat-course") if "extra ==" not in text]
    except PackageNotFoundError:
        needed = []
        checks.append((False, "the course's own package", f"this Python does not have it: {again}"))
    for package in needed:
        try:
            found = version(package.name)
            good = package.specifier.contains(found, prereleases=True)
        except PackageNotFoundError:
            found, good = "missing", False
        checks.append((good, str(package), f"it is {found}: {again}"))
    for good, what, cure in checks:
        print(f"ok   {what}" if good else f"FIX  {what}\n     {cure}")
    wrong = sum(not good for good, *_ in checks)
    print(f"{wrong} to fix; then restart the kernel and run this cell again." if wrong else "All is well.")
