"""Whose computer and account it is: the names that no file may hold."""

import getpass
import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from helpers.endpoints import DEPLOYMENT, base_path

from .scrub import PUBLIC, Scrubber
from .target import AZURE_HOSTS, Target
from .words import ordinary_words

_OURS = ("AZURE_", "OPENAI_")
_KEY_NAMES = re.compile(r"KEY|CREDENTIAL|SECRET|PASSWORD|TOKEN")
_NO_SECRETS = re.compile(r"MODEL|DEPLOYMENT|ENDPOINT|BASE_URL|VERSION|AZURE_TOKEN_CREDENTIALS")
_VARIABLES = (
    *("USER", "LOGNAME", "USERNAME", "SUDO_USER", "USERDOMAIN", "COMPUTERNAME", "HOSTNAME"),
    *("HOME", "USERPROFILE"),
)


def scrubber(target: Target, notebooks: Path) -> Scrubber:
    """The scrubber for what this account records on this computer.

    Args:
        target: whose endpoints and keys are secret.
        notebooks: the folder whose words are none.
    """
    given = {**target.settings.file, **os.environ}
    ours = {name: value for name, value in given.items() if name.startswith(_OURS) and value}
    ours = {name: value for name, value in ours.items() if not _NO_SECRETS.search(name)}
    keys = target.keys | {value for name, value in ours.items() if _KEY_NAMES.search(name)}
    hosts = {urlsplit(endpoint).hostname or "" for endpoint in target.endpoints} - {""}
    names = {*owner_names(os.environ), str(notebooks.resolve().parent), *ours.values()}
    names |= {part for host in hosts for part in _parts(host)}
    names |= {part for endpoint in target.endpoints for part in _segments(endpoint)}
    return Scrubber(keys, names, hosts, ordinary_words(notebooks))


def owner_names(environment: Mapping[str, str]) -> set[str]:
    """The names of account, computer and home folder. What the system does not know is left out."""
    found = [environment.get(name, "") for name in _VARIABLES]
    asked: tuple[Callable[[], str], ...] = (
        getpass.getuser,
        socket.gethostname,
        lambda: str(Path.home()),
        _account,
    )
    for ask in asked:
        try:
            found.append(ask())
        except (KeyError, OSError, ImportError, RuntimeError):  # a uid without a passwd entry
            continue
    return {name for text in found for name in _names_in(text)}


def _account() -> str:
    import pwd  # not on Windows

    return pwd.getpwuid(os.getuid()).pw_name


def _names_in(text: str) -> Iterable[str]:
    """A name, the last part of a folder's path, the first label of a computer's full name."""
    return {text, Path(text).name, text.partition(".")[0]} - {"", "/"}


def _segments(endpoint: str) -> Iterable[str]:
    """The parts of an endpoint's path: a gateway's may name an account. A deployment is no secret.

    Ordinary words among them, such as `models`, are no secrets either.
    """
    path = re.sub(DEPLOYMENT, "", base_path(endpoint))
    return {form for part in path.split("/") for form in (part, unquote(part))} - {""}


def _parts(host: str) -> Iterable[str]:
    """The parts of a host's name that may be an organization's or a resource's own."""
    if re.fullmatch(r"[\d.:]+", host) or PUBLIC.fullmatch(host):
        return ()
    for suffix in AZURE_HOSTS:
        if host.endswith(suffix):
            return {host.removesuffix(suffix)}
    labels = host.split(".")
    return {*labels[:-1], ".".join(labels[-2:])}
