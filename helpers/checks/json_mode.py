"""Exercises of notebook 03, Get JSON."""

from collections.abc import Callable
from typing import Any

from ..situations import NotYet, answering, call, recorded, require, value_of

_BOOKINGS = {"good": ("flight", "Lund", 3), "fenced": ("ferry", "Gull Island", 1)}
_REASONS = ("key missing", "cut off", "refused")


def exercise_1(booking_or_reason: Callable[[Any], Any]) -> str:
    """`booking_or_reason(response)` returns a booking, or a string that says why there is none."""
    reasons: set[str] = set()
    for label in (*_BOOKINGS, *_REASONS):
        with answering(*recorded(f"exercise 1, {label}")) as situation:
            response = situation.client.complete(messages=[{"role": "user", "content": "Book."}])
        result = value_of(booking_or_reason, response, when=f"When the answer is {_SAID[label]}")
        if label in _BOOKINGS:
            _require_booking(result, label)
        else:
            content = response.choices[0].message.content or ""
            require(
                isinstance(result, str) and result.strip() not in ("", content.strip()),
                f"When the answer is {_SAID[label]}, return a string that says why there is no "
                f"booking. You return {result!r:.60}.",
            )
            words = result.replace(content, "") if content else result
            require(
                not words.strip().endswith(("Error", "Exception")),
                f"When the answer is {_SAID[label]}, {words.strip():.40} says little. "
                "Say what is wrong, in words: the error of `parse` does.",
            )
            reasons.add(words.strip())
    require(
        len(reasons) > 1,
        "You say the same for an answer without seats, for one that is cut off, and for one that "
        "is refused. Say what is wrong: the error of `parse` does.",
    )
    return "Right: two bookings, and three reasons."


_SAID = {
    "good": "good",
    "fenced": "in a fence, after a sentence",
    "key missing": "without seats",
    "cut off": "cut off",
    "refused": "refused",
}


def _require_booking(result: Any, label: str) -> None:
    expected = _BOOKINGS[label]
    try:
        found = (result.kind, result.to, result.seats)
    except AttributeError:
        raise NotYet(
            f"When the answer is {_SAID[label]}, return a Booking. You return {result!r:.60}."
        ) from None
    require(found == expected, f"The booking is {expected}. You return {found}.")


def exercise_2(return_booking: Any) -> str:
    """`ReturnBooking` has a key `returns`, required, a string or null."""
    schema = call(lambda: return_booking.model_json_schema()).value
    require(
        isinstance(return_booking, type) and isinstance(schema, dict),
        "Pass the class ReturnBooking, a pydantic model.",
    )
    known = schema.get("properties", {})
    require({"kind", "to", "seats"} <= set(known), "A return booking is a Booking: keep its keys.")
    require("returns" in known, "The schema has no key `returns`. Add it to the class.")
    for name in known:
        require(
            name in schema.get("required", []),
            f"`{name}` is not required, and a strict schema wants every key. "
            "Leave its default out.",
        )
    require(
        _types(known["returns"], schema.get("$defs", {})) == {"string", "null"},
        "Let `returns` be a string or null, and nothing else.",
    )
    require(schema.get("additionalProperties") is False, 'Keep extra="forbid" of Booking.')
    _require_types_of_a_booking(return_booking)
    for name, expected in (("with a return", "Sunday"), ("one way", None)):
        answer = recorded(f"exercise 2, {name}")[0]
        content = answer.body["choices"][0]["message"]["content"]
        booking = value_of(
            return_booking.model_validate_json,
            content,
            when=f"With a booking {name}, whose `returns` is {expected!r}",
        )
        returns = getattr(booking, "returns", "missing")
        require(returns == expected, f"With a booking {name}, `returns` is {expected!r}.")
    refused = _REFUSED & {*_keys(known["returns"])}
    require(not refused, f"A strict schema takes no `{', '.join(sorted(refused))}`. Leave it out.")
    return "Right: the key is always there, and may be null."


_REFUSED = {"pattern", "format", "minLength", "maxLength"}  # by a strict schema, in a string


def _keys(schema: dict[str, Any]) -> list[str]:
    """The keys of a property's schema and of its parts."""
    return [*schema, *(key for part in schema.get("anyOf", []) for key in part)]


def _require_types_of_a_booking(return_booking: Any) -> None:
    """What is no Booking is no ReturnBooking."""
    good = {"kind": "ferry", "to": "Gull Island", "seats": 2, "returns": None}
    for name, wrong in (("kind", "tram"), ("to", 7), ("seats", "two")):
        outcome = call(return_booking.model_validate, {**good, name: wrong})
        require(
            outcome.error,
            f"`{name}` may be {wrong!r} now. Derive the class from Booking, which refuses that.",
        )


def _types(schema: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    """The types that a property's schema allows."""
    if "$ref" in schema:
        return _types(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return {kind for part in schema["anyOf"] for kind in _types(part, definitions)}
    if "type" not in schema and "enum" in schema:
        names = {str: "string", type(None): "null"}
        return {names.get(type(value), "other") for value in schema["enum"]}
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)
