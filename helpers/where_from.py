"""What start() says: where answers come from, and which models are asked."""

from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

from .endpoints import hint
from .replay import Recording
from .settings import Settings
from .variables import MODEL, RECORDED_MODELS


def replay_message(recordings: Sequence[Recording]) -> str:
    """The line about recordings, short enough for a page."""
    origins = Counter(recording.origin for recording in recordings)
    count = " and ".join(f"{origins[origin]} {origin}" for origin in sorted(origins))
    bodies = [recording.request.body for recording in recordings]
    asked = {body.get("model") for body in bodies if isinstance(body, dict)}
    models = [name for name in RECORDED_MODELS.values() if name in asked]
    answers = "answer" if len(recordings) == 1 else "answers"
    return f"Replay: {count} {answers}, nothing is sent. Models: {', '.join(models) or 'none'}."


def live_message(settings: Settings) -> str:
    """The line about an endpoint; a further one where a program has to know something of it."""
    azure, v1 = settings.azure, settings.v1
    host, models = _host(azure.endpoint), ", ".join(azure.models)
    line = f"{settings.mode.title()}: answers come from {host}. Models: {models}."
    if azure.model == RECORDED_MODELS[MODEL]:
        line += f" (Set {MODEL} to the name of your deployment.)"
    own_v1 = f"OpenAI v1: from {_host(v1.endpoint)}. Models: {', '.join(v1.models)}."
    further = [own_v1 if settings.own_v1 else "", hint(azure.endpoint)]
    return "\n".join(filter(None, [line, *further]))


def _host(endpoint: str) -> str:
    return urlsplit(endpoint).hostname or endpoint
