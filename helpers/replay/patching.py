"""Replace attributes of other libraries for a while, in modules that are imported or will be."""

from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")


def replace(undo: ExitStack, owner: Any, name: str, value: Any) -> None:
    """Replace an attribute until `undo` is closed."""
    if name in vars(owner):
        undo.callback(setattr, owner, name, vars(owner)[name])
    else:  # it is inherited, so taking ours away is what undoes it
        undo.callback(delattr, owner, name)
    setattr(owner, name, value)


def when_imported(
    undo: ExitStack, name: str, patch: Callable[[ExitStack, ModuleType, T], None], argument: T
) -> None:
    """Call `patch(undo, module, argument)` now if a module is imported, else as soon as it is.

    Nothing happens once `undo` is closed.
    """
    import wrapt

    active = True

    def imported(module: ModuleType) -> None:
        if active:
            patch(undo, module, argument)

    def undone() -> None:
        nonlocal active
        active = False

    undo.callback(undone)
    wrapt.register_post_import_hook(imported, name)
