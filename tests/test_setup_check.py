"""check_setup(): what the course needs of a computer."""

from importlib.metadata import PackageNotFoundError, requires, version

from helpers import check_setup


def test_setup_is_well_here(capsys):
    check_setup()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "All is well." and all(line.startswith("ok   ") for line in lines[:-1])
    assert lines[0] == "ok   Python>=3.11"
    needed = [
        text for text in requires("azure-chat-course") if "extra ==" not in text and ";" not in text
    ]
    assert {line[5:] for line in lines[1:-1]} >= set(needed) and len(needed) > 5


def test_each_failure_names_its_remedy(monkeypatch, capsys):
    def other(name):
        if name == "requests":
            raise PackageNotFoundError
        return {"azure-ai-inference": "1.0.0b8", "aiohttp": "2.0"}.get(name) or version(name)

    monkeypatch.setattr("helpers.setup_check.version", other)
    monkeypatch.setattr("helpers.setup_check.python_version", lambda: "3.10.9")
    check_setup()
    text = capsys.readouterr().out
    wrong = [
        line[5:].split(">")[0].split("=")[0] for line in text.splitlines() if line.startswith("FIX")
    ]
    assert wrong == ["Python", "aiohttp", "azure-ai-inference", "requests"]
    assert text.count("make lab") == 4
    assert "it is 3.10.9" in text and "it is missing" in text and "it is 1.0.0b8" in text
    assert "4 to fix" in text and "All is well" not in text


def test_a_course_that_is_not_installed(monkeypatch, capsys):
    def missing(name):
        raise PackageNotFoundError

    monkeypatch.setattr("helpers.setup_check.requires", missing)
    check_setup()
    text = capsys.readouterr().out
    assert "FIX  azure-chat-course" in text and "1 to fix" in text and "make lab" in text


def test_a_stand_in_is_never_passed_off_as_the_package(monkeypatch, capsys):
    def other(name):
        return "13.0.0+standin" if name == "pillow" else version(name)

    monkeypatch.setattr("helpers.setup_check.version", other)
    monkeypatch.setattr(
        "helpers.setup_check.metadata", lambda name: {"Summary": f"draws as {name}"}
    )
    check_setup()
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("note pillow>=12")
    assert lines[at + 1] == "     a stand-in: draws as pillow"
    assert not any(line.startswith("ok   pillow") for line in lines)


def test_where_another_program_shows_the_notebook_jupyter_may_be_missing(monkeypatch, capsys):
    def other(name):
        if name == "jupyter":
            raise PackageNotFoundError
        return version(name)

    monkeypatch.setattr("helpers.setup_check.version", other)
    check_setup()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "All is well." and not any(line.startswith("FIX") for line in lines)
    (note,) = (line for line in lines if line.startswith("note"))
    assert note.startswith("note jupyter") and "another program" in lines[lines.index(note) + 1]
