"""No output of a notebook holds a key: a kernel's messages to the outside are sent without it."""

import sys
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from .display.answers import printable
from .replay.patching import replace
from .secrets import without_secrets


def interactive_shell() -> Any:
    """The shell that runs this notebook's cells; None in a script."""
    if "IPython" not in sys.modules:  # importing it takes longer than all that start does
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()


class Outputs:
    """The outputs of a running notebook, without the secrets that they may not hold.

    All outputs of a kernel leave it through one function: what is printed (also by logging, by
    warnings and by other processes), what is displayed, a cell's value, tracebacks, the state of
    forms. In a script there is no such function, and outputs are as they are.
    """

    def __init__(self, undo: ExitStack, secrets: Iterable[str]):
        self._secrets = frozenset(secrets)
        self._inside_line = False
        session = _kernel_session()
        if session is not None:
            self._send = session.send
            replace(undo, session, "send", self._send_cleaned)

    def say(self, line: str) -> None:
        """Print a line of its own, also after something printed without a line end."""
        sys.stdout.flush()
        print(f"\n{line}" if self._inside_line else line, flush=True)

    def _send_cleaned(
        self, stream: Any, message: Any, content: Any = None, *more: Any, **named: Any
    ) -> Any:
        kind = message.get("msg_type") if isinstance(message, dict) else message
        if isinstance(message, dict) and "content" in message:
            content_sent = self._clean(message["content"])
            message = {**message, "content": content_sent}
        else:
            content_sent = content = self._clean(content)
        if kind == "stream":
            self._inside_line = not content_sent["text"].endswith("\n")
        elif kind == "execute_input":
            self._inside_line = False
        return self._send(stream, message, content, *more, **named)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            # Half of an emoji, which a stream may bring, would cost the cell all of its output.
            return printable(without_secrets(value, self._secrets))
        if isinstance(value, dict):
            return {self._clean(name): self._clean(inner) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._clean(inner) for inner in value]
        return value


def _kernel_session() -> Any:
    """What sends the kernel's messages; None where there is no kernel."""
    return getattr(getattr(interactive_shell(), "kernel", None), "session", None)
