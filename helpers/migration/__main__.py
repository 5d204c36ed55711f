"""The command: python -m helpers.migration PATH …"""

import argparse
import os
import sys
from pathlib import Path

from helpers.migration.files import programs
from helpers.migration.progress import bar
from helpers.migration.project import Project
from helpers.migration.report import JsonReport, TextReport
from helpers.migration.scan import scan_file

EPILOG = """exit status: 0 nothing to move, 1 something to move or to look at, 2 wrong usage.
--diff and --write change only what is safe, and put "# TODO(openai-v1)" where you have to look."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m helpers.migration",
        description="Find what programs use of azure-ai-inference, and move them to openai.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a file, a folder or a notebook"
    )
    made.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print what is found"
    )
    made.add_argument("--brief", action="store_true", help="leave out what stays the same")
    how = made.add_mutually_exclusive_group()
    how.add_argument("--diff", action="store_true", help="show what --write would change")
    how.add_argument("--write", action="store_true", help="rewrite the files in place")
    return made


def show(paths: list[Path], form: str, brief: bool) -> int:
    """Scan and print. Return the exit status."""
    report = JsonReport() if form == "json" else TextReport(brief)
    project = Project()
    with bar() as shown:
        for path in programs(paths):
            shown.step(path)
            report.add(scan_file(path, project))
    report.end()
    return report.count.status


def move(paths: list[Path], write: bool) -> int:
    """Rewrite, or show what a rewrite would change. Return the exit status."""
    from helpers.migration.move import Mover

    mover = Mover(write)
    with bar() as shown:
        for path in programs(paths):
            shown.step(path)
            mover.add(path)
    mover.end()
    return mover.status


def main(arguments: list[str] | None = None) -> int:
    """Run the command. Return its exit status."""
    options = parser().parse_args(arguments)
    missing = [str(path) for path in options.paths if not path.exists()]
    if missing:
        print(f"no such file or folder: {', '.join(missing)}", file=sys.stderr)
        return 2
    if options.format == "json" and (options.diff or options.write):
        print("--format json goes with a scan only", file=sys.stderr)
        return 2
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")  # a terminal that lacks a letter shows its number
    try:
        if options.diff or options.write:
            return move(options.paths, options.write)
        return show(options.paths, options.format, options.brief)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
