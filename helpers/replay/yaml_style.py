"""How recordings look: what fits a line on one line, an event a line, long texts as `|` blocks."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import yaml

WIDTH = 110  # columns
NEXT_LINE = "\x85"  # to YAML a line end, which only quotes keep


def to_yaml(data: Any) -> str:
    """A list of entries as YAML for people: keys in their order, no aliases, UTF-8 as it is."""
    node = _Dumper(StringIO()).represent_data(data)
    _style(node, indent=0)
    return yaml.serialize(node, Dumper=_Dumper, width=WIDTH, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _in_order(dumper: yaml.representer.SafeRepresenter, data: dict[str, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items())


_Dumper.add_representer(dict, _in_order)


def _style(node: yaml.Node, indent: int) -> None:
    """Choose the style of a node and of all below it."""
    if isinstance(node, yaml.ScalarNode):
        if NEXT_LINE in node.value:
            node.style = '"'
        elif "\n" in node.value:
            node.style = "|" if len(node.value.split("\n")[0]) > 20 else '"'
        return
    assert isinstance(node, yaml.CollectionNode)
    children = list(_children(node))
    if _fits(children, indent):
        _one_line(node)
        return
    node.flow_style = False
    for child in children:
        _style(child, indent + 2)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "events":
                for event in value.value:
                    _one_line(event)


def _children(node: yaml.CollectionNode) -> Iterator[yaml.Node]:
    """The items of a list; the keys and the values of a mapping."""
    for child in node.value:
        yield from child if isinstance(child, tuple) else (child,)


def _fits(nodes: list[yaml.Node], indent: int) -> bool:
    """Whether nodes are scalars that stand on one line."""
    if not all(isinstance(node, yaml.ScalarNode) and "\n" not in node.value for node in nodes):
        return False
    key_before = 12
    length = sum(len(node.value) + 3 for node in nodes)
    return indent + length <= WIDTH - key_before


def _one_line(node: yaml.Node) -> None:
    if isinstance(node, yaml.ScalarNode):
        if "\n" in node.value or NEXT_LINE in node.value:
            node.style = '"'
        return
    assert isinstance(node, yaml.CollectionNode)
    node.flow_style = True
    for child in _children(node):
        _one_line(child)
