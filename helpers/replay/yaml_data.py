"""Reads YAML as the data that JSON has, since nothing else can be in a request or an answer."""

from typing import Any

import yaml


def compose(text: str) -> yaml.Node | None:
    """The nodes of a text, by libyaml where it is there. Raises yaml.YAMLError."""
    return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def to_data(node: yaml.Node) -> Any:
    """The data of a node. Raises ValueError or yaml.YAMLError if JSON has no such data."""
    return _Constructor().construct_document(node)


class _Constructor(yaml.constructor.SafeConstructor):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        for key in mapping:
            if not isinstance(key, str):
                raise ValueError(f"the key {key!r} is not a string: put it in quotes")
        return mapping


def _refuse(_: Any, node: yaml.Node) -> None:
    kind = node.tag.rpartition(":")[2]
    raise ValueError(f"{node.value!r} is read as a {kind}: put it in quotes")


for _kind in ("timestamp", "binary", "set", "omap", "pairs"):
    _Constructor.add_constructor(f"tag:yaml.org,2002:{_kind}", _refuse)
