"""Settings: the value that is used is the value that was checked, and a key goes nowhere else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import CourseError
from helpers.setting_values import check_address, check_key, cleaned
from helpers.settings import Settings, replay_settings
from helpers.variables import MODELS, RECORDED_MODELS, V1_MODELS
from notebooks import NOTEBOOKS

ENDPOINT, KEY, MODEL = (
    "AZURE_INFERENCE_ENDPOINT",
    "AZURE_INFERENCE_CREDENTIAL",
    "AZURE_INFERENCE_MODEL",
)
V1, V1_KEY, V1_MODEL = "OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"
HOST = "https://me.services.ai.azure.com"
ADDRESS, SECRET = f"{HOST}/models", "s3cret-key-0123456789"
OTHER_ADDRESS, OTHER_SECRET = "https://other.example.com/api/v1", "other-key-9876543210"


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """Read settings: `settings(file, **environment)`, where `file` is the text of a `.env`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HELPERS_MODE")
    monkeypatch.delenv("HELPERS_PACE")

    def read(file: str = "", **environment: str) -> Settings:
        if file:
            (tmp_path / ".env").write_text(file, "utf-8")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return Settings.from_environment()

    return read


def own(**more: str) -> dict[str, str]:
    return {ENDPOINT: ADDRESS, KEY: SECRET, **more}


def test_nothing_set_is_replay(settings):
    assert settings() == replay_settings()


def test_endpoint_and_key_go_live(settings):
    read = settings(**own(AZURE_INFERENCE_MODEL="mine"))
    assert (read.mode, read.azure.endpoint, read.azure.key) == ("live", ADDRESS, SECRET)
    assert (read.v1.endpoint, read.v1.key) == (ADDRESS.replace("/models", "/openai/v1"), SECRET)
    assert read.azure.models == read.v1.models == ["mine"]


@pytest.mark.parametrize("mode", ["replay", "Replay", " replay\r"])
def test_replay_may_be_asked_for(settings, mode):
    assert settings(**own(HELPERS_MODE=mode)).mode == "replay"


def test_the_environment_of_a_session_in_replay_is_no_setting(settings):
    assert settings(**replay_settings().variables()).mode == "replay"


@pytest.mark.parametrize(
    "around",
    [
        "{}\r",
        "{}\n",
        "{}\r\n",
        " {}",
        "{}  ",
        "\t{}\t",
        '"{}"',
        "'{}'",
        ' "{}" \r\n',
        "\"'{}'\"",
        '" {} "',
    ],
)
@pytest.mark.parametrize("source", ["environment", "file"])
def test_blanks_line_ends_and_quotes_are_never_used(settings, around, source):
    given = {
        name: around.format(value) for name, value in own(AZURE_INFERENCE_MODEL="mine").items()
    }
    if source == "environment":
        read = settings(**given)
    else:
        read = settings("".join(f"{name}={value}\n" for name, value in given.items()))
    assert (read.azure.endpoint, read.azure.key, read.azure.model) == (ADDRESS, SECRET, "mine")
    provided = read.variables()
    assert [provided[name] for name in (ENDPOINT, KEY, MODEL)] == [ADDRESS, SECRET, "mine"]


def refusal(settings, *arguments, **environment) -> str:
    with pytest.raises(CourseError) as caught:
        settings(*arguments, **environment)
    message = str(caught.value)
    assert SECRET not in message and OTHER_SECRET not in message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


@pytest.mark.parametrize(
    "inside", ["a b", "a\rb", "a\nb", "a\x00b", "a\x7fb", "a\u200bb", "käy", "“k”"]
)
def test_a_key_that_no_header_can_hold_is_refused(inside):
    key = f"{SECRET}{inside}{SECRET}"
    with pytest.raises(CourseError, match="holds a blank, a line end or a sign") as caught:
        check_key(key, KEY)
    assert SECRET not in str(caught.value) and KEY in str(caught.value)


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("localhost:11434/v1", "http://localhost:11434/v1"),
        ("127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("localhost/v1", "http://localhost/v1"),
        ("[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("me.services.ai.azure.com/models", ADDRESS),
        ("models.lan:8000/v1", "https://models.lan:8000/v1"),
        (f"{ADDRESS}/", ADDRESS),
        (f"{ADDRESS}//", ADDRESS),
        (f"{ADDRESS}/chat/completions", ADDRESS),
        (f"{ADDRESS}/chat/completions?api-version=2024-05-01-preview", ADDRESS),
        (f"{ADDRESS}#top", ADDRESS),
        ("https:/me.services.ai.azure.com/models", ADDRESS),
        ("https:\\\\me.services.ai.azure.com\\models", ADDRESS),
        ("ftp://me.services.ai.azure.com/models", ADDRESS),
        ("HTTP://localhost:1234/v1/", "http://localhost:1234/v1"),
        # What portals show: a project, and where one deployment answers.
        ("https://me.services.ai.azure.com/api/projects/mine", f"{HOST}/openai/v1"),
        ("https://me.services.ai.azure.com/openai/v1/responses", f"{HOST}/openai/v1"),
        (f"{HOST}/openai/responses?api-version=2025-04-01-preview", f"{HOST}/openai/v1"),
    ],
)
def test_an_address_in_another_form_is_told_the_right_one(address, remedy):
    with pytest.raises(CourseError) as caught:
        check_address(address, ENDPOINT)
    assert f"Set it to {remedy} and" in str(caught.value) and ENDPOINT in str(caught.value)
    check_address(remedy, ENDPOINT)


@pytest.mark.parametrize(
    "address",
    [
        ADDRESS,
        "https://me.services.ai.azure.com/openai/v1",
        "https://me.openai.azure.com/openai/v1",
        "https://me.openai.azure.com/openai/deployments/gpt",
        "https://me.cognitiveservices.azure.com/openai/deployments/gpt",
        "http://localhost:11434/v1",
        "http://127.0.0.1:8080/v1",
        "http://[::1]:8080/v1",
        "http://models.lan:8000/v1",
        "https://gateway.example.com/api/v1",
        "https://gateway.example.com/proxy/models",
        "https://gateway.example.com",
        "http://localhost:4000",
    ],
)
def test_these_endpoints_are_right(settings, address):
    read = settings(**own(AZURE_INFERENCE_ENDPOINT=address))
    assert read.azure.endpoint == address


@pytest.mark.parametrize(
    ("address", "what"),
    [
        (f"https://me:{SECRET}@host.example.com/models", "a user or a password"),
        (f"https://{SECRET}@host.example.com/models", "a user or a password"),
        (f"https://host.example.com/models?code={SECRET}", "the form that clients need"),
        (f"https://host.example.com/models#{SECRET}", "the form that clients need"),
        (f"me:{SECRET}@host.example.com/models", "a user or a password"),
        (SECRET, "Is it the key"),
        (f"abc/{SECRET}+x==", "Is it the key"),
        (f"{SECRET}.abcdef", "Is it the key"),
        ("https://", "no address"),
        ("https:///models", "no address"),
        ("https://host.example.com:99999/v1", "no address"),
        ("https://host.example.com:port/v1", "no address"),
        ("https://[::1/v1", "no address"),
        ("https://https://host.example.com/v1", "no address"),
        ("https://host.example.com:/v1", "no address"),
        ("“https://host.example.com/v1”", "a sign that no address has"),
        ("https://host.example.com/v1;", "a sign that no address has"),
        ("https://<resource>.services.ai.azure.com/models", "a sign that no address has"),
        ("https://host.example.com/mo dels", "a blank or a line end"),
        ("https://host.example.com/mo\ndels", "a blank or a line end"),
        ("https://host.example.com\u200b/models", "a blank or a line end"),
        ("https://host.example.com/models\x00", "a blank or a line end"),
    ],
)
def test_what_is_no_address_is_refused_and_no_secret_shown(address, what):
    with pytest.raises(CourseError) as caught:
        check_address(address, ENDPOINT)
    assert what in str(caught.value) and SECRET not in str(caught.value)
    assert "restart the kernel" in str(caught.value)


@pytest.mark.parametrize("around", ["<{}>", '"{}', "`{}`", "{}'", "{},", "{};"])
def test_a_key_with_a_sign_left_around_it_is_refused(around):
    with pytest.raises(CourseError, match="a sign that no key has") as caught:
        check_key(around.format(SECRET), KEY)
    assert SECRET not in str(caught.value)
    check_key(f"a{around.format('b')}c", KEY)  # inside, any sign may be


@pytest.mark.parametrize("key", ["0123456789abcdef" * 2, "aB3" * 28, ADDRESS])
@pytest.mark.parametrize("name", [MODEL, "AZURE_INFERENCE_VISION_MODEL"])
def test_a_key_in_the_place_of_a_model_is_not_shown(settings, name, key):
    message = refusal(settings, **own(**{name: key}))
    assert message.startswith(f"{name} is a key or an address, not a name") and key not in message
    assert "Set it to the name of your deployment" in message


def test_key_and_endpoint_swapped(settings):
    message = refusal(settings, **{ENDPOINT: SECRET, KEY: ADDRESS})
    assert message.startswith(f"{KEY} is an address, not a key")


def test_a_key_that_stands_in_both_is_not_shown(settings):
    message = refusal(settings, **{ENDPOINT: f"https://host/{SECRET}/", KEY: SECRET})
    assert "https://host/(key)" in message


@pytest.mark.parametrize(
    ("given", "absent"), [({ENDPOINT: ADDRESS}, KEY), ({KEY: SECRET}, ENDPOINT)]
)
def test_half_of_the_settings(settings, given, absent):
    assert f"but {absent} is not. Set both" in refusal(settings, **given)


def test_live_without_settings(settings):
    message = refusal(settings, HELPERS_MODE="live")
    assert f"HELPERS_MODE=live is set but {ENDPOINT} and {KEY} are not" in message
    assert "or HELPERS_MODE=replay" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELPERS_MODE", "liv"),
        ("HELPERS_PACE", "fast"),
        ("HELPERS_PACE", "-1"),
        ("HELPERS_PACE", "nan"),
    ],
)
def test_a_wrong_mode_or_pace(settings, name, value):
    assert refusal(settings, **{name: value}).startswith(name)


@pytest.mark.parametrize(("text", "pace"), [("0", 0.0), (".5", 0.5), ("2", 2.0), (" 1 ", 1.0)])
def test_the_pace(settings, text, pace):
    assert settings(HELPERS_PACE=text).pace == pace


def test_openai_variables_alone_do_not_go_live(settings):
    assert settings(**{V1: OTHER_ADDRESS, V1_KEY: OTHER_SECRET}).mode == "replay"


def test_the_key_of_openai_is_not_paired_with_a_derived_address(settings):
    read = settings(**own(OPENAI_API_KEY=OTHER_SECRET, OPENAI_MODEL="theirs"))
    assert (read.v1.key, read.v1.model) == (SECRET, read.azure.model) and not read.own_v1
    assert OTHER_SECRET not in read.variables().values()


def test_an_own_address_has_its_own_key_and_model(settings):
    read = settings(**own(**{V1: OTHER_ADDRESS, V1_KEY: OTHER_SECRET, V1_MODEL: "theirs"}))
    assert (read.v1.endpoint, read.v1.key, read.v1.model) == (OTHER_ADDRESS, OTHER_SECRET, "theirs")
    assert (read.azure.endpoint, read.azure.key) == (ADDRESS, SECRET) and read.own_v1


def test_an_own_address_without_its_key_never_gets_the_other(settings):
    message = refusal(settings, **own(OPENAI_BASE_URL=OTHER_ADDRESS))
    assert message.startswith(f"{V1} is set but {V1_KEY} is not")


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        (V1, f"{OTHER_ADDRESS}/", OTHER_ADDRESS),
        (V1_KEY, "k k", "a blank"),
        (V1, "nonsense", "no address"),
    ],
)
def test_an_own_address_is_checked_too(settings, name, value, what):
    given = {V1: OTHER_ADDRESS, V1_KEY: OTHER_SECRET, name: value}
    message = refusal(settings, **own(**given))
    assert name in message and what in message


def test_an_address_in_the_file_goes_with_the_key_beside_it(settings):
    """The key of another service, in the environment of many computers, is not sent there."""
    file = f"{V1}=http://localhost:9/v1\n{V1_KEY}={OTHER_SECRET}\n"
    read = settings(file, **own(OPENAI_API_KEY="key-of-something-else"))
    assert (read.v1.endpoint, read.v1.key) == ("http://localhost:9/v1", OTHER_SECRET)


def test_the_other_models_fall_back_to_the_first(settings):
    read = settings(**own(AZURE_INFERENCE_MODEL="a", AZURE_INFERENCE_VISION_MODEL="v"))
    assert read.azure.roles == ("a", "a", "v", "a")
    assert read.azure.models == ["a", "v"]
    provided = read.variables()
    assert provided["AZURE_INFERENCE_SECOND_MODEL"] == provided["OPENAI_SECOND_MODEL"] == "a"
    assert provided["AZURE_INFERENCE_VISION_MODEL"] == provided["OPENAI_VISION_MODEL"] == "v"
    reasoning = ("AZURE_INFERENCE_REASONING_MODEL", "OPENAI_REASONING_MODEL")
    assert [provided[name] for name in reasoning] == ["a", "a"]


def test_a_reasoning_model_of_its_own(settings):
    read = settings(**own(AZURE_INFERENCE_MODEL="a", AZURE_INFERENCE_REASONING_MODEL="r"))
    assert read.azure.reasoning_model == read.v1.reasoning_model == "r"
    assert read.variables()["OPENAI_REASONING_MODEL"] == "r"


def test_an_own_address_falls_back_to_its_own_model(settings):
    v1 = {V1: OTHER_ADDRESS, V1_KEY: OTHER_SECRET}
    models = {MODEL: "a", "AZURE_INFERENCE_SECOND_MODEL": "b", "OPENAI_VISION_MODEL": "w"}
    assert settings(**own(**v1, **models)).v1.roles == ("a", "a", "w", "a")


def test_replay_names_the_models_that_recordings_name(settings):
    assert list(RECORDED_MODELS.values()) == settings().azure.models == settings().v1.models


def test_the_environment_wins_over_the_file(settings):
    file = f"{ENDPOINT}={OTHER_ADDRESS}\n{KEY}={OTHER_SECRET}\n{MODEL}=filed\n"
    read = settings(file, AZURE_INFERENCE_ENDPOINT=ADDRESS, AZURE_INFERENCE_CREDENTIAL=SECRET)
    assert (read.azure.endpoint, read.azure.key, read.azure.model) == (ADDRESS, SECRET, "filed")


def test_a_blank_in_the_environment_does_not_win(settings):
    read = settings(f"{ENDPOINT}={ADDRESS}\n{KEY}={SECRET}\n", AZURE_INFERENCE_ENDPOINT=" ")
    assert read.azure.endpoint == ADDRESS


def test_reading_settings_leaves_the_environment_alone(settings):
    before = dict(os.environ)
    settings(f"{ENDPOINT}={ADDRESS}\n{KEY}={SECRET}\nHTTPS_PROXY=http://127.0.0.1:9\n")
    assert dict(os.environ) == before


def test_no_key_is_printed_with_the_settings(settings):
    read = settings(**own(**{V1: OTHER_ADDRESS, V1_KEY: OTHER_SECRET}))
    assert SECRET not in repr(read) and OTHER_SECRET not in repr(read)
    assert SECRET not in repr(settings(f"AZURE_CLIENT_SECRET={SECRET}\n"))


def test_the_example_names_every_setting_and_sets_none(settings):
    example = (Path(__file__).parents[1] / ".env.example").read_text("utf-8")
    named = re.findall(r"^(\w+)=$", example, re.M)
    assert named == [ENDPOINT, KEY, *MODELS, V1, V1_KEY, *V1_MODELS]
    assert settings(example).mode == "replay"


def test_cleaning_leaves_what_is_inside():
    assert cleaned("a'b\"c") == "a'b\"c" and cleaned("'") == "'" and cleaned("''") == ""


def test_python_without_docstrings_is_refused():
    """The descriptions of tools come from docstrings: no request had a recording."""
    code = "from helpers import start; start('05_tools')"
    done = subprocess.run(
        [sys.executable, "-OO", "-c", code], capture_output=True, text=True, cwd=NOTEBOOKS
    )
    assert "PYTHONOPTIMIZE is 2, or the option -OO is given" in done.stderr
    code = code.replace("start('05_tools')", "start('05_tools'), print('started')")
    done = subprocess.run(
        [sys.executable, "-O", "-c", code], capture_output=True, text=True, cwd=NOTEBOOKS
    )
    assert done.stdout.endswith("started\n"), done.stderr
