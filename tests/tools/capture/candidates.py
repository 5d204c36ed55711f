"""Exchanges as recordings that a file may hold, or with the reason why they cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.replay import Recording, Request

from .answers import kept_parts
from .clean import clean_answer, clean_request
from .exchanges import Exchange
from .readable import can_be_read_again
from .scrub import Scrubber
from .target import Target

CAPTURED = "captured"


@dataclass(frozen=True)
class Candidate:
    """An exchange that may take a recording's place.

    Attributes:
        request: as the notebook sent it, in the form that recordings have.
        cell: the position of the cell that asked.
        recording: what a file would hold, without a name; None where it can hold nothing.
        problem: why there is no recording; "" where there is one.
        failure: the error that its cell ended in, in a few words; "" where it ended well.
    """

    request: Request
    cell: int
    recording: Recording | None
    problem: str
    failure: str


def candidates_of(
    exchanges: Sequence[Exchange], failed: Mapping[int, str], scrub: Scrubber, target: Target
) -> list[Candidate]:
    """The candidates that exchanges are, in the same order.

    Args:
        exchanges: what was asked and answered.
        failed: for each cell that ended in an error, by position, the error in a few words.
        scrub: takes out what no file may hold.
        target: says where a captured answer comes from.
    """
    for exchange in exchanges:
        scrub.learn(exchange.identifiers)
    found = []
    for exchange in exchanges:
        recording, problem = _recording(exchange, scrub, target)
        failure = failed.get(exchange.cell, "")
        found.append(Candidate(exchange.meaning, exchange.cell, recording, problem, failure))
    return found


def _recording(exchange: Exchange, scrub: Scrubber, target: Target) -> tuple[Recording | None, str]:
    if exchange.answer is None:
        return None, exchange.problem
    request = exchange.meaning
    model = request.body.get("model") if isinstance(request.body, dict) else None
    after = scrub.text(target.after(exchange.path, model))
    answer = kept_parts(clean_answer(scrub, exchange.answer))
    recording = Recording("(new)", CAPTURED, after, clean_request(scrub, request), [answer])
    if not can_be_read_again(recording):
        return None, "could not be read again from a file"
    return recording, ""
