"""Helpers for the notebooks: they connect, show and check. The lesson, and every SDK call, stands in the cells."""

from .check import check, check_setup
from .recordings import CourseError, NoRecording
from .replay import clock, missing, start
from .show import playground, show, show_filter, show_picture, show_tokens, timeline, tokens
