"""Reads YAML as the data that JSON has, since nothing else can be in a request or an answer."""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

import yaml

_STRING = "tag:yaml.org,2002:str"
# A number, true, false or null. YAML has more words for them: 9:15 is 555, and no is false.
_JSON = re.compile(r"(-?(0|[1-9]\d{0,99})(\.\d+)?([eE][+-]?\d{1,3})?|true|false|null)?", re.ASCII)
_PLAIN = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "null"))


def compose(text: str) -> yaml.Node | None:
    """The nodes of a text, by libyaml where it is there. Raises yaml.YAMLError."""
    return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def to_data(node: yaml.Node) -> Any:
    """The data of a node. Raises yaml.YAMLError, with a mark, if JSON has no such data."""
    if node.tag == _STRING:
        return node.value
    if node.tag in _PLAIN:
        return _plain(node)
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return [to_data(item) for item in node.value]
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        return _mapping(node)
    kind = node.tag.rpartition(":")[2]
    what = repr(node.value) if isinstance(node, yaml.ScalarNode) else "this"
    raise _wrong(f"{what} is read as a {kind}: put it in quotes", node)


def _mapping(node: yaml.MappingNode) -> dict[str, Any]:
    for key, _ in node.value:
        if key.tag != _STRING:
            odd = to_data(key)
            raise _wrong(f"the key {odd!r} is not a string: put it in quotes", key)
    keys = [key for key, _ in node.value]
    mapping = {key.value: to_data(value) for key, value in node.value}
    if len(mapping) < len(keys):
        raise _twice(keys)
    return mapping


def _twice(keys: Sequence[yaml.Node]) -> yaml.YAMLError:
    """What is wrong with a mapping that has a key twice, of which YAML takes the last."""
    values = [key.value for key in keys]
    again = next(key for n, key in enumerate(keys) if key.value in values[:n])
    return _wrong(f"the key {again.value!r} is there twice", again)


def _plain(node: yaml.Node) -> Any:
    value = json.loads(node.value or "null") if _JSON.fullmatch(node.value) else math.inf
    if value in (math.inf, -math.inf):
        raise _wrong(f"{_meant(node)}: put it in quotes", node)
    return value


def _meant(node: yaml.Node) -> str:
    """What YAML makes of a word that is not written as JSON writes it."""
    text = repr(node.value[:40])
    try:
        value = yaml.constructor.SafeConstructor().construct_document(node)
    except (KeyError, ValueError, yaml.YAMLError):
        return f"{text} cannot be read"
    return f"{text} is read as {json.dumps(value)}"


def _wrong(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark)
