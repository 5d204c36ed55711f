"""What counts as a secret, and how to take every spelling of one out of a text."""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

HIDDEN = "(key)"
_HELD_BY = re.compile(r"(?:AZURE|OPENAI)_\w*(?:KEY|CREDENTIAL|SECRET|PASSWORD|TOKEN)")
_AROUND = " \t\r\n'\",;"  # what shells and programs leave around a value
_ADDRESSES = ("AZURE_INFERENCE_ENDPOINT", "OPENAI_BASE_URL")
_LONG = 8  # characters from which any text is a secret
_SHORT = 4  # from which one with letters and digits is: "none" and "ollama" are no secrets


def is_secret(text: str) -> bool:
    """Whether a value is a secret, not a word such as "none" that a local server takes."""
    mixed = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    return len(text) >= _LONG or (len(text) >= _SHORT and mixed)


def secrets_in(variables: Mapping[str, str]) -> set[str]:
    """The secrets that settings hold, also such as are no valid settings.

    These are the values of keys, whole and in their parts between blanks and line ends, each with
    and without quotes around it, and what an address holds of passwords and query values.
    """
    values: set[str] = set()
    for name, value in variables.items():
        if _HELD_BY.fullmatch(name):
            parts = {value.strip(), *value.split()}
            values |= parts | {part.strip(_AROUND) for part in parts}
    for name in _ADDRESSES:
        values |= _secrets_of_address(variables.get(name, ""))
    return {value for value in values if is_secret(value)}


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """A text with each secret, in whatever spelling, replaced by `(key)`."""
    pattern = _pattern(frozenset(filter(is_secret, secrets)))
    return pattern.sub(HIDDEN, text) if pattern else text


def _secrets_of_address(address: str) -> set[str]:
    try:
        parts = urlsplit(address.strip(_AROUND))
        query = parse_qsl(parts.query)
        password = parts.password or ""
    except ValueError:
        return set()
    return {password, *(value for name, value in query if name != "api-version")}


@lru_cache(maxsize=16)
def _pattern(secrets: frozenset[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets for form in (secret, *_encoded(secret))}
    if not forms:
        return None
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile("|".join("".join(map(_spelled, form)) for form in longest_first))


def _encoded(secret: str) -> set[str]:
    """A secret in base64 and hexadecimal, also inside something longer, such as `user:key`."""
    raw = secret.encode("utf-8", "surrogateescape")
    forms = {raw.hex(), raw.hex().upper()}
    for offset in range(3):  # base64 writes three bytes as four characters
        text = base64.b64encode(bytes(offset) + raw).decode()
        first = -(-offset * 8 // 6)  # what comes before has a part in the characters up to here
        whole = text[first : (offset + len(raw)) * 8 // 6]
        forms |= {whole, whole.translate(str.maketrans("+/", "-_"))}
    return {form for form in forms if len(form) > _SHORT}


def _spelled(character: str) -> str:
    """A pattern for one character: as it is, or escaped as in a URL, a repr, JSON or HTML."""
    raw = character.encode("utf-8", "surrogateescape")
    escaped = {
        character,
        repr(character)[1:-1],
        json.dumps(character)[1:-1],
        html.escape(character),
    }
    forms = [re.escape(form) for form in sorted(escaped, key=len, reverse=True)]
    forms += ["".join(f"%(?i:{byte:02x})" for byte in raw), rf"\\u(?i:{ord(character):04x})"]
    forms += [r"\+"] if character == " " else []
    before = r"\\*" if character in "'\"\\" else ""  # a repr in a repr escapes the escapes
    return f"{before}(?:{'|'.join(forms)})"
