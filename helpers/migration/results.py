"""What methods of the SDK give, and what a program gave the messages that it makes."""

import ast

from helpers.migration import sdk
from helpers.migration.evaluating import Evaluating
from helpers.migration.kinds import NOTHING, Value, Values, typed
from helpers.migration.options import keys


def method_result(evaluator: Evaluating, called: Value, node: ast.Call) -> Values:
    """Return what a call of a method of the SDK gives."""
    owner, _, name = called.name.rpartition(".")
    plain = owner.removeprefix("aio.")
    prefix = "aio." if owner.startswith("aio.") else ""
    if plain == "ChatCompletionsClient" and name == "complete":
        return completed(evaluator, node, bool(prefix))
    if name in ("load", "from_prompty", "from_string", "from_connection_string"):
        return frozenset([Value("object", owner, node=node, home=evaluator)])
    if sdk.PROJECT_METHODS.get(name):
        return frozenset(
            [Value("object", prefix + sdk.PROJECT_METHODS[name], node=node, home=evaluator)]
        )
    if name in ("load_client", "with_defaults"):
        return frozenset(
            Value("object", prefix + c, node=node, home=evaluator) for c in sdk.CLIENTS[:2]
        )
    if (
        name in ("get", "pop", "setdefault")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ):
        default = node.args[1] if len(node.args) > 1 else None
        if name == "get" and not (default is None or ast.unparse(default) == "None"):
            return NOTHING  # it is read from the answer's dict then
        return typed(sdk.field_type(owner, str(node.args[0].value)) or "")
    plain_results = {"embed": "EmbeddingsResult", "get_model_info": "ModelInfo"}
    return typed(plain_results.get(name, ""))


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


def made_with(owner: Value, name: str) -> Values:
    """Return what a program itself gave a message, such as the tool calls that it made."""
    if not isinstance(owner.node, ast.Call) or owner.home is None:
        return NOTHING
    given = [option.value for option in owner.node.keywords if option.arg == name]
    return owner.home.union(given) if owner.name in sdk.REQUESTS else NOTHING
