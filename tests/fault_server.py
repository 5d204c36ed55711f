"""A chat service on this computer for the cells to copy: plain answers, or one of many faults.

It serves `/models`, `/openai/v1` and `/v1` at once, the last two with the Responses API too. It
checks the key, refuses `api-version` on `/openai/v1`, and refuses
a conversation in which a tool call is left unanswered, as the real service does.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "fault-server-key-5f1c"
PATHS = ("/models", "/openai/v1", "/v1")
OPERATIONS = [f"{base}/chat/completions" for base in PATHS]
OPERATIONS += [f"{base}/responses" for base in PATHS if base != "/models"]
INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
JSON = "application/json"
SSE = "text/event-stream; charset=utf-8"
SAFE = {
    name: {"filtered": False, "severity": "safe"}
    for name in ("hate", "self_harm", "sexual", "violence")
}


@dataclass
class Reply:
    """One answer on the wire.

    Attributes:
        status: HTTP status code.
        body: the body, where there are no events.
        kind: value of the header Content-Type.
        headers: more headers.
        events: data of the events of a stream, or None.
        cut: whether the connection breaks after the last event, without an end.
        silent: whether nothing is sent at all, until the client or the test gives up.
        drop: whether the connection is closed before an answer.
        stall: whether a stream falls silent after its events.
    """

    status: int = 200
    body: str = ""
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    events: list[str] | None = None
    cut: bool = False
    silent: bool = False
    drop: bool = False
    stall: bool = False


Maker = Callable[["FaultServer", dict], Reply]


def error(
    status: int, code: str | None = None, message: str = "It failed.", /, *, headers=None, **more
) -> Maker:
    """A refusal as most hosts send it, whatever was asked."""
    body = json.dumps({"error": {"message": message, **({"code": code} if code else {}), **more}})
    return lambda server, request: Reply(status, body, headers=headers or {})


def raw(status: int, body: str, kind: str = JSON, **more) -> Maker:
    """A reply with this body, whatever was asked."""
    return lambda server, request: Reply(status, body, kind, **more)


def event(*choices: dict, **more) -> str:
    """The data of one event of a stream."""
    return json.dumps(
        {
            "id": "x",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [*choices],
            **more,
        }
    )


def delta(content, reason: str | None = None, **more) -> dict:
    """A choice of a stream that carries content."""
    return {
        "index": 0,
        "delta": {"content": content},
        "finish_reason": reason,
        "logprobs": None,
        **more,
    }


def answer(content, reason: str | None = "stop", **more) -> Maker:
    """A whole answer, or a stream where that was asked for; `more` belongs to the choice."""

    def make(server: "FaultServer", request: dict) -> Reply:
        return server.wrap(request, {"role": "assistant", "content": content}, reason, **more)

    return make


def calls(*functions: tuple[str, str | None], content=None) -> Maker:
    """An answer that calls tools, each with a name and arguments as a string or None."""

    def make(server: "FaultServer", request: dict) -> Reply:
        return server.wrap(request, server.calling(functions, content), "tool_calls")

    return make


def streamed(*events: str, cut: bool = False, stall: bool = False) -> Maker:
    """A stream of exactly these events. Name "[DONE]" where it belongs."""
    return lambda server, request: Reply(kind=SSE, events=list(events), cut=cut, stall=stall)


def chat_messages(items: str | list[dict]) -> list[dict]:
    """The `input` of the Responses API as messages of a chat completion."""
    messages: list[dict] = []
    for item in [{"role": "user", "content": items}] if isinstance(items, str) else items:
        kind = item.get("type", "message")
        if kind == "function_call":
            function = {"name": item["name"], "arguments": item["arguments"]}
            call = {"id": item["call_id"], "type": "function", "function": function}
            if messages and messages[-1].get("tool_calls"):
                messages[-1]["tool_calls"].append(call)
            else:
                messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif kind == "function_call_output":
            content, call_id = item["output"], item["call_id"]
            messages.append({"role": "tool", "tool_call_id": call_id, "content": content})
        elif kind == "message":
            messages.append(item)
    return messages


def response_events(response: dict) -> list[str]:
    """A whole answer of the Responses API as the data of a stream's events."""
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    events = [{"type": "response.created", "response": begun}]
    for at, item in enumerate(response["output"]):
        place = {"item_id": item["id"], "output_index": at}
        events.append({"type": "response.output_item.added", "output_index": at, "item": item})
        if item["type"] == "function_call":
            done = {"type": "response.function_call_arguments.done", **place}
            events.append({**done, "name": item["name"], "arguments": item["arguments"]})
        else:
            text = {"type": "response.output_text.delta", **place, "content_index": 0}
            words = item["content"][0]["text"].split(" ")
            pieces = [f"{' ' if number else ''}{word}" for number, word in enumerate(words)]
            events += [{**text, "delta": piece, "logprobs": []} for piece in pieces]
        events.append({"type": "response.output_item.done", "output_index": at, "item": item})
    events.append({"type": f"response.{response['status']}", "response": response})
    return [json.dumps({**data, "sequence_number": at}) for at, data in enumerate(events)]


class FaultServer(ThreadingHTTPServer):
    """The server, and what a test sets and reads.

    Attributes:
        dialect: "mistral" or "openai", which differ in streams, tool calls and filter results.
        text: what the model says where nothing else is asked of it.
        faults: the replies after the first `plain_first` requests; None in it is a plain answer.
        forever: whether the last fault is sent again and again.
        plain_first: how many requests are answered plainly before the faults.
        refuses: names in a request's body that this model refuses, each as `unsupported_parameter`.
        seen: the path and body of each request.
        kept: the messages that belong to each id of a stored answer of the Responses API.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.stopped = threading.Event()
        self.reset()

    def reset(self) -> None:
        """Answer plainly again, and forget what was seen."""
        self.stopped.set()
        self.stopped = threading.Event()
        self.dialect, self.text = "mistral", "About 7,000."
        self.faults: list[Maker | None] = []
        self.forever, self.plain_first = True, 0
        self.refuses: dict[str, int] = {}
        self.seen: list[tuple[str, dict]] = []
        self.kept: dict[str, list[dict]] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address) -> None:
        pass  # a client that went away is no news

    def reply(self, request: dict, number: int) -> Reply:
        """What request number so-and-so gets."""
        for name, status in self.refuses.items():
            if name in request:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                return error(status, "unsupported_parameter", message, param=name)(self, request)
        if "input" in request:
            before = request.get("previous_response_id")
            if before and before not in self.kept:
                message = f"Previous response with id '{before}' not found."
                return error(400, "previous_response_not_found", message)(self, request)
            messages = [*self.kept.get(before, []), *chat_messages(request["input"])]
            tools = [{"type": "function", "function": tool} for tool in request.get("tools") or []]
            request = {**request, "messages": messages, "tools": tools}
        unanswered = self.unanswered(request)
        if unanswered:
            message = f"tool_call_ids did not have response messages: {unanswered}"
            return error(400, "invalid_tool_messages", message)(self, request)
        returned = [
            call["function"]
            for message in request["messages"]
            for call in message.get("tool_calls") or []
        ]
        if any(
            set(function) != {"name", "arguments"} or not function["arguments"]
            for function in returned
        ):
            return error(422, "Invalid input", "extra_forbidden: call_id")(self, request)
        at = number - self.plain_first
        fault = None
        if at >= 0 and self.faults:
            fault = (
                self.faults[at]
                if at < len(self.faults)
                else self.faults[-1]
                if self.forever
                else None
            )
        return fault(self, request) if fault else self.plain(request)

    @staticmethod
    def unanswered(request: dict) -> list[str]:
        """The ids of tool calls that the messages leave without an answer, or answer twice."""
        wanted: list[str] = []
        for message in request.get("messages", []):
            if message.get("role") == "tool" and message.get("tool_call_id") in wanted:
                wanted.remove(message["tool_call_id"])
            elif wanted or message.get("role") == "tool":
                return wanted or ["an answer to no call"]
            wanted += [call["id"] for call in message.get("tool_calls") or []]
        return wanted

    def plain(self, request: dict) -> Reply:
        """A good model's answer: each tool called once in turn, then the text."""
        tools = request.get("tools") or []
        done = sum(message.get("role") == "tool" for message in request["messages"])
        if done >= len(tools):
            return self.wrap(request, {"role": "assistant", "content": self.text}, "stop")
        function = tools[done]["function"]
        values = {"line": "flight Miami to Seattle", "time": "11:15"}
        schema = function["parameters"]["properties"]
        arguments = {
            name: part.get("enum", [values.get(name)])[-1] for name, part in schema.items()
        }
        return calls((function["name"], json.dumps(arguments)))(self, request)

    def calling(self, functions, content=None) -> dict:
        """A message that calls functions."""
        mistral = self.dialect == "mistral"
        extra = {"call_id": None} if mistral else {}
        listed = [
            {
                "function": {"arguments": arguments, **extra, "name": name},
                "id": f"call_{len(self.seen)}_{at}",
                "type": "function",
            }
            for at, (name, arguments) in enumerate(functions)
        ]
        return {
            "role": "assistant",
            "content": content or ("" if mistral else None),
            "tool_calls": listed,
        }

    def wrap(self, request: dict, message: dict, reason: str | None, **more) -> Reply:
        """A message as a whole answer, or as a stream."""
        if "input" in request:
            return self.respond(request, message, reason)
        openai = self.dialect == "openai"
        filtered = {"content_filter_results": SAFE} if openai else {}
        if request.get("stream"):
            return Reply(
                kind=SSE,
                events=self.events(request, message.get("content"), reason, {**filtered, **more}),
            )
        choice = {
            "index": 0,
            "finish_reason": reason,
            "message": message,
            "logprobs": None,
            **filtered,
            **more,
        }
        if request.get("logprobs") and "logprobs" not in more:
            text = message.get("content") or ""
            halves = [text[: len(text) // 2], text[len(text) // 2 :], "\n"]
            tokens = [
                {"token": half, "logprob": -0.02, "bytes": None, "top_logprobs": []}
                for half in halves
            ]
            choice["logprobs"] = {"content": tokens}
        body = {
            "choices": [choice],
            "created": 1,
            "id": "x",
            "model": "m",
            "object": "chat.completion",
        }
        return Reply(body=json.dumps({**body, "usage": USAGE}))

    def respond(self, request: dict, message: dict, reason: str | None) -> Reply:
        """A message as an answer of the Responses API, or as a stream; kept if `store` allows."""
        name, why = f"resp_{len(self.seen)}", INCOMPLETE.get(reason or "")
        status = "incomplete" if why else "completed"
        output: list[dict] = []
        text = message.get("content")
        if isinstance(text, list):  # thinking is an item of its own here
            output.append(
                {
                    "id": f"rs_{len(self.seen)}",
                    "type": "reasoning",
                    "summary": [],
                    "content": [{"type": "reasoning_text", "text": "PONDER"}],
                }
            )
            text = "".join(part.get("text", "") for part in text)
        if text:
            part = {"type": "output_text", "text": text, "annotations": []}
            output.append(
                {
                    "id": f"msg_{len(self.seen)}",
                    "type": "message",
                    "role": "assistant",
                    "status": status,
                    "content": [part],
                }
            )
        output += [
            {
                "id": f"fc_{call['id']}",
                "type": "function_call",
                "call_id": call["id"],
                "status": status,
                **{key: call["function"][key] for key in ("name", "arguments")},
            }
            for call in message.get("tool_calls") or []
        ]
        if request.get("store") is not False:
            self.kept[name] = [*request["messages"], *chat_messages(output)]
        usage = {
            "input_tokens": 9,
            "output_tokens": 4,
            "total_tokens": 13,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        }
        response = {
            "id": name,
            "object": "response",
            "created_at": 1,
            "model": "m",
            "status": status,
            "error": None,
            "output": output,
            "usage": usage,
            "incomplete_details": {"reason": why} if why else None,
        }
        if request.get("stream"):
            return Reply(kind=SSE, events=response_events(response))
        return Reply(body=json.dumps(response))

    def events(self, request: dict, content, reason: str | None, more: dict) -> list[str]:
        """The events of a stream in this server's dialect."""
        pieces = content if isinstance(content, list) else (content or "").split(" ")
        glued = [
            [part] if isinstance(part, dict) else f"{' ' if at else ''}{part}"
            for at, part in enumerate(pieces)
        ]
        if self.dialect == "mistral":
            last = event(delta("", reason, **more), usage=USAGE)
            return [
                event(delta("")),
                *(event(delta(piece)) for piece in glued if piece),
                last,
                "[DONE]",
            ]
        first = {
            "id": "",
            "object": "",
            "created": 0,
            "model": "",
            "choices": [],
            "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}],
        }
        last = event({"index": 0, "delta": {}, "finish_reason": reason, "logprobs": None, **more})
        usage = (
            [event(usage=USAGE)]
            if (request.get("stream_options") or {}).get("include_usage")
            else []
        )
        body = [event(delta(piece, content_filter_results=SAFE)) for piece in glued if piece]
        return [json.dumps(first), event(delta("")), *body, last, *usage, "[DONE]"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement
    server: FaultServer

    def log_message(self, *_) -> None:
        pass

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        path, _, query = self.path.partition("?")
        server, stopped = self.server, self.server.stopped
        server.seen.append((self.path, request))
        bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if KEY not in (self.headers.get("api-key"), bearer):
            reply = error(401, "401", "Access denied due to invalid subscription key.")(
                server, request
            )
        elif path.startswith("/openai/v1/") and "api-version" in query:
            reply = error(400, "BadRequest", "api-version query parameter is not allowed")(
                server, request
            )
        elif path not in OPERATIONS:
            reply = error(404, "404", "Resource not found")(server, request)
        else:
            reply = server.reply(request, len(server.seen) - 1)
        self.play(reply, stopped)

    def play(self, reply: Reply, stopped: threading.Event) -> None:
        """Send a reply."""
        if reply.silent or reply.drop:
            if reply.silent:
                stopped.wait(20)
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.events is None:
            body = reply.body.encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for data in reply.events:
            kind = re.match(r'\{"type": "([^"]+)"', data)
            name = f"event: {kind[1]}\n" if kind else ""
            self.chunk(f"{name}data: {data}\n\n".encode())
        if reply.stall:
            stopped.wait(20)
        if reply.cut or reply.stall:
            self.close_connection = True
            self.connection.close()
        else:
            self.chunk(b"")

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


@contextmanager
def fault_server() -> Iterator[FaultServer]:
    """A running server."""
    server = FaultServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
