"""Is the network really cut while the notebooks run?"""

import os
from pathlib import Path

import pytest


@pytest.mark.skipif(
    os.environ.get("COURSE_NETWORK") != "cut",
    reason="not run by tests/tools/cut_network.py, or nobody may cut the network here (unshare)",
)
def test_only_loopback_is_left():
    interfaces = [
        line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]
    ]
    routes = Path("/proc/net/route").read_text().splitlines()[1:]
    assert (interfaces, routes) == (["lo"], [])
