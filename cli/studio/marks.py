"""Marks in an answer: the places where it speaks of more, of an end or of an error to a sync."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cli.init.detect.answers import Answer
from cli.init.detect.lists import ListGuess
from cli.init.detect.messages import message_of
from cli.studio.tree import Steps
from formats.messages import says_pending
from pagination.lookup import steps_of
from pagination.totals import find_total
from pagination.witness import Rank, Sign, Witness
from statuses import Meaning, meaning_of

type Kind = Literal["items", "more", "end", "total", "partial", "error", "pending"]

_MORE = {
    Rank.MARKER: "says that there is more",
    Rank.LINK: "leads to the next page",
    Rank.TOKEN: "asks for the next page",
    Rank.BARE_TOKEN: "may ask for the next page",
    Rank.TOTAL: "says that there is more",
}
_END = {
    Rank.MARKER: "says that there is no more",
    Rank.LINK: "says that no page follows",
    Rank.TOKEN: "says that no page follows",
    Rank.BARE_TOKEN: "says that no page follows",
    Rank.TOTAL: "says that there is no more",
}
_PARTIAL = "says that the list is not whole"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that an answer says: `steps` lead to where, or `header` names it.

    `means` is what a sync makes of it, `way` the settings that obey it.
    """

    kind: Kind
    means: str
    steps: Steps = ()
    header: str = ""
    way: str = ""


def marks_of(answer: Answer, guesses: Sequence[ListGuess]) -> list[Mark]:
    """Return all that an answer says of its items, of further pages, of errors, of being ready."""
    body, evidence = answer.body, Witness((), {}).hear(answer.page)
    partial = filter(None, (evidence.partial, evidence.cut))
    return [
        *_of_items(guesses),
        *_of_errors(answer, guesses),
        *(_of_sign(sign, body) for sign in evidence.signs),
        *(_placed("partial", f"{sign.said}: {_PARTIAL}", sign, body) for sign in partial),
        *_of_total(answer),
    ]


def _of_total(answer: Answer) -> Iterator[Mark]:
    if total := find_total(answer.page, None, answer.count):
        steps, header = _place(total.place, answer.body)
        yield Mark("total", f"{total}; here are {answer.count}", steps, header)


def _of_items(guesses: Sequence[ListGuess]) -> Iterator[Mark]:
    for guess in guesses[:1]:
        items = f"{len(guess.items)} items" if len(guess.items) != 1 else "1 item"
        what = "the answer is one item" if guess.form == "object" else f"{items} are here"
        yield Mark("items", what, guess.path)


def _of_errors(answer: Answer, guesses: Sequence[ListGuess]) -> Iterator[Mark]:
    if message := message_of(list(guesses), answer.body):
        text = f": {message.text}" if message.text else ""
        means = f"speaks of an error, which a sync takes for no data{text}"
        yield Mark("error", means, steps_of(answer.body, message.place) or ())
    is_waiting = meaning_of(answer.status) is Meaning.NOT_READY
    if not answer.items and (is_waiting or says_pending(answer.body)):
        yield Mark("pending", "is not ready: a sync asks again, at the pace that the API wishes")


def _of_sign(sign: Sign, body: Any) -> Mark:
    words = _MORE if sign.more else _END
    return _placed("more" if sign.more else "end", f"{sign.said}: {words[sign.rank]}", sign, body)


def _placed(kind: Kind, means: str, sign: Sign, body: Any) -> Mark:
    steps, header = _place(sign.place, body)
    return Mark(kind, means, steps, header, sign.way if sign.more else "")


def _place(place: str, body: Any) -> tuple[Steps, str]:
    """Return the keys that lead to a place of the body; the name of a header where it is none."""
    steps = steps_of(body, place)
    return (steps, "") if steps else ((), place)
