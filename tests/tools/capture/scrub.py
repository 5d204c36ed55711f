"""What counts as a secret: the one home of it. How it leaves a request or an answer: `clean`.

Secret are your keys in every spelling, the values of `AZURE_…` and `OPENAI_…`, your endpoint's
host and path, your account, your computer and your folders; and, whosever they are, e-mail
addresses, tokens, GUIDs, ids, IP addresses, paths below home folders, Azure resources and hosts in
URLs.
A name leaves as a whole word, never as part of one, and not if it is an ordinary word (`words`).
The same secret always becomes the same text, so that a conversation still fits together.

What cannot be promised: a name of less than four characters, or one that is an ordinary word,
stays where a model uses it. `helpers.secrets` says how long a key must be.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from helpers.replay.matching import PICTURE, picture
from helpers.secrets import without_secrets

from .words import SHORTEST

# A letter after `\n` or `\u00e9` begins a word: tool arguments are JSON inside a string.
_AFTER_ESCAPE = r"(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4})"
BEFORE, AFTER = rf"(?:(?<!\w)|{_AFTER_ESCAPE})", r"(?!\w)"
_ESCAPE = r"(?P<escape>\\[nrtbf])?"  # before what may begin with any letter: it stays
_E_MAIL = re.compile(rf"{_ESCAPE}[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TOKEN = re.compile(rf"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?|{BEFORE}sk-[\w-]{{8,}}")
_GUID = re.compile(
    rf"(?i){BEFORE}(?!0{{8}}-0{{4}}-)[0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}{AFTER}"
)
_HEX = re.compile(rf"(?i){BEFORE}[0-9a-f]{{32,}}{AFTER}")
_KINDS_OF_ID = r"resp|msg|rs|fc|ws|call|req|run|asst|thread|file"
_ID = re.compile(rf"{BEFORE}(?P<kind>{_KINDS_OF_ID})_[A-Za-z0-9]{{12,}}{AFTER}")
_IP = re.compile(rf"{BEFORE}(?!127\.|0\.0\.)(?:\d{{1,3}}\.){{3}}\d{{1,3}}{AFTER}")
_URL_HOST = re.compile(r"(?P<scheme>https?://)(?P<host>[^/\s\"'`)<>\\]+)")
_AZURE = r"azure\.com|azure-api\.net|azurewebsites\.net|windows\.net"
_AZURE_HOST = re.compile(rf"(?i){_ESCAPE}(?P<host>[\w-]+(?:\.[\w-]+)*\.(?:{_AZURE})){AFTER}")
_FOLDERS = r"home|Users|root|mnt|media|opt|srv|data|var|tmp|private|workspaces?"
_PATH = re.compile(
    rf"(?:(?<![\w.~/])|{_AFTER_ESCAPE})/(?:{_FOLDERS})/[^\s\"':\\]*"
    rf"|{BEFORE}[A-Za-z]:(?:\\+|/)(?:Users|Documents)\b[^\s\"']*"
)
_RESOURCE = re.compile(r"(?i)/subscriptions/[^\s\"'\\]+")
PUBLIC = re.compile(r"(?:.+\.)?(?:microsoft\.com|aka\.ms|openai\.com|mistral\.ai|example\.\w+)")
_IDENTIFIES = re.compile(
    r"(?i)(^|-)(id|session|organization|project|user|subscription|tenant|account|key)(-|$)"
)
_PICTURE_DATA = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]+")


class Scrubber:
    """Takes secrets out of requests and answers.

    Args:
        keys: never in a text, in whatever spelling.
        names: accounts, computers and other names: gone as whole words, in whatever case.
        hosts: of the endpoints, gone even where they are ordinary words.
        ordinary: words that are no secrets, in lower case.
    """

    def __init__(
        self,
        keys: Iterable[str],
        names: Iterable[str],
        hosts: Iterable[str] = (),
        ordinary: Iterable[str] = (),
    ):
        self._ordinary = frozenset(ordinary)
        self._keys = {key for key in keys if self._is_distinct(key)}
        self._names: set[str] = set()
        self._hosts = whole_words(hosts)
        self._aliases: dict[str, str] = {}
        self.learn(names)

    def learn(self, names: Iterable[str]) -> None:
        """Take these for secrets too, unless they are short, numbers or ordinary words."""
        self._names |= {name for name in names if self._is_distinct(name)}
        self._named = whole_words(self._names)

    def text(self, text: str) -> str:
        """A string without secrets."""
        if PICTURE.fullmatch(text):
            return text
        text = _PICTURE_DATA.sub(lambda match: picture(match[0]), text)
        text = without_secrets(text, self._keys)
        text = _TOKEN.sub("(key)", text)
        text = _E_MAIL.sub(lambda match: f"{match['escape'] or ''}(e-mail)", text)
        text = _RESOURCE.sub("(resource)", text)
        text = _PATH.sub("(path)", text)
        text = self._hosts.sub("(host)", text)
        text = _URL_HOST.sub(lambda match: match["scheme"] + self._host(match["host"]), text)
        text = _AZURE_HOST.sub(
            lambda match: (match["escape"] or "") + self._host(match["host"]), text
        )
        text = _GUID.sub(self._alike("00000000-0000-0000-0000-{:012d}"), text)
        text = _ID.sub(self._alike("{kind}_{:04d}"), text)
        text = self._named.sub("(removed)", text)
        text = _IP.sub("(address)", text)
        return _HEX.sub(self._alike("id{}"), text)

    def _is_distinct(self, name: str) -> bool:
        """Whether a name is one, and not a word or a number that a text may hold by chance."""
        if len(name) < SHORTEST or (name.isdecimal() and len(name) < 2 * SHORTEST):
            return False
        return bool(re.search(r"\w", name)) and name.lower() not in self._ordinary

    def _host(self, host: str) -> str:
        name = host.rpartition("@")[2].partition(":")[0].lower()
        known = name in self._ordinary or PUBLIC.fullmatch(name) or host.startswith("(host)")
        return host if known else "(host)"

    def _alike(self, form: str) -> Callable[[re.Match[str]], str]:
        def alias(match: re.Match[str]) -> str:
            kind = match.groupdict().get("kind", "")
            number = len(self._aliases) + 1
            return self._aliases.setdefault(match[0], form.format(number, kind=kind))

        return alias


def whole_words(names: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds names where they are whole words, also as JSON spells them."""
    spelled = {form for name in names if name for form in (name, ascii(name)[1:-1])}
    forms = "|".join(re.escape(form) for form in sorted(spelled, key=len, reverse=True))
    return re.compile(f"(?i){BEFORE}(?:{forms}){AFTER}" if forms else r"(?!)")


def identifiers(headers: Mapping[str, str]) -> set[str]:
    """The values of headers that tell one request, account or session from another.

    Args:
        headers: of the response, all of them, names in lower case.
    """
    found: set[str] = set()
    for name, value in headers.items():
        if "cookie" in name:
            cookies = [part.partition(";")[0] for part in re.split(r",\s*(?=[^;,\s]+=)", value)]
            found |= {*cookies, *(cookie.partition("=")[2] for cookie in cookies)}
        elif _IDENTIFIES.search(name):
            found.add(value)
    return found - {""}
