"""Capture answers from a real endpoint: python tests/tools/record.py [NAME]

Each notebook runs live through a proxy on this computer that passes its requests on and keeps what
was answered. The
notebook gets the proxy's own key and address, so that yours never come near a notebook or a file. What was captured
takes the place of the recording that it answers, if it is of the same kind (status, reason, stream or not, tools);
else the constructed one stays. The notebook then runs again, in replay on the new recordings, and
both are saved
together or not at all.
"""

import getpass
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
import yaml
from nbclient.exceptions import CellExecutionError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from helpers.recordings import (
    CourseError,
    Recordings,
    canonical,
    canonical_path,
    parse_body,
    picture,
)
from helpers.replay import PROVIDED, check_settings
from notebooks import ALL, NOTEBOOKS, plays, read, run, solutions, tagged, text_of

PROXY_KEY = "key-of-the-proxy"
SENT_ON = {
    "content-type",
    "accept",
    "extra-parameters",
}  # request headers that the service gets to see
KEPT = {"content-type", "retry-after", "x-ms-error-code"}  # response headers that a file may hold
BODY = {"choices", "created", "error", "id", "model", "object", "prompt_filter_results", "system_fingerprint", "usage",
        "detail", "message", "statusCode"}  # fmt: skip
HEAD = "# {}: each request of the notebook with the answer that it gets in replay. `origin` and `after` say whence.\n"


class Scrubber:
    """Takes out of texts what belongs to a person, a machine or an account.

    The same thing always becomes the same.
    """

    def __init__(self, endpoint: str):
        host = requests.utils.urlparse(endpoint).hostname
        names = [n for n in os.environ if n.startswith("AZURE_") and "_MODEL" not in n]
        known = {os.environ[n] for n in names} | {
            host,
            host.split(".")[0],
            socket.gethostname(),
            getpass.getuser(),
        }
        known |= {str(Path.home()), str(NOTEBOOKS.parent)}
        self._known = sorted((text for text in known if len(text) > 3), key=len, reverse=True)
        self._seen: dict[str, str] = {}

    def text(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, "(removed)")
        text = re.sub(r"(?:/home|/Users|/root)/[^\s\"':]*|[A-Z]:\\[^\s\"']*", "(path)", text)
        text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "(e-mail)", text)
        text = re.sub(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?|\bsk-[\w-]{8,}", "(key)", text)
        text = re.sub(r"https?://[^/\s\"'`)]+", "https://(host)", text)
        guid = r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
        text = re.sub(guid, lambda m: self._alike(m[0], "00000000-0000-0000-0000-{:012d}"), text)
        return re.sub(r"(?i)\b[0-9a-f]{32,}\b", lambda m: self._alike(m[0], "id{}"), text)

    def _alike(self, secret: str, form: str) -> str:
        return self._seen.setdefault(secret, form.format(len(self._seen) + 1))

    def data(self, value):
        """The same in all texts of JSON data; pictures become what they show."""
        if isinstance(value, dict):
            return {k: self.data(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.data(v) for v in value]
        if isinstance(value, str):
            return picture(value) if value.startswith("data:image/") else self.text(value)
        return value


class Proxy(ThreadingHTTPServer):
    """Passes requests on to an endpoint and keeps each with its answer, in `taken`.

    (path, body, status, headers, bytes).
    """

    daemon_threads = True

    def __init__(self, endpoint: str, key: str):
        super().__init__(("127.0.0.1", 0), Pass)
        self.endpoint, self.key, self.taken = endpoint, key, []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/models"

    def handle_error(self, request, client_address):
        pass


class Pass(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        endpoint, known = self.server.endpoint, re.match(r"/(models|openai/v1)/(.+)", path)
        if known is None:  # a notebook that shows what a wrong endpoint gives
            url = re.sub(r"/(models|openai/v1|v1)$", "", endpoint) + path
        else:  # on an Azure host, /openai/v1 stands beside /models; a local server has one address
        for both
            url = f"{endpoint if known[1] == 'models' else endpoint.replace('/models', '/openai/v1')}/{known[2]}"
        if query and "/openai/v1/" not in url:
            url += f"?{query}"
        given = self.headers.get("api-key") or self.headers.get("Authorization", "").removeprefix(
            "Bearer "
        )
        key = self.server.key if given == PROXY_KEY else given
        headers = {n: v for n, v in self.headers.items() if n.lower() in SENT_ON}
        headers |= {"api-key": key, "Authorization": f"Bearer {key}", "Accept-Encoding": "identity"}
        answer = requests.post(
            url, data=body, headers=headers, stream=True, timeout=(10, 600), allow_redirects=False
        )
        self.send_response(answer.status_code)
        for name in KEPT & {n.lower() for n in answer.headers}:
            self.send_header(name, answer.headers[name])
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        whole = b""
        for piece in answer.raw.stream(1 << 16):
            whole += piece
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        self.server.taken.append((path, body, answer.status_code, dict(answer.headers), whole))
        self.wfile.write(b"0\r\n\r\n")


def to_answer(status: int, headers: dict, whole: bytes, scrub: Scrubber) -> dict | None:
    """A captured answer as a file holds it, or None if it is nothing that a file could hold."""
    kept = {n.lower(): v for n, v in headers.items() if n.lower() in KEPT}
    answer: dict = {
        "status": status,
        "headers": {name: scrub.text(kept[name]) for name in sorted(kept)},
    }
    day = int(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp())

    def clean(data: dict) -> dict:
        data = {k: v for k, v in scrub.data(data).items() if k in BODY}
        return data | {k: v for k, v in {"id": "captured", "created": day}.items() if data.get(k)}

    try:
        if kept.get("content-type", "").startswith("text/event-stream"):
            lines = [line[6:] for line in whole.decode().splitlines() if line.startswith("data: ")]
            events = [line if line == "[DONE]" else clean(json.loads(line)) for line in lines]
            chunks = [e for e in events if isinstance(e, dict)]
            shared = {
                k: v
                for k, v in chunks[-1].items()
                if all(e.get(k, ...) == v for e in chunks) and k != "choices"
            }
            answer["each"] = shared
            answer["events"] = [
                {k: v for k, v in e.items() if k not in shared} if isinstance(e, dict) else e
                for e in events
            ]
        else:
            answer["body"] = clean(json.loads(whole))
    except (ValueError, IndexError, AttributeError):
        return None
    return answer


def kind(answer: dict) -> tuple:
    """What must be the same for a captured answer to take a constructed one's place."""
    chunks = [e for e in answer.get("events", [answer.get("body") or {}]) if isinstance(e, dict)]
    choices = [c for e in chunks for c in e.get("choices") or ()]
    called = any((c.get("message") or c.get("delta") or {}).get("tool_calls") for c in choices)
    logprobs = any(c.get("logprobs") for c in choices)
    reasons = {c.get("finish_reason") for c in choices} - {None}
    return answer["status"], "events" in answer, sorted(reasons), called, logprobs


def meaning(body) -> str:
    """A body in one spelling: equal for two that mean the same."""
    return json.dumps(canonical(body), sort_keys=True)


def outline(body) -> str:
    """A body without what a model said in it, or made a tool say.

    The same whatever the model's words were.
    """
    if not isinstance(body, dict):
        return str(body)
    spoken = [
        m if m.get("role") in ("system", "user") else m.get("role")
        for m in body.get("messages", ())
    ]
    return meaning({**body, "messages": spoken})


def keep_whole_conversations(
    old: list[dict], new: list[dict], places: set[int]
) -> tuple[list[dict], list[str]]:
    """A conversation of which a round could not be captured, such as a model's mistake, stays as it
    was in all rounds.
    """
    begun: dict[str, list[int]] = {}
    for at, entry in enumerate(old):
        body = entry["request"].get("body")
        if isinstance(body, dict) and body.get("messages"):
            first = next((m["content"] for m in body["messages"] if m["role"] == "user"), None)
            begun.setdefault(json.dumps([entry["request"]["path"], first]), []).append(at)
    for rounds in begun.values():
        talks = any(
            m["role"] == "assistant"
            for at in rounds
            for m in old[at]["request"]["body"]["messages"]
        )
        if talks and not places.issuperset(rounds):
            for at in rounds:
                new[at] = old[at]
            places.difference_update(rounds)
    again = [
        e
        for e in new[len(old) :]
        if e["name"].removesuffix(", again") in {old[at]["name"] for at in places}
    ]
    return new[: len(old)] + again, [new[at]["name"] for at in sorted(places)]


def merge(
    old: list[dict], taken: list, model: str, told: str, scrub: Scrubber
) -> tuple[list[dict], list[str]]:
    """The recordings with captured answers in the place of those that they answer, and the names of
    these.
    """
    new, places = [dict(entry) for entry in old], set()
    vision = os.environ.get("AZURE_INFERENCE_VISION_MODEL")  # as notebook 07 has it
    models = {vision: "phi-3.5-vision-instruct", model: PROVIDED["AZURE_INFERENCE_MODEL"]}
    models = {scrub.text(own): recorded for own, recorded in models.items() if own}
    seen = set()
    for path, raw, status, headers, whole in taken:
        body = scrub.data(parse_body(raw))
        if isinstance(body, dict) and body.get("model") in models:
            body["model"] = models[body["model"]]
        where, answer = canonical_path(path), to_answer(status, headers, whole, scrub)
        if answer is None or (where, meaning(body)) in seen:
            continue
        here = [at for at, r in enumerate(old) if r["request"]["path"] == where and "answer" in r]
        exact = [at for at in here if meaning(old[at]["request"].get("body")) == meaning(body)]
        # The model's own words travel in the next request, which is then another, but has the same
        # outline.
        alike = [at for at in here if outline(old[at]["request"].get("body")) == outline(body)]
        fitting = [at for at in exact or alike if kind(old[at]["answer"]) == kind(answer)]
        free = [at for at in fitting if at not in places]
        if not fitting or (exact and not free):
            continue
        seen.add((where, meaning(body)))
        entry = {"name": old[fitting[0]]["name"] + ", again", "origin": "captured", "after": told,
                 # fmt: skip
                 "request": {"method": "POST", "path": where, "body": body}, "answer": answer}
        if free:
            places.add(free[0])
            new[free[0]] = entry | {"name": old[free[0]]["name"]}
        else:  # two libraries may send what was said in two ways
            new.append(entry)
    return keep_whole_conversations(old, new, places)


def record(path: Path, endpoint: str, key: str, model: str, bar) -> tuple[list[str], list[str]]:
    """Record one notebook; return the names of the recordings that were captured, and of those that
    stay as they were.

    Raises:
        CourseError: the live run or the replay of what was captured failed; nothing was changed.
    """
    recordings = NOTEBOOKS / "recordings" / f"{path.stem}.yaml"
    old = yaml.safe_load(recordings.read_text("utf-8"))
    book = read(path)
    for at, source in zip(tagged(book, "exercise"), solutions(book), strict=True):
        book.cells[at].source = source
    extra = plays(book)
    book.cells = [cell for cell in book.cells if "replay-only" not in cell.metadata.get("tags", ())]
    proxy = Proxy(endpoint, key)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "notebooks"
        shutil.copytree(NOTEBOOKS, work)
        (work / path.name).write_text(text_of(book), "utf-8")
        env = {"HELPERS_MODE": "record", "AZURE_INFERENCE_ENDPOINT": proxy.address,
               "AZURE_INFERENCE_CREDENTIAL": PROXY_KEY, "AZURE_INFERENCE_MODEL": model,
               # fmt: skip
               "AZURE_INFERENCE_VISION_MODEL": os.environ.get("AZURE_INFERENCE_VISION_MODEL", "")}
        try:
            run(work / path.name, extra=extra, on_cell=bar, env=env)
        except CellExecutionError as error:
            raise CourseError(
                f"the live run failed: {error.ename}: {error.evalue.splitlines()[0][:200]}"
            ) from None
        finally:
            proxy.shutdown()
            proxy.server_close()
        host = requests.utils.urlparse(endpoint)
        form = "local server" if host.hostname in ("localhost", "127.0.0.1", "::1") else (
            "OpenAI v1 endpoint" if "/openai/v1" in endpoint else "Azure AI model inference endpoint")  # fmt: skip
        scrub = Scrubber(endpoint)
        told = f"{scrub.text(model)} on a {form}, {datetime.now(UTC):%d %B %Y}"
        new, captured = merge(old, proxy.taken, model, told, scrub)
        text = (
            HEAD.format(path.stem)
            + "\n"
            + yaml.safe_dump(new, sort_keys=False, allow_unicode=True, width=116)
        )
        (work / "recordings" / recordings.name).write_text(text, "utf-8")
        shutil.copy(path, work / path.name)
        fresh = read(path)
        try:
            again = run(work / path.name, extra=[*plays(fresh), *solutions(fresh)])
        except CellExecutionError as error:
            raise CourseError(
                f"its replay failed: {error.ename}: {error.evalue.splitlines()[0][:200]}"
            ) from None
        unused = {r.name for r in Recordings(work / "recordings" / recordings.name).all} - set(
            again.played
        )
        if unused:
            raise CourseError(f"in its replay nothing asked for: {', '.join(sorted(unused))}")
        save({recordings: text, path: text_of(again.notebook)})
    return captured, [entry["name"] for entry in new if entry["name"] not in captured]


def save(files: dict[Path, str]) -> None:
    """Replace files all together.

    Whenever the process is killed, either all are as before or `finish` completes it.
    """
    stage = NOTEBOOKS / ".recording"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir()
    for number, text in enumerate(files.values()):
        with open(stage / str(number), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    plan = [str(path.relative_to(NOTEBOOKS)) for path in files]
    (stage / "plan.part").write_text(json.dumps(plan), "utf-8")
    os.replace(
        stage / "plan.part", stage / "plan"
    )  # from here on it will be done, now or by the next run
    finish()


def finish() -> None:
    """Complete what a killed run had decided to save, or clear away what it had not."""
    stage = NOTEBOOKS / ".recording"
    if (stage / "plan").exists():
        for number, name in enumerate(json.loads((stage / "plan").read_text("utf-8"))):
            if (stage / str(number)).exists():
                os.replace(stage / str(number), NOTEBOOKS / name)
    shutil.rmtree(stage, ignore_errors=True)


def main(arguments: list[str]) -> int:
    os.environ["HELPERS_MODE"] = "live"
    known = {path.stem: path for path in ALL}
    if unknown := [name for name in arguments if name not in known]:
        print(f"There is no notebook {unknown[0]!r}. Known: {', '.join(known)}.", file=sys.stderr)
        return 2
    try:
        check_settings()
    except CourseError as error:
        print(
            f"{error}\nTo record, set endpoint, credential and model: see .env.example.",
            file=sys.stderr,
        )
        return 2
    finish()
    endpoint, key = os.environ["AZURE_INFERENCE_ENDPOINT"], os.environ["AZURE_INFERENCE_CREDENTIAL"]
    model = os.environ.get("AZURE_INFERENCE_MODEL") or PROVIDED["AZURE_INFERENCE_MODEL"]
    console, failed, told = Console(), 0, []
    table = Table("Notebook", "Captured", "Constructed", "Result")
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    )
    with bar:
        for name in arguments or known:
            task = bar.add_task(name, total=len(read(known[name]).cells))
            try:
                captured, kept = record(known[name], endpoint, key, model,
                                        # fmt: skip
                                        lambda done, task=task: bar.update(task, completed=done))
                table.add_row(name, str(len(captured)), str(len(kept)), "saved")
                told.append(
                    f"{name}: captured {', '.join(captured) or 'nothing'}; as before {', '.join(kept) or 'nothing'}."
                )
            except (CourseError, OSError) as error:
                failed += 1
                table.add_row(name, "", "", f"not saved: {error}")
    console.print(table)
    console.print(*told, sep="\n", highlight=False)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
