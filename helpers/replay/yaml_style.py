"""How recordings look in a file: what fits a line on one line, an event a line, long texts as `|` blocks."""

from typing import Any

import yaml

WIDTH = 110  # columns


def to_yaml(data: Any) -> str:
    """A list of entries as YAML for people: keys in their order, no aliases, UTF-8 as it is."""
    node = _Dumper("").represent_data(data)
    _style(node, indent=0)
    return yaml.serialize(node, Dumper=_Dumper, width=WIDTH, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_dict(self, data: dict[str, Any]) -> yaml.Node:  # keeps the order of keys
        return self.represent_mapping("tag:yaml.org,2002:map", data.items())


_Dumper.add_representer(dict, _Dumper.represent_dict)


def _style(node: yaml.Node, indent: int) -> None:
    """Choose the style of a node and of all below it."""
    if isinstance(node, yaml.ScalarNode):
        if "\n" in node.value:
            node.style = "|" if len(node.value.split("\n")[0]) > 20 else '"'
        return
    children = [child for pair in node.value for child in pair] if isinstance(node, yaml.MappingNode) else node.value
    if all(isinstance(child, yaml.ScalarNode) for child in children) and _fits(children, indent):
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


def _fits(scalars: list[yaml.ScalarNode], indent: int) -> bool:
    if any("\n" in scalar.value for scalar in scalars):
        return False
    return indent + sum(len(scalar.value) + 3 for scalar in scalars) <= WIDTH - 12  # 12: the key before it


def _one_line(node: yaml.Node) -> None:
    if isinstance(node, yaml.ScalarNode):
        if "\n" in node.value:
            node.style = '"'
        return
    node.flow_style = True
    for child in node.value:
        for part in child if isinstance(child, tuple) else (child,):
            _one_line(part)
