"""The learner's computer, in replay: nothing from outside gets in, and all is put back."""

import ast
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import requests
from conftest import item, plain
from http_clients import LIBRARIES, SDKS, ask, read, said

from helpers import CourseError, check, clock, connect, sent, start

HELPERS = Path(connect.__file__).parent
URL = "https://replay.invalid/models/chat/completions"
HELLO = item("hello", said("hello"), plain("Good day."))
BODY = {"messages": said("hello"), "model": "m"}
HERE = Path(__file__).parents[1]


def all_answered() -> None:
    for sdk in SDKS:
        assert ask(sdk, "hello") == "Good day."
    for library in LIBRARIES:
        assert b"Good day." in read(library, URL, BODY)[0]


PROXIES = [
    "http://127.0.0.1:9",
    "https://127.0.0.1:9",
    "socks://127.0.0.1:7890/",
    "socks4://127.0.0.1:9",
    "socks5://127.0.0.1:9",
    "socks5h://u:p@proxy.invalid:1",
    "proxy.invalid:8080",
    "not a proxy",
]


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_a_proxy_changes_nothing(course, monkeypatch, proxy, spelling):
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy"):
        monkeypatch.setenv(spelling(name), proxy)
    monkeypatch.setenv(spelling("no_proxy"), "example.org")
    course(HELLO)
    all_answered()


@pytest.mark.parametrize(
    "name",
    [
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "SSLKEYLOGFILE",
        "NETRC",
    ],
)
def test_a_variable_that_names_a_file_that_is_not_there_changes_nothing(
    course, monkeypatch, tmp_path, name
):
    monkeypatch.setenv(name, str(tmp_path / "no folder" / "no file"))
    course(HELLO)
    assert not os.environ.get(name)
    all_answered()


OUTSIDE = {
    "AZURE_TOKEN_CREDENTIALS": "dev",
    "AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere/a.pem",
    "AZURE_FEDERATED_TOKEN_FILE": "/nowhere/token",
    "AZURE_AUTHORITY_HOST": "login.example.org",
    "AZURE_TENANT_ID": "mine",
    "AZURE_CLIENT_ID": "mine",
    "AZURE_CLIENT_SECRET": "mine",
    "AZURE_USERNAME": "me",
    "AZURE_PASSWORD": "mine",
    "AZURE_LOG_LEVEL": "debug",
    "IDENTITY_ENDPOINT": "http://169.254.1.1/",
    "IDENTITY_HEADER": "h",
    "MSI_ENDPOINT": "http://169.254.1.1/",
    "MSI_SECRET": "s",
    "OPENAI_LOG": "debug",
    "OPENAI_ORG_ID": "org",
    "OPENAI_PROJECT_ID": "project",
    "OPENAI_API_KEY": "sk-mine",
    "OPENAI_BASE_URL": "https://api.example.org/v1",
    "OPENAI_MODEL": "their-model",
    "OPENAI_API_VERSION": "2020-01-01",
    "OPENAI_CUSTOM_HEADERS": "nonsense",
    "OPENAI_WEBHOOK_SECRET": "s",
    "AZURE_OPENAI_API_KEY": "k",
    "AZURE_OPENAI_ENDPOINT": "https://api.example.org",
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_identifies_the_learner_stays_out(course, monkeypatch, name):
    monkeypatch.setenv(name, OUTSIDE[name])
    course(HELLO)
    assert os.environ.get(name) != OUTSIDE[name]
    for sdk in SDKS:
        assert ask(sdk, "hello") == "Good day."


TOKEN = {
    "name": "token",
    "origin": "constructed",
    "after": "nothing",
    "request": {
        "method": "POST",
        "path": "/{tenant}/oauth2/v2.0/token",
        "body": {
            "grant_type": "client_credentials",
            "scope": "https://ai.azure.com/.default",
            "client_info": "1",
        },
    },
    "answer": {
        "status": 200,
        "headers": {"content-type": "application/json"},
        "body": {"token_type": "Bearer", "expires_in": 3599, "access_token": "a-token"},
    },
}
AUTHORITY = {
    "name": "authority",
    "origin": "constructed",
    "after": "nothing",
    "request": {"method": "GET", "path": "/{tenant}/v2.0/.well-known/openid-configuration"},
    "answer": {
        "status": 200,
        "headers": {"content-type": "application/json"},
        "body": {
            "authorization_endpoint": "https://login.microsoftonline.com/t/oauth2/v2.0/authorize",
            "token_endpoint": "https://login.microsoftonline.com/t/oauth2/v2.0/token",
            "issuer": "https://login.microsoftonline.com/t/v2.0",
        },
    },
}


@pytest.mark.parametrize(
    "setting", [{}, {"AZURE_TOKEN_CREDENTIALS": "dev"}, {"AZURE_TOKEN_CREDENTIALS": "nonsense"},
                {"AZURE_CLIENT_SECRET": "", "AZURE_USERNAME": "me"}]
)  # fmt: skip
def test_replay_signs_in_with_its_own_identity(course, monkeypatch, setting):
    from azure.identity import DefaultAzureCredential

    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    session = course(TOKEN, AUTHORITY)
    with DefaultAzureCredential() as credential:
        assert credential.get_token("https://ai.azure.com/.default").token == "a-token"
    assert session.played["token"] == 1


def test_openai_finds_address_key_and_model_in_the_environment(course, monkeypatch):
    from openai import OpenAI

    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"):
        monkeypatch.setenv(name, OUTSIDE[name])
    course(item("it", said("hello"), plain("Hi."), model="mistral-large-2407"))
    answer = OpenAI().chat.completions.create(
        model=os.environ["OPENAI_MODEL"], messages=said("hello")
    )
    assert answer.choices[0].message.content == "Hi."


def test_a_password_file_changes_no_header(course, monkeypatch, tmp_path):
    file = tmp_path / "netrc"
    file.write_text("machine replay.invalid login me password mine\n")
    monkeypatch.setenv("NETRC", str(file))
    course(HELLO)
    response = requests.post(URL, json=BODY, headers={"Authorization": "Bearer own"})
    assert response.request.headers["Authorization"] == "Bearer own"


@pytest.mark.parametrize(
    "content",
    [
        "machine replay.invalid login me password mine\n",
        "default login me password mine\n",
        "machine\nnonsense",
    ],
)
def test_a_password_file_in_the_home_folder_does_no_harm(course, monkeypatch, tmp_path, content):
    for file in (".netrc", "_netrc"):
        (tmp_path / file).write_text(content)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    course(HELLO)
    all_answered()


def test_all_is_as_before_when_the_session_ends(course, monkeypatch):
    for name, value in OUTSIDE.items():
        monkeypatch.setenv(name, value)
    for name in ("http_proxy", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "value")
    before = dict(os.environ)
    course(HELLO)
    assert dict(os.environ) != before
    course(HELLO)
    connect.end()
    assert dict(os.environ) == before


def test_a_start_that_fails_leaves_the_session_as_it_was(course, client, tmp_path):
    course(HELLO)
    during = dict(os.environ)
    (tmp_path / "recordings" / "00_test.yaml").write_text("- name: it\n- {", "utf-8")
    with pytest.raises(CourseError, match="line 3, cannot be read"):
        start("00_test")
    with pytest.raises(CourseError, match=r"no notebook '00_tset' .* names: 00_test\."):
        start("00_tset")
    assert dict(os.environ) == during
    assert client.complete(messages=said("hello")).choices
    assert len(sent()) == 1


def test_a_start_that_is_interrupted_leaves_the_session_as_it_was(course, client, monkeypatch):
    course(HELLO)

    def interrupted(file):
        raise KeyboardInterrupt

    monkeypatch.setattr("helpers.settings.Settings.from_environment", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start("00_test")
    assert client.complete(messages=said("hello")).choices


def test_a_notebook_may_be_renamed_or_lie_elsewhere(tmp_path, monkeypatch, capsys, request):
    """Its recordings are found by the name in start(…), in the folder or in the course."""
    request.addfinalizer(connect.end)
    monkeypatch.chdir(tmp_path)
    start("01_basic")
    (tmp_path / "recordings").mkdir()  # somebody else's
    start("01_basic")
    (tmp_path / "recordings" / "tour.yaml").write_text("- ferry", "utf-8")
    start("01_basic")
    assert capsys.readouterr().out.count("Replay: ") == 3
    with pytest.raises(CourseError, match=r"'01_mine' .* names: 00_start_here, 01_basic, "):
        start("01_mine")


@pytest.mark.parametrize(
    "name", ["", "../recordings/01_basic", "01_basic.ipynb", "01_basic\n", None]
)
def test_what_is_no_notebooks_name_is_told_the_names(name):
    with pytest.raises(CourseError, match=r"start takes one of these names: 00_start_here, 01_"):
        start(name)


def test_a_first_start_that_fails_changes_nothing(course, tmp_path):
    before = dict(os.environ)
    with pytest.raises(CourseError, match=r"recordings/00_test\.yaml cannot be read"):
        start("00_test")
    assert dict(os.environ) == before
    with pytest.raises(CourseError, match="first code cell"):
        sent()


@pytest.mark.parametrize("call", [clock, sent, connect.is_live, lambda: check("exercise 1", 7)])
def test_a_cell_before_the_first_is_told_so(call):
    with pytest.raises(CourseError, match="run the notebook's first code cell"):
        call()


def test_a_project_in_a_folder_whose_name_is_not_utf_8(tmp_path, monkeypatch, capsys):
    folder = tmp_path / os.fsdecode(b"Kurs f\xfcr A")
    try:
        (folder / "recordings").mkdir(parents=True)
    except OSError:
        pytest.skip("this file system wants names in UTF-8")
    import yaml

    (folder / "00_test.ipynb").touch()
    (folder / "recordings" / "00_test.yaml").write_text(yaml.safe_dump([HELLO]), "utf-8")
    monkeypatch.chdir(folder)
    try:
        start("00_test")
        assert capsys.readouterr().out.encode()
        assert ask("azure", "hello") == "Good day."
    finally:
        connect.end()


def test_what_was_sent_has_named_fields(course, client):
    course(HELLO)
    client.complete(messages=said("hello"))
    (request,) = sent()
    assert (request.method, request.path, request.body) == (
        "POST",
        "/models/chat/completions",
        BODY,
    )


def test_start_says_in_one_line_where_answers_come_from(course, capsys):
    course(HELLO, {**HELLO, "name": "b", "origin": "captured"})
    assert capsys.readouterr().out == (
        "Replay: 1 captured and 1 constructed answers, nothing is sent. Models: none.\n"
    )
    models = ("gpt-4o-mini", "mistral-large-2407")
    course(*(item(model, said("hello"), plain("Hi."), model=model) for model in models))
    assert capsys.readouterr().out.endswith(" Models: mistral-large-2407, gpt-4o-mini.\n")


# helpers.replay by itself, and who imports whom


def run(code: str, folder: Path, **environment: str) -> str:
    """What a program in a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE), **environment},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_replay_alone_in_fifteen_lines(tmp_path):
    answer = {"status": 200, "headers": {"content-type": "application/json"}, "body": {"stars": 9}}
    (tmp_path / "answers.yaml").write_text(
        "- name: stars\n  origin: constructed\n  after: nothing\n"
        f"  request: {{method: POST, path: /count, body: {{what: stars}}}}\n  answer: {answer}\n"
    )
    code = """
        import sys
        from helpers.replay import NoRecording, Session, load, replay
        import requests

        session = Session(load("answers.yaml").recordings)
        with replay(session):
            print(requests.post("https://sky.invalid/count", json={"what": "stars"}).json())
            try:
                requests.post("https://sky.invalid/count", json={"what": "moons"})
            except NoRecording as error:
                print('"moons"' in str(error))
        print(session.sent[0].path, dict(session.played))
        print([name for name in ("azure", "openai", "IPython") if name in sys.modules])
    """
    assert len(textwrap.dedent(code).strip().split("\n")) <= 15
    assert run(code, tmp_path) == "{'stars': 9}\nTrue\n/count {'stars': 1}\n[]\n"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("library", ["aiohttp", "httpx", "httpx2"])
def test_a_library_may_be_imported_before_or_after_start(tmp_path, library, moment):
    (tmp_path / "recordings").mkdir()
    import yaml

    (tmp_path / "00_test.ipynb").touch()
    (tmp_path / "recordings" / "00_test.yaml").write_text(yaml.safe_dump([HELLO]), "utf-8")
    begin = "from helpers import start; start('00_test')"
    lines = [f"import {library}", begin] if moment == "before" else [begin, f"import {library}"]
    by_aiohttp = f"""
async def main():
    async with aiohttp.ClientSession() as session, session.post({URL!r}, json={BODY!r}) as reply:
        return (await reply.json())["choices"][0]["message"]["content"]
import asyncio
print(asyncio.run(main()))
"""
    by_httpx = (
        f"print({library}.post({URL!r}, json={BODY!r}).json()['choices'][0]['message']['content'])"
    )
    code = "\n".join([*lines, by_aiohttp if library == "aiohttp" else by_httpx])
    assert run(code, tmp_path).split("\n")[-2] == "Good day."


def test_a_library_imported_after_the_end_is_its_own(tmp_path):
    code = """
        from helpers.replay import Session, replay
        replay(Session([])).close()
        import aiohttp, httpx, httpx2, requests
        print(httpx.HTTPTransport.handle_request.__module__)
        print(httpx2.AsyncHTTPTransport.handle_async_request.__module__)
        print(aiohttp.TCPConnector.connect.__module__)
        print(requests.adapters.HTTPAdapter.send.__module__)
    """
    assert not re.search("helpers", run(code, tmp_path))


HEAVY = [
    "aiohttp", "azure", "dotenv", "httpx", "httpx2", "IPython", "ipywidgets", "numpy", "openai",
    "PIL", "pydantic", "requests", "urllib3", "vcr", "wrapt", "yaml",
]  # fmt: skip


@pytest.mark.parametrize("package", ["helpers", "helpers.replay"])
def test_importing_a_package_imports_nothing_heavy(tmp_path, package):
    """A browser's Python lacks some of these, and a kernel starts faster without the others."""
    code = f"import sys, {package}; print([name for name in {HEAVY} if name in sys.modules])"
    assert run(code, tmp_path) == "[]\n"


def test_replay_works_without_the_rest_of_helpers(tmp_path):
    """Copied elsewhere, under another name, it needs nothing of what is above it."""
    shutil.copytree(HELPERS / "replay", tmp_path / "answers")
    code = """
        import sys
        from answers import Answer, Recording, Request, Session, differences, dump, load, replay
        import requests, httpx, aiohttp
        with replay(Session([Recording("a", "b", "c", Request("GET", "/"), [Answer(200, {}, 1)])])):
            print(requests.get("http://h/").text, httpx.get("http://h/").text)
        print([name for name in sys.modules if name.startswith("helpers")])
    """
    assert run(code, tmp_path, PYTHONPATH=str(tmp_path)) == "1 1\n[]\n"


@pytest.mark.parametrize(
    "path", sorted((HELPERS / "replay").glob("*.py")), ids=lambda path: path.name
)
def test_replay_imports_nothing_from_above(path):
    for level, name in imports(path):
        assert level < 2 and name.partition(".")[0] != "helpers", name


def imports(path: Path) -> list[tuple[int, str]]:
    """What a module imports, anywhere in it: how many levels up, and the name."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found += [(node.level, name) for name in names]
    return found


# From top to bottom: a module imports what is in lower rows only.
ROWS = [
    ["__init__"],
    ["exercises", "look", "setup_check"],
    ["situations"],
    ["connect"],
    ["course", "where_from"],
    ["environment", "live_guard"],
    ["settings", "output_guard", "failures"],
    ["connection", "variables", "secrets", "service_rules"],
    ["setting_values"],
    ["endpoints", "dotenv_file", "body_meaning"],
    ["course_files", "streamed_answers"],
    ["replay", "display"],
]


def test_arrows_run_down_only():
    row_of = {name: number for number, row in enumerate(ROWS) for name in row}
    modules = {path.stem for path in HELPERS.glob("*.py")}
    assert modules <= set(row_of), f"not in a row yet: {modules - set(row_of)}"
    for path in HELPERS.glob("*.py"):
        for level, name in imports(path):
            if level == 1:
                assert row_of[name.split(".")[0]] > row_of[path.stem], f"{path.stem} imports {name}"


@pytest.mark.parametrize(
    "path", sorted((HELPERS / "replay").glob("*.py")), ids=lambda path: path.name
)
def test_replay_has_no_word_of_what_is_above_it(path):
    words = re.findall(r"azure|notebook|jupyter", path.read_text("utf-8"), re.IGNORECASE)
    assert words == []
