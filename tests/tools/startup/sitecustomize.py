"""Guard what tests start: Python runs this file as it starts, where PYTHONPATH names its folder."""

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

import outside

outside.install()

# The file of this name that Python would run without the guard, if there is one.
folder = str(Path(__file__).parent)
spec = PathFinder.find_spec("sitecustomize", [entry for entry in sys.path if entry != folder])
if spec and spec.loader:
    spec.loader.exec_module(module_from_spec(spec))
