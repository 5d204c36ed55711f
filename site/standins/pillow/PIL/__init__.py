"""What the course uses of Pillow, done by the browser's canvas.

There is no wheel of Pillow for the browser on the package index; see CONTRIBUTING.md.
"""

__version__ = "13.0.0+standin"


class UnidentifiedImageError(OSError):
    """The file is of no kind that is known."""
