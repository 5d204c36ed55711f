"""The file `.env`: found from below, in any encoding, read or named, never in the environment."""

import codecs
import logging
import os
from pathlib import Path

import pytest

from helpers import CourseError, start
from helpers.dotenv_file import read_dotenv, values_as_written
from helpers.secrets import secrets_in

TEXT = "AZURE_INFERENCE_MODEL=mödel\nAZURE_INFERENCE_CREDENTIAL=s3cret-0123456789\n"
READ = {"AZURE_INFERENCE_MODEL": "mödel", "AZURE_INFERENCE_CREDENTIAL": "s3cret-0123456789"}


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_no_file():
    assert read_dotenv() == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_utf_8_with_and_without_a_mark(folder, encoding, line_end):
    (folder / ".env").write_bytes(TEXT.replace("\n", line_end).encode(encoding))
    assert read_dotenv() == READ


def test_it_is_found_from_below(folder, monkeypatch):
    (folder / ".env").write_text(TEXT, "utf-8")
    below = folder / "notebooks" / "more"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert read_dotenv() == READ


def test_a_folder_of_that_name_is_no_file(folder):
    (folder / ".env").mkdir()
    assert read_dotenv() == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "is in UTF-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "is in UTF-16"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "is in UTF-32"),
        (codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), "is in UTF-32"),
        (TEXT.encode("utf-16-le"), "may be in UTF-16"),
        (b"A=1\x00\n", "holds null bytes"),
        (TEXT.encode("latin-1"), "is not in UTF-8"),
    ],
)
def test_another_encoding_is_named_with_the_remedy(folder, content, said):
    (folder / ".env").write_bytes(content)
    with pytest.raises(CourseError) as caught:
        read_dotenv()
    message = str(caught.value)
    assert said in message and "Save it as UTF-8" in message and "restart the kernel" in message
    assert "s3cret" not in message


def test_a_file_that_cannot_be_read(folder, monkeypatch):
    (folder / ".env").write_text(TEXT, "utf-8")

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(CourseError, match=r"\.env cannot be read: Permission denied"):
        read_dotenv()


def test_lines_of_another_program_are_passed_over_in_silence(folder, caplog):
    (folder / ".env").write_text("not a setting\nA=1\n", "utf-8")
    assert read_dotenv() == {"A": "1"}
    assert not caplog.records and not logging.getLogger("dotenv.main").disabled


def test_reading_it_changes_no_environment(folder):
    (folder / ".env").write_text(TEXT, "utf-8")
    before = dict(os.environ)
    assert read_dotenv() == READ and dict(os.environ) == before


def test_what_is_empty_is_not_set(folder):
    (folder / ".env").write_text("A=\nB\n# C=1\nexport D = 'x y'\n", "utf-8")
    assert read_dotenv() == {"D": "x y"}


@pytest.mark.parametrize("key", ["a${HOME}b-0123456789", "${AZURE_INFERENCE_ENDPOINT}-1", "a$b"])
def test_a_key_arrives_as_it_is_written(folder, key):
    (folder / ".env").write_text(f"AZURE_INFERENCE_CREDENTIAL={key}\n", "utf-8")
    assert read_dotenv() == {"AZURE_INFERENCE_CREDENTIAL": key}


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no folder that is in use")
def test_a_folder_that_was_deleted_is_told(tmp_path_factory, monkeypatch):
    gone = tmp_path_factory.mktemp("gone")
    monkeypatch.chdir(gone)
    gone.rmdir()
    for asked in (read_dotenv, lambda: start("01_basic")):
        with pytest.raises(CourseError, match=r"is gone: .* and restart the kernel"):
            asked()


@pytest.mark.parametrize(
    "line",
    [
        "set {}={}",
        '$env:{} = "{}"',
        "{}: {}",
        "{} {}",
        'setx {} "{}"',
        'os.environ["{}"] = "{}"',
        '"{}": "{}",',
        '{}="{}',
        "{}='{}",
        "\u200b{}={}",
    ],
)
def test_a_setting_in_another_form_is_named_with_its_line(folder, line):
    """The key is known all the same: what a cell prints of the file is without it."""
    written = line.format("AZURE_INFERENCE_CREDENTIAL", "s3cret-0123456789")
    (folder / ".env").write_text(f"# mine\n{written}\n", "utf-8")
    with pytest.raises(CourseError) as caught:
        read_dotenv()
    message = str(caught.value)
    assert message.startswith("the file .env, line 2, cannot be read. Write AZURE_INFERENCE_CRED")
    assert "restart the kernel" in message and "s3cret" not in message
    assert "s3cret-0123456789" in secrets_in(values_as_written())


def test_a_setting_in_lower_case_is_named_too(folder):
    (folder / ".env").write_text("azure_inference_endpoint=https://h/v1\n", "utf-8")
    with pytest.raises(CourseError, match="Write AZURE_INFERENCE_ENDPOINT=<value>"):
        read_dotenv()


@pytest.mark.parametrize(
    "others",
    [
        "# set AZURE_INFERENCE_MODEL: any\n",
        "openai_api_key=theirs\nazure_storage_key: theirs\n",
        "URL=${AZURE_INFERENCE_ENDPOINT}/x\nMY_AZURE_INFERENCE_MODEL=mine\n",
        "export AZURE_INFERENCE_SECOND_MODEL=mine\nAZURE_INFERENCE_VISION_MODEL\n",
    ],
)
def test_what_belongs_to_others_is_left_alone(folder, others):
    (folder / ".env").write_text(others + TEXT, "utf-8")
    assert read_dotenv().items() >= READ.items()
