"""What Azure's endpoints answer by themselves: refusals and lists of models, for the replay server.

Refusals have the form that Microsoft documents or that was seen in public recordings.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .body_meaning import meaning
from .course_files import recording_files
from .endpoints import API_VERSION, MODELS, V1, reader, split_path
from .replay.http_request import HttpRequest
from .replay.recording import Answer, Recording, Request
from .replay.server_rules import Rules

OPENAI, DEPLOYMENTS = "/openai", "/openai/deployments/"
MODELS_VERSIONS = (API_VERSION, "2025-04-01-preview")  # the others get a 404 on /models
V1_VERSIONS = ("v1", "preview")  # documented, though none is needed
RESPONSES_VERSION = "2025-03-01-preview"  # the first that has the Responses API
CHAT, EMBEDDINGS, IMAGE_EMBEDDINGS = "/chat/completions", "/embeddings", "/images/embeddings"
_EMBEDDING_KEYS = frozenset(["input", "model", "dimensions", "encoding_format", "input_type"])
DOCUMENTED_KEYS = {  # of bodies on /models; any other key is an extra parameter
    CHAT: frozenset(
        ("messages", "model", "stream", "frequency_penalty", "max_tokens", "presence_penalty")
    ).union(("response_format", "seed", "stop", "temperature", "tool_choice", "tools", "top_p")),
    EMBEDDINGS: _EMBEDDING_KEYS,
    IMAGE_EMBEDDINGS: _EMBEDDING_KEYS,
}
CALL_KEYS = ("name", "arguments")  # of the function in a tool call that is sent back
CREATED = 1736389063  # seconds since 1970, as in the recordings
JSON = {"content-type": "application/json"}
_read = reader()


def read(http: HttpRequest) -> Request:
    """A request as recordings hold it.

    A deployment's name is its model; `extra-parameters: drop` leaves the extra parameters out.
    """
    request = _read(http)
    base, operation, _ = _place(http.url)
    body = request.body
    if not isinstance(body, dict):
        return request
    if base.startswith(DEPLOYMENTS):
        return replace(request, body={**body, "model": unquote(base.removeprefix(DEPLOYMENTS))})
    if base == MODELS and _extra_parameters(http) == "drop":
        extras = _extras(operation, body)
        return replace(request, body={k: v for k, v in body.items() if k not in extras})
    return request


def refuse(http: HttpRequest) -> Answer | None:
    """The refusal of a request that no model gets to see; None if it gets through."""
    base, operation, version = _place(http.url)
    if not base:
        return None  # such as signing in
    if not _has_key(http):
        message = "Access denied due to invalid subscription key or wrong API endpoint. "
        message += "Make sure to provide a valid key for an active subscription and use a "
        message += "correct regional API endpoint for your resource."
        return _error(401, "401", message)
    if refusal := _wrong_version(base, operation, version):
        return refusal
    return _wrong_body(http, base, operation) if http.method == "POST" else None


def otherwise(http: HttpRequest, recordings: Sequence[Recording]) -> Answer | None:
    """What an endpoint answers though nothing is recorded: models, and a strict model's 422."""
    request = read(http)
    if http.method == "POST" and request.path == MODELS + CHAT:
        return _unknown_keys_of_calls(request.body)
    if http.method not in ("GET", "HEAD"):
        return None
    names = models(recordings)
    if request.path == f"{MODELS}/info":
        info = {"model_name": names[0], "model_type": "chat-completion"} if names else {}
        return Answer(200, JSON, {**info, "model_provider_name": "replay"})
    entries = [
        {"id": name, "object": "model", "created": CREATED, "owned_by": "replay"} for name in names
    ]
    if request.path == f"{V1}/models":
        return Answer(200, JSON, {"object": "list", "data": entries})
    _, asked, name = request.path.partition(f"{V1}/models/")
    if not asked:
        return None
    found = [entry for entry in entries if entry["id"] == unquote(name)]
    if found:
        return Answer(200, JSON, found[0])
    return _error(404, "model_not_found", f"The model '{unquote(name)}' does not exist.")


def models(recordings: Sequence[Recording]) -> list[str]:
    """The models that recordings have answers of, the most frequent first.

    A model that is refused in a demonstration is none, nor is what an exercise makes up.
    """
    counts: dict[str, int] = {}
    for recording in recordings:
        body = recording.request.body
        model = body.get("model") if isinstance(body, dict) else None
        answered = recording.answers[-1].status == 200 and "exercise" not in recording.name
        if isinstance(model, str) and answered:
            counts[model] = counts.get(model, 0) + 1
    return sorted(counts, key=lambda model: -counts[model])


@lru_cache(maxsize=256)
def _place(url: str) -> tuple[str, str, str | None]:
    """The base path that a URL has, the operation behind it, and its `api-version`."""
    parts = urlsplit(url)
    versions = parse_qs(parts.query, keep_blank_values=True).get("api-version", [None])
    return *split_path(parts.path), versions[-1]


def _has_key(http: HttpRequest) -> bool:
    scheme, _, token = http.headers.get("authorization", "").strip().partition(" ")
    bearer = scheme.lower() == "bearer" and token.strip()
    return bool(http.headers.get("api-key", "").strip() or bearer)


def _wrong_version(base: str, operation: str, version: str | None) -> Answer | None:
    if base == V1 and version not in (None, *V1_VERSIONS):
        message = "api-version query parameter is not allowed when using /v1 path"
        return _error(400, "BadRequest", message)
    dated = base == OPENAI or base.startswith(DEPLOYMENTS)
    unknown_to_models = base == MODELS and version not in (None, *MODELS_VERSIONS)
    if unknown_to_models or (dated and version in (None, "", API_VERSION)):
        return _error(404, "404", "Resource not found")
    if dated and operation.startswith("/responses") and str(version) < RESPONSES_VERSION:
        message = "Azure OpenAI Responses API is enabled only for api-version "
        return _error(400, "BadRequest", f"{message}{RESPONSES_VERSION} and later")
    return None


def _wrong_body(http: HttpRequest, base: str, operation: str) -> Answer | None:
    if http.headers.get("content-type", "").startswith("multipart/"):
        return None  # a file, to a path that is not recorded
    try:
        body = _decode(http.body.decode("utf-8-sig"))
    except ValueError as error:  # bytes that are no UTF-8 raise one as well
        return _error(400, "BadRequest", f"The request body is not valid JSON: {error}")
    if not isinstance(body, dict):
        return _error(400, "BadRequest", "The request body is not a JSON object.")
    extras = _extras(operation, body) if base == MODELS else []
    if extras and _extra_parameters(http) not in ("pass-through", "drop"):
        detail = f"Extra parameters {extras} are not allowed when extra-parameters is not set or "
        detail += "set to be 'error'. Set extra-parameters to 'pass-through' to pass to the model."
        return Answer(400, JSON, {"detail": detail})
    return None


def _no_json(constant: str) -> None:
    """Raise ValueError: Python reads NaN and Infinity, but JSON has no such values."""
    raise ValueError(f"{constant} is no value of JSON")


_decode = json.JSONDecoder(parse_constant=_no_json).decode


def _extra_parameters(http: HttpRequest) -> str:
    return http.headers.get("extra-parameters", "").strip().lower()


def _extras(operation: str, body: dict[str, Any]) -> list[str]:
    documented = DOCUMENTED_KEYS.get(operation)
    return [] if documented is None else [key for key in body if key not in documented]


def _unknown_keys_of_calls(body: Any) -> Answer | None:
    """A strict model's 422 where a tool call is sent back with a key such as `call_id`."""
    refused = []
    messages = body.get("messages") if isinstance(body, dict) else None
    for number, message in enumerate(_dicts(messages)):
        for position, call in enumerate(_dicts(message.get("tool_calls"))):
            function = call.get("function")
            for key, value in function.items() if isinstance(function, dict) else ():
                if key not in CALL_KEYS:
                    place = ["body", "messages", number, "tool_calls", position, "function", key]
                    problem = "Extra inputs are not permitted"
                    entry = {"type": "extra_forbidden", "loc": place, "msg": problem}
                    refused.append({**entry, "input": value})
    if not refused:
        return None
    return _error(422, "Invalid input", json.dumps({"detail": refused}), status=422)


def _dicts(values: Any) -> list[dict[str, Any]]:
    """The items of a list, with an empty dict for each that is none."""
    items = values if isinstance(values, list) else []
    return [item if isinstance(item, dict) else {} for item in items]


def _error(http_status: int, code: str, message: str, **more: Any) -> Answer:
    message = message.encode("utf-8", "backslashreplace").decode()
    return Answer(http_status, JSON, {"error": {"code": code, "message": message, **more}})


rules = Rules(
    read=read,
    meaning=meaning,
    refuse=refuse,
    otherwise=otherwise,
    files=recording_files,
    unit="notebook",
    bases=(MODELS, "/v1", V1, f"{DEPLOYMENTS}<name>"),
)
