"""The environment during a session: what a session provides goes in, what would get in its way stays out, and all of
it is put back when the session ends."""

import os
from collections.abc import Mapping
from contextlib import ExitStack

from .settings import Settings

# What reaches an HTTP library from outside: proxies, certificate files, key logs, sign-in endpoints.
_FROM_OUTSIDE = {
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy", "wss_proxy"),
    *("requests_ca_bundle", "curl_ca_bundle", "ssl_cert_file", "ssl_cert_dir", "sslkeylogfile"),
    *("identity_endpoint", "identity_header", "imds_endpoint", "msi_endpoint", "msi_secret"),
}
_NO_PASSWORDS = {"NETRC": ""}  # set to no file, or libraries look for one in the home folder
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def enter_session(undo: ExitStack, settings: Settings) -> None:
    """Change the environment for a session, until `undo` is closed."""
    wanted = settings.variables()
    if settings.mode == "replay":
        hidden = {name for name in os.environ if _gets_in(name)}
        wanted |= _NO_PASSWORDS
    else:
        # A key of another account must not meet the address that was derived from the old SDK's.
        hidden = {name for name in os.environ if name.startswith("OPENAI_")}
        wanted = {**{name: value for name, value in wanted.items() if name not in os.environ}, **_ours(wanted)}
        wanted |= _around_proxies()
    _change(undo, {**dict.fromkeys(hidden - set(wanted)), **wanted})


def _gets_in(name: str) -> bool:
    return name.lower() in _FROM_OUTSIDE or name.startswith(("AZURE_", "OPENAI_"))


def _ours(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a session decides, whatever the environment says: the two triples."""
    ours = ("AZURE_INFERENCE_", "OPENAI_")
    return {name: value for name, value in variables.items() if name.startswith(ours)}


def _around_proxies() -> dict[str, str]:
    """`no_proxy` in both spellings, with this computer in it: a proxy cannot reach a server of your own."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = [host.strip() for host in given.split(",") if host.strip()]
    value = ",".join([*hosts, *(host for host in _LOOPBACK if host not in hosts)])
    return {"no_proxy": value, "NO_PROXY": value}


def _change(undo: ExitStack, variables: Mapping[str, str | None]) -> None:
    before = {name: os.environ.get(name) for name in variables}

    def put(values: Mapping[str, str | None]) -> None:
        for name, value in values.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    put(variables)
    undo.callback(put, before)
