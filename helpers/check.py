"""Checks that need no service: of an exercise, and of the learner's computer."""

from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, requires, version
from platform import python_version

from .recordings import CourseError, NoRecording, Recordings, differences
from .replay import session


@contextmanager
def check(exercise: str):
    """Check an exercise: is the last request sent in the `with` block the one that the recording of its name answers?

    It prints ✓ or what differs; an answer's words do not matter. Raises CourseError if there is no such exercise.
    """
    here = session()
    recordings = here.recordings or Recordings(here.path)
    asked, before = next((r for r in recordings.all if r.name == exercise), None), len(here.sent)
    if asked is None:
        known = ", ".join(r.name for r in recordings.all if r.name.startswith("exercise"))
        raise CourseError(f"there is no exercise {exercise!r} in this notebook. Known: {known}.")
    with suppress(NoRecording):
        yield
    method, path, body = here.sent[-1] if here.sent else ("", "", None)
    if here.recordings is None and isinstance(body, dict) and "messages" in body:  # live: your model, and what it said
        pairs = zip(body["messages"], asked.body["messages"], strict=False)
        said = [its if my["role"] == its["role"] in ("assistant", "tool") else my for my, its in pairs]
        body = {**body, "model": asked.body["model"], "messages": said + body["messages"][len(said) :]}
    if len(here.sent) == before:
        print("Not yet: no request was sent. Write the call inside the with block.")
    elif recordings.find(method, path, body) is asked:
        print("✓ Right: this is the request that was asked for.")
    elif (method, path) != (asked.method, asked.path):
        print(f"Not yet: you sent {method} {path}; asked is {asked.method} {asked.path}.")
    else:
        print("Not yet. Here your request differs from the one asked for:")
        print(differences(body, asked.body, "asked"))


def check_setup() -> None:
    """Check what the course needs of this computer: a line each, and for what is wrong the way to put it right."""
    from packaging.requirements import Requirement

    wrong, needed = 0, [text for text in requires("azure-chat-course") if "extra ==" not in text]
    for package in map(Requirement, ["Python>=3.11", *needed]):
        try:
            found = python_version() if package.name == "Python" else version(package.name)
        except PackageNotFoundError:
            found = "missing"
        good = found != "missing" and package.specifier.contains(found, prereleases=True)
        cure = "close JupyterLab, run make lab in the project's folder, and open this notebook there"
        print(f"ok   {package}" if good else f"FIX  {package}\n     it is {found}: {cure}")
        wrong += not good
    print(f"{wrong} to fix; then restart the kernel and run this cell again." if wrong else "All is well.")
