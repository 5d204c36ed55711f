"""Keep the comments of what a rewrite takes out: they go above the statement."""

import re
from collections import Counter
from typing import TypeVar

import libcst as cst

Node = TypeVar("Node", bound=cst.CSTNode)

# What tools read says something of the code beside it, which is gone.
FOR_TOOLS = re.compile(r"#\s*(noqa|nosec|type:|pyright:|pylint:|mypy:|ruff:|fmt:|isort:|pragma:)")


class Comments(cst.CSTVisitor):
    """Collects the comments within a statement, each as it reads above the statement.

    A comment at the end of a line is about an argument, which it names then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.about: dict[int, str] = {}

    def visit_Arg(self, node: cst.Arg) -> None:
        code = cst.Module([]).code_for_node(node.with_changes(comma=cst.MaybeSentinel.DEFAULT))
        if node.keyword and "\n" not in code.strip():
            ends = [node.whitespace_after_arg, getattr(node.comma, "whitespace_after", None)]
            for end in ends:
                line = end.first_line if isinstance(end, cst.ParenthesizedWhitespace) else None
                if line and line.comment:
                    self.about[id(line.comment)] = code.strip()

    def visit_Comment(self, node: cst.Comment) -> None:
        about = self.about.get(id(node), "")
        text = node.value
        self.found.append((text, f"# {about}: {text.lstrip('# ')}" if about else text))


def comments(node: cst.CSTNode) -> list[tuple[str, str]]:
    """Return the comments within a statement, without those of the statements in its body."""
    found = Comments()
    for part in ("body", "items", "iter", "test", "type", "subject"):
        inside = getattr(node, part, None)
        if isinstance(inside, cst.BaseSuite):
            continue  # its statements keep their own
        for one in inside if isinstance(inside, (list, tuple)) else [inside]:
            if isinstance(one, cst.CSTNode):
                one.visit(found)
    return found.found


def lost_comments(old: cst.CSTNode, new: object) -> list[str]:
    """Return the comments of a statement that went with an argument, or stood above it."""
    if not isinstance(new, cst.CSTNode):
        return []
    left = Counter(text for text, _ in comments(new))
    lost: list[str] = []
    for text, shown in comments(old):
        if left[text]:
            left[text] -= 1
        elif not FOR_TOOLS.match(text):
            lost.append(shown)
    return lost


def all_comments(node: cst.CSTNode) -> list[str]:
    """Return the comments of a statement and above it, except for those that tools read."""
    found = Comments()
    node.visit(found)
    return [shown for text, shown in found.found if not FOR_TOOLS.match(text)]


def with_comments(node: Node, texts: list[str]) -> Node:
    """Return a statement with comments above it, except for those that are there already."""
    lines = list(node.leading_lines)  # type: ignore[attr-defined]
    present = {line.comment.value for line in lines if line.comment}
    added = [cst.EmptyLine(comment=cst.Comment(text)) for text in texts if text not in present]
    return node.with_changes(leading_lines=[*lines, *added])
