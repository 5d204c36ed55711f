"""What a notebook's cells import.

They connect, show and check. The lesson, and every SDK call, is in the cells.
"""

from .connect import clock, sent, start
from .exercises import check
from .look import playground, show, show_filter, show_picture, show_tokens, timeline, tokens
from .replay import CourseError, differences
from .setup_check import check_setup

__all__ = [
    "CourseError",
    "check",
    "check_setup",
    "clock",
    "differences",
    "playground",
    "sent",
    "show",
    "show_filter",
    "show_picture",
    "show_tokens",
    "start",
    "timeline",
    "tokens",
]
