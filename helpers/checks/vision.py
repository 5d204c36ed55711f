"""Exercises of notebook 07, Ask about images."""

import base64
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..replay.differences import messages_of
from ..situations import (
    NotYet,
    answering,
    call,
    recorded,
    require,
    require_one_request,
    require_raised,
    texts,
    value_of,
)

if TYPE_CHECKING:
    from PIL.Image import Image

_PICTURE = (
    "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="  # one white pixel
)


def exercise_1(shortest_bar: Callable[[str], str]) -> str:
    """`shortest_bar(url)` asks at low detail, and returns the answer's text, or an empty string.

    A refusal is no empty answer: its error gets out.
    """
    for name, expected in (
        ("exercise 1, answered", "The bar for May."),
        ("exercise 1, held back", ""),
        ("exercise 1, empty", ""),
    ):
        label = name.partition(", ")[2]
        with answering(*recorded(name)) as situation:
            text = value_of(shortest_bar, _PICTURE, when=f"When the answer is {_ANSWERS[label]}")
            require(situation.bodies, "No request was sent. Ask with `ask_about` or `client`.")
            picture = _only_picture(situation.bodies[-1])
        require(
            picture.get("url") == _PICTURE, "Send the picture whose URL your function is given."
        )
        require(
            picture.get("detail") == "low",
            f"Ask at low detail. You sent {picture.get('detail') or 'no detail'}.",
        )
        require_one_request(situation)
        require(
            isinstance(text, str),
            f"When the answer is {_ANSWERS[label]}, return a string. You return {text!r:.40}.",
        )
        require(
            text.strip() == expected,
            f"When the answer is {_ANSWERS[label]}, return {expected!r}. You return {text!r:.60}.",
        )
    with answering(*recorded("a model that reads text")):
        require_raised(
            call(shortest_bar, _PICTURE),
            400,
            "When the service refuses the picture, let its error through: catch nothing, or raise "
            "it again.",
        )
    return "Right: the answer, at a fifth of the price, and no surprise where there is none."


_ANSWERS = {"answered": "a sentence", "held back": "held back by a filter", "empty": "empty"}


def _only_picture(body: dict[str, Any]) -> dict[str, Any]:
    """The `image_url` of the one picture in a request's messages of the user's."""
    parts: list[Any] = []
    for message in messages_of(body):
        content = message.get("content")
        parts += content if message.get("role") == "user" and isinstance(content, list) else []
    pictures = [
        part["image_url"] for part in parts if isinstance(part, dict) and "image_url" in part
    ]
    require(
        len(pictures) == 1,
        f"Send one picture, in a message whose role is `user`. You sent {len(pictures)}.",
    )
    picture = pictures[0]
    require(isinstance(picture, dict), '`image_url` is a dict: {"url": url, "detail": "low"}.')
    require(texts(body, "system", "developer", "user").strip(), "Send a question with the picture.")
    return picture


def exercise_2(next_departure: Callable[[Any, str], str | None]) -> str:
    """`next_departure(response, now)` returns a time that can be trusted, or None."""
    for name, now, expected, next_step in (
        ("whole", "08:00", "08:15", "Return the first row's time."),
        ("whole", "13:00", "15:05", "Skip the rows before `now`."),
        ("whole", "08:20", "09:40", "Minutes count, too."),
        ("whole", "16:20", "16:20", "A ship that leaves at `now` counts."),
        ("whole", "18:00", None, "No ship is left: return None."),
        (
            "in doubt",
            "13:00",
            None,
            "One line names quay 8, so the ship at 15:05 is in doubt: return None.",
        ),
        ("in doubt", "16:00", None, "A line before `now` is in doubt, and any line counts."),
        ("cut off", "13:00", None, "The last line is cut off, so it is in doubt: return None."),
        ("words", "13:00", None, "The answer has no rows: return None."),
        ("empty", "13:00", None, "The answer is empty: return None."),
    ):
        with answering(*recorded(f"exercise 2, {name}")) as situation:
            response = _response(situation)
        when = f"With an answer that is {name}" if name != "words" else "With an answer in words"
        result = value_of(next_departure, response, now, when=when)
        require(
            result == expected,
            f"{next_step} At {now}, {expected!r} is right; you return {result!r:.60}.",
        )
    return "Right: the next ship where the board is certain, and nobody runs for a guess."


def _response(situation: Any) -> Any:
    """An answer of the old SDK."""
    from azure.ai.inference.models import UserMessage

    return situation.client.complete(messages=[UserMessage("A question")])


def exercise_3(join: Callable[[Any, Any], str]) -> str:
    """`join(first, second)` makes one picture of two files, as the eye sees them, or refuses."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        _make_files(folder)
        both = _joined(
            join,
            folder / "sideways.jpg",
            folder / "greys.png",
            "With a sideways photo and 16-bit greys",
        )
        _check_sides(both)
        for first, second, bad in (
            ("wide.png", "greys.png", "wide.png"),
            ("sideways.jpg", "wide.png", "wide.png"),
            ("letter.jpg", "sideways.jpg", "letter.jpg"),
        ):
            _check_refusal(join, folder / first, folder / second, bad)
    return "Right: one picture of two, upright, with its greys; and a bad file is named."


def _make_files(folder: Path) -> None:
    """A photo, blue above red when upright; dark greys in 16 bits; a huge file; no picture."""
    from PIL import Image

    photo = Image.new("RGB", (300, 400), "red")
    photo.paste("blue", (0, 0, 300, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn right to see it
    photo.transpose(Image.Transpose.ROTATE_90).save(folder / "sideways.jpg", exif=exif)
    Image.new("I;16", (300, 400), 100 * 257).save(folder / "greys.png")
    Image.new("1", (10000, 8000)).save(folder / "wide.png")
    (folder / "letter.jpg").write_text("Dear harbour,", "utf-8")


def _joined(join: Callable[[Any, Any], str], first: Path, second: Path, when: str) -> "Image":
    """The picture in the data URL that a learner's function returns."""
    from PIL import Image

    url = value_of(join, first, second, when=when)
    is_url = isinstance(url, str) and url.startswith("data:image/") and ";base64," in url
    require(
        is_url, f"Return a data URL, a string that begins with data:image/. You return {url!r:.40}."
    )
    try:
        with Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
            return picture.convert("RGB")
    except (OSError, ValueError):
        raise NotYet("Behind the comma of your data URL, there is no picture in base64.") from None


def _check_sides(both: "Image") -> None:
    width, height = both.size
    require(max(both.size) <= 4000, f"The picture has {width}×{height} pixels. Make it smaller.")
    require(width > height, "Put the files side by side: the picture has to be wider than high.")
    middle = height // 2
    left = [
        _near(both, width // 4, middle - height // 8),
        _near(both, width // 4, middle + height // 8),
    ]
    require(
        set(left) <= {"blue", "red"},
        f"The first file belongs on the left, in its own colours. There is {left[0]}.",
    )
    require(
        left == ["blue", "red"], "The first photo is not upright: turn it as its EXIF data says."
    )
    right = _near(both, 3 * width // 4, middle)
    require(right == "grey", f"The 16-bit greys on the right are lost: there is {right}.")


def _near(picture: "Image", x: int, y: int) -> str:
    """The name of the test colour that a pixel is near to."""
    colours = {
        "blue": (0, 0, 255),
        "red": (255, 0, 0),
        "grey": (100, 100, 100),
        "white": (255, 255, 255),
    }
    pixel: Any = picture.convert("RGB").getpixel((x, y))
    for name, colour in colours.items():
        if all(abs(a - b) < 25 for a, b in zip(pixel, colour, strict=True)):
            return name
    return f"the colour {pixel}"


def _check_refusal(join: Callable[[Any, Any], str], first: Path, second: Path, bad: str) -> None:
    result = call(join, first, second)
    if result.error is None:
        raise NotYet(
            f"{bad} cannot be sent: raise a ValueError that names it. "
            f"You return {result.value!r:.40}."
        )
    lines = str(result.error).splitlines() or [""]
    require(
        isinstance(result.error, ValueError) and bad in lines[0] and len(lines) == 1,
        f"Refuse {bad} with a ValueError of one line that names the file. "
        f"You raise {type(result.error).__name__}: {lines[0]:.80}",
    )
