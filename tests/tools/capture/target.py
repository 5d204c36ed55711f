"""Your endpoint: where a notebook's requests go, with which key, for which model.

A notebook that is recorded never has your address, your key or the names of your deployments. It
has the proxy's address and key, and names models as recordings do.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from helpers.endpoints import address_to_send_to, base_path
from helpers.replay import HttpRequest
from helpers.replay.matching import parse_body
from helpers.replay.network_guard import is_loopback
from helpers.settings import Connection, Settings, replay_settings

PROXY_KEY = "key-of-the-proxy"
MODELS, V1 = "/models", "/openai/v1"  # the proxy's base paths, one for each client
SENT_ON = ("content-type", "accept", "extra-parameters")  # headers that the service may see
_PROXIES = ("no_proxy", "NO_PROXY")
AZURE_HOSTS = (".services.ai.azure.com", ".openai.azure.com", ".cognitiveservices.azure.com")


@dataclass(frozen=True)
class Target:
    """The endpoints that are recorded, and the day."""

    settings: Settings
    day: datetime

    @classmethod
    def from_environment(cls) -> "Target":
        """Read environment and `.env`. Raises CourseError for settings that cannot work."""
        os.environ["HELPERS_MODE"] = "record"
        return cls(Settings.from_environment(), datetime.now(UTC))

    @property
    def keys(self) -> set[str]:
        """Keys that nothing may show."""
        return {self.settings.azure.key, self.settings.v1.key}

    @property
    def endpoints(self) -> list[str]:
        """The addresses, each once."""
        return list(dict.fromkeys((self.settings.azure.endpoint, self.settings.v1.endpoint)))

    def outgoing(self, request: HttpRequest) -> HttpRequest:
        """A notebook's request as your endpoint gets it: its address, your key, your model."""
        parts = urlsplit(request.url)
        base, connection = self._connection(parts.path)
        path = self._with_own_model_in_path(parts.path, connection)
        upstream = urlsplit(connection.endpoint)
        if base:
            path = base_path(connection.endpoint) + path[len(base) :]
        url = urlunsplit((upstream.scheme, upstream.netloc, path, parts.query, ""))
        headers = {name: request.headers[name] for name in SENT_ON if name in request.headers}
        headers["accept-encoding"] = "identity"
        if given := given_key(request.headers):
            key = connection.key if given == PROXY_KEY else given
            headers |= {"api-key": key, "authorization": f"Bearer {key}"}
        body = self._with_own_model(request.body, connection)
        return HttpRequest(request.method, address_to_send_to(url), headers, body)

    def after(self, path: str, model: object) -> str:
        """What a captured recording says of where it comes from.

        Args:
            path: of the notebook's request, as the proxy got it.
            model: the model that the request names, as recordings do.
        """
        _, connection = self._connection(path)
        own = _own_models(connection).get(model, model) if isinstance(model, str) else None
        kind = kind_of(connection.endpoint)
        article = "an" if kind[0] in "AO" else "a"
        day = f"{self.day.day} {self.day:%B %Y}"
        return f"{own or 'no model'} on {article} {kind}, {day}"

    def _connection(self, path: str) -> tuple[str, Connection]:
        """The base path of a request at the proxy, "" where it has none; and whose it is."""
        for base, connection in ((V1, self.settings.v1), (MODELS, self.settings.azure)):
            if path.startswith(f"{base}/"):
                return base, connection
        return "", self.settings.azure

    def _with_own_model(self, body: bytes, connection: Connection) -> bytes:
        data = parse_body(body) if body.lstrip().startswith(b"{") else None
        own = _own_models(connection)
        if not isinstance(data, dict) or data.get("model") not in own:
            return body
        return json.dumps({**data, "model": own[data["model"]]}).encode()

    def _with_own_model_in_path(self, path: str, connection: Connection) -> str:
        parent, _, name = path.rpartition("/")
        own = _own_models(connection).get(unquote(name))
        return f"{parent}/{quote(own, safe='')}" if own else path


def kernel_environment(proxy: str) -> dict[str, str]:
    """The settings of a notebook that is recorded. Nothing in them is yours.

    Args:
        proxy: the proxy's address, without a path.
    """
    recorded = replay_settings().azure
    provided = {"NETRC": os.devnull, "HELPERS_MODE": "record", "HELPERS_PACE": "0"}
    for prefix, address, endpoint, key in (
        ("AZURE_INFERENCE", f"{proxy}{MODELS}", "ENDPOINT", "CREDENTIAL"),
        ("OPENAI", f"{proxy}{V1}", "BASE_URL", "API_KEY"),
    ):
        provided |= {f"{prefix}_{endpoint}": address, f"{prefix}_{key}": PROXY_KEY}
        provided[f"{prefix}_MODEL"] = recorded.model
        provided[f"{prefix}_SECOND_MODEL"] = recorded.second_model
        provided[f"{prefix}_VISION_MODEL"] = recorded.vision_model
        provided[f"{prefix}_REASONING_MODEL"] = recorded.reasoning_model
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    around = ",".join(filter(None, (given, "localhost,127.0.0.1,::1")))
    return {**provided, **dict.fromkeys(_PROXIES, around)}


def kind_of(endpoint: str) -> str:
    """What sort of endpoint an address is, in words. Its host is not in them."""
    host, path = urlsplit(endpoint).hostname or "", base_path(endpoint)
    if is_loopback(host):
        return "local server"
    if not host.endswith(AZURE_HOSTS):
        return "OpenAI-compatible server"
    if path.endswith(MODELS):
        return "Azure AI model inference endpoint"
    if "/openai/deployments/" in path:
        return "Azure OpenAI deployment"
    return "OpenAI v1 endpoint on Azure"


def _own_models(connection: Connection) -> dict[str, str]:
    """Your model for each that recordings name."""
    recorded = replay_settings().azure
    return {
        recorded.model: connection.model,
        recorded.second_model: connection.second_model,
        recorded.vision_model: connection.vision_model,
        recorded.reasoning_model: connection.reasoning_model,
    }


def given_key(headers: Mapping[str, str]) -> str:
    """The key that a request brings, "" where it brings none."""
    bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
    return headers.get("api-key") or bearer
