"""The table of the migration.

It holds every public name of the installed package, and it agrees with itself.
"""

import enum
import importlib
import inspect

import pytest

from helpers.migration import sdk, table

KINDS = {
    "import",
    "package",
    "class",
    "client keyword",
    "call keyword",
    "method",
    "attribute",
    "item",
    "enum",
    "exception",
}


def public(module: str) -> list[str]:
    """The names that a module of the package exports."""
    found = importlib.import_module(module)
    names = getattr(found, "__all__", None) or ["PromptTemplate"]
    return [name for name in names if not name.startswith("_")]


def keywords(function) -> set[str]:
    """The keywords of a function or of all its overloads."""
    found: set[str] = set()
    for one in [function, *__import__("typing").get_overloads(function)]:
        for parameter in inspect.signature(one).parameters.values():
            if parameter.name in ("self", "args", "kwargs", "mapping", "cls"):
                continue
            found.add(parameter.name)
    return found


def symbols_of_class(name: str, cls: type) -> set[str]:
    """Every symbol that a public class has.

    Itself, its keywords, its methods with theirs, its attributes.
    """
    if issubclass(cls, enum.Enum):
        return {name, *(f"{name}.{member}" for member in cls.__members__), f"{name}.value"}
    found = {name}
    fields = None
    if hasattr(cls, "as_dict"):
        cls.__new__(cls)  # the package fills in the fields of a class at its first instance
        fields = cls._attr_to_rest_field
    for field in fields or ():
        found.add(f"{name}.{field}")
        if not fields[field]._is_discriminator and field != "type":  # the package sets these itself
            found.add(f"{name}({field}=)")
    found |= (
        {f"{name}({keyword}=)" for keyword in keywords(cls.__init__)} if fields is None else set()
    )
    for attribute, value in inspect.getmembers(cls):
        if attribute.startswith("_") or attribute in (fields or ()):
            continue
        found.add(f"{name}.{attribute}")
        if inspect.isroutine(value) and not hasattr(dict, attribute):
            found |= {f"{name}.{attribute}({keyword}=)" for keyword in keywords(value)}
    return found


def all_symbols() -> list[str]:
    """Every public symbol of the installed package."""
    found: set[str] = set()
    for module in sdk.MODULES:
        found.add(module)
        for name in public(module):
            member = getattr(importlib.import_module(module), name)
            full = f"aio.{name}" if module.endswith(".aio") else name
            if isinstance(member, type):
                found |= symbols_of_class(full, member)
            else:
                found |= {full, *(f"{full}({keyword}=)" for keyword in keywords(member))}
    return sorted(found)


# Fixed by the package, never given by a program: a response's own constructor and the tool types.
NOT_GIVEN = {"(type=)", "(stream_response=)"}


def known(symbol: str) -> bool:
    name, _, keyword = symbol.partition("(")
    if f"({keyword}" in NOT_GIVEN or (name in sdk.STREAMS and keyword):
        return True
    if keyword and "." in name.removeprefix("aio.") and table.find(name):
        method = name.rpartition(".")[2]
        if method in ("as_dict", "send_request", "close", "get_model_info"):
            return True  # the row of the method names no keyword of its own
    return table.find(symbol) is not None


def test_every_public_name_has_a_row():
    symbols = all_symbols()
    assert len(symbols) > 400, "the walk found too little to be right"
    assert [symbol for symbol in symbols if not known(symbol)] == []


def test_the_walk_sees_a_name_that_is_missing(monkeypatch):
    rows = {
        symbol: row for symbol, row in table.index().items() if not symbol.startswith("UserMessage")
    }
    monkeypatch.setattr(table, "index", lambda: rows)
    missing = [symbol for symbol in all_symbols() if not known(symbol)]
    assert {"UserMessage", "UserMessage(content=)", "UserMessage.content"} <= set(missing)


def test_rows_are_whole():
    for row in table.load():
        assert row.kind in KINDS, row
        assert row.old and row.new and row.changes and row.symbols, row
        assert isinstance(row.safe, bool), row
        assert row.pair.replace("-", "").isalpha() and row.pair == row.pair.lower(), row
    olds = [row.old for row in table.load()]
    assert sorted(set(olds)) == sorted(olds)


def test_what_is_written_down_of_the_package_is_so():
    models = importlib.import_module("azure.ai.inference.models")
    for name, members in sdk.ENUMS.items():
        assert {member.name: member.value for member in getattr(models, name)} == members, name
    for name, fields in {**sdk.REQUESTS, **sdk.ANSWERS}.items():
        cls = getattr(models, name)
        cls.__new__(cls)
        assert set(cls._attr_to_rest_field) == set(fields), name
    errors = importlib.import_module("azure.core.exceptions")
    openai = importlib.import_module("openai")
    for old, new in sdk.EXCEPTIONS.items():
        assert issubclass(getattr(errors, old), Exception)
        assert issubclass(getattr(openai, new), openai.OpenAIError)


@pytest.mark.parametrize(
    ("symbol", "old"),
    [
        ("ChatCompletionsClient(model=)", "model= (of the client)"),
        ("ChatCompletionsClient.complete(model=)", "model= (of the call)"),
        ("aio.ChatCompletionsClient(retry_total=)", "retry_total="),
        ("aio.EmbeddingsClient.embed(input_type=)", "input_type="),
        ('ChatChoice["logprobs"]', 'choice["logprobs"]'),
        ('ChatChoice["anything"]', 'response["usage"]'),
        ("ClientAuthenticationError.status_code", "error.status_code"),
        ("ToolMessage.as_dict", "response.as_dict()"),
    ],
)
def test_a_name_finds_its_own_row(symbol, old):
    row = table.find(symbol)
    assert row and row.old == old


def test_an_unknown_name_has_no_row():
    assert table.find("ChatCompletionsClient(made_up=)") is None
    assert table.find("str.join") is None


def test_two_rows_cannot_claim_one_name(monkeypatch):
    row = table.load()[0]
    monkeypatch.setattr(table, "load", lambda: (row, row))
    table.index.cache_clear()
    with pytest.raises(ValueError, match="two rows for azure"):
        table.index()
    monkeypatch.undo()
    table.index.cache_clear()
