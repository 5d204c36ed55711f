"""A notebook's session: its recordings and settings, and what holds while it lasts."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from . import endpoints
from .environment import enter_session
from .live_guard import guard_cells
from .output_guard import Outputs
from .replay import (
    HttpRequest,
    Recording,
    Request,
    Session,
    load,
    observe,
    replay,
)
from .settings import Settings


@dataclass
class Course:
    """What `start` began: a notebook, its settings, and what has been sent.

    Attributes:
        recordings: the notebook's file of recordings.
        secrets: what no output may hold.
        session: what answers in replay; None when live.
        undo: ends it, and puts the environment and the HTTP libraries back.
    """

    notebook: str
    recordings: Path
    settings: Settings
    secrets: set[str] = field(default_factory=set, repr=False)
    session: Session | None = None
    undo: ExitStack = field(default_factory=ExitStack)
    observed: list[Request] = field(default_factory=list)

    @cached_property
    def loaded(self) -> Sequence[Recording]:
        """The notebook's recordings, read once. Raises CourseError if the file cannot be read."""
        return load(self.recordings).recordings

    @property
    def sent(self) -> list[Request]:
        """Each request so far, in the form that recordings have."""
        return self.session.sent if self.session else self.observed

    def hold(self) -> None:
        """Put in place what a course needs: its environment, and its hold on the HTTP libraries."""
        enter_session(self.undo, self.settings)
        outputs = Outputs(self.undo, self.secrets)
        if self.session:
            self.undo.enter_context(replay(self.session))
            return
        settings = self.settings
        read = endpoints.reader([settings.azure.endpoint, settings.v1.endpoint])

        def tell(http: HttpRequest) -> str:
            self.observed.append(read(http))
            return endpoints.address_to_send_to(http.url)

        self.undo.enter_context(observe(tell))
        if settings.mode == "live":
            notebook = self.recordings.parents[1] / f"{self.notebook}.ipynb"
            guard_cells(self.undo, outputs, self.secrets, notebook)
