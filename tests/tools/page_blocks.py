"""The programs on notebooks/other_languages.md: find them, run them, save what they print.

make serve                                              (in another terminal, with ARGS="--pace 0")
python tests/tools/page_blocks.py http://localhost:8765  (writes the outputs into the page)
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from node_packages import FOLDER, unavailable

from notebooks import NOTEBOOKS

PAGE = NOTEBOOKS / "other_languages.md"
DEFAULT = "http://localhost:8765"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
HEADING = re.compile(r"^#{2,3} (.+)$", re.M)
KINDS = {"bash": "curl", "js": "node", "java": "java", "csharp": "dotnet"}
REST = "…"  # the output that the page leaves out: lines, or a part of one


@dataclass(frozen=True)
class Block:
    """A program on the page.

    Attributes:
        title: the heading above it.
        kind: its language, as its fence names it.
        code: the program.
        output: what the page says that it prints; None where it says nothing.
        span: where the output is in the page.
    """

    title: str
    kind: str
    code: str
    output: str | None
    span: tuple[int, int] = (0, 0)


def blocks(page: str) -> list[Block]:
    """The programs of a page, in order; not its settings and its commands to install something."""
    fences = list(FENCE.finditer(page))
    found = []
    for fence, after in zip(fences, [*fences[1:], None], strict=True):
        kind, code = fence[1], fence[2]
        if kind not in KINDS or code.startswith("export "):
            continue
        title = [heading[1] for heading in HEADING.finditer(page, 0, fence.start())][-1]
        has_output = after is not None and after[1] == "text"
        found.append(
            Block(title, kind, code, after[2], after.span(2))
            if has_output
            else Block(title, kind, code, None)
        )
    return found


def variables(page: str, address: str) -> dict[str, str]:
    """What the page's settings say, for a server at an address."""
    exports = re.findall(r"^export (\w+)=(\S+)$", page, re.M)
    return {name: value.replace(DEFAULT, address) for name, value in exports}


def missing(block: Block) -> str:
    """Why a block cannot be run on this computer; "" if it can."""
    program = KINDS[block.kind]
    if block.kind == "bash" and os.name == "nt":
        return "the curl blocks need a Unix shell"
    if not shutil.which(program):
        return f"there is no {program} here"
    return unavailable() if block.kind == "js" else ""


def run(block: Block, settings: dict[str, str]) -> str:
    """What a block prints, on both its channels; its exit status follows where it is not 0."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "JAVA_HOME")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | settings
    with tempfile.TemporaryDirectory() as folder:
        if block.kind == "bash":
            command = ["sh", "-c", block.code]
        elif block.kind == "js":
            (Path(folder) / "node_modules").symlink_to(FOLDER / "node_modules")
            program = Path(folder) / "program.mjs"
            program.write_text(block.code, "utf-8")
            command = ["node", str(program)]
        else:
            name = re.search(r"public class (\w+)", block.code)[1]
            program = Path(folder) / f"{name}.java"
            program.write_text(block.code, "utf-8")
            command = ["java", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", str(program)]
        done = subprocess.run(
            command,
            cwd=NOTEBOOKS,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
    text = done.stdout.decode("utf-8", "replace")
    text = text if text.endswith("\n") else f"{text}\n"
    return text + (f"(exit status {done.returncode})\n" if done.returncode else "")


def fits(output: str, printed: str) -> bool:
    """Whether the page's output is what was printed; "…" stands for what the page leaves out."""
    head, rest, tail = output.rstrip().partition(REST)
    printed = printed.rstrip()
    if not rest:
        return head == printed
    long_enough = len(printed) > len(head) + len(tail)
    return long_enough and printed.startswith(head) and printed.endswith(tail)


def shortened(printed: str, like: str) -> str:
    """What was printed, with as much of it at both ends as the page has now."""
    head, rest, tail = like.rstrip().partition(REST)
    printed = printed.rstrip()
    if rest and head.endswith("\n"):
        lines = printed.split("\n")
        first, last = head.count("\n"), tail.count("\n")
        printed = "\n".join([*lines[:first], REST, *lines[len(lines) - last :]])
    elif rest:
        printed = printed[: len(head)] + REST + printed[len(printed) - len(tail) :]
    return f"{printed}\n"


def answers(address: str) -> bool:
    """Whether a server is there."""
    try:
        with urllib.request.urlopen(address, timeout=10):
            return True
    except OSError:
        return False


def main(address: str) -> int:
    """Write what each program prints into the page.

    Returns:
        1 where a program could not be run, 2 where there is no server, and 0 otherwise.
    """
    if not answers(address):
        print(f"Nothing answers at {address}. Run make serve in another terminal.")
        return 2
    page = PAGE.read_text("utf-8")
    settings, left_out = variables(page, address), 0
    for block in reversed(blocks(page)):
        if block.output is None:
            continue
        if reason := missing(block):
            print(f"{block.title}: {reason}")
            left_out = 1
            continue
        begin, end = block.span
        page = page[:begin] + shortened(run(block, settings), block.output) + page[end:]
    PAGE.write_text(page, "utf-8", newline="\n")
    return left_out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else DEFAULT))
