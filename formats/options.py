"""`response_format` as a user writes it: a type, or a block of a type and its options."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

type FormatType = Literal["json", "jsonl", "csv", "xml"]

_TYPES: tuple[FormatType, ...] = get_args(FormatType.__value__)
_OPTIONS: Mapping[FormatType, tuple[str, ...]] = {
    "json": (),
    "jsonl": (),
    "csv": ("delimiter", "encoding", "columns"),
    "xml": ("encoding", "lists"),
}
_NO_DELIMITERS = frozenset('"\r\n')


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """How a body is read.

    `encoding` is empty where the body or its Content-Type says it; `columns` are empty where the
    first line of a CSV does. `lists` are the XML elements that are lists even when there is one.
    """

    type: FormatType = "json"
    delimiter: str = ","
    encoding: str = ""
    columns: tuple[str, ...] = ()
    lists: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, value: object) -> "ResponseFormat":
        """From `csv`, or `{"type": "csv", "delimiter": ";"}`.

        Raises:
            ValueError: says what is wrong, the value got, and what is allowed.
        """
        block = value if isinstance(value, Mapping) else {"type": value}
        given = {name: option for name, option in block.items() if option is not None}
        kind = _type_of(given.pop("type", None))
        allowed = _OPTIONS[kind]
        for name in given:
            if name not in allowed:
                raise ValueError(
                    f"{name!r} is no option of {kind}; {kind} has {', '.join(allowed) or 'none'}"
                )
        return cls(kind, **{name: _PARSERS[name](option) for name, option in given.items()})


def _type_of(value: object) -> FormatType:
    for kind in _TYPES:
        if kind == value:
            return kind
    raise ValueError(f"type must be one of {', '.join(_TYPES)} (got {value!r})")


def _delimiter(value: object) -> str:
    # In single quotes, YAML leaves an escape as it is.
    value = "\t" if value in ("\\t", "tab") else value
    if not isinstance(value, str) or len(value) != 1 or value in _NO_DELIMITERS:
        raise ValueError(f"delimiter must be one character, such as ';' or tab (got {value!r})")
    return value


def _encoding(value: object) -> str:
    if isinstance(value, str) and is_encoding(value):
        return value
    raise ValueError(
        f"encoding must be the name of one, such as utf-8 or windows-1252 (got {value!r})"
    )


def _columns(value: object) -> tuple[str, ...]:
    names = _names("columns", value)
    check_columns(names)
    return names


def _lists(value: object) -> frozenset[str]:
    return frozenset(_names("lists", value))


def _names(option: str, value: object) -> tuple[str, ...]:
    if (
        not isinstance(value, Sequence)
        or isinstance(value, str)
        or not value
        or not all(isinstance(name, str) and name for name in value)
    ):
        raise ValueError(f"{option} must be a list of names, such as [id, name] (got {value!r})")
    return tuple(value)


_PARSERS: Mapping[str, Callable[[object], Any]] = {
    "delimiter": _delimiter,
    "encoding": _encoding,
    "columns": _columns,
    "lists": _lists,
}


def check_columns(names: Sequence[str]) -> None:
    """Refuse names that could not tell the fields of a record apart.

    Raises:
        ValueError: a name is empty, or comes twice.
    """
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise ValueError(f"column {number} of {len(names)} has no name")
        if name in names[: number - 1]:
            raise ValueError(f"two columns have the name {name!r}")


def is_encoding(name: str) -> bool:
    """Whether texts can be decoded with the codec of this name."""
    try:
        # Codecs from bytes to bytes, such as "zip", refuse a text.
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):
        return False
    return True
