"""Capture one notebook: run it live, merge, replay what was captured, save."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from helpers.replay import CourseError, Recording, RecordingFile, load

from .candidates import candidates_of
from .execution import LiveRun, ReplayRun, run_live, run_replay
from .fits import check_keys
from .head import honest_head
from .merge import Merged, merge
from .owner import scrubber
from .readable import dump_if_readable
from .save import digest, save
from .strict import refusals
from .target import Target
from .upstream import NO_ANSWER

Progress = Callable[[str, int], None]  # what is done now, and how many cells of it are done


@dataclass
class Report:
    """What came of capturing a notebook.

    Attributes:
        before: the recordings that were captured, as they were; after: as they are now.
        reasons: for each other recording, by name, why it was not captured.
        failed: the cells that ended in an error live, by position, each with its error.
        more: the names of recordings that were captured beside those of the file.
        is_silent: whether requests were sent and the endpoint answered none.
    """

    before: list[Recording] = field(default_factory=list)
    after: list[Recording] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    more: list[str] = field(default_factory=list)
    is_silent: bool = False


def capture(
    name: str, notebooks: Path, target: Target, progress: Progress, dry_run: bool = False
) -> Report:
    """Capture what a notebook's recordings can be captured of.

    Args:
        name: of the notebook, such as "01_basic".
        notebooks: the folder of the notebooks.
        target: your endpoint.
        progress: is told what is done.
        dry_run: change no file.

    Raises:
        CourseError: the notebook does not replay even as it was, or its recordings cannot be read.
        nbclient.exceptions.DeadKernelError: its kernel died.
        OSError: a full disk, for example; no file was changed.
        save.Changed: a file was changed in the meantime; no file was changed by this.
    """
    path, file_path = notebooks / f"{name}.ipynb", notebooks / "recordings" / f"{name}.yaml"
    digests = {file_path: digest(file_path), path: digest(path)}
    file = load(file_path)
    check_keys(file.recordings)
    with tempfile.TemporaryDirectory() as folder:
        step = _Steps(name, notebooks, Path(folder), progress)
        live = step.live(target)
        scrub = scrubber(target, notebooks)
        candidates = candidates_of(live.exchanges, live.failed, scrub, target)
        refused: dict[str, str] = {}
        while True:
            merged = merge(file.recordings, candidates, refused)
            if not merged.cells:
                break
            text = dump_if_readable(
                RecordingFile(merged.recordings, honest_head(file.head, merged.recordings))
            )
            if text is None:
                raise CourseError(f"the recordings of {name} cannot be read again as they are.")
            replay = step.replay(text)
            more = refusals(file.recordings, merged, replay, step.as_it_was)
            if not more:
                if not dry_run:
                    save(notebooks, {file_path: text, path: replay.text}, digests)
                break
            refused |= more
    return _report(file.recordings, merged, live)


class _Steps:
    """The runs of one notebook, each in a folder of its own."""

    def __init__(self, name: str, notebooks: Path, folder: Path, progress: Progress):
        self._name, self._notebooks, self._folder = name, notebooks, folder
        self._progress, self._replays = progress, 0
        self._as_it_was: ReplayRun | None = None

    def live(self, target: Target) -> LiveRun:
        """Ask the endpoint."""
        folder, say = self._folder / "live", self._progress
        say("asking your endpoint", 0)
        on_cell = partial(say, "asking your endpoint")
        return run_live(self._name, self._notebooks, folder, target, on_cell)

    def replay(self, recordings: str | None) -> ReplayRun:
        """Replay from this text of the file, or from the file as it was."""
        self._replays += 1
        what = f"replaying what was captured, round {self._replays}"
        self._progress(what, 0)
        folder = self._folder / f"replay {self._replays}"
        on_cell = partial(self._progress, what)
        return run_replay(self._name, self._notebooks, folder, recordings, on_cell)

    def as_it_was(self) -> ReplayRun:
        """The replay of the file as it was, which is run once."""
        if self._as_it_was is None:
            self._as_it_was = self.replay(None)
        return self._as_it_was


def _report(old: Sequence[Recording], merged: Merged, live: LiveRun) -> Report:
    now = merged.recordings[: len(old)]
    pairs = [pair for pair in zip(old, now, strict=True) if pair[0].name in merged.cells]
    return Report(
        before=[before for before, _ in pairs],
        after=[after for _, after in pairs],
        reasons={was.name: merged.reasons[was.name] for was in old if was.name in merged.reasons},
        failed=live.failed,
        more=[recording.name for recording in merged.recordings[len(old) :]],
        is_silent=bool(live.exchanges)
        and all(exchange.problem.startswith(NO_ANSWER) for exchange in live.exchanges),
    )
