"""Helpers for the notebooks: they connect, show and check. The lesson, and every SDK call, stands in the cells."""

from .check import check, check_setup
from .recordings import CourseError, NoRecording, differences
from .replay import clock, session, start
from .look import playground, show, show_filter, show_picture, show_tokens, timeline, tokens
