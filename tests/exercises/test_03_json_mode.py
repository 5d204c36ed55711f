"""The exercises of notebook 03."""

from learners_code import exercise_tests

NOTEBOOK = "03_json_mode"
CHECKS = {1: 'check("exercise 1", booking_or_reason)', 2: 'check("exercise 2", ReturnBooking)'}

RIGHT_1 = {
    "a callable object": """
class Reader:
    def __call__(self, response):
        try:
            return parse(response)
        except ValueError as error:
            return repr(error)

booking_or_reason = Reader()
""",
    "by a regular expression": """
def booking_or_reason(response):
    choice = response.choices[0]
    if choice.finish_reason != "stop":
        return "cut: " + choice.finish_reason.value
    if choice.message.get("refusal"):
        return choice.message["refusal"]
    found = re.search(r"\\{.*?\\}", content_of(response), re.DOTALL)
    try:
        return Booking.model_validate_json(found.group() if found else "")
    except ValidationError as error:
        return str(error)
""",
    "two kinds of reasons": """
def booking_or_reason(response):
    try:
        return parse(response)
    except ValidationError:
        return "a key is missing"
    except ValueError:
        return "no whole JSON"
""",
    "by parse": """
def booking_or_reason(response):
    try:
        return parse(response)
    except ValueError as error:
        return str(error)
""",
    "by hand": """
def booking_or_reason(response):
    choice = response.choices[0]
    if choice.finish_reason == "length":
        return "cut off"
    text = choice.message.content
    if not text:
        return "refused: " + str(choice.message.get("refusal"))
    text = text[text.index("{") : text.rindex("}") + 1]
    try:
        return Booking(**json.loads(text))
    except ValidationError:
        return "the answer does not fit"
""",
    "another class, asynchronous": """
from types import SimpleNamespace

async def booking_or_reason(response):
    message = response["choices"][0]["message"]
    if response["choices"][0]["finish_reason"] != "stop":
        return "not whole"
    found = re.search(r"\\{.*\\}", message.get("content") or "", re.S)
    data = json.loads(found[0]) if found else {}
    missing = {"kind", "to", "seats"} - set(data)
    return f"missing: {missing}" if missing else SimpleNamespace(**data)
""",
}
WRONG_1 = {
    "the error's class": (
        """
def booking_or_reason(response):
    try:
        return parse(response)
    except ValueError as error:
        return type(error).__name__
""",
        "ValidationError says little. Say what is wrong, in words",
    ),
    "the answer after a no": (
        """
def booking_or_reason(response):
    try:
        return parse(response)
    except ValueError:
        return "No: " + content_of(response)
""",
        "You say the same",
    ),
    "the error itself": (
        """
def booking_or_reason(response):
    try:
        return parse(response)
    except ValueError as error:
        return error
""",
        "return a string that says why",
    ),
    "a booking unchecked": (
        """
def booking_or_reason(response):
    text = content_of(response)
    data = json.loads(text[text.find("{") : text.rfind("}") + 1])
    return Booking.model_construct(**data)
""",
        "without seats, return a string",
    ),
    "the same reason always": (
        """
def booking_or_reason(response):
    try:
        return parse(response)
    except ValueError:
        return "no booking"
""",
        "You say the same",
    ),
    "the answer for a reason": (
        """
def booking_or_reason(response):
    try:
        return parse(response)
    except ValueError:
        return content_of(response) or "refused"
""",
        "says why there is no booking",
    ),
    "json.loads alone": (
        "def booking_or_reason(response):\n"
        "    return Booking(**json.loads(response.choices[0].message.content))",
        "in a fence, after a sentence, your code raises JSONDecodeError",
    ),
    "0 for what is missing": (
        """
def booking_or_reason(response):
    try:
        content = response.choices[0].message.content
        data = json.loads(content[content.index("{") : content.rindex("}") + 1])
        return Booking(**{"seats": 0, **data})
    except Exception:
        return "no booking"
""",
        "without seats",
    ),
    "None for a reason": (
        """
def booking_or_reason(response):
    try:
        return parse(response)
    except ValueError:
        return None
""",
        "return a string that says why",
    ),
    "except: pass": (
        "def booking_or_reason(response):\n"
        "    try:\n        json.loads('')\n    except Exception:\n        pass",
        "return a Booking",
    ),
}
RIGHT_2 = {
    "by create_model": """
from pydantic import create_model

ReturnBooking = create_model("ReturnBooking", __base__=Booking, returns=(str | None, ...))
""",
    "required by an ellipsis": """
from pydantic import Field

class ReturnBooking(Booking):
    returns: str | None = Field(...)
""",
    "with a validator": """
from pydantic import field_validator

class ReturnBooking(Booking, extra="forbid"):
    returns: str | None

    @field_validator("returns")
    @classmethod
    def strip(cls, value):
        return value and value.strip()
""",
    "an enumeration of days": """
from enum import Enum

class Day(str, Enum):
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"

class ReturnBooking(Booking):
    returns: Day | None
""",
    "days and None": (
        "class ReturnBooking(Booking):\n    returns: Literal['Saturday', 'Sunday', None]"
    ),
    "a union": "class ReturnBooking(Booking):\n    returns: str | None",
    "Optional, documented": '''
from typing import Optional

class ReturnBooking(Booking):
    """A booking with the way back."""

    returns: Optional[str]
''',
    "from scratch, another order": """
from pydantic import ConfigDict, Field

class ReturnBooking(BaseModel):
    model_config = ConfigDict(extra="forbid", title="There and back")

    returns: None | str = Field(description="The day of the way back")
    seats: int
    kind: Literal["ferry", "flight", "other"]
    to: str
""",
}
WRONG_2 = {
    "an instance": (
        "class ReturnBooking(Booking):\n    returns: str | None\n"
        "ReturnBooking = ReturnBooking(kind='ferry', to='x', seats=1, returns=None)",
        "Pass the class",
    ),
    "an alias": (
        "from pydantic import Field\n"
        "class ReturnBooking(Booking):\n    back: str | None = Field(alias='returns')",
        "`returns` is 'Sunday'",
    ),
    "a pattern": (
        "from pydantic import Field\n"
        "class ReturnBooking(Booking):\n    returns: str | None = Field(pattern='day$')",
        "A strict schema takes no `pattern`",
    ),
    "any kind": (
        "class ReturnBooking(BaseModel, extra='forbid'):\n"
        "    kind: str\n    to: str\n    seats: int\n    returns: str | None",
        "`kind` may be 'tram' now",
    ),
    "seats with a default": (
        "class ReturnBooking(Booking):\n    returns: str | None\n    seats: int = 1",
        "`seats` is not required",
    ),
    "a date": (
        "from datetime import date\nclass ReturnBooking(Booking):\n    returns: date | None",
        "whose `returns` is 'Sunday', your code raises ValidationError",
    ),
    "numbers and None": (
        "class ReturnBooking(Booking):\n    returns: Literal[6, 7, None]",
        "a string or null",
    ),
    "a default": (
        "class ReturnBooking(Booking):\n    returns: str | None = None",
        "strict schema wants every key",
    ),
    "never null": ("class ReturnBooking(Booking):\n    returns: str", "a string or null"),
    "no key": ("class ReturnBooking(Booking):\n    pass", "no key `returns`"),
    "no class": ("ReturnBooking = {'returns': 'Sunday'}", "Pass the class"),
    "open": (
        "class ReturnBooking(BaseModel):\n"
        "    kind: str\n    to: str\n    seats: int\n    returns: str | None",
        "forbid",
    ),
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK, {1: RIGHT_1, 2: RIGHT_2}, {1: WRONG_1, 2: WRONG_2}, CHECKS
)
