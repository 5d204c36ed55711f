"""Helpers for the notebooks: they connect, show and check. The lesson, and every SDK call, stands in the cells."""

from .check import check as check, check_setup as check_setup
from .errors import CourseError as CourseError, NoRecording as NoRecording
from .replay import clock as clock, missing as missing, start as start
from .show import playground as playground, show as show, timeline as timeline, tokens as tokens
