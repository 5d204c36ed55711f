"""check_setup(): what the course needs of this computer, and how to mend what is missing."""

from importlib.metadata import PackageNotFoundError, metadata, requires, version
from platform import python_version

DISTRIBUTION = "azure-chat-course"
STAND_IN = "+standin"  # ends the version of what takes a package's place in the browser edition
SHOWS_NOTEBOOKS = ("jupyter", "jupyterlab")  # elsewhere, such as in Colab, another program does
_REMEDY = "close JupyterLab, run make lab in the project's folder, and open this notebook there"


def check_setup() -> None:
    """Check what the course needs of this computer: a line each, remedies with it."""
    from packaging.requirements import Requirement

    try:
        needed = [text for text in requires(DISTRIBUTION) or [] if "extra ==" not in text]
    except PackageNotFoundError:
        print(f"FIX  {DISTRIBUTION}\n     it is not installed in this Python: {_REMEDY}")
        needed = []
    wrong = 0 if needed else 1
    for requirement in map(Requirement, ["Python>=3.11", *needed]):
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            found = python_version() if requirement.name == "Python" else version(requirement.name)
        except PackageNotFoundError:
            found = "missing"
        if found.endswith(STAND_IN):
            print(f"note {requirement}\n     a stand-in: {metadata(requirement.name)['Summary']}")
        elif found == "missing" and requirement.name in SHOWS_NOTEBOOKS:
            print(f"note {requirement}\n     it is missing: another program shows this notebook")
        elif found != "missing" and requirement.specifier.contains(found, prereleases=True):
            print(f"ok   {requirement}")
        else:
            wrong += 1
            print(f"FIX  {requirement}\n     it is {found}: {_REMEDY}")
    print(
        f"{wrong} to fix; then restart the kernel and run this cell again."
        if wrong
        else "All is well."
    )
