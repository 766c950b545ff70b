"""Marks of settings: that one is secret, or that answers do not depend on it.

A mark stands in the type of a setting: `max_retries: Annotated[int, SAME_ANSWERS]`. All lists of
such settings derive from the marks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A setting that is never shown; the spec calls it `sensitive`.

    `part` gives the part of a value that must not be shown: of a proxy, the password. It is a JSON
    value, of which every text and number is a secret.
    """

    part: Callable[[Any], Any]


class SameAnswers:
    """A setting that can change without any change in what the API answers."""


@dataclass(frozen=True, slots=True)
class ReadsMachine:
    """A setting that may read the machine of the instance, refused where that is Port's.

    `does` tells whether a value reads it; `instead` says what to write.
    """

    does: Callable[[Any], bool]
    instead: str


def _is_path(value: Any) -> bool:
    return "-----BEGIN" not in str(value)


READS_FILE = ReadsMachine(lambda value: True, "put what the file holds into a setting")
READS_PEM = ReadsMachine(_is_path, "give the PEM text itself, with its -----BEGIN line")
SECRET = Sensitive(lambda secret: secret.get_secret_value())
SECRET_VALUES = Sensitive(lambda value: value)
SAME_ANSWERS = SameAnswers()


@cache
def marked[Mark](model: type[BaseModel], kind: type[Mark]) -> dict[str, Mark]:
    """Return the mark of this kind for each setting of a model that has one."""
    return {
        name: mark
        for name, info in model.model_fields.items()
        for mark in (*info.metadata, *_parts_of(info.annotation))
        if isinstance(mark, kind)
    }


def _parts_of(annotation: object) -> Iterator[object]:
    for part in get_args(annotation):
        yield part
        yield from _parts_of(part)
