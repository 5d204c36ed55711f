"""The course's settings, from the environment and the file `.env`: mode, endpoint, key and models.

Two triples belong together: `AZURE_INFERENCE_ENDPOINT`, `_CREDENTIAL` and `_MODEL` for the old SDK, and
`OPENAI_BASE_URL`, `OPENAI_API_KEY` and `OPENAI_MODEL`, which the package `openai` reads. A key of the one is never
paired with an address of the other that the learner has not written.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from .dotenv_file import read_dotenv
from .endpoints import v1_address
from .replay.errors import CourseError
from .replay.network_guard import is_loopback

Mode = Literal["replay", "live", "record"]
ENDPOINT, KEY, MODEL = "AZURE_INFERENCE_ENDPOINT", "AZURE_INFERENCE_CREDENTIAL", "AZURE_INFERENCE_MODEL"
SECOND_MODEL, VISION_MODEL = "AZURE_INFERENCE_SECOND_MODEL", "AZURE_INFERENCE_VISION_MODEL"
V1_ENDPOINT, V1_KEY, V1_MODEL = "OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"
V1_SECOND_MODEL, V1_VISION_MODEL = "OPENAI_SECOND_MODEL", "OPENAI_VISION_MODEL"
MODE, PACE = "HELPERS_MODE", "HELPERS_PACE"
RESTART = "then restart the kernel"

# What replay provides: the models that recordings name, and a host that can never resolve (RFC 2606).
REPLAY_ENDPOINT, REPLAY_KEY = "https://replay.invalid/models", "no-key-in-replay"
RECORDED_MODELS = {
    MODEL: "mistral-large-2407",
    SECOND_MODEL: "gpt-4o-mini",
    VISION_MODEL: "phi-3.5-vision-instruct",
}
REPLAY_IDENTITY = {
    "AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000000",
    "AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000000",
    "AZURE_CLIENT_SECRET": "no-secret-in-replay",
}


@dataclass(frozen=True)
class Connection:
    """An endpoint, its key, and the models to ask there. The key is left out of what is printed."""

    endpoint: str
    key: str = field(repr=False)
    model: str
    second_model: str
    vision_model: str

    @property
    def models(self) -> list[str]:
        """The models' names, each once."""
        return list(dict.fromkeys((self.model, self.second_model, self.vision_model)))


@dataclass(frozen=True)
class Settings:
    """What `start` works with: where the old SDK and the package `openai` send to, the mode, and the pace.

    `file` has the variables of the file `.env`, among them such as tell Entra ID who you are.
    """

    mode: Mode
    azure: Connection
    v1: Connection
    pace: float = 1.0
    file: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the environment, which wins, and the file `.env`.

        Raises:
            CourseError: settings that cannot work; the message names the remedy, and never shows a key.
        """
        file = {} if os.environ.get(MODE, "").strip() == "replay" else read_dotenv()
        given = {name: _stripped(value) for name, value in {**file, **_environment()}.items()}
        pace = given.get(PACE) or "1"
        if not re.fullmatch(r"\d*\.?\d+", pace):
            raise CourseError(f"{PACE} is {pace!r}. Set it to a number (0: no waiting), or leave it out.")
        wanted = given.get(MODE, "")
        if wanted not in ("", "replay", "live", "record"):
            raise CourseError(f"{MODE} is {wanted!r}. Set it to replay or live, or leave it out.")
        if wanted == "replay":
            return replay_settings(float(pace))
        endpoint = "" if given.get(ENDPOINT) == REPLAY_ENDPOINT else given.get(ENDPOINT, "")
        key = "" if given.get(KEY) == REPLAY_KEY else given.get(KEY, "")
        if not (endpoint or key or wanted):
            return replay_settings(float(pace))
        _require_both(endpoint, key, (ENDPOINT, KEY), f"{MODE}={wanted}")
        azure = _connection(endpoint, key, (ENDPOINT, KEY), given, (MODEL, SECOND_MODEL, VISION_MODEL))
        v1 = _v1_connection(azure, given)
        mode: Mode = "record" if wanted == "record" else "live"
        return cls(mode, azure, v1, float(pace), file)

    @property
    def keys(self) -> set[str]:
        """The keys that no output may hold."""
        return {self.azure.key, self.v1.key} if self.mode != "replay" else set()

    def variables(self) -> dict[str, str]:
        """The environment variables that a session provides, by name."""
        provided = {} if self.mode == "replay" else dict(self.file)
        provided |= REPLAY_IDENTITY if self.mode == "replay" else {}
        for connection, names in (
            (self.azure, (ENDPOINT, KEY, MODEL, SECOND_MODEL, VISION_MODEL)),
            (self.v1, (V1_ENDPOINT, V1_KEY, V1_MODEL, V1_SECOND_MODEL, V1_VISION_MODEL)),
        ):
            models = (connection.model, connection.second_model, connection.vision_model)
            provided |= dict(zip(names, (connection.endpoint, connection.key, *models), strict=True))
        return provided


def replay_settings(pace: float = 1.0) -> Settings:
    """The settings of replay, whatever the environment says."""
    azure = Connection(REPLAY_ENDPOINT, REPLAY_KEY, *RECORDED_MODELS.values())
    v1 = Connection(v1_address(REPLAY_ENDPOINT), REPLAY_KEY, *RECORDED_MODELS.values())
    return Settings("replay", azure, v1, pace)


def _environment() -> dict[str, str]:
    ours = ("AZURE_", "OPENAI_", "HELPERS_")
    return {name: value for name, value in os.environ.items() if value and name.startswith(ours)}


def _stripped(value: str) -> str:
    """A value without the blanks, line ends and quotes that shells and editors leave around it."""
    value = value.strip()
    return value[1:-1].strip() if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _require_both(endpoint: str, key: str, names: tuple[str, str], otherwise: str) -> None:
    values = dict(zip(names, (endpoint, key), strict=True))
    given = " and ".join(name for name, value in values.items() if value)
    absent = " and ".join(name for name, value in values.items() if not value)
    if absent:
        what = f"{given or otherwise} is set but {absent} is not"
        raise CourseError(f"{what}. Set both to go live, or neither to replay; {RESTART}.")


def _connection(
    endpoint: str,
    key: str,
    names: tuple[str, str],
    given: Mapping[str, str],
    models: tuple[str, str, str],
) -> Connection:
    _check_key(key, names[1])
    _check_address(endpoint, names[0])
    model = given.get(models[0]) or RECORDED_MODELS[MODEL]
    return Connection(endpoint, key, model, given.get(models[1]) or model, given.get(models[2]) or model)


def _v1_connection(azure: Connection, given: Mapping[str, str]) -> Connection:
    """The v1 address that the learner wrote, with its own key; else the one that belongs to the old SDK's."""
    address = given.get(V1_ENDPOINT, "")
    if not address or address == v1_address(REPLAY_ENDPOINT):
        return Connection(v1_address(azure.endpoint), azure.key, azure.model, azure.second_model, azure.vision_model)
    key = given.get(V1_KEY, "")
    if not key:
        raise CourseError(
            f"{V1_ENDPOINT} is set but {V1_KEY} is not. Set both, or neither to use the address and key of {ENDPOINT}; "
            f"{RESTART}."
        )
    return _connection(
        address,
        key,
        (V1_ENDPOINT, V1_KEY),
        {V1_MODEL: azure.model, **{name: value for name, value in given.items() if value}},
        (V1_MODEL, V1_SECOND_MODEL, V1_VISION_MODEL),
    )


def _check_key(key: str, name: str) -> None:
    """Refuse a key that no header can hold. The message never shows it."""
    if "://" in key:
        raise CourseError(f"{name} is an address, not a key. Set it to the key alone; {RESTART}.")
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise CourseError(
            f"{name} holds a blank, a line end or a sign that no key has. Copy the key again, alone; {RESTART}."
        )


def _check_address(address: str, name: str) -> None:
    """Refuse an address that is not the form that clients need, and name the right one."""
    if not re.search(r"[./:]", address) and address != "localhost":
        raise CourseError(f"{name} is no address. Is it the key? Set it to https://<host>/<path>; {RESTART}.")
    if re.search(r"[\x00-\x20\x7f]", address):
        raise CourseError(f"{name} holds a blank or a line end. Copy the address again; {RESTART}.")
    scheme, separator, rest = address.partition("://")
    secure = scheme.lower() != "http" if separator else not is_loopback(_host(address))
    try:
        parts = urlsplit(f"{'https' if secure else 'http'}://{rest if separator else address}")
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise CourseError(f"{name} is no address: its host or port cannot be read. {RESTART.capitalize()}.") from None
    if not valid or "@" in parts.netloc:
        raise CourseError(f"{name} needs a host, and no user or password. Set it to https://<host>/<path>; {RESTART}.")
    path = re.sub(r"(/chat/completions)?/*$", "", re.sub(r"/*$", "", parts.path))
    right = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    if address != right:
        form = (
            "It begins with https://, or http:// on your own computer, has no query (api-version), "
            "and no slash or /chat/completions at its end"
        )
        raise CourseError(f"{name} is not the form that clients need. {form}. Set it to {right} and restart the kernel.")


def _host(address: str) -> str:
    try:
        return urlsplit(f"//{address}").hostname or ""
    except ValueError:
        return ""
