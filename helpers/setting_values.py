"""The value of one setting: cleaned, and checked. Each wrong value has its message here."""

import re
from urllib.parse import urlsplit, urlunsplit

from .endpoints import AZURE_HOSTS, V1
from .replay.errors import CourseError
from .replay.network_guard import is_loopback

RESTART = "then restart the kernel"
_FORM = (
    "It begins with https://, or http:// on your own computer, has no query (api-version), "
    "and no slash, /chat/completions or /responses at its end"
)


def cleaned(value: str) -> str:
    """A value without the blanks, line ends and quotes that shells and editors leave around it."""
    value = value.strip()
    while len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1].strip()
    return value


def check_key(key: str, name: str) -> None:
    """Refuse a key that no header can hold. The message never shows it.

    Raises:
        CourseError: `name` is the setting to put right.
    """
    if "://" in key:
        raise CourseError(f"{name} is an address, not a key. Set it to the key alone; {RESTART}.")
    if not re.fullmatch(r"[\x21-\x7e]+", key) or re.search(r"^[\"'`<]|[\"'`>,;]$", key):
        raise CourseError(
            f"{name} holds a blank, a line end or a sign that no key has. "
            f"Copy the key again, alone; {RESTART}."
        )


def check_model(model: str, name: str) -> None:
    """Refuse a key or an address in the place of a model's name. The message never shows it.

    Keys of Azure are 32 or 84 letters and digits; the name of a deployment has at most 64.

    Raises:
        CourseError: `name` is the setting to put right.
    """
    if "://" in model or re.fullmatch(r"[0-9a-fA-F]{32}|[0-9A-Za-z]{65,}", model):
        raise CourseError(
            f"{name} is a key or an address, not a name. "
            f"Set it to the name of your deployment; {RESTART}."
        )


def check_address(address: str, name: str) -> None:
    """Refuse an address that is not the form that clients need, and name the right one.

    The message shows neither a query nor a password, which may be secret.

    Raises:
        CourseError: `name` is the setting to put right.
    """
    if re.search(r"[\s\x00-\x20\x7f]", address) or not address.isprintable():
        raise CourseError(f"{name} holds a blank or a line end. Copy the address again; {RESTART}.")
    if re.search(r"[<>\"'`{}|^“”‘’]|[,;]$", address):
        raise CourseError(
            f"{name} holds a sign that no address has, such as < or a quote. "
            f"Set it to https://<host>/<path>, with your own host and path; {RESTART}."
        )
    scheme, rest = _scheme_and_rest(address)
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        # A colon without a port is left of a second scheme: https://https://…
        has_port = not parts.netloc.endswith(":") and (parts.port is None or parts.port > 0)
        valid = bool(parts.hostname) and has_port
    except ValueError:
        valid = False
        parts = urlsplit("")
    if not valid:
        raise CourseError(
            f"{name} is no address: its host or port cannot be read. "
            f"Set it to https://<host>/<path>; {RESTART}."
        )
    if "@" in parts.netloc:
        raise CourseError(
            f"{name} holds a user or a password, which no address may. "
            f"Set it to https://<host>/<path>, and the key to its own setting; {RESTART}."
        )
    if rest == address and not _looks_like_address(parts.hostname or "", rest):
        raise CourseError(
            f"{name} is no address. Is it the key? Set it to https://<host>/<path>; {RESTART}."
        )
    path = re.sub(r"(/chat/completions|/responses)?/*$", "", parts.path.rstrip("/"))
    if (parts.hostname or "").endswith(AZURE_HOSTS):  # a portal shows these addresses too
        path = re.sub(r"^/(api/projects/[^/]+|openai)$", V1, path)
    right = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    if address != right:
        raise CourseError(
            f"{name} is not the form that clients need. {_FORM}. "
            f"Set it to {right} and restart the kernel."
        )


def _scheme_and_rest(address: str) -> tuple[str, str]:
    """The right scheme for an address, and what follows the scheme that it has, if it has one."""
    written = re.match(r"([a-z][a-z0-9+.-]*):[/\\]{2}|(https?):[/\\]?", address, re.I)
    if written:
        secure = (written[1] or written[2]).lower() != "http"
        rest = address[written.end() :].replace("\\", "/")
    else:
        host = re.match(r"\[[^\]]*\]|[^:/]*", address)
        secure, rest = not (host and is_loopback(host[0])), address
    return ("https" if secure else "http"), rest


def _looks_like_address(host: str, text: str) -> bool:
    """Whether a text without a scheme is an address. A key may have dots and slashes as well."""
    if is_loopback(host) or host.endswith(AZURE_HOSTS):
        return True
    return "." in host and bool(re.search(r":\d+(/|$)|/", text))
