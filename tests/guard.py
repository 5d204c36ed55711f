"""A pytest plugin: every test, a notebook's cell too, stays on this computer, or fails.

Kernels and other Python processes that a test starts are guarded as well: their PYTHONPATH names
the folder tools/startup, so that they run its sitecustomize.py.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest

STARTUP = str(Path(__file__).parent / "tools" / "startup")
sys.path.append(STARTUP)

import outside  # noqa: E402 - it is in that folder


def pytest_configure(config: pytest.Config) -> None:
    """Guard this process and those that it starts; each worker of pytest has a file of its own."""
    handle, path = tempfile.mkstemp(prefix="course-refused-")
    os.close(handle)
    config.add_cleanup(lambda: Path(path).unlink(missing_ok=True))
    os.environ[outside.REFUSED] = path
    folders = [STARTUP, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(filter(None, folders)))
    outside.install()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item):
    """Fail a test that reached for another computer, even if the refusal was caught.

    Raises:
        pytest.fail.Exception: here or in a process started from here, something was refused.
    """
    result = yield
    file = Path(os.environ[outside.REFUSED])
    refused = file.read_text("utf-8").splitlines()
    if refused:
        file.write_text("", "utf-8")
        pytest.fail(
            f"{item.name} reached for another computer: {'; '.join(refused)}", pytrace=False
        )
    return result
