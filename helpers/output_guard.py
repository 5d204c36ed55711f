"""No output of a notebook holds a key: what cells print, show and raise is written without it."""

import sys
from collections.abc import Callable, Iterable
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

    It sees what goes to stdout and stderr (warnings, logging and other processes among it), what
    is displayed, a cell's value, and tracebacks. In a script it does nothing.
    """
    shell, hidden = interactive_shell(), frozenset(secrets)
    if shell is None or not hidden:
        return

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return without_secrets(value, hidden)
        if isinstance(value, dict):
            return {clean(name): clean(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [clean(inner) for inner in value]
        return value

    for stream in (sys.stdout, sys.stderr):
        replace(undo, stream, "write", _cleaned_first(stream.write, clean))
    display = shell.display_pub
    replace(undo, display, "publish", _cleaned_first(display.publish, clean))
    hook = shell.displayhook
    replace(undo, hook, "write_format_data", _cleaned_first(hook.write_format_data, clean))
    show_traceback = shell._showtraceback

    def traceback_shown(kind: type, error: BaseException, lines: list[str]) -> None:
        text = str(error)
        shown = error if clean(text) == text else Exception(clean(text))
        show_traceback(kind, shown, clean(lines))

    replace(undo, shell, "_showtraceback", traceback_shown)


def _cleaned_first(function: Callable[..., Any], clean: Callable[[Any], Any]) -> Callable[..., Any]:
    """A function whose first argument, by place or as `data`, is cleaned."""

    def cleaned(*arguments: Any, **named: Any) -> Any:
        if arguments:
            arguments = (clean(arguments[0]), *arguments[1:])
        if "data" in named:
            named["data"] = clean(named["data"])
        return function(*arguments, **named)

    return cleaned
