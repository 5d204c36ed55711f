"""What the rewrite does to code as people write it: classes in tables, futures, mocks, None."""

import pytest
from test_migration_rewrite import CLIENT, MARK, moved

from helpers.migration.__main__ import main


def last(text: str) -> str:
    """The last line of what a program becomes."""
    return moved(CLIENT + text).rstrip().splitlines()[-1].strip()


# --- Values that are followed ------------------------------------------------------------------

READS = {
    # Fields of requests have types of their own.
    "t = ChatCompletionsToolDefinition(function=FunctionDefinition(name='a'))\nx = t.function.name": """x = t["function"]["name"]""",
    "tools: list[ChatCompletionsToolDefinition] = []\nx = [t.function.name for t in tools]": """x = [t["function"]["name"] for t in tools]""",
    "def f(item: ImageContentItem):\n    return item.image_url.detail.value": """return item["image_url"]["detail"]""",
    "m = UserMessage(content=[TextContentItem(text='a')])\nx = [i.image_url.url for i in m.content]": """x = [i["image_url"]["url"] for i in m["content"]]""",
    # A name with an annotation, whose value says nothing.
    "r: ChatCompletions = make()\nx = r.choices[0].finish_reason.value": "x = r.choices[0].finish_reason",
    # Futures and threads.
    "import asyncio\nfor done in asyncio.as_completed([client.complete(messages=[])]):\n    x = (await done)['model']": "x = (await done).model",
    "f = pool.submit(lambda q: client.complete(messages=q), [])\nx = f.result()['model']": "x = f.result().model",
    "fs = {pool.submit(lambda: client.complete(messages=[])): q for q in 'ab'}\nfor f in as_completed(fs):\n    x = fs[f], f.result()['model']": "x = fs[f], f.result().model",
    "done, _ = wait([pool.submit(lambda: client.complete(messages=[]))])\nx = [f.result()['model'] for f in done]": "x = [f.result().model for f in done]",
    "x = [r['model'] for r in map(lambda q: client.complete(messages=q), [])]": "x = [r.model for r in map(lambda q: client.chat.completions.create("
    'model="m", messages=q), [])]',
    "import asyncio\nrs = asyncio.gather(*[client.complete(messages=[])])\nfor q, r in zip(qs, rs): x = q['id'], r['id']": "for q, r in zip(qs, rs): x = q['id'], r.id",
    "for n, r in enumerate([client.complete(messages=[])]): x = n, r['id']": "for n, r in enumerate("
    '[client.chat.completions.create(model="m", messages=[])]): x = n, r.id',
    "d = {q: client.complete(messages=[]) for q in qs}\nx = [(q['id'], r['id']) for q, r in sorted(d.items())]": "x = [(q['id'], r.id) for q, r in sorted(d.items())]",
    "rs = [client.complete(messages=[])]\nx = max(rs, key=lambda r: r['id'])['id']": "x = max(rs, key=lambda r: r.id).id",
    # Dicts are known by their keys.
    "d = {'r': client.complete(messages=[]), 'meta': load()}\nx = d['meta']['id'], d['r']['id']": "x = d['meta']['id'], d['r'].id",
    "d = {'r': client.complete(messages=[]), 'meta': load()}\nx = d.get('meta')['id'], d.get('r')['id']": "x = d.get('meta')['id'], d.get('r').id",
    "state = {'client': None}\nstate['client'] = client\nx = state['client'].complete(messages=[])": """x = state['client'].chat.completions.create(model="m", messages=[])""",
    # What is put into a list, a dict or a queue later.
    "h = []\ndef f(q):\n    h.append(UserMessage(q))\nx = h[-1].content": """x = h[-1]["content"]""",
    "def f(h):\n    h.extend([UserMessage('a')])\n    return h[0].role": """return h[0]["role"]""",
    "h = [UserMessage('a')]\nh += more()\nx = h[0].role": """x = h[0]["role"]""",
    "class A:\n    h = None\n    def f(self):\n        self.h.append(UserMessage('a'))\n        return self.h[0].role": """return self.h[0]["role"]""",
    "hs = defaultdict(list)\ndef f(u):\n    hs[u].append(UserMessage('a'))\n    return hs[u][0].role": """return hs[u][0]["role"]""",
    "c = {}\none = c.setdefault(0, ChatCompletionsToolCall(id='', function=f))\none.id = 'a'": """one["id"] = 'a'""",
    "c = {}\nc.setdefault(0, ChatCompletionsToolCall(id='', function=f))\nx = [one.id for one in c.values()]": """x = [one["id"] for one in c.values()]""",
    "s = {}\ns.update(last=client.complete(messages=[]))\nx = s['last']['id']": "x = s['last'].id",
    "async def f(q):\n    await q.put(client.complete(messages=[]))\n    return (await q.get())['id']": "return (await q.get()).id",
    "def f(state):\n    state['h'] = [UserMessage('a')]\n    return state['h'][0].role": """return state['h'][0]["role"]""",
    # Copies, and parts of them.
    "h = [UserMessage('a')].copy()\nx = h[0].role": """x = h[0]["role"]""",
    "h = deque([UserMessage('a')], maxlen=3)\nx = h[0].role": """x = h[0]["role"]""",
    "for m in chain([UserMessage('a')], []): x = m.role": """for m in chain([{"role": "user", "content": 'a'}], []): x = m["role"]""",
    "first, *rest = [UserMessage('a')]\nx = first.role, rest[0].role": """x = first["role"], rest[0]["role"]""",
    "d = dict(enumerate([UserMessage('a')]))\nx = d[0].role": """x = d[0]["role"]""",
    "d = dict(a=UserMessage('a'))\nx = d['a'].role": """x = d['a']["role"]""",
    "m = AssistantMessage(tool_calls=[ChatCompletionsToolCall(id='1', function=f)])\nx = m.tool_calls[0].id": """x = m["tool_calls"][0]["id"]""",
    # Items of a class of the program's own, and calls that were prepared.
    "class S(TypedDict):\n    h: list[ChatRequestMessage]\ndef f(s: S):\n    return s['h'][0].role": """return s['h'][0]["role"]""",
    "class H:\n    def __init__(self):\n        self.h = [UserMessage('a')]\n    def __getitem__(self, n):\n        return self.h[n]\nx = H()[0].role": """x = H()[0]["role"]""",
    "ask = partial(client.complete, seed=1)\nx = ask(messages=[])['id']": "x = ask(messages=[]).id",
    # A function of the program's own that has the name of a known one.
    "def run(m):\n    return m.content\nm = UserMessage('a')\nx = ToolMessage(run(m), tool_call_id='1')": """x = {"role": "tool", "content": run(m), "tool_call_id": '1'}""",
    # Fields that are looked up by their names.
    "m = UserMessage('a')\nx = getattr(m, 'content', '')": "x = m.get('content', '')",
    "m = UserMessage('a')\nx = getattr(m, 'content')": "x = m['content']",
    "m = UserMessage('a')\nx = not hasattr(m, 'tool_calls')": "x = not ('tool_calls' in m)",
    # What is kept in an object of another package.
    "import streamlit as st\nst.session_state.h = [UserMessage('a')]\nx = st.session_state['h'][0].role": """x = st.session_state['h'][0]["role"]""",
    "app.config['LLM'] = client\nx = app.config['LLM'].complete(messages=[])": """x = app.config['LLM'].chat.completions.create(model="m", messages=[])""",
    "def f(one):\n    one.h = UserMessage('a')\ndef g(one):\n    return one.h.role": "return one.h.role",
}


@pytest.mark.parametrize("old", READS)
def test_a_value_is_followed_to_where_it_is_read(old):
    assert last(old + "\n") == READS[old]


MAPPINGS = {
    "x = {**u, 'a': 1}": "x = {**D, 'a': 1}",
    "x = dict(u)": "x = dict(D)",
    "x = u.get('total_tokens', None)": "x = u.total_tokens",
    "x = r.get('usage', {}).get('total_tokens', 0)": "x = r.model_dump(exclude_unset=True).get('usage', {}).get('total_tokens', 0)",
    "x = len(u)": "x = len(D)",
    "x = f(**u)": "x = f(**D)",
    "x = [u[k] for k in u]": "x = [D[k] for k in D]",
    "for k in u: x = k": "for k in D: x = k",
    "for k in sorted(u): x = k": "for k in sorted(D): x = k",
    # Methods that are passed on.
    "x = u.get": "x = D.get",
    "x = map((u or {}).get, k)": "x = map((D if u else {}).get, k)",
    "x = map(((u if k else None) or {}).get, k)": "x = map(((u if k else None).model_dump("
    "exclude_unset=True) if (u if k else None) else {}).get, k)",
    "x = list(map(f, u.items))": "x = list(map(f, D.items))",
    "x = u.as_dict": "x = u.to_dict",
}


@pytest.mark.parametrize("old", MAPPINGS)
def test_an_answer_is_a_mapping_no_more(old):
    dumped = "u.model_dump(exclude_unset=True)"
    assert last(f"r = client.complete(messages=[])\nu = r.usage\n{old}\n") == MAPPINGS[old].replace(
        "D", dumped
    )


def test_a_dict_of_a_name_in_another_function_is_another_dict():
    text = moved(
        f"{CLIENT}def f():\n    d = {{}}\n    d['r'] = client.complete(messages=[])\n"
        "def g():\n    d = {}\n    d['r'] = load()\n    return d['r']['id']\n"
    )
    assert "return d['r']['id']" in text


# --- What can be None --------------------------------------------------------------------------

SETTINGS = """
import argparse, os
from pydantic import BaseModel
class Body(BaseModel):
    seed: int | None = None
    top: int = 1
class Settings:
    def __init__(self, seed=None):
        self.seed = seed
def values(body: Body, settings: Settings, options: dict, seed: int | None = None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int)
    parser.add_argument("--top", type=int, default=1)
    args = parser.parse_args()
"""
NULLS = {
    "1 if options else None": "1 if options else omit",
    "(seed if options else None)": "((omit if seed is None else seed) if options else omit)",
    "options['seed'] or None": "options['seed'] or omit",
    "body.seed": "omit if body.seed is None else body.seed",
    "body.top": "body.top",
    "settings.seed": "omit if settings.seed is None else settings.seed",
    "args.seed": "omit if args.seed is None else args.seed",
    "args.top": "args.top",
    "options.get('seed')": "omit if options.get('seed') is None else options.get('seed')",
    "options.get('seed', 1)": "options.get('seed', 1)",
    "getattr(body, 'seed', None)": "omit if getattr(body, 'seed', None) is None else getattr(body, 'seed', None)",
}


TESTED = {
    "if seed: client.complete(model='n', messages=[], seed=seed)": "seed=seed",
    "if seed is not None and x:\n        client.complete(model='n', messages=[], seed=seed)": "seed=seed",
    "if x:\n        client.complete(model='n', messages=[], seed=seed)": "seed=omit if seed is None else seed",
    "if seed: pass\n    else: client.complete(model='n', messages=[], seed=seed)": "seed=omit if seed is None else seed",
    "o = {'messages': []}\n    if seed: o['seed'] = seed\n    client.complete(model='n', **o)": "**o",
}


@pytest.mark.parametrize("old", TESTED)
def test_what_a_test_found_is_not_none(old):
    text = moved(f"{CLIENT}def f(x, seed=None):\n    {old}\n")
    assert f"{TESTED[old]})" in text and MARK not in text


def test_options_of_argparse_are_known_in_other_functions_too():
    text = moved(
        f"{CLIENT}def ask(args):\n    client.complete(messages=args.text, seed=args.seed, stop=args.stop, top_p=args.top)\n"
        "parser = commands.add_parser('ask')\nparser.add_argument('text')\n"
        "parser.add_argument('-s', '--seed', type=int)\nparser.add_argument('stop', nargs='?')\n"
        "parser.add_argument('--top', default=1)\n"
    )
    assert "seed=omit if args.seed is None else args.seed" in text
    assert "stop=omit if args.stop is None else args.stop" in text
    assert "top_p=args.top," in text


@pytest.mark.parametrize("old", NULLS)
def test_what_can_be_none_is_left_out(old):
    """The old SDK left it out; openai would send null."""
    text = moved(
        f"{CLIENT}{SETTINGS}    return client.complete(model='n', messages=[], seed={old})\n"
    )
    made = " ".join(text.partition("return")[2].split()).replace("( ", "(").replace(", )", ")")
    assert made.endswith(f"seed={NULLS[old]})")


def test_none_in_options_and_beside_a_default_gets_a_todo():
    text = moved(
        f"{CLIENT.replace('model=', 'temperature=0.5, model=')}def f(heat=None):\n"
        "    options = {'seed': heat}\n"
        "    client.complete(messages=[], **options)\n"
        "    client.complete(messages=[], temperature=heat)\n"
    )
    assert "leave out seed where it is None" in text
    assert "where temperature is None, the client's temperature=0.5" in text


FIELDS = {
    "x = FunctionDefinition(name='a', description=d)": {"name": "a"},
    "x = FunctionDefinition(name='a', description=d or None)": {"name": "a"},
    "x = AssistantMessage(content='a', tool_calls=m.tool_calls)": {
        "role": "assistant",
        "content": "a",
    },
}


@pytest.mark.parametrize("old", FIELDS)
def test_a_field_that_is_none_is_left_out_of_its_dict(old):
    """As the old SDK did: a service refuses `"tool_calls": null`."""
    text = moved(
        f"{CLIENT}def f(d=None):\n    m = client.complete(messages=[]).choices[0].message\n"
        f"    {old}\n    return x\n"
    )
    from openai.types.chat import ChatCompletionMessage

    space = {"d": None, "m": ChatCompletionMessage(role="assistant", content="a")}
    exec(next(line for line in text.splitlines() if line.startswith("    x = ")).strip(), space)
    assert space["x"] == FIELDS[old]


def test_calls_that_were_asked_for_are_written_plainly():
    text = moved(
        f"{CLIENT}m = client.complete(messages=[]).choices[0].message\n"
        "if m.tool_calls:\n    x = AssistantMessage(tool_calls=m.tool_calls)\n"
    )
    assert '{"role": "assistant", "tool_calls": m.tool_calls}' in text


# --- What is not safe --------------------------------------------------------------------------

DOUBTS = {
    "table = {'u': UserMessage, 'a': AssistantMessage}\nx = table[r](content='a')": "makes one of several classes",
    "x = (UserMessage if r else SystemMessage)('a')": "makes one of several classes",
    "import unittest.mock\nx = unittest.mock.patch('azure.ai.inference.ChatCompletionsClient.complete')": "this string names the old package",
    "x = patch.object(ChatCompletionsClient, 'complete')": '"complete" is chat.completions.create now',
    "x = unknown.get_model_info()": "if unknown is an old client, move this call",
    "class Fake:\n    def complete(self, messages): return 1": "if this class stands for an old client",
    "x = HttpResponseError('no')": "APIStatusError(message, response=httpx.Response(",
    "m = UserMessage('a')\nsetattr(m, 'content', 'b')": "m is a dict now: set an item.",
    "x = AssistantMessage(client.complete(messages=[]).choices[0].message)": "AssistantMessage(…) becomes a dict",
    "x = json.dumps(client.complete(messages=[]), default=str)": "an answer prints as Python now",
    "x = getattr(client, 'complete')": '"complete" is chat.completions.create now',
}


STREAM = "client.complete(messages=[], stream=True)"
FIRST = {
    "def f(u: StreamingChatCompletionsUpdate):\n    return u.choices[0].delta.content": True,
    "def f(u: StreamingChatCompletionsUpdate):\n    return u.choices and u.choices[0].delta": False,
    f"def f():\n    u = next({STREAM})\n    return u.choices[0].index": True,
    f"def f():\n    for n, u in enumerate({STREAM}):\n        g(n, u.choices[0].index)": True,
    f"def f():\n    for u in {STREAM}:\n        g(u.choices[0].index)": False,
}


@pytest.mark.parametrize("old", FIRST)
def test_a_chunk_without_choices_gets_a_todo_where_no_loop_skips_it(old):
    text = moved(f"{CLIENT}{old}\n")
    assert ("the first chunk can have no choices" in text) is FIRST[old], text


@pytest.mark.parametrize("old", DOUBTS)
def test_a_doubt_gets_a_todo_and_the_code_stays(old):
    lines = moved(f"{CLIENT}from azure.core.exceptions import *\n{old}\n").rstrip().splitlines()
    todos = [line for line in lines[-4:] if line.lstrip().startswith(MARK)]
    assert any(DOUBTS[old] in todo for todo in todos), lines
    assert '"role"' not in lines[-1]


def test_a_tool_call_that_is_a_dict_or_an_object_gets_a_todo():
    text = moved(
        f"{CLIENT}def run(call: ChatCompletionsToolCall):\n    return call.function.name\n"
        "for call in client.complete(messages=[]).choices[0].message.tool_calls:\n    run(call)\n"
        "run(ChatCompletionsToolCall(id='1', function=FunctionCall(name='a', arguments='')))\n"
    )
    assert "call is a dict where this program makes it" in text
    assert "return call.function.name" in text


@pytest.mark.parametrize("read", ["m.content", "m['content']", "m.as_dict()", "m.get('content')"])
def test_a_message_that_is_a_dict_or_an_object_gets_a_todo(read):
    text = moved(
        f"{CLIENT}history = [UserMessage('a')]\n"
        "history.append(client.complete(messages=history).choices[0].message)\n"
        f"for m in history:\n    x = {read}\n"
    )
    assert "m is a dict where this program makes it, else an object" in text
    assert text.endswith(f"x = {read}\n")


def test_a_tool_call_that_the_program_always_makes_is_a_dict():
    text = moved(
        f"{CLIENT}def run(call: ChatCompletionsToolCall):\n    return call.id\n"
        "run(ChatCompletionsToolCall(id='1', function=f))\n"
    )
    assert 'return call["id"]' in text


CALLED = "def run(call: ChatCompletionsToolCall):\n    return call.function.name\n"
MADE = "made = ChatCompletionsToolCall(id='1', function=FunctionCall(name='a', arguments=''))\nrun(made)\n"


@pytest.mark.parametrize(
    "how", ["pool.map(run, calls)", "pool.submit(run, calls[0])", "table[0] = run"]
)
def test_a_function_that_is_handed_on_gets_objects_too(how):
    calls = "calls = client.complete(messages=[]).choices[0].message.tool_calls\n"
    text = moved(f"{CLIENT}{CALLED}{MADE}{calls}{how}\n")
    assert text.count("call is a dict where this program makes it") == 1
    assert "return call.function.name" in text and "call.function is" not in text


def test_what_is_in_a_dict_is_a_dict_as_well():
    """`call["function"].name` failed."""
    text = moved(f"{CLIENT}{CALLED}{MADE}print(f'{{made.function.name}}')\n")
    assert 'return call["function"]["name"]' in text and MARK not in text
    assert '{made["function"]["name"]}' in text


TYPES = {
    "Client = Annotated[ChatCompletionsClient, Depends(get)]\ndef f(c: Client):\n    return c.complete(model='n', messages=[])": "c.chat.completions.create(model='n', messages=[])",
    "Maybe = ChatCompletionsClient | None\ndef f(c: Maybe):\n    return c.complete(model='n', messages=[])": "c.chat.completions.create(model='n', messages=[])",
}


TYPES[
    "def f(c: SkipValidation[ChatCompletionsClient]):\n    return c.complete(model='n', messages=[])"
] = "c.chat.completions.create(model='n', messages=[])"
TYPES["def f(c: 'ChatCompletionsClient'):\n    return c.complete(model='n', messages=[])"] = (
    "c.chat.completions.create(model='n', messages=[])"
)


@pytest.mark.parametrize("old", TYPES)
def test_a_name_for_a_type_is_followed(old):
    assert last(old + "\n") == f"return {TYPES[old]}"


NAMED_TYPES = {
    "x: TypeAlias = Sequence[ChatRequestMessage]": "x: TypeAlias = Sequence[ChatCompletionMessageParam]",
    "x = dict[str, list[UserMessage]]": "x = dict[str, list[ChatCompletionUserMessageParam]]",
    "x = ContentItem | None": "x = ChatCompletionContentPartParam | None",
    "x = Union[UserMessage, 'ToolMessage']": (
        "x = Union[ChatCompletionUserMessageParam, 'ChatCompletionToolMessageParam']"
    ),
    "x = ChatRequestMessage": "x = ChatCompletionMessageParam",
    "x = TypeVar('x', bound=ChatRequestMessage)": "x = TypeVar('x', bound=ChatCompletionMessageParam)",
    "x = cast(ChatRequestMessage, y)": "x = cast(ChatCompletionMessageParam, y)",
    "x: SkipValidation[ChatCompletionsClient]": "x: SkipValidation[OpenAI]",
}


@pytest.mark.parametrize("old", NAMED_TYPES)
def test_a_type_that_has_a_name_moves(old):
    text = moved(f"{CLIENT}{old}\n")
    assert text.rstrip().splitlines()[-1] == NAMED_TYPES[old] and MARK not in text
    assert "azure.ai.inference" not in text


def test_fields_that_openai_does_not_have_get_a_todo():
    text = moved(f"{CLIENT}def f(i: ModelInfo):\n    x = i.model_name\n    y = i['model_type']\n")
    assert text.count("openai's Model has id, created and owned_by alone") == 2


TWO_KINDS = {
    "isinstance(c, ChatCompletionsClient)": False,
    "isinstance(c, ChatCompletionsClient) or isinstance(c, EmbeddingsClient)": True,
    "isinstance(load_client('http://a/v1', AzureKeyCredential('k')), EmbeddingsClient)": True,
}


@pytest.mark.parametrize("asked", TWO_KINDS)
def test_clients_of_two_kinds_are_of_one_class(asked):
    text = moved(f"{CLIENT}from azure.ai.inference import *\nx = {asked}\n")
    assert ("one class makes chat completions and embeddings" in text) is TWO_KINDS[asked]


@pytest.mark.parametrize(
    "old, new",
    [
        ("ChatCompletions(id='1', choices=[ChatChoice(index=0)])", "'1'"),
        ("ChatCompletions({'id': '1', 'choices': [{'index': 0}]})", "'1'"),
    ],
)
def test_an_answer_that_a_test_makes_is_made_by_openai(old, new):
    text = moved(f"{CLIENT}x = {old}\n")
    space: dict = {}
    exec(text.partition("client = ")[0] + text.splitlines()[-1], space)
    assert space["x"].id == "1" and space["x"].choices[0].index == 0 and space["x"].usage is None


BROKEN = f"try:\n    for u in {STREAM}: print(u.id)\nexcept HttpResponseError: pass\n"


@pytest.mark.parametrize(
    "old, told",
    [
        (BROKEN, True),
        (BROKEN.replace("for u in", "x = [u for u in").replace(": print(u.id)", "]"), True),
        (BROKEN + "except Exception: pass\n", False),
        (BROKEN + "except ServiceResponseError: pass\n", False),
        (BROKEN.replace("stream=True", "stream=False"), False),
        (BROKEN.replace("HttpResponseError", "ResourceNotFoundError"), False),
    ],
)
def test_a_stream_that_breaks_off_is_another_exception(old, told):
    text = moved(f"{CLIENT}from azure.core.exceptions import *\n{old}")
    assert ("a stream that breaks off is an APIConnectionError" in text) is told, text


def test_imports_stand_in_their_order_and_fit_their_lines():
    text = moved(
        f"import json\nimport sys\nfrom typing import Any\n{CLIENT.replace('import os', '', 1)}"
        "def f(a: ChatCompletions, b: ChatCompletionsToolCall, c: ChatResponseMessage, d: ChatCompletionsToolDefinition): ...\n"
        "x = client.complete(os.environ)\ny = ChatCompletionsClient(x, AzureKeyCredential(x))\n"
    )
    assert text.startswith("import json\nimport re\nimport sys\nfrom typing import Any\n")
    assert "from openai.types.chat import (\n    ChatCompletion,\n" in text


def test_an_import_of_the_standard_library_stays_with_its_like():
    text = moved(
        "import os\n\nimport streamlit as st\nfrom azure.ai.inference import ChatCompletionsClient\n"
        "client = ChatCompletionsClient(os.environ['E'], None)\n"
    )
    assert text.startswith("import os\nimport re\n\nimport streamlit as st\nfrom openai import")


def test_the_defaults_of_a_client_that_is_handed_on_unseen_are_not_lost():
    text = moved(
        f"{CLIENT.replace('client = ', 'app.state.client = ')}"
        "def ask(client: ChatCompletionsClient):\n    return client.complete(messages=[])\n"
    )
    assert "a client of this file has model='m': does this call need it?" in text


# --- Errors that are shown, logged or read ------------------------------------------------------

WORDS = {
    "log.error('%s', error)": "other words now",
    "log.warning('no', exc_info=True, extra={'error': error})": "",
    "log.exception('no')": "",
    "x = 'no: %s' % error": "other words now",
    "x = 'no: %s %s' % (1, error)": "other words now",
    "x = '{}'.format(error)": "other words now",
    "raise RuntimeError('no', error) from error": "other words now",
    "raise HTTPException(502, detail=error.message)": "message has other words now",
    "x = error.args[0]": "args has other words now",
    "x = getattr(error, 'message', '')": "message has other words now",
    "x = getattr(error, 'inner_exception', None)": "errors have no inner_exception",
    "log.error('%s', error.error)": "the details print as a dict now",
    "log.error('%s %s', error.status_code, error.error.code)": "",
    "x = error.error.details[0].code": "check its type",
    "x = isinstance(error, ValueError)": "",
}


@pytest.mark.parametrize("old", WORDS)
def test_an_errors_words_get_a_todo_wherever_they_go(old):
    text = moved(
        f"{CLIENT}from azure.core.exceptions import HttpResponseError\n"
        f"try:\n    client.complete(messages=[])\nexcept HttpResponseError as error:\n    {old}\n"
    )
    todos = [line for line in text.splitlines() if MARK.strip() in line]
    assert len(todos) == bool(WORDS[old]) and all(WORDS[old] in todo for todo in todos), text


READ = {
    "x = error.error or 'none'": "x = (error.body if isinstance(error.body, dict) else None) or 'none'",
    "x = error.error and error.error.code": "x = (error.body if isinstance(error.body, dict) else None) and error.code",
    "x = 1 if error.error and error.error.code else 2": "x = 1 if isinstance(error.body, dict) and error.code else 2",
    "x = getattr(error.error, 'code', None)": "x = error.code",
    "x = getattr(error.error, 'message', '')": (
        "x = ((error.body if isinstance(error.body, dict) else None) or {}).get('message', '')"
    ),
    "d = error.error\n    x = hasattr(d, 'code')": "x = ('code' in (d or {}))",
    "x = hasattr(error, 'error')": 'x = hasattr(error, "body")',
    "x = error.response.reason": "x = error.response.reason_phrase",
    "x = error.response.content_type": 'x = error.response.headers.get("content-type")',
    "for d in error.error.details: x = d.code": 'for d in (error.body.get("details") or []): x = d.get("code")',
}


@pytest.mark.parametrize("old", READ)
def test_what_is_read_of_an_error_moves(old):
    assert READ[old] == last(
        "from azure.core.exceptions import HttpResponseError\n"
        f"try:\n    client.complete(messages=[])\nexcept HttpResponseError as error:\n    {old}\n"
    )


# --- Streams that are left early ---------------------------------------------------------------

ASYNC = CLIENT.replace("inference import", "inference.aio import")
CREATED = 'await client.chat.completions.create(model="m", messages=[], stream=True)'
CALL = "await client.complete(messages=[], stream=True)"
NAMED = f"    s = {CALL}\n    async for u in s:\n        "
LEFT = {
    NAMED + "if u.id:\n            break": "    async with s:\n        async for u in s:",
    NAMED + "return u.id": "    async with s:\n        async for u in s:",
    NAMED + "yield u.id": "    async with s:\n        async for u in s:",
    f"    async for u in {CALL}:\n        return u.id": f"    async with {CREATED} as stream:\n        async for u in stream:",
    f"    stream = 1\n    async for u in {CALL}:\n        return u.id": f"    async with {CREATED} as chunks:\n        async for u in chunks:",
    NAMED + "print(u.id)": "",
    NAMED + "for x in u.choices:\n            break": "",
    NAMED + "def g():\n            return u.id": "",
    NAMED + "return u.id\n    await s.aclose()": "",
    f"    async with {CALL} as s:\n        async for u in s:\n            return u.id": "",
    "    async for u in others:\n        return u.id": "",
}


@pytest.mark.parametrize("old", LEFT)
def test_an_async_stream_that_may_be_left_early_is_closed(old):
    text = moved(f"{ASYNC}async def f(others):\n{old}\n")
    assert LEFT[old] in text
    if not LEFT[old]:
        assert text.count("async with") == old.count("async with"), text


@pytest.mark.parametrize("close", ["", "    async def end(self):\n        await self.s.aclose()\n"])
def test_a_stream_in_an_attribute_gets_a_todo_where_nothing_closes_it(close):
    text = moved(
        f"{ASYNC}class A:\n    async def f(self):\n        self.s = {CALL}\n"
        f"        async for u in self.s:\n            return u.id\n{close}"
    )
    assert ("close self.s where this loop ends before it does" in text) is not bool(close)
    assert "async with" not in text


# --- Files that serve another one --------------------------------------------------------------

HANDING = """
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
"""
DESK_OF_FOUR = """
from answers import reason
from compat import AzureKeyCredential, ChatCompletionsClient, UserMessage
from errors import guarded
client = ChatCompletionsClient("http://a/v1", AzureKeyCredential("k"), model="m")
@guarded
def ask(text):
    return client.complete(messages=[UserMessage(text)])
print(reason(client.complete(messages=[UserMessage("a")])))
"""
ERRORS = """
from azure.core.exceptions import HttpResponseError
def guarded(function):
    try:
        return function()
    except HttpResponseError as error:
        return error.error.code
"""


@pytest.fixture
def four_files(tmp_path, capsys):
    """A program whose other files name little or nothing of the SDK."""
    (tmp_path / "compat.py").write_text(HANDING)
    (tmp_path / "desk.py").write_text(DESK_OF_FOUR)
    (tmp_path / "errors.py").write_text(ERRORS)
    (tmp_path / "answers.py").write_text(
        "def reason(answer):\n    return answer.choices[0].finish_reason.value\n"
    )
    return tmp_path


def test_files_that_serve_the_one_with_the_client_move_with_it(four_files):
    """They stayed as they were, without a word, and failed."""
    assert main(["--write", str(four_files)]) == 0
    moved = {path.stem: path.read_text() for path in four_files.iterdir()}
    assert "choices[0].finish_reason\n" in moved["answers"]
    assert "except APIStatusError as error:\n        return error.code" in moved["errors"]
    assert "UserMessage" not in moved["compat"] and "compat" not in moved["desk"]


def test_errors_of_another_package_of_azure_keep_their_class(four_files):
    store = "from azure.storage.blob import BlobClient\nfrom errors import guarded\n"
    (four_files / "store.py").write_text(store)
    assert main(["--write", str(four_files)]) == 1
    text = (four_files / "errors.py").read_text()
    assert "except HttpResponseError" in text and "where openai is called, this is" in text


def test_errors_without_the_old_sdk_near_stay(four_files):
    for name in ("compat", "desk", "answers"):
        (four_files / f"{name}.py").unlink()
    assert main(["--write", str(four_files)]) == 0
    assert (four_files / "errors.py").read_text() == ERRORS


def test_a_package_of_errors_above_the_client_moves_too(tmp_path, capsys):
    (tmp_path / "llm").mkdir()
    (tmp_path / "llm" / "__init__.py").write_text(f"from errors import guarded\n{CLIENT}")
    (tmp_path / "errors.py").write_text(ERRORS)
    main(["--write", str(tmp_path)])
    assert "except APIStatusError" in (tmp_path / "errors.py").read_text()


@pytest.mark.parametrize("name", ["__init__.py", "types.py"])
def test_names_that_a_package_hands_on_get_a_todo(name, tmp_path, capsys):
    end = "" if name == "__init__.py" else '__all__ = ["ChatCompletionsClient", "UserMessage"]\n'
    (tmp_path / name).write_text(HANDING + end)
    main(["--write", str(tmp_path)])
    text = (tmp_path / name).read_text()
    assert "other files may take ChatCompletionsClient from here" in text
    assert "other files may take UserMessage from here" in text


def test_files_that_import_each_other_come_to_an_end(tmp_path, capsys):
    (tmp_path / "a.py").write_text("from b import x\nprint(x.choices)\n")
    (tmp_path / "b.py").write_text("from a import x\nprint(x.choices)\n")
    (tmp_path / "old.py").write_text("print 'python 2'; x.choices\n")
    assert main([str(tmp_path)]) == 0
    assert "not judged: 0. Files or cells not judged: 0" in capsys.readouterr().out


# --- Mocks -------------------------------------------------------------------------------------


def test_a_mock_of_a_client_answers_the_new_call():
    text = moved(
        f"{CLIENT}from unittest.mock import MagicMock\nmock = MagicMock(spec=ChatCompletionsClient)\n"
        "mock.complete.return_value = 1\nmock.complete.assert_called_once()\n"
    )
    assert "mock = MagicMock(spec=OpenAI)" in text and MARK not in text
    assert "mock.chat.completions.create.return_value = 1" in text
    assert "mock.chat.completions.create.assert_called_once()" in text


DESK = """
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.aio import ChatCompletionsClient as Later
from azure.core.credentials import AzureKeyCredential
shared = ChatCompletionsClient("http://a/v1", AzureKeyCredential("k"), model="m")
"""
MOCKS = {
    'with patch("desk.ChatCompletionsClient") as c:\n    c.return_value.complete.return_value = 1': (
        'with patch("desk.OpenAI") as c:\n    c.return_value.chat.completions.create.return_value = 1'
    ),
    'with patch("desk.ChatCompletionsClient") as c:\n    c().complete(messages=[])': (
        "c().chat.completions.create("
    ),
    'with patch("desk.ChatCompletionsClient") as c:\n    c.return_value.__enter__.return_value.complete.side_effect = e': (
        "c.return_value.__enter__.return_value.chat.completions.create.side_effect = e"
    ),
    '@patch("os.getcwd")\n@patch("desk.ChatCompletionsClient")\ndef test(c, d):\n    c.return_value.complete.called': (
        "c.return_value.chat.completions.create.called"
    ),
    'patch.object(desk, "ChatCompletionsClient")': 'patch.object(desk, "OpenAI")',
    'monkeypatch.setattr("desk.ChatCompletionsClient", f)': 'setattr("desk.OpenAI", f)',
    'patch("desk.shared.complete")': 'patch("desk.shared.chat.completions.create")',
    "c = MagicMock()\nc.complete.return_value = 1": (
        "if c stands for an old client, complete is chat.completions.create."
    ),
    'patch("nowhere.ChatCompletionsClient")': "the module that it names has OpenAI",
    'patch("desk.ChatCompletionsClient.complete")': "the module that it names has OpenAI",
    'with patch("desk.ChatCompletionsClient") as c:\n    c.call_args': "call_args: a client is made with",
    "class Fake:\n    def complete(self, **options): return 1": "if this class stands for",
    'with patch("desk.ChatCompletionsClient") as c:\n    c().complete.assert_called_once_with(messages=[])': (
        "assert_called_once_with: calls name model="
    ),
}


@pytest.mark.parametrize("old", MOCKS)
def test_a_test_that_names_nothing_of_azure_moves_with_its_program(old, tmp_path, capsys):
    (tmp_path / "desk.py").write_text(DESK)
    test = tmp_path / "test_desk.py"
    test.write_text(f"from unittest.mock import MagicMock, patch\nimport desk\n{old}\n")
    assert main([str(tmp_path), "--brief"]) == 1
    assert "test_desk.py:" in capsys.readouterr().out
    main([str(tmp_path), "--write"])
    assert MOCKS[old] in test.read_text()


def test_a_fixture_of_conftest_is_followed(tmp_path, capsys):
    (tmp_path / "conftest.py").write_text(
        f"import pytest\nfrom unittest.mock import MagicMock\n{CLIENT}@pytest.fixture\ndef mock():\n"
        "    made = MagicMock(spec=ChatCompletionsClient)\n    yield made\n"
    )
    test = tmp_path / "test_desk.py"
    test.write_text("def test_it(mock):\n    mock.complete.assert_called_once()\n")
    main([str(tmp_path), "--write"])
    assert "mock.chat.completions.create.assert_called_once()" in test.read_text()


def test_a_mock_that_has_nothing_to_do_with_the_old_sdk_stays(tmp_path, capsys):
    test = tmp_path / "test_desk.py"
    test.write_text("import desk\nc = MagicMock()\nc.complete.return_value = 1\n")
    (tmp_path / "desk.py").write_text("import os\n")
    assert main([str(tmp_path), "--diff"]) == 0


def test_a_mock_does_not_hide_what_the_client_was_made_with(tmp_path, capsys):
    """Its call got a TODO, as a client of a test has no model."""
    (tmp_path / "desk.py").write_text(
        f"{CLIENT}def ask(q, llm=None):\n    llm = llm or client\n    llm.complete(messages=[])\n"
    )
    (tmp_path / "test_desk.py").write_text(
        "import desk\nfrom unittest.mock import Mock\n"
        "def test():\n    desk.ask('a', Mock(spec=desk.ChatCompletionsClient))\n"
    )
    main([str(tmp_path), "--write"])
    text = (tmp_path / "desk.py").read_text()
    assert 'llm.chat.completions.create(model="m", messages=[])' in text and MARK not in text


# --- Form --------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c", "\u2029"])
def test_a_line_ends_where_python_ends_it(end):
    """A line with such a character was not moved, and nothing said so."""
    text = moved(f"{CLIENT}x = 'ü{end}ü'; y = UserMessage('a')\n")
    assert text.endswith(f"""x = 'ü{end}ü'; y = {{"role": "user", "content": 'a'}}\n""")


def test_a_comment_on_a_line_of_its_own_stays():
    text = moved(
        f"{CLIENT}x = FunctionDefinition(\n    description=None,\n    # Why this is so.\n    name='a',\n)\n"
        "with ChatCompletionsClient(\n    'http://a/v1',\n    AzureKeyCredential('k'),\n"
        "    # Be calm.\n    temperature=0.1,\n) as c:\n    # Inside.\n    pass\n"
    )
    for comment in ("# Why this is so.", "# Be calm.", "# Inside."):
        assert text.count(comment) == 1, text
    assert "# Be calm.\nwith OpenAI(" in text


ENDS = {
    "FunctionDefinition(\n    name='a',\n    description=None,  # later\n)": [
        "# description=None: later",
        "x = {",
        "    \"name\": 'a',",
        "}",
    ],
    "client.complete(  # why\n    messages=[],\n    seed=None,  # noqa: E501\n)": [
        "x = client.chat.completions.create(  # why",
        '    model="m",',
        "    messages=[],",
        ")",
    ],
    "client.complete(\n    # All of them.\n    messages=[],\n)": [
        "x = client.chat.completions.create(",
        '    model="m",',
        "    # All of them.",
        "    messages=[],",
        ")",
    ],
    "f(\n    client.complete(\n        messages=[],\n        temperature=None,  # as it is\n    ),  # first\n)": [
        "# temperature=None: as it is",
        "x = f(",
        "    client.chat.completions.create(",
        '        model="m",',
        "        messages=[],",
        "    ),  # first",
        ")",
    ],
}


@pytest.mark.parametrize("old", ENDS)
def test_a_comment_at_the_end_of_a_line_that_goes_stays_above(old):
    lines = moved(f"{CLIENT}x = {old}\n").rstrip().splitlines()
    assert lines[-len(ENDS[old]) :] == ENDS[old]
    assert "noqa" not in "".join(lines)


CAUGHT = {
    "except (az.ServiceRequestError, az.ServiceResponseError):": "except APIConnectionError:",
    "except (az.ServiceRequestError, KeyError, az.ServiceResponseError):": "except (APIConnectionError, KeyError):",
    "except (az.HttpResponseError, az.ServiceRequestError):": "except (APIStatusError, APIConnectionError):",
    "except (az.HttpResponseError,):": "except (APIStatusError,):",
}


@pytest.mark.parametrize("old", CAUGHT)
def test_two_exceptions_with_one_successor_are_one(old):
    text = moved(
        f"{CLIENT}import azure.core.exceptions as az\ntry:\n    client.complete(messages=[])\n{old}\n    pass\n"
    )
    assert CAUGHT[old] in text and "azure" not in text.partition("client =")[0]


@pytest.mark.parametrize(
    "line, name",
    [
        ("import azure.core.exceptions", "azure.core.exceptions"),
        ("from azure.core import exceptions", "exceptions"),
    ],
)
def test_an_import_of_azure_core_goes_with_its_last_use(line, name):
    program = f"{CLIENT}{line}\ntry:\n    client.complete(messages=[])\nexcept {name}.AzureError:\n    pass\n"
    assert line not in moved(program)
    assert line in moved(program + f"x = {name}.ClientClosedError\n")


def test_an_attribute_that_holds_a_method_keeps_its_name():
    """It was taken for `embed`."""
    program = "class Desk:\n    def __init__(self):\n        self.ask = client.complete\n"
    text = moved(f"{CLIENT}{program}    def go(self, run):\n        return run(self.ask)\n")
    assert "self.ask = client.chat.completions.create" in text and "return run(self.ask)" in text
    assert "embeddings" not in text and text.count("whoever calls this gives model=") == 2


OPTIONAL = """
try:
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.exceptions import HttpResponseError
except ImportError:
    ChatCompletionsClient, HttpResponseError = None, Exception
try:
    from azure.core.credentials import AzureKeyCredential
except ImportError:
    AzureKeyCredential = None
try:
    from azure.ai.inference.models import UserMessage
except ImportError:
    MODELS = False
def ask():
    if ChatCompletionsClient is None:
        return
    client = ChatCompletionsClient("http://a/v1", AzureKeyCredential("k"), model="m")
    try:
        client.complete(messages=[UserMessage("a")])
    except HttpResponseError:
        pass
"""


def test_what_stands_for_a_package_that_is_missing_takes_its_name():
    text = moved(OPTIONAL)
    assert "    OpenAI, APIStatusError = None, Exception\n" in text and "OpenAI is None" in text
    assert "AzureKeyCredential" not in text and "    MODELS = False\n" in text


def test_a_check_for_types_that_is_empty_goes():
    text = moved(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from azure.ai.inference.models import ChatCompletions\n"
        "def f(a: 'ChatCompletions'): ...\n"
    )
    assert "if TYPE_CHECKING" not in text and "pass" not in text


def test_the_comments_of_an_import_that_goes_stay():
    text = moved(
        f"{CLIENT}# The roles.\nfrom azure.ai.inference.models import UserMessage  # just one\nx = 1\n"
        "def f():\n    # For speed.\n    from azure.ai.inference.models import ToolMessage  # noqa\n"
        "from azure.ai.inference.models import (\n    SystemMessage,  # rules\n"
        "    ImageEmbeddingInput,  # pictures\n    ToolMessage,\n)\nImageEmbeddingInput()\n"
    )
    assert "# The roles.\n# just one\nx = 1\n" in text
    assert "    pass\n    # For speed.\n" in text
    assert "# rules\nfrom azure" in text and "    ImageEmbeddingInput,  # pictures\n)" in text
    assert "noqa" not in text
