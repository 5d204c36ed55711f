"""A chat service on this computer that speaks the API in both dialects, for tests of everything
live.

It checks keys, streams with pauses, and answers with a fault on request.
"""

import json
import re
import threading
import time
from collections.abc import Iterable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from fault_server import INCOMPLETE, chat_messages, response_events

KEY = "loopback-key"
COUNTS = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
SAFE = {
    name: {"filtered": False, "severity": "safe"}
    for name in ("hate", "self_harm", "sexual", "violence")
}
JSON, SSE = "application/json", "text/event-stream; charset=utf-8"
DEPLOYMENT_VERSIONS = ("2024-06-01", "2024-10-21")  # of the API of a deployment of Azure OpenAI
# What a real service sends along, and what must never reach a file. Values are this server's, all
# different.
PRIVATE_HEADERS = {
    "x-request-id": "11111111-aaaa-4aaa-8aaa-111111111111",
    "apim-request-id": "22222222-bbbb-4bbb-8bbb-222222222222",
    "x-ms-region": "Planted Region",
    "azureml-model-session": "planted-session-d4",
    "set-cookie": "planted-cookie=c00k1e",
    "openai-organization": "planted-organization",
    "x-ms-client-user": "planted.person@example.org",
    "x-ms-subscription": "33333333-cccc-4ccc-8ccc-333333333333",
}


def error(status: int, code: str, message: str, headers: dict | None = None, /, **more) -> dict:
    """An error as most hosts send it."""
    body = {"error": {"code": code, "message": message, **more}}
    return {"status": status, "body": json.dumps(body), "headers": headers or {}}


def chunk(delta: dict, reason: str | None = None, **more) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return json.dumps(
        {
            "id": "x",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [choice],
            **more,
        }
    )


def chat_body(body: dict) -> dict:
    """A request of the Responses API, with what a chat completion would ask for beside it."""
    made = {
        "messages": chat_messages(body["input"]),
        "tools": [{"type": "function", "function": tool} for tool in body.get("tools") or []],
        "max_tokens": body.get("max_output_tokens"),
    }
    wanted = (body.get("text") or {}).get("format")
    if wanted:
        made["response_format"] = {"type": wanted["type"], "json_schema": wanted}
    return {**body, **made}


def response(body: dict, message: dict, reason: str, usage: dict | None) -> dict:
    """A message as an answer of the Responses API."""
    why = INCOMPLETE.get(reason)
    status = "incomplete" if why else "completed"
    output = [
        {"id": "fc_1", "type": "function_call", "call_id": call["id"], "status": status,
         "name": call["function"]["name"], "arguments": call["function"]["arguments"]}
        for call in message.get("tool_calls") or []
    ]  # fmt: skip
    if message.get("content"):
        part = {"type": "output_text", "text": message["content"], "annotations": []}
        output.append({"id": "msg_1", "type": "message", "role": "assistant", "status": status,
                       "content": [part]})  # fmt: skip
    return {"id": "resp_1", "object": "response", "created_at": 1, "model": body.get("model"),
            "status": status, "error": None, "output": output, "usage": usage,
            "incomplete_details": {"reason": why} if why else None}  # fmt: skip


class Service(ThreadingHTTPServer):
    """The server and what tests set and read.

    Attributes:
        dialect: "mistral" or "openai".
        lacks: what its model cannot do: "vision", "tools", "json", "logprobs", "usage", "filter";
            and without "sense" its tool arguments and its JSON are cut off, and its other answers
            are empty. Without "api-key" it reads the key from `Authorization` alone.
        fault: what to send in place of an answer, as `play` takes it; a list of such for one
        request after the other.
        pause: seconds between two events of a stream.
        bases: the base paths at which it answers.
        text: what its model says.
        seen: path, headers and body of each request.
        sent: when each event of the last stream was sent, by `time.perf_counter()`.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.dialect, self.lacks, self.fault, self.pause = "mistral", set(), None, 0.0
        self.text = "Fine, thank you."
        self.bases = {"/models", "/openai/v1", "/v1"}
        self.seen: list[tuple[str, dict, dict]] = []
        self.sent: list[float] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        pass  # a client that went away is no news


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement
    server: Service

    def log_message(self, *_):
        pass

    def do_GET(self):
        """Become another service: /become?dialect=…&lacks=…,…"""
        wish = dict(parse_qsl(self.path.partition("?")[2]))
        self.server.dialect, self.server.lacks = (
            wish["dialect"],
            set(wish.get("lacks", "").split(",")) - {""},
        )
        self.play({"status": 200, "body": "{}"})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            body = json.loads(raw)
        except ValueError:
            body = {}
        path, _, query = self.path.partition("?")
        self.server.seen.append((self.path, dict(self.headers), body))
        fault = self.server.fault
        if isinstance(fault, list):
            fault = fault.pop(0) if fault else None
        if fault:
            return self.play(fault)
        if not self.has_key():
            return self.play(
                error(
                    401,
                    "401",
                    "Access denied due to invalid subscription key or wrong API endpoint.",
                )
            )
        if path.endswith("/responses"):
            body = chat_body(body)
        refused = self.wrong_address(path, query) or self.refusal(body)
        if refused:
            return self.play(refused)
        message, reason = self.answer(body)
        if path.endswith("/responses"):
            return self.respond(body, message, reason)
        if body.get("stream"):
            return self.stream(body, message, reason)
        self.whole(body, message, reason)

    def whole(self, body: dict, message: dict, reason: str) -> None:
        """Send a chat completion that is no stream."""
        choice = {"index": 0, "finish_reason": reason, "message": message}
        whole = {
            "choices": [choice],
            "created": 1,
            "id": "x",
            "model": body.get("model"),
            "object": "chat.completion",
        }
        if "usage" not in self.server.lacks:
            whole["usage"] = COUNTS
        if body.get("logprobs") and "logprobs" not in self.server.lacks:
            one = {"token": "Fine", "logprob": -0.1, "bytes": None}
            choice["logprobs"] = {"content": [{**one, "top_logprobs": [one]}]}
        if self.server.dialect == "openai" and "filter" not in self.server.lacks:
            choice["content_filter_results"] = SAFE
            whole["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": SAFE}]
        self.play({"status": 200, "body": json.dumps(whole), "headers": PRIVATE_HEADERS})

    def has_key(self) -> bool:
        """Whether one of the headers that the server reads holds the key."""
        given = {(self.headers.get("Authorization") or "").removeprefix("Bearer ")}
        if "api-key" not in self.server.lacks:
            given.add(self.headers.get("api-key"))
        return KEY in given

    def wrong_address(self, path: str, query: str) -> dict | None:
        """What a wrong path or API version is answered with."""
        operation = "/responses" if path.endswith("/v1/responses") else "/chat/completions"
        base = path.removesuffix(operation)
        version = dict(parse_qsl(query)).get("api-version")
        if base.endswith("/openai/v1") and version:
            message = "api-version query parameter is not allowed when using /v1 path"
            return error(400, "BadRequest", message)
        unknown = "/openai/deployments/" in base and version not in DEPLOYMENT_VERSIONS
        if path == base or base not in self.server.bases or unknown:
            return error(404, "404", "Resource not found")
        return None

    def refusal(self, body: dict) -> dict | None:
        """What a model that lacks something answers."""
        lacks, text = self.server.lacks, json.dumps(body.get("messages", []))
        if "vision" in lacks and '"image_url"' in text:
            return error(
                400,
                "bad_request",
                "Invalid content type. image_url is only supported by certain models.",
            )
        if "tools" in lacks and body.get("tools"):
            return error(400, "bad_request", "This model does not support tools.")
        if "json" in lacks and body.get("response_format", {}).get("type", "text") != "text":
            return error(400, "bad_request", "This model does not support response_format.")
        if "logprobs" in lacks and body.get("logprobs"):
            return error(
                422,
                "Invalid input",
                '{"detail":[{"type":"extra_forbidden","loc":["body","logprobs"]}]}',
            )
        return None

    def answer(self, body: dict) -> tuple[dict, str]:
        """A message for a request and why it ends."""
        empty = {"mistral": {"tool_calls": None}, "openai": {"refusal": None}}[self.server.dialect]
        called = any(m.get("role") == "tool" for m in body.get("messages", []))
        if body.get("tools") and not called and body.get("tool_choice") != "none":
            function = body["tools"][0]["function"]
            names = function.get("parameters", {}).get("properties", {})
            asked = str(body["messages"][-1].get("content"))
            cities = [
                *re.findall("Seattle|Miami|Denver", asked),
                "Oslo",
                "Oslo",
            ]  # the few that this model knows
            arguments = json.dumps(dict(zip(names, cities, strict=False)))[
                : -9 if "sense" in self.server.lacks else None
            ]
            call = {
                "id": "call_1",
                "type": "function",
                "function": {"name": function["name"], "arguments": arguments},
            }
            content = "" if self.server.dialect == "mistral" else None
            return {"role": "assistant", "content": content, "tool_calls": [call]}, "tool_calls"
        text = self.server.text
        if body.get("response_format", {}).get("type", "text") != "text":
            shown = re.search(r"\{.*\}", " ".join(str(m.get("content")) for m in body["messages"]))
            schema = (
                body["response_format"]
                .get("json_schema", {})
                .get("schema", {})
                .get("properties", {})
            )
            likely = {"integer": 1, "array": ["Oslo"]}
            made = {
                name: likely.get(part.get("type"), "Oslo") for name, part in schema.items()
            } or {"answer": "Fine"}
            text = shown[0] if shown else json.dumps(made)
        if "sense" in self.server.lacks:
            text = text[:5] if text.startswith("{") else ""
        if body.get("max_tokens") and body["max_tokens"] < 15:
            return {"role": "assistant", "content": text[:8], **empty}, "length"
        return {"role": "assistant", "content": text, **empty}, "stop"

    def respond(self, body: dict, message: dict, reason: str) -> None:
        """Send an answer of the Responses API, whole or as typed events."""
        counts = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
        usage = None if "usage" in self.server.lacks else counts
        whole = response(body, message, reason, usage)
        if not body.get("stream"):
            self.play({"status": 200, "body": json.dumps(whole), "headers": PRIVATE_HEADERS})
            return
        self.send(
            f"event: {json.loads(event)['type']}\ndata: {event}\n\n"
            for event in response_events(whole)
        )

    def stream(self, body: dict, message: dict, reason: str) -> None:
        openai, usage = self.server.dialect == "openai", "usage" not in self.server.lacks
        events = []
        if openai and "filter" not in self.server.lacks:
            empty = {"id": "", "object": "", "created": 0, "model": "", "choices": []}
            events.append(json.dumps(empty | {"prompt_filter_results": []}))
        events.append(chunk({"role": "assistant", "content": ""}))
        for call in message.get("tool_calls") or ():
            numbered = {"index": 0, **call} if openai else call
            events.append(chunk({"tool_calls": [numbered]}))
        words = (message.get("content") or "").split(" ")
        events += [
            chunk({"content": f"{' ' if n else ''}{word}"}) for n, word in enumerate(words) if word
        ]
        if openai:
            events.append(chunk({}, reason))
            if usage and (body.get("stream_options") or {}).get("include_usage"):
                events.append(json.dumps({"choices": [], "usage": COUNTS}))
        else:
            events.append(chunk({"content": ""}, reason, **({"usage": COUNTS} if usage else {})))
        self.send(f"data: {event}\n\n" for event in [*events, "[DONE]"])

    def send(self, events: Iterable[str]) -> None:
        """Send the events of a stream, with the pauses that a test set."""
        self.server.sent = []
        self.begin(200, SSE, {**PRIVATE_HEADERS, "Transfer-Encoding": "chunked"})
        for number, event in enumerate(events):
            time.sleep(self.server.pause if number else 0)
            self.server.sent.append(time.perf_counter())
            self.piece(event.encode())
        self.piece(b"")

    def begin(self, status: int, kind: str, headers: dict) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def piece(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def play(self, fault: dict) -> None:
        """Send an answer with a fault.

        Status, headers and body, or pieces of a stream, or a wait, or a cut.
        """
        time.sleep(fault.get("wait", 0))
        if fault.get("drop"):
            self.close_connection = True
            self.connection.close()
            return
        if "pieces" in fault:
            self.begin(
                fault.get("status", 200), fault.get("type", SSE), {"Transfer-Encoding": "chunked"}
            )
            for piece in fault["pieces"]:
                if isinstance(piece, (int, float)):
                    time.sleep(piece)
                else:
                    self.piece(piece.encode())
            if fault.get("cut"):
                self.close_connection = True
                self.connection.close()
            else:
                self.piece(b"")
            return
        body = fault.get("body", "").encode()
        headers = {**PRIVATE_HEADERS, **fault.get("headers", {}), "Content-Length": str(len(body))}
        self.begin(fault["status"], fault.get("type", JSON), headers)
        self.wfile.write(body)


@contextmanager
def service():
    """A running service."""
    server = Service()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
