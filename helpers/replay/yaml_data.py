"""Reads YAML as the data that JSON has, since nothing else can be in a request or an answer."""

import json
import math
import re
from collections.abc import Callable, Sequence
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


def _plain(constructor: Any, node: yaml.ScalarNode) -> Any:
    """A number, true, false or null. YAML has more words for them: 9:15 is 555, and no is false."""
    text = repr(node.value[:40])
    try:
        value = _OF_YAML[node.tag](constructor, node)
    except (KeyError, ValueError):
        raise _wrong(f"{text} cannot be read: put it in quotes", node) from None
    if not _JSON.fullmatch(node.value) or value in (math.inf, -math.inf):
        raise _wrong(f"{text} is read as {json.dumps(value)}: put it in quotes", node)
    return value


def _refuse(_: Any, node: yaml.Node) -> None:
    kind = node.tag.rpartition(":")[2]
    what = repr(node.value) if isinstance(node, yaml.ScalarNode) else "this"
    raise _wrong(f"{what} is read as a {kind}: put it in quotes", node)


_JSON = re.compile(r"(-?(0|[1-9]\d{0,99})(\.\d+)?([eE][+-]?\d{1,3})?|true|false|null)?", re.ASCII)
_OF_YAML: dict[str, Callable[[_Constructor, yaml.ScalarNode], Any]] = {
    "tag:yaml.org,2002:bool": _Constructor.construct_yaml_bool,
    "tag:yaml.org,2002:int": _Constructor.construct_yaml_int,
    "tag:yaml.org,2002:float": _Constructor.construct_yaml_float,
    "tag:yaml.org,2002:null": _Constructor.construct_yaml_null,
}
for _tag in _OF_YAML:
    _Constructor.add_constructor(_tag, _plain)
for _kind in ("timestamp", "binary", "set", "omap", "pairs"):
    _Constructor.add_constructor(f"tag:yaml.org,2002:{_kind}", _refuse)
