"""Saving: whatever ends it, all files are as before, or all are new."""

import os
from pathlib import Path

import pytest
from capture import save
from capture.save import STAGE, Changed, digest, finish


class Killed(BaseException):
    """The process ends here."""


def put(folder: Path, *names: str) -> dict[Path, str]:
    for name in names:
        (folder / name).write_text(f"old {name}")
    return {folder / name: digest(folder / name) for name in names}


def texts(folder: Path) -> list[str]:
    return [path.read_text() for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("stop", range(4))
def test_killed_while_saving_is_completed_by_the_next_run(tmp_path, monkeypatch, stop):
    """Stop at each step: afterwards both are old or, once it was decided, both new."""
    before = put(tmp_path, "a", "b")
    replace, steps = os.replace, iter(range(9))

    def dying(*where: Path) -> None:
        if next(steps) == stop:
            raise Killed
        replace(*where)

    monkeypatch.setattr(os, "replace", dying)
    try:
        save.save(tmp_path, {path: f"new {path.name}" for path in before}, before)
        assert stop == 3
    except Killed:
        assert stop < 3
    monkeypatch.setattr(os, "replace", replace)
    finish(tmp_path)
    age = "old" if stop == 0 else "new"
    assert texts(tmp_path) == [f"{age} a", f"{age} b"]


@pytest.mark.parametrize("step", range(3))
def test_a_full_disk_leaves_all_as_before(tmp_path, monkeypatch, step):
    before = put(tmp_path, "a", "b")
    sync, steps = os.fsync, iter(range(9))

    def full(descriptor: int) -> None:
        if next(steps) == step:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save.save(tmp_path, {path: "new" for path in before}, before)
    finish(tmp_path)
    assert texts(tmp_path) == ["old a", "old b"]


def test_a_file_that_was_changed_in_the_meantime_is_not_overwritten(tmp_path):
    before = put(tmp_path, "a", "b")
    (tmp_path / "b").write_text("mine")
    with pytest.raises(Changed, match="b was changed"):
        save.save(tmp_path, {path: "new" for path in before}, before)
    assert texts(tmp_path) == ["old a", "mine"]


def test_a_file_that_was_changed_after_a_kill_is_not_overwritten(tmp_path, monkeypatch):
    before = put(tmp_path, "a")

    def dying(folder: Path) -> None:
        raise Killed

    monkeypatch.setattr(save, "finish", dying)
    with pytest.raises(Killed):
        save.save(tmp_path, {tmp_path / "a": "new"}, before)
    assert (tmp_path / STAGE / "plan").exists()
    (tmp_path / "a").write_text("mine")
    with pytest.raises(Changed, match="a was changed"):
        finish(tmp_path)
    assert texts(tmp_path) == ["mine"]
    finish(tmp_path)  # nothing is left to do
