"""Run a program so that Ctrl-C ends it with one line, also while it is still importing.

Usage: python tests/tools/stoppable.py FILE [ARGUMENT …]
       python tests/tools/stoppable.py -m MODULE [ARGUMENT …]

A program that has something better to say catches KeyboardInterrupt itself.
"""

try:
    import os
    import runpy
    import sys

    if sys.argv[1] == "-m":
        sys.argv = sys.argv[2:]
        sys.path.insert(0, os.getcwd())  # as python -m does
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = sys.argv[1:]
        path = os.path.abspath(sys.argv[0])  # as Python gives it to a program as __file__
        sys.path[0] = os.path.dirname(path)
        runpy.run_path(path, run_name="__main__")
except KeyboardInterrupt:
    raise SystemExit("Stopped.") from None
