"""Replace attributes of other libraries for a while, in modules that are imported or will be."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")

_INHERITED: Any = object()  # in the place of a value that the owner itself does not have


@dataclass(eq=False)
class _Replaced:
    """One replacement of an attribute."""

    before: Any
    value: Any


_replaced: dict[tuple[int, str], list[_Replaced]] = {}  # by owner and name, those that last


def replace(undo: ExitStack, owner: Any, name: str, value: Any) -> None:
    """Replace an attribute until `undo` is closed.

    An attribute may be replaced several times, and it does not matter which of them ends first.
    """
    ours = _Replaced(vars(owner).get(name, _INHERITED), value)
    lasting = _replaced.setdefault((id(owner), name), [])
    lasting.append(ours)
    setattr(owner, name, value)

    def put_back() -> None:
        place = lasting.index(ours)
        del lasting[place]
        if later := lasting[place:]:  # our value is not in place, and must not be put there
            if later[0].before is value:
                later[0].before = ours.before
        elif ours.before is _INHERITED:
            delattr(owner, name)
        else:
            setattr(owner, name, ours.before)
        if not lasting:
            del _replaced[id(owner), name]

    undo.callback(put_back)


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
