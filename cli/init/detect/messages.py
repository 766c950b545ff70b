"""Answers that are no data: they speak of an error, or say that the data are not ready."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.init.detect.identifiers import is_sure_name
from cli.init.detect.lists import ListGuess
from formats.messages import Lack, Message, Part, message_in


def message_of(guesses: list[ListGuess], body: Any) -> Message | None:
    """Return the error that an answer speaks of in place of a list; None where it has items.

    Inputs: `guesses`, the lists that may be in it, the best one first.

    Sample: of `{"code": 50011, "msg": "Too Many Requests"}`, the text `Too Many Requests`.
    """
    guess = guesses[0] if guesses else None
    if guess is None or guess.form == "object":
        message = message_in(list(_parts(body, ())))
        return None if message is None or _is_record(body, message) else message
    if not guess.items:
        return message_in(list(_parts(body, guess.path)), Lack.ITEMS)
    return _sole(body)


def _is_record(body: Mapping[str, Any], message: Message) -> bool:
    """Return whether an object with a code or status is a thing that has one, such as a job."""
    has_name = any(is_sure_name(str(name)) for name in body)
    return message.rests_on_code and (has_name or not message.text)


def _sole(body: Any) -> Message | None:
    """Return the message that the only element of a list is: `[{"result": 1, "text": "no"}]`.

    A code that is a word names something as often as not.
    """
    if not isinstance(body, list) or len(body) != 1 or not isinstance(body[0], Mapping):
        return None
    message = message_in([Part("[0]", body[0])])
    is_none = message is None or message.code.is_word or _is_record(body[0], message)
    return None if is_none else message


def _parts(body: Any, path: tuple[str, ...]) -> Iterator[Part]:
    """Yield the objects on the way to a list, the body first."""
    place = ""
    for key in (*path, None):
        if isinstance(body, Mapping):
            yield Part(place, body)
            body, place = body.get(key), f"{place}.{key}"
