"""Reads YAML as the data that JSON has, since nothing else can be in a request or an answer."""

from collections.abc import Sequence
from typing import Any

import yaml

_STRING = "tag:yaml.org,2002:str"


def compose(text: str) -> yaml.Node | None:
    """The nodes of a text, by libyaml where it is there. Raises yaml.YAMLError."""
    return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def to_data(node: yaml.Node) -> Any:
    """The data of a node. Raises yaml.YAMLError, with a mark, if JSON has no such data."""
    return _Constructor().construct_document(node)


class _Constructor(yaml.constructor.SafeConstructor):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len({key.value for key in keys}) < len(keys):
            raise _twice(keys)
        mapping = super().construct_mapping(node, deep)
        if odd := [key for key in mapping if not isinstance(key, str)]:
            written = next((key for key in keys if key.tag != _STRING), node)
            raise _wrong(f"the key {odd[0]!r} is not a string: put it in quotes", written)
        return mapping


def _twice(keys: Sequence[yaml.Node]) -> yaml.YAMLError:
    """What is wrong with a mapping that has a key twice, of which YAML takes the last."""
    values = [key.value for key in keys]
    again = next(key for n, key in enumerate(keys) if key.value in values[:n])
    return _wrong(f"the key {again.value!r} is there twice", again)


def _wrong(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark)


def _refuse(_: Any, node: yaml.Node) -> None:
    kind = node.tag.rpartition(":")[2]
    what = repr(node.value) if isinstance(node, yaml.ScalarNode) else "this"
    raise _wrong(f"{what} is read as a {kind}: put it in quotes", node)


for _kind in ("timestamp", "binary", "set", "omap", "pairs"):
    _Constructor.add_constructor(f"tag:yaml.org,2002:{_kind}", _refuse)
