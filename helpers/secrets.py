"""Keys never show: every spelling of a key is taken out of what is printed or kept."""

import base64
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SHORTEST = 4  # characters; "any word" for a local server may be shorter, and is no secret
HIDDEN = "(key)"


def spellings(secret: str) -> set[str]:
    """How a secret may be written: as it is, in a URL, in base64, with escapes."""
    raw = secret.encode()
    encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    encoded |= {text.rstrip("=") for text in encoded}
    return {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1], *encoded}


def without_keys(text: str, keys: Iterable[str]) -> str:
    """A text with each key, in whatever spelling, replaced by `(key)`."""
    found = {form for key in keys if len(key) >= SHORTEST for form in spellings(key)}
    for form in sorted(found, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text
