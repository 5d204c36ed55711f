"""No output of a notebook holds a key: a kernel's messages to the outside are sent without it."""

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from .replay.patching import replace
from .secrets import without_secrets


def interactive_shell() -> Any:
    """The shell that runs this notebook's cells; None in a script."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def hide_secrets(undo: ExitStack, secrets: Iterable[str]) -> None:
    """Hide secrets in every output of the running notebook until `undo` is closed.

    All outputs of a kernel leave it through one function: what is printed (also by logging, by
    warnings and by other processes), what is displayed, a cell's value, tracebacks, the state of
    forms. In a script this does nothing.
    """
    session, hidden = _kernel_session(), frozenset(secrets)
    if session is None or not hidden:
        return
    send = session.send

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return without_secrets(value, hidden)
        if isinstance(value, dict):
            return {clean(name): clean(inner) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [clean(inner) for inner in value]
        return value

    def send_cleaned(
        stream: Any, message: Any, content: Any = None, *more: Any, **named: Any
    ) -> Any:
        if isinstance(message, dict) and "content" in message:
            message = {**message, "content": clean(message["content"])}
        return send(stream, message, clean(content), *more, **named)

    replace(undo, session, "send", send_cleaned)


def _kernel_session() -> Any:
    """What sends the kernel's messages; None where there is no kernel."""
    return getattr(getattr(interactive_shell(), "kernel", None), "session", None)
