"""The environment during a session: what it provides goes in, what would get in its way stays out.

All of it is put back when the session ends.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from urllib.parse import urlsplit

from .replay.network_guard import is_loopback
from .settings import Settings

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy")
# What reaches an HTTP library from outside: proxies, certificate files, key logs, sign-in.
_FROM_OUTSIDE = {
    *_PROXIES,
    *("no_proxy", "requests_ca_bundle", "curl_ca_bundle", "ssl_cert_file", "ssl_cert_dir"),
    "sslkeylogfile",
    *("identity_endpoint", "identity_header", "imds_endpoint", "msi_endpoint", "msi_secret"),
}
_NO_PASSWORDS = {"NETRC": ""}  # set to no file, or libraries look for one in the home folder
_DECIDED = ("AZURE_INFERENCE_", "OPENAI_")  # what a session decides, whatever the environment says
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def enter_session(undo: ExitStack, settings: Settings) -> None:
    """Change the environment for a session, until `undo` is closed."""
    provided = settings.variables()
    if settings.mode == "replay":
        hidden = {name for name in os.environ if _gets_in(name)}
        host = urlsplit(settings.azure.endpoint).hostname or ""
        # For a host that is named here, requests does not look for proxies in all variables, twice.
        provided |= {**_NO_PASSWORDS, "no_proxy": host, "NO_PROXY": host}
    else:
        # A key of another account must not meet the address that was derived from the old SDK's.
        foreign = () if settings.own_v1 else ("OPENAI_",)
        hidden = {name for name in os.environ if name.startswith(foreign)}
        provided = {
            name: value
            for name, value in provided.items()
            if name not in os.environ or name.startswith(_DECIDED)
        }
        provided |= _around_proxies({**provided, **os.environ}, settings)
    _change(undo, {**dict.fromkeys(hidden - set(provided)), **provided})


def _gets_in(name: str) -> bool:
    return name.lower() in _FROM_OUTSIDE or name.startswith(("AZURE_", "OPENAI_"))


def _around_proxies(environment: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """`no_proxy` with this computer in it: a proxy cannot reach a server of your own.

    Where neither a proxy is set nor a server of your own, the variable stays as it is: setting it
    hides the proxies that Windows and macOS have in their own settings.
    """
    own = _own_hosts((settings.azure.endpoint, settings.v1.endpoint))
    if not own and not any(environment.get(name, "") for name in _spelled(_PROXIES)):
        return {}
    given = next(filter(None, map(environment.get, _spelled(["no_proxy"]))), "")
    hosts = [host.strip() for host in given.split(",") if host.strip()]
    names = dict.fromkeys([*hosts, *_LOOPBACK, *own])
    value = "*" if "*" in hosts else ",".join(names)  # beside other names, "*" means nothing
    return {"no_proxy": value, "NO_PROXY": value}


def _own_hosts(endpoints: Iterable[str]) -> list[str]:
    hosts = [urlsplit(endpoint).hostname or "" for endpoint in endpoints]
    return [host for host in hosts if is_loopback(host)]


def _spelled(names: Iterable[str]) -> list[str]:
    return [spelling for name in names for spelling in (name, name.upper())]


def _change(undo: ExitStack, variables: Mapping[str, str | None]) -> None:
    """Set variables, or with None unset them; undoing leaves what a cell has set since."""
    before = {name: os.environ.get(name) for name in variables}

    def put_back() -> None:
        unchanged = [name for name in variables if os.environ.get(name) == variables[name]]
        _put({name: before[name] for name in unchanged})

    _put(variables)
    undo.callback(put_back)


def _put(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
