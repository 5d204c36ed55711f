"""The environment variables that are settings: names, what replay gives them, and reading them."""

import os
from collections.abc import Mapping

from .dotenv_file import read_dotenv
from .endpoints import v1_address
from .setting_values import cleaned

ENDPOINT, KEY = "AZURE_INFERENCE_ENDPOINT", "AZURE_INFERENCE_CREDENTIAL"
V1_ENDPOINT, V1_KEY = "OPENAI_BASE_URL", "OPENAI_API_KEY"
MODE, PACE = "HELPERS_MODE", "HELPERS_PACE"

MODEL = "AZURE_INFERENCE_MODEL"
SECOND_MODEL, VISION_MODEL = "AZURE_INFERENCE_SECOND_MODEL", "AZURE_INFERENCE_VISION_MODEL"
REASONING_MODEL = "AZURE_INFERENCE_REASONING_MODEL"
MODELS = (MODEL, SECOND_MODEL, VISION_MODEL, REASONING_MODEL)
V1_MODELS = (
    "OPENAI_MODEL",
    "OPENAI_SECOND_MODEL",
    "OPENAI_VISION_MODEL",
    "OPENAI_REASONING_MODEL",
)

# What replay provides: the models that recordings name, and a host that never resolves (RFC 2606).
REPLAY_ENDPOINT, REPLAY_KEY = "https://replay.invalid/models", "no-key-in-replay"
RECORDED_MODELS = {
    MODEL: "mistral-large-2407",
    SECOND_MODEL: "gpt-4o-mini",
    VISION_MODEL: "phi-3.5-vision-instruct",
    REASONING_MODEL: "gpt-5-mini",
}
REPLAY_IDENTITY = {
    "AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000000",
    "AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000000",
    "AZURE_CLIENT_SECRET": "no-secret-in-replay",
}


def read_variables(file: Mapping[str, str] | None) -> tuple[dict[str, str], dict[str, str]]:
    """The settings of the file `.env`, and those of the environment: cleaned, empty ones left out.

    The file is read unless it is given, and counts for nothing where the environment asks for
    replay. What an earlier session provided for replay is no setting. Raises CourseError if the
    file cannot be read.
    """
    ours = {name: value for name, value in os.environ.items() if _is_ours(name)}
    environment = _set(ours)
    if environment.get(MODE, "").lower() == "replay":
        return {}, environment
    return _set(read_dotenv() if file is None else file), environment


def _is_ours(name: str) -> bool:
    return name.startswith(("AZURE_", "OPENAI_", "HELPERS_"))


def _set(variables: Mapping[str, str]) -> dict[str, str]:
    provided = (REPLAY_ENDPOINT, v1_address(REPLAY_ENDPOINT), REPLAY_KEY)
    values = {name: cleaned(value) for name, value in variables.items()}
    return {name: value for name, value in values.items() if value and value not in provided}
