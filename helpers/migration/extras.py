"""What model_extras holds: parameters that openai has keywords for, and others."""

import libcst as cst

# Keywords that openai has and the old SDK took in model_extras.
NAMED = frozenset(
    [
        "audio",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "metadata",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "prompt_cache_key",
        "reasoning_effort",
        "safety_identifier",
        "service_tier",
        "store",
        "stream_options",
        "top_logprobs",
        "user",
        "verbosity",
        "web_search_options",
    ]
)


def split(body: cst.Dict) -> tuple[list[tuple[str, cst.DictElement]], list[cst.BaseDictElement]]:
    """Return the elements of a dict that openai has keywords for, and the others."""
    named: list[tuple[str, cst.DictElement]] = []
    rest: list[cst.BaseDictElement] = []
    for element in body.elements:
        key = element.key if isinstance(element, cst.DictElement) else None
        text = key.evaluated_value if isinstance(key, cst.SimpleString) else None
        if isinstance(element, cst.DictElement) and isinstance(text, str) and text in NAMED:
            named.append((text, element))
        else:
            rest.append(element)
    return named, rest


def ended(elements: list[cst.BaseDictElement]) -> list[cst.BaseDictElement]:
    """Return elements without a comma that a removed neighbour needed."""
    last = elements[-1]
    if isinstance(last.comma, cst.Comma) and not isinstance(
        last.comma.whitespace_after, cst.ParenthesizedWhitespace
    ):
        last = last.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return [*elements[:-1], last]
