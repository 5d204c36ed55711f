"""Where answers come from (a stand-in until the real module is merged)."""

from .replay import session


def is_live() -> bool:
    """True when answers come from an endpoint, False when they are replayed."""
    return session().recordings is None
