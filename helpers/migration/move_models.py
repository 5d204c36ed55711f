"""Rewrite the classes of requests into dicts, and types into openai's."""

import ast
from typing import TypeGuard

import libcst as cst

from helpers.migration import sdk
from helpers.migration.code import attribute, code_of, dictionary, expression, quoted, wrapped
from helpers.migration.context import Context, is_none
from helpers.migration.kinds import Value, last_name, walk
from helpers.migration.nullable import asked_for, none_possible

ROLES = {
    "SystemMessage": "system",
    "DeveloperMessage": "developer",
    "UserMessage": "user",
    "AssistantMessage": "assistant",
    "ToolMessage": "tool",
}
TYPES = {
    "TextContentItem": "text",
    "ImageContentItem": "image_url",
    "AudioContentItem": "input_audio",
    "ChatCompletionsToolDefinition": "function",
    "ChatCompletionsFunctionToolDefinition": "function",
    "ChatCompletionsToolCall": "function",
    "ChatCompletionsFunctionToolCall": "function",
    "ChatCompletionsNamedToolChoice": "function",
}
PLAIN = (
    "FunctionDefinition",
    "FunctionCall",
    "ImageUrl",
    "InputAudio",
    "ChatCompletionsNamedToolChoiceFunction",
)
FORMATS = {
    "ChatCompletionsResponseFormatJSON": "json_object",
    "ChatCompletionsResponseFormatJsonObject": "json_object",
    "ChatCompletionsResponseFormatText": "text",
}
DICTS = frozenset([*ROLES, *TYPES, *PLAIN, *FORMATS, "JsonSchemaFormat"])

CHAT, CHUNK = "openai.types.chat", "openai.types.chat.chat_completion_chunk"
NEW_TYPES: dict[str, tuple[str, str]] = {
    "ChatCompletionsClient": ("openai", "OpenAI"),
    "EmbeddingsClient": ("openai", "OpenAI"),
    "aio.ChatCompletionsClient": ("openai", "AsyncOpenAI"),
    "aio.EmbeddingsClient": ("openai", "AsyncOpenAI"),
    "ChatCompletions": (CHAT, "ChatCompletion"),
    "ChatChoice": ("openai.types.chat.chat_completion", "Choice"),
    "ChatResponseMessage": (CHAT, "ChatCompletionMessage"),
    "ChatCompletionsToolCall": (CHAT, "ChatCompletionMessageToolCall"),
    "FunctionCall": (f"{CHAT}.chat_completion_message_tool_call", "Function"),
    "CompletionsUsage": ("openai.types", "CompletionUsage"),
    "StreamingChatCompletionsUpdate": (CHAT, "ChatCompletionChunk"),
    "StreamingChatChoiceUpdate": (CHUNK, "Choice"),
    "StreamingChatResponseMessageUpdate": (CHUNK, "ChoiceDelta"),
    "StreamingChatResponseToolCallUpdate": (CHUNK, "ChoiceDeltaToolCall"),
    "StreamingChatCompletions": ("openai", "Stream"),
    "AsyncStreamingChatCompletions": ("openai", "AsyncStream"),
    "EmbeddingsResult": ("openai.types", "CreateEmbeddingResponse"),
    "EmbeddingItem": ("openai.types", "Embedding"),
    "EmbeddingsUsage": ("openai.types.create_embedding_response", "Usage"),
    "ModelInfo": ("openai.types", "Model"),
}
# These are types for annotations alone: dicts, which `isinstance` cannot ask for.
NEW_PARAMS: dict[str, tuple[str, str]] = {
    "ChatRequestMessage": (CHAT, "ChatCompletionMessageParam"),
    "SystemMessage": (CHAT, "ChatCompletionSystemMessageParam"),
    "DeveloperMessage": (CHAT, "ChatCompletionDeveloperMessageParam"),
    "UserMessage": (CHAT, "ChatCompletionUserMessageParam"),
    "AssistantMessage": (CHAT, "ChatCompletionAssistantMessageParam"),
    "ToolMessage": (CHAT, "ChatCompletionToolMessageParam"),
    "ContentItem": (CHAT, "ChatCompletionContentPartParam"),
    "TextContentItem": (CHAT, "ChatCompletionContentPartTextParam"),
    "ImageContentItem": (CHAT, "ChatCompletionContentPartImageParam"),
    "AudioContentItem": (CHAT, "ChatCompletionContentPartInputAudioParam"),
    "ImageUrl": (f"{CHAT}.chat_completion_content_part_image_param", "ImageURL"),
    "InputAudio": (f"{CHAT}.chat_completion_content_part_input_audio_param", "InputAudio"),
    "ChatCompletionsToolDefinition": (CHAT, "ChatCompletionToolParam"),
    "ChatCompletionsFunctionToolDefinition": (CHAT, "ChatCompletionToolParam"),
    "ChatCompletionsNamedToolChoice": (CHAT, "ChatCompletionNamedToolChoiceParam"),
    "FunctionDefinition": ("openai.types.shared_params", "FunctionDefinition"),
    "JsonSchemaFormat": ("openai.types.shared_params", "ResponseFormatJSONSchema"),
}


def moved_model(
    context: Context, call: cst.Call, node: ast.Call, symbol: str
) -> cst.BaseExpression:
    """Return the dict for a call of a request class, or the call itself with a TODO."""
    if symbol in FORMATS:
        return expression(f'{{"type": "{FORMATS[symbol]}"}}')
    mapped = node.args and any(is_mapping(value) for value in context.values(node.args[0]))
    items = None if mapped else fields(call, symbol)
    if items is None:
        context.todo(symbol, f"{code_of(call.func)}(…) becomes a dict.")
        return call
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    items = [left_out(context, key, argument, given.get(key)) for key, argument in items]
    if symbol == "JsonSchemaFormat":
        inner = dictionary(call, {}, [item for item in items])
        outer = expression('{"type": "json_schema", "json_schema": {}}')
        assert isinstance(outer, cst.Dict)
        last = outer.elements[1].with_changes(value=inner.with_changes(lpar=(), rpar=()))
        return outer.with_changes(
            elements=[outer.elements[0], last], lpar=call.lpar, rpar=call.rpar
        )
    fixed: dict[str, cst.BaseExpression] = {}
    if symbol in ROLES:
        fixed["role"] = quoted(ROLES[symbol])
    elif symbol in TYPES:
        fixed["type"] = quoted(TYPES[symbol])
    return dictionary(call, fixed, items)


def is_mapping(value: Value) -> bool:
    """Whether a value gives all the fields of a message: another message, or an answer's."""
    return value.kind == "object" and (value.name in sdk.ANSWERS or value.name in sdk.REQUESTS)


def left_out(
    context: Context, key: str | None, argument: cst.Arg, node: ast.expr | None
) -> tuple[str | None, cst.Arg]:
    """Return a field of a dict, which is left out where it is None, as the old SDK did."""
    if key is None or node is None:
        return key, argument
    code, asked = code_of(argument.value), code_of(wrapped(argument.value))
    test = asked if key == "tool_calls" else f"{asked} is not None"
    calls = key == "tool_calls" and any(v.kind == "list" for v in context.values(node))
    answered = calls and isinstance(node, ast.Attribute) and not asked_for(context, node, key)
    if not answered and not none_possible(context, node):
        return key, argument
    value = argument.value
    either = isinstance(node, ast.BoolOp) and len(node.values) == 2 and is_none(node.values[1])
    if either and isinstance(value, cst.BooleanOperation):  # `text or None`
        code = test = code_of(value.left)
    return None, argument.with_changes(
        value=expression(f'({{"{key}": {code}}} if {test} else {{}})')
    )


def fields(call: cst.Call, symbol: str) -> list[tuple[str | None, cst.Arg]] | None:
    """Return the fields that a call gives, or None where it gives a mapping or a list."""
    items: list[tuple[str | None, cst.Arg]] = []
    for argument in call.args:
        if argument.star == "*":
            return None
        if argument.star == "**":
            items.append((None, argument))
        elif argument.keyword:
            value = argument.value
            if isinstance(value, cst.Name) and value.value == "None":
                continue  # the old SDK leaves it out
            if not (argument.keyword.value == "type" and symbol in TYPES):
                items.append((argument.keyword.value, argument))
        elif symbol in ROLES and not items:
            if isinstance(argument.value, cst.Dict):
                return None
            items.append(("content", argument))
        else:
            return None
    return items


def moved_answer(context: Context, call: cst.Call, node: ast.Call, symbol: str) -> cst.Call:
    """Return what makes openai's object of an answer, as tests do; nothing checks its fields."""
    if any(keyword.arg == "created" for keyword in node.keywords):
        context.todo(f"{symbol}.created", "created is an integer now, not a datetime.")
    arguments = list(call.args)
    if len(arguments) == 1 and not arguments[0].keyword and not arguments[0].star:
        arguments = [arguments[0].with_changes(star="**")]
    made = moved_type(context, symbol, False)
    assert made is not None
    return call.with_changes(func=attribute(made, "model_construct"), args=arguments)


def moved_load(context: Context, call: cst.Call, symbol: str) -> cst.BaseExpression:
    """Return the dict with the file's data URL for ImageUrl.load(…) or InputAudio.load(…)."""
    given = {a.keyword.value: code_of(a.value) for a in call.args if a.keyword}
    audio = symbol == "InputAudio"
    file, form = ("audio_file", "audio_format") if audio else ("image_file", "image_format")
    if not {file, form} <= set(given):
        context.todo(f"{symbol}.load", f"{symbol}.load(…) becomes a dict with the file in base64.")
        return call
    base64, path = context.needs.name("base64"), context.needs.name("pathlib", "Path")
    encode = f"{base64}.b64encode({path}({given[file]}).read_bytes()).decode()"
    if audio:
        return expression(f'{{"data": {encode}, "format": {given[form]}}}')
    literal = given[form].strip("\"'")
    prefix = (
        f'"data:image/{literal};base64,"'
        if literal.isalnum() and literal != given[form]
        else f'"data:image/" + {given[form]} + ";base64,"'
    )
    detail = given.get("detail")
    more = f', "detail": {detail}' if detail and detail != "None" else ""
    return expression(f'{{"url": {prefix} + {encode}{more}}}')


def moved_type(context: Context, symbol: str, annotation: bool) -> cst.BaseExpression | None:
    """Return openai's name for a class that is named and not called; None if it has none there."""
    if symbol in NEW_TYPES:
        module, name = NEW_TYPES[symbol]
        if (module, name) == (CHUNK, "Choice"):
            return cst.Attribute(context.name(CHAT, "chat_completion_chunk"), cst.Name("Choice"))
        return context.name(module, name)
    if annotation and symbol in NEW_PARAMS:
        return context.name(*NEW_PARAMS[symbol])
    if annotation and symbol in sdk.ENUMS:
        return cst.Name("str")
    return None


def stand_in_name(context: Context, new: cst.Name, node: ast.Name) -> cst.Name:
    """Return the name that is set where an import fails: `except ImportError: Client = None`."""
    scope, path = context.evaluator.found.places[id(node)]
    if not any(name == "handlers" for _, name in path):
        return new
    imported = [one for one in scope.names.get(node.id, ()) if one.how == "from"]
    classes = {v.name for one in imported for v in context.evaluator.bound(one)}
    for symbol in sorted(classes & {*NEW_TYPES, *sdk.EXCEPTIONS}):
        made = moved_type(context, symbol, False)
        if symbol in sdk.EXCEPTIONS and not context.foreign:
            made = context.name("openai", sdk.EXCEPTIONS[symbol])
        if isinstance(made, cst.Name):
            return made
    return new


def two_kinds(context: Context, call: ast.Call, symbol: str) -> None:
    """Leave a TODO where `isinstance` tells the two clients apart, which are of one class now."""
    if last_name(call.func) != "isinstance" or symbol.removeprefix("aio.") not in sdk.CLIENTS:
        return
    asked = [one for other in context.evaluator.found.calls["isinstance"] for one in other.args]
    asked += call.args[:1]
    named = {v.name.removeprefix("aio.") for one in asked for v in context.values(one)}
    if len(named & set(sdk.CLIENTS)) > 1:
        context.todo(symbol, "one class makes chat completions and embeddings: ask otherwise.")


def exported(context: Context, node: ast.ImportFrom) -> None:
    """Leave a TODO where a package hands on classes of the SDK to whoever imports it."""
    evaluator = context.evaluator
    loaded = {name.id for name in walk(evaluator.found.tree) if is_loaded(name)}
    public = {
        text
        for one in evaluator.found.scope.names.get("__all__", ())
        for text in (getattr(part, "value", None) for part in ast.walk(one.node))
    }
    package = evaluator.path.endswith("__init__.py")
    names = [alias.asname or alias.name for alias in node.names]
    found = [name for name in names if name in public or (package and name not in loaded)]
    if found and (node.module or "").startswith(sdk.MODULES[0]) and not node.level:
        what = f"other files may take {', '.join(found)} from here: openai has no such names."
        context.todo(sdk.MODULES[2], what)


def is_loaded(node: ast.AST) -> TypeGuard[ast.Name]:
    """Whether a node reads a name."""
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
