"""JSON values: the words for their kinds, their size, and numbers that JQ would change."""

import json
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import orjson

from errors import ResponseError

# Bytes of JSON that one item, one value or one entity may have; Port takes much less.
LARGEST_VALUE = 16_000_000

# JQ computes with doubles: beyond this, two identifiers could become one.
LARGEST_EXACT = 2**53
_MOST_EXACT_DIGITS = len(f"-{LARGEST_EXACT}")


def kind_of(value: Any) -> str:
    """Return the words for a value in a message: `an object`, `a number`; never the value."""
    if value == "":
        return "an empty text"
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")


def element_kind_of(value: Any) -> str:
    """Return the same words for an element of a list: `a list within a list`."""
    return f"{kind_of(value)} within a list" if isinstance(value, list) else kind_of(value)


def exact(value: Any) -> Any:
    """Return a value whose integers beyond ±2^53 are texts: `[9007199254740993]` has one.

    So are other numbers beyond all doubles, such as `1e400`.
    """
    match value:
        case dict():
            return {key: exact(item) for key, item in value.items()}
        case list():
            return [exact(item) for item in value]
        case Decimal():
            return _exact_fraction(value)
        case int() if abs(value) > LARGEST_EXACT:
            return str(value)
    return value


def exact_integer(digits: str) -> int | str:
    """Return the integer that stands in a JSON text; as text where it is beyond ±2^53."""
    if len(digits) > _MOST_EXACT_DIGITS:
        return digits
    number = int(digits)
    return number if abs(number) <= LARGEST_EXACT else digits


def exact_fraction(number: str) -> float | str:
    """Return the fraction that stands in a JSON text; as text where it is beyond all doubles."""
    value = float(number)
    if not math.isinf(value):
        return value
    try:
        return _exact_fraction(Decimal(number))
    except ArithmeticError:
        return number


def _exact_fraction(number: Decimal) -> float | str:
    value = float(number)
    return str(number) if math.isinf(value) else value


def size_of(value: Any) -> int:
    """Return the bytes of a value's JSON text; more, where that is hard to tell."""
    try:
        return len(orjson.dumps(value))
    except TypeError:
        # Half a surrogate pair, or deep nesting.
        return len(json.dumps(value))


def check_sizes(values: Iterable[Any], what: str) -> None:
    """Refuse values of which one is too large; `what` it is, such as `an item`.

    Raises:
        ResponseError: says the limit.
    """
    if any(size_of(value) > LARGEST_VALUE for value in values):
        raise too_large(what)


def too_large(what: str) -> ResponseError:
    """Return the error over something beyond the limit, such as `an item`."""
    return ResponseError(
        f"{what} has more than {LARGEST_VALUE} bytes",
        advice="data_path and emit can leave out what is not needed",
    )
