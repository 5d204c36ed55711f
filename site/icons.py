"""The theme's icons: of its two thousand, the pages keep the dozen that they show."""

import re
from pathlib import Path

SCRIPT = Path("_static", "scripts", "fontawesome.js")
# "name": [width, height, [other names], "code", "path", or two of them]
ICON = re.compile(
    r'(?:"(?P<quoted>[\w-]+)"|\b(?P<plain>[\w$]+)):'
    r'\[\d+,\d+,\[(?P<others>[^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\["[^"]*","[^"]*"\])\],?'
)


def keep_used(output: Path) -> None:
    """Take out of the script of icons what no page and no other script names."""
    script = output / SCRIPT
    sources = [*output.glob("*.html"), *(output / "_static").rglob("*.js")]
    texts = [path.read_text("utf-8") for path in sources if path != script]
    used = {name for text in texts for name in re.findall(r"\bfa-([a-z][a-z0-9-]*)", text)}

    def kept(icon: re.Match[str]) -> str:
        others = re.findall(r'"([\w-]+)"', icon["others"])
        names = {icon["quoted"] or icon["plain"], *others}
        return icon[0] if names & used else ""

    script.write_text(ICON.sub(kept, script.read_text("utf-8")), "utf-8")
