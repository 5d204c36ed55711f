"""A chat server that this course did not write: llama.cpp's own, with a model of random weights.

What it is. The package `xllamacpp` holds the whole HTTP server of llama.cpp. `serving` gives it
a model that this file writes with the package `gguf`: llama architecture, two layers of 64,
half a megabyte, the same bytes at each run. Requests are checked, put into the chat template,
sampled, held to a JSON grammar, parsed into tool calls, and streamed by llama.cpp.
So the forms, the header fields and the errors are those of a program that people run.

What it is not. It is not Azure: no content filter, no deployments, no `/models` path, no quota.
It is not a language model: it picks words at random, and has read nothing. Tests look at the form
of an answer, never at its words. For faults on request (429, a cut stream) use `loopback.py`.

How a random model finishes a tool call: each token has a kind (a word, a name, a piece of JSON),
and the kind of the last token makes some tokens likely. After a name in JSON, that is a quotation
mark. Some weights are set for that; all others are random. Where tools are offered, the chat
template ends with a token that makes `<tool_call>` likely. After a tool's result it does not, so a
loop ends.

What to expect of it, seen on 25 November 2026 with xllamacpp 2026.10.11549:

- The first delta of a stream has `"content": null`. Bodies carry `timings`, and each token of the
  log probabilities an `id`. A message that calls a tool has `"content": ""`.
- `finish_reason` is often `length`: without `max_tokens` an answer ends after 80 tokens.
- It ignores the model's name, and `tool_choice` when that is an object. With `tool_choice: "none"`
  the call comes as text, `<tool_call>…`, which weak models do as well.
- It answers at `/v1/chat/completions` and at `/chat/completions`, not at `/models/…`.
- It reads the key from `Authorization: Bearer` or `X-Api-Key`, never from `api-key`.
- A picture gets a 500, an unknown path a 404, a prompt above 8,192 tokens a 400. So does `n: 2`.
  A conversation that sends back a call with broken arguments gets a 500.
- A prompt's tokens are its bytes: expect more of them than elsewhere.

In a test, use the fixture `real_server`, which skips with the reason where the server cannot run.
For another program, `python tests/real_server.py` prints its address and serves until it is ended.
"""

import argparse
import contextlib
import math
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import NoReturn

MODEL = "random-words"
MOST_TOKENS = 80  # of an answer whose request sets no limit
CONTEXT = 8192  # tokens of a prompt with its answer
SEED = 7

# fmt: off
WORDS = [
    "a", "and", "at", "before", "by", "for", "from", "harbour", "in", "into", "is", "late",
    "lighthouse", "near", "no", "of", "on", "past", "sails", "ship", "slowly", "the", "then",
    "tide", "to", "under", "wind", "with", "yes",
]
# fmt: on
NAMES = ["Oslo", "Gedser", "Lisbon", "Seattle", "Miami", "Wega", "Nordlys"]
OPENINGS = ['{"', '{"name": "', "get_", "_info", "_city", "flight"]
JOINTS = ['": "', '", "', '"}', '", "arguments": {"']
CALL, CALL_END = "<tool_call>", "</tool_call>"
END, ASSISTANT, TOOLS_OFFERED = "<|end|>", "<|assistant|>", "<|tools_offered|>"

# llama.cpp renders it, and finds out from it how a tool call is written.
CHAT_TEMPLATE = """\
{% if tools %}
<|system|>
Tools, one JSON object a line:
{% for tool in tools %}
{{ tool | tojson }}
{% endfor %}
<|end|>
{% endif %}
{% for message in messages %}
{% if message.role == "assistant" %}
<|assistant|>{{ message.content or "" }}
{%- for call in message.tool_calls or [] %}
{%- set name = call.function.name %}
{%- set arguments = call.function.arguments | tojson %}
<tool_call>{"name": "{{ name }}", "arguments": {{ arguments }}}</tool_call>
{%- endfor %}
<|end|>
{% else %}
<|{{ message.role }}|>
{{ message.content }}
<|end|>
{% endif %}
{% endfor %}
{% if add_generation_prompt %}
<|assistant|>
{%- if tools and messages[-1].role != "tool" %}<|tools_offered|>{% endif %}
{% endif %}"""

WIDTH, INNER, LAYERS, HEADS = 64, 128, 2, 4
STRENGTH = 8.0  # of the entry that tells a token's kind, beside random entries of about 1


class Kind(IntEnum):
    """What a token is. Each kind is one entry of the hidden state, which the layers leave alone."""

    WORD = 0
    JSON = 1
    NAME = 2
    OFFER = 3


@dataclass(frozen=True)
class Token:
    """A token of the model.

    Attributes:
        text: its characters, as the format spells them.
        type: its type, as `gguf` numbers it.
        kind: its kind.
        likely: the logarithm of its likelihood after a token of each kind; -12 after others.
    """

    text: str
    type: int
    kind: Kind = Kind.WORD
    likely: dict[Kind, float] = field(default_factory=dict)


def unavailable() -> str | None:
    """Why the server cannot run here, or None when it can."""
    try:
        import gguf
        import numpy
        import xllamacpp
    except (ImportError, OSError) as error:  # OSError: a wheel whose library does not load
        return f"llama.cpp's server needs the packages gguf and xllamacpp: {error}"
    del gguf, numpy, xllamacpp
    return None


def byte_token(byte: int) -> Token:
    """The token of one byte: in JSON the closing signs are likely, so that an answer ends soon."""
    from gguf import TokenType

    likely: dict[Kind, float] = {}
    if byte == ord('"'):
        likely = {Kind.JSON: 1.0, Kind.NAME: 5.0}
    elif byte in b"}]":
        likely = {Kind.JSON: -1.0}
    elif byte in b"0123456789":
        likely = {Kind.JSON: -7.0}
    elif 33 <= byte < 127 and byte != ord("<"):
        likely = {Kind.JSON: -5.0}
    return Token(f"<0x{byte:02X}>", TokenType.BYTE, Kind.JSON, likely)


def vocabulary() -> list[Token]:
    """The tokens of the model, by number."""
    from gguf import TokenType

    control, own, normal = TokenType.CONTROL, TokenType.USER_DEFINED, TokenType.NORMAL
    tokens = [
        Token("<unk>", TokenType.UNKNOWN),
        Token("<s>", control),
        Token(END, control, Kind.WORD, {Kind.WORD: -0.8, Kind.JSON: 0.0}),
        Token(ASSISTANT, control),
        Token(TOOLS_OFFERED, control, Kind.OFFER),
        Token(CALL, own, Kind.JSON, {Kind.OFFER: 6.0}),
        Token(CALL_END, own, Kind.JSON, {Kind.JSON: -1.0}),
    ]
    tokens += [byte_token(byte) for byte in range(256)]
    blank = "\N{LOWER ONE EIGHTH BLOCK}"  # how this kind of vocabulary writes a blank
    likely_words = {Kind.WORD: 0.0, Kind.OFFER: 0.0}
    tokens += [Token(blank + word, normal, Kind.WORD, likely_words) for word in WORDS]
    tokens += [Token(name, normal, Kind.NAME, {Kind.JSON: 3.0}) for name in NAMES]
    tokens += [Token(piece, normal, Kind.JSON, {Kind.JSON: -1.0}) for piece in OPENINGS]
    joint_likely = {Kind.JSON: -2.0, Kind.NAME: 5.0}
    tokens += [Token(piece, normal, Kind.JSON, joint_likely) for piece in JOINTS]
    return tokens


def write_model(path: Path, calls_tools: bool = True) -> None:
    """Write the model, under a megabyte and the same at each call.

    Args:
        path: the file to write.
        calls_tools: whether it calls the tools that it is offered.
    """
    import gguf
    import numpy

    random = numpy.random.default_rng(SEED)
    tokens = vocabulary()
    texts = [token.text for token in tokens]
    count = len(tokens)

    def matrix(rows: int, columns: int, deviation: float) -> numpy.ndarray:
        return (random.standard_normal((rows, columns)) * deviation).astype(numpy.float32)

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(MODEL)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_vocab_size(count)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(texts)
    writer.add_token_types([token.type for token in tokens])
    writer.add_token_scores([0.0] * count)
    writer.add_unk_token_id(texts.index("<unk>"))
    writer.add_bos_token_id(texts.index("<s>"))
    writer.add_eos_token_id(texts.index(END))
    writer.add_add_space_prefix(False)
    quiet_template = CHAT_TEMPLATE.replace(TOOLS_OFFERED, "")
    writer.add_chat_template(CHAT_TEMPLATE if calls_tools else quiet_template)

    kinds = list(Kind)
    embedding = matrix(count, WIDTH, 1.0)
    embedding[:, kinds] = [[STRENGTH * (token.kind == kind) for kind in kinds] for token in tokens]
    writer.add_tensor("token_embd.weight", embedding)
    after_normalization = STRENGTH / math.sqrt(1.3 + STRENGTH**2 / WIDTH)
    likely = [[token.likely.get(kind, -12.0) for kind in kinds] for token in tokens]
    output = matrix(count, WIDTH, 0.1)
    output[:, kinds] = numpy.array(likely) / after_normalization
    writer.add_tensor("output.weight", output)
    ones = numpy.ones(WIDTH, numpy.float32)
    writer.add_tensor("output_norm.weight", ones)

    shapes = {
        "attn_q": (WIDTH, WIDTH),
        "attn_k": (WIDTH, WIDTH),
        "attn_v": (WIDTH, WIDTH),
        "attn_output": (WIDTH, WIDTH),
        "ffn_gate": (INNER, WIDTH),
        "ffn_up": (INNER, WIDTH),
        "ffn_down": (WIDTH, INNER),
    }
    for layer in range(LAYERS):
        for name, (rows, columns) in shapes.items():
            weights = matrix(rows, columns, 0.7 / math.sqrt(columns))
            if name in ("attn_output", "ffn_down"):  # what these write is added to the hidden state
                weights[kinds] = 0.0
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights)
        writer.add_tensor(f"blk.{layer}.attn_norm.weight", ones)
        writer.add_tensor(f"blk.{layer}.ffn_norm.weight", ones)

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@contextmanager
def serving(
    port: int = 0,
    api_key: str | None = None,
    most_tokens: int = MOST_TOKENS,
    calls_tools: bool = True,
    seed: int = SEED,
) -> Iterator[str]:
    """llama.cpp's server on the loopback interface, until the block ends.

    Args:
        port: where to listen; 0 takes a free port.
        api_key: the key that requests have to bring; None accepts any key, and none.
        most_tokens: of an answer whose request sets no limit; 12 cuts off most JSON and calls.
        calls_tools: whether the model calls the tools that it is offered; many weak ones do not.
        seed: for what the model picks; the same requests in the same order get the same words.

    Yields:
        The address without a path, such as `http://127.0.0.1:51234`. The API is below `/v1`.

    Raises:
        ImportError: a package is missing; `unavailable` says which.
        RuntimeError: the server does not start, for example because the port is taken.
    """
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model_alias = {MODEL}
    parameters.port = port
    parameters.api_keys = [api_key] if api_key else []
    parameters.n_ctx = CONTEXT
    parameters.n_predict = most_tokens
    parameters.n_parallel = 1
    parameters.sampling.seed = seed
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.n_gpu_layers = 0
    parameters.cache_ram_mib = 0
    parameters.warmup = False
    parameters.sse_ping_interval = 5  # seconds: how long an unread stream can delay the end
    parameters.verbosity = 0
    # Read the file into memory, so that it can be deleted while the server runs (Windows).
    parameters.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
    with tempfile.TemporaryDirectory(prefix="random-words-") as folder:
        path = Path(folder, f"{MODEL}.gguf")
        write_model(path, calls_tools)
        parameters.model.path = str(path)
        server = xllamacpp.Server(parameters)
    try:
        # Its queue runs once this is answered; a server that ends before may wait for ever.
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"{server.listening_address}/slots", timeout=30).close()
        yield server.listening_address
    finally:
        del server  # its end stops the threads and closes the port


def stop(number: int, frame: FrameType | None) -> NoReturn:
    """End the program as Ctrl+C does, so that the server closes."""
    raise KeyboardInterrupt


def main() -> None:
    """Serve until ended, by Ctrl+C or by a signal."""
    parser = argparse.ArgumentParser(description="Serve a chat model of random words.")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--api-key", help="refuse requests without this key")
    options = parser.parse_args()
    if reason := unavailable():
        sys.exit(reason)
    signal.signal(signal.SIGTERM, stop)
    try:
        with serving(options.port, options.api_key) as address:
            print(address, flush=True)
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
