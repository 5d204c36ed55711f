"""The course's settings, from the environment and the file `.env`: mode, endpoint, key and models.

Two triples belong together: `AZURE_INFERENCE_ENDPOINT`, `_CREDENTIAL` and `_MODEL` for the old SDK,
and `OPENAI_BASE_URL`, `OPENAI_API_KEY` and `OPENAI_MODEL`, which the package `openai` reads. A key
of the one is never paired with an address of the other that the learner has not written.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from .connection import Connection
from .endpoints import v1_address
from .replay.errors import CourseError
from .secrets import without_secrets
from .setting_values import RESTART, check_address, check_key, check_model
from .variables import (
    ENDPOINT,
    KEY,
    MODE,
    MODELS,
    PACE,
    RECORDED_MODELS,
    REPLAY_ENDPOINT,
    REPLAY_IDENTITY,
    REPLAY_KEY,
    V1_ENDPOINT,
    V1_KEY,
    V1_MODELS,
    read_variables,
)

Mode = Literal["replay", "live", "record"]


@dataclass(frozen=True)
class Settings:
    """What `start` works with: where the old SDK and `openai` send to, the mode, and the pace.

    Attributes:
        own_v1: the learner wrote the v1 address; else it was derived from the old SDK's.
        file: the variables of the file `.env`, such as tell Entra ID who you are.
    """

    mode: Mode
    azure: Connection
    v1: Connection
    own_v1: bool = False
    pace: float = 1.0
    file: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(cls, file: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment, which wins, and the file `.env`.

        Args:
            file: what the file holds, if it has been read already.

        Raises:
            CourseError: settings that cannot work; the message names the remedy, never a key.
        """
        if sys.flags.optimize > 1:
            raise CourseError(
                "Python runs without docstrings here, which models read as descriptions of tools: "
                f"PYTHONOPTIMIZE is 2, or the option -OO is given. Take it away; {RESTART}."
            )
        file, environment = read_variables(file)
        given = {**file, **environment}
        if V1_KEY in file and V1_ENDPOINT in file and V1_ENDPOINT not in environment:
            given[V1_KEY] = file[V1_KEY]  # an address in the file goes with the key beside it
        pace = given.get(PACE, "1")
        if not re.fullmatch(r"[0-9]*\.?[0-9]+", pace):
            raise CourseError(f"{PACE} is no number. Set it to 0 (no waiting) or more; {RESTART}.")
        mode = given.get(MODE, "").lower()
        if mode not in ("", "replay", "live", "record"):
            raise CourseError(f"{MODE} is {mode!r}. Set it to replay or live; {RESTART}.")
        endpoint, key = given.get(ENDPOINT, ""), given.get(KEY, "")
        if mode == "replay" or not (endpoint or key or mode):
            return replay_settings(float(pace))
        _require_both(endpoint, key, mode)
        try:
            check_key(key, KEY)
            check_address(endpoint, ENDPOINT)
            azure = Connection(endpoint, key, *_models(given, MODELS, RECORDED_MODELS[MODELS[0]]))
            v1 = _own_v1(given, azure)
        except CourseError as error:
            raise CourseError(without_secrets(str(error), {key, given.get(V1_KEY, "")})) from None
        return cls(
            mode="record" if mode == "record" else "live",
            azure=azure,
            v1=v1 or replace(azure, endpoint=v1_address(endpoint)),
            own_v1=v1 is not None,
            pace=float(pace),
            file=file,
        )

    def variables(self) -> dict[str, str]:
        """The environment variables that a session provides, by name."""
        if self.mode == "replay":
            provided = dict(REPLAY_IDENTITY)
        else:  # what belongs to another OpenAI account stays away from a derived address
            own = self.own_v1
            provided = {n: v for n, v in self.file.items() if own or not n.startswith("OPENAI_")}
        provided |= dict(zip((ENDPOINT, KEY), (self.azure.endpoint, self.azure.key), strict=True))
        provided |= dict(zip((V1_ENDPOINT, V1_KEY), (self.v1.endpoint, self.v1.key), strict=True))
        provided |= dict(zip(MODELS, self.azure.roles, strict=True))
        return provided | dict(zip(V1_MODELS, self.v1.roles, strict=True))


def replay_settings(pace: float = 1.0) -> Settings:
    """The settings of replay, whatever the environment says."""
    azure = Connection(REPLAY_ENDPOINT, REPLAY_KEY, *RECORDED_MODELS.values())
    v1 = replace(azure, endpoint=v1_address(REPLAY_ENDPOINT))
    return Settings("replay", azure, v1, pace=pace)


def _models(given: Mapping[str, str], names: tuple[str, ...], default: str) -> list[str]:
    """The models' names, in the order of `names`; all but the first fall back to the first."""
    for name in names:
        check_model(given.get(name, ""), name)
    first = given.get(names[0], "") or default
    return [first, *(given.get(name, "") or first for name in names[1:])]


def _require_both(endpoint: str, key: str, mode: str) -> None:
    if endpoint and key:
        return
    if endpoint or key:
        present, absent = (ENDPOINT, KEY) if endpoint else (KEY, ENDPOINT)
        raise CourseError(
            f"{present} is set but {absent} is not. "
            f"Set both to go live, or neither to replay; {RESTART}."
        )
    if mode == "record":
        raise CourseError(f"make record needs {ENDPOINT} and {KEY}, which are not set.")
    raise CourseError(
        f"{MODE}={mode} is set but {ENDPOINT} and {KEY} are not. "
        f"Set both to go live, or {MODE}=replay; {RESTART}."
    )


def _own_v1(given: Mapping[str, str], azure: Connection) -> Connection | None:
    """The v1 address that the learner wrote, with its own key; None where none is written."""
    address, key = given.get(V1_ENDPOINT, ""), given.get(V1_KEY, "")
    if not address:
        return None
    if not key:
        raise CourseError(
            f"{V1_ENDPOINT} is set but {V1_KEY} is not. Set both, or neither to use the address "
            f"and key of {ENDPOINT}; {RESTART}."
        )
    check_key(key, V1_KEY)
    check_address(address, V1_ENDPOINT)
    return Connection(address, key, *_models(given, V1_MODELS, azure.model))
