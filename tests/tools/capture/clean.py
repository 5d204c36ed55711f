"""Requests and answers without secrets, at every place where one may stand.

Keys of JSON objects, roles and types stay: they are the protocol. A picture becomes what it shows.
In a stream, and in log probabilities, a secret may be split into pieces, and leaves all the same.
"""

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from helpers.replay import Answer, Request

from .scrub import Scrubber

PROTOCOL = ("role", "type", "object", "finish_reason", "tool_choice", "severity")
FRAGMENTS = ("content", "arguments", "delta", "reasoning_content", "reasoning", "refusal", "token")
ALTERNATIVES = "top_logprobs"  # strings beside a token, which do not continue each other
_NO_BYTES = {"bytes": None, ALTERNATIVES: []}  # they spell a token that was changed


def clean_request(scrub: Scrubber, request: Request) -> Request:
    """A request as a file may hold it."""
    return replace(request, path=scrub.text(request.path), body=_clean(scrub, request.body))


def clean_answer(scrub: Scrubber, answer: Answer) -> Answer:
    """An answer as a file may hold it; in a stream, a secret may be split between events."""
    headers = {name: scrub.text(value) for name, value in answer.headers.items()}
    parts = [answer.body] if answer.events is None else answer.events
    cleaned = [_clean(scrub, part, leave=FRAGMENTS) for part in parts]
    _join(scrub, cleaned)
    if answer.events is None:
        return replace(answer, headers=headers, body=cleaned[0])
    return replace(answer, headers=headers, each=_clean(scrub, answer.each), events=cleaned)


def _clean(scrub: Scrubber, value: Any, leave: Sequence[str] = ()) -> Any:
    """JSON data without secrets in its strings. Those of the keys `leave` wait for `_join`."""
    if isinstance(value, str):
        return scrub.text(value)
    if isinstance(value, list):
        return [_clean(scrub, inner, leave) for inner in value]
    if not isinstance(value, dict):
        return value
    left = (*PROTOCOL, *leave)
    return {
        key: inner
        if key in left and isinstance(inner, str)
        else _clean(scrub, inner, () if key == ALTERNATIVES else leave)
        for key, inner in value.items()
    }


def _join(scrub: Scrubber, parts: list[Any]) -> None:
    """Take out the secrets that are split between strings which continue each other."""
    strings: dict[tuple[Any, ...], list[tuple[dict[str, Any], str]]] = {}
    for part in parts:
        for place, holder, key in fragments(part):
            strings.setdefault(place, []).append((holder, key))
    for places in strings.values():
        pieces = [holder[key] for holder, key in places]
        for (holder, key), piece in zip(places, pieces_of(scrub, pieces), strict=True):
            if piece != holder[key]:
                holder[key] = piece
                if key == "token":
                    holder |= _NO_BYTES


def pieces_of(scrub: Scrubber, pieces: Sequence[str]) -> list[str]:
    """Pieces of one string, without the secrets of the whole; what is left stays where it was."""
    whole = "".join(pieces)
    clean = scrub.text(whole)
    if clean == whole:
        return list(pieces)
    owners = [number for number, piece in enumerate(pieces) for _ in piece]
    result = [""] * len(pieces)
    matcher = SequenceMatcher(None, whole, clean, autojunk=False)
    for tag, begin, end, new_begin, new_end in matcher.get_opcodes():
        if tag == "equal":
            for offset in range(end - begin):
                result[owners[begin + offset]] += clean[new_begin + offset]
        else:
            result[owners[min(begin, len(owners) - 1)]] += clean[new_begin:new_end]
    return result


def fragments(part: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, dict[str, Any], str]]:
    """The strings that continue each other: the place of each, the dict that holds it, and its key.

    In a stream they do so from event to event, in log probabilities from token to token. Strings
    belong together if their places are equal.
    """
    found: list[tuple[Any, dict[str, Any], str]] = []
    if isinstance(part, list):
        for number, inner in enumerate(part):
            given = inner.get("index") if isinstance(inner, dict) else None
            index = given if isinstance(given, int) else number
            is_token = isinstance(inner, dict) and "token" in inner
            found += fragments(inner, (*place, "token" if is_token else index))
    elif isinstance(part, dict):
        typed = ("type", "output_index", "content_index")
        own = () if place else tuple(str(part.get(key)) for key in typed)
        for key, inner in part.items():
            if key in FRAGMENTS and isinstance(inner, str):
                found.append(((*place, *own, key), part, key))
            elif key != ALTERNATIVES:
                found += fragments(inner, (*place, *own, key))
    return found
