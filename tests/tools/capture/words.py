"""Ordinary words: what is no secret, even where an account or a computer is called so.

An account may be called `user`, and a model may write of users. So a name that is also a word is
a secret only where it is used as a name: in a path, in an e-mail address. What the course's own
files say is public, and so are the words below: names of accounts that many computers have, first
names that are also English words, and what the placeholders of `scrub` are made of.
"""

import json
import re
from pathlib import Path
from typing import Any

SHORTEST = 4  # characters; a shorter name is part of too much that has nothing to do with it

# fmt: off
_ACCOUNTS = """
admin administrator anonymous azureuser backup build builder centos client codespace computer
daemon debian default demo desktop developer docker fedora guest home host jovyan jupyter laptop
learner linux local localdomain localhost machine main nobody none notebook operator oracle owner
postgres private public root runner sandbox server service student sudo system teacher test tester
testing ubuntu user username users vagrant vscode windows work worker workspace workstation
"""
_NAMES = """
amber angel april august autumn baker bill brook carter chance chase christian clay cook dale dawn
daisy dean destiny dick drew duke earl eden faith forest frank gene glen glenn grace grant guy
harmony harry hazel heath heather hope hunter iris ivory jack jade jasmine jean jewel joy june
justice king lance lane lily major marina mark mason mercy merry miles miller norm olive opal page
paris parker patience pearl penny phoenix poppy prudence rain ray read reed rich river rob robin
rock rose ruby rusty sage sandy savannah serene shepherd skip sky smith star stone sterling summer
sunny taylor trinity victor victory violet virginia wade ward west will winter wood woody
"""
_PLACEHOLDERS = "removed path mail e-mail host address resource captured picture unreadable"
# fmt: on
_FIXED = frozenset(f"{_ACCOUNTS} {_NAMES} {_PLACEHOLDERS}".split())
_EMBEDDED = re.compile(r"data:image/[^\s\"')]*|picture \d+x\d+\s+[0-9a-f]+")
_WORD = re.compile(r"\w[\w.-]*\w|\w+")


def ordinary_words(notebooks: Path) -> frozenset[str]:
    """The words that are no secrets, in lower case.

    Args:
        notebooks: the folder of the course's notebooks, with its folder `recordings`.
    """
    texts = [path.read_text("utf-8") for path in (notebooks / "recordings").glob("*.yaml")]
    texts += [path.read_text("utf-8") for path in notebooks.glob("*.md")]
    texts += [_sources(path) for path in notebooks.glob("*.ipynb")]
    found: set[str] = set()
    for text in texts:
        for token in _WORD.findall(_EMBEDDED.sub("", text.lower())):
            found |= {token, *re.findall(r"[^\W_]+", token), *re.findall(r"\w+", token)}
    return _FIXED | found


def _sources(path: Path) -> str:
    """What the cells of a notebook say, without outputs and attachments."""
    cells: list[dict[str, Any]] = json.loads(path.read_text("utf-8")).get("cells", [])
    return "\n".join("".join(cell["source"]) for cell in cells)
