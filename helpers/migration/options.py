"""What a call gives by its options, and the dicts that options are kept in."""

import ast

from helpers.migration.evaluating import Evaluating
from helpers.migration.kinds import Value, Values


def completed(evaluator: Evaluating, node: ast.Call, is_async: bool) -> Values:
    """Return what `complete` gives, by its `stream=`."""
    whole = Value("object", "ChatCompletions")
    stream = Value(
        "object", "AsyncStreamingChatCompletions" if is_async else "StreamingChatCompletions"
    )
    for keyword in node.keywords:
        if keyword.arg == "stream":
            if isinstance(keyword.value, ast.Constant):
                return frozenset([stream if keyword.value.value else whole])
            return frozenset([whole, stream])
    if may_stream(evaluator, node):
        return frozenset([whole, stream])
    return frozenset([whole])


def may_stream(evaluator: Evaluating, node: ast.Call) -> bool:
    spread = [keyword.value for keyword in node.keywords if keyword.arg in (None, "body")]
    for value in [*spread, *node.args[:1]]:
        known = keys(evaluator, value)
        if known is None or "stream" in known:
            return True
    return False


def keys(evaluator: Evaluating, node: ast.AST | None) -> dict[str, ast.expr] | None:
    """Return the items of a dict that is written out, or None where it cannot be followed."""
    if isinstance(node, ast.Dict):
        if all(isinstance(key, ast.Constant) for key in node.keys):
            pairs = zip(node.keys, node.values, strict=True)
            return {str(k.value): v for k, v in pairs if isinstance(k, ast.Constant)}
        return None
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "dict"
        and not node.args
    ):
        items = {keyword.arg: keyword.value for keyword in node.keywords}
        return None if None in items else items  # type: ignore[return-value]
    if isinstance(node, ast.Name) and id(node) in evaluator.found.places:
        return named_keys(evaluator, node)
    return None


def made_once(evaluator: Evaluating, node: ast.Name) -> ast.AST | None:
    """Return what a name is bound to, if that is one expression, and not another name."""
    bindings = [one for one in evaluator.found.visible(node.id, node) if one.how != "annotation"]
    once = len(bindings) == 1 and bindings[0].how == "expr"
    return bindings[0].node if once and not isinstance(bindings[0].node, ast.Name) else None


def named_keys(evaluator: Evaluating, node: ast.Name) -> dict[str, ast.expr] | None:
    """Return the items of a dict that has a name, with those that are set later."""
    made = made_once(evaluator, node)
    items = keys(evaluator, made) if made else None
    if items is None:
        return None
    for target, value in evaluator.found.items.get(node.id, ()):
        if not isinstance(target, ast.Constant):
            return None
        items = {**items, str(target.value): value}
    changes = [
        *evaluator.found.calls.get("update", ()),
        *evaluator.found.calls.get("setdefault", ()),
    ]
    if any(getattr(getattr(call.func, "value", None), "id", "") == node.id for call in changes):
        return None
    return items
