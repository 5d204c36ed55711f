"""Replace attributes of other libraries for a while, in modules that are imported or will be."""

from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any


def replace(undo: ExitStack, owner: Any, name: str, value: Any) -> None:
    """Replace an attribute until `undo` is closed."""
    if name in vars(owner):
        undo.callback(setattr, owner, name, vars(owner)[name])
    else:  # it is inherited, so taking ours away is what undoes it
        undo.callback(delattr, owner, name)
    setattr(owner, name, value)


def when_imported(undo: ExitStack, name: str, patch: Callable[[ModuleType], None]) -> None:
    """Patch a module now if it is imported, else as soon as it is, unless all was undone by then."""
    import wrapt

    active = True

    def undone() -> None:
        nonlocal active
        active = False

    undo.callback(undone)
    wrapt.register_post_import_hook(lambda module: patch(module) if active else None, name)
