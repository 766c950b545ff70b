"""The registry of formats, found by option, Content-Type, file name, or start of a text."""

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache

from formats.csv_format import Csv
from formats.format import Format
from formats.json_format import Json, JsonLines
from formats.xml_format import Xml

FORMATS: tuple[type[Format], ...] = (Json, JsonLines, Csv, Xml)


def parse_format(value: object) -> Format:
    """Return the format that a `response_format` says: `csv`, `{"type": "csv", "delimiter": ";"}`.

    Raises:
        ValueError: says what is wrong, the value got, and what is allowed.
    """
    block = value if isinstance(value, Mapping) else {"type": value}
    given = {name: option for name, option in block.items() if option is not None}
    wanted = given.pop("type", None)
    for known in FORMATS:
        if known.name == wanted:
            return known.of(given)
    names = ", ".join(known.name for known in FORMATS)
    raise ValueError(f"type must be one of {names} (got {wanted!r})")


@lru_cache(maxsize=64)
def by_media_type(media_type: str) -> type[Format]:
    """Return the format that a Content-Type means; JSON for all that are unknown."""
    return next((known for known in FORMATS if known.is_meant_by(media_type)), Json)


def by_name(name: str) -> type[Format] | None:
    """Return the format that the name of a file means: `users.csv.gz` is a CSV."""
    suffix = name.lower().removesuffix(".gz").rpartition(".")[2]
    return next((known for known in FORMATS if suffix in known.suffixes), None)


def guess(text: str) -> type[Format] | None:
    """Return the format, other than JSON, that a text which is no JSON looks like."""
    return next((known for known in FORMATS if known.looks_like(text)), None)


def described() -> str:
    """Return the allowed forms of `response_format`, in one sentence."""
    *names, last = (f"`{known.name}`" for known in FORMATS)
    own = {known.name: ", ".join(f"`{each.name}`" for each in fields(known)) for known in FORMATS}
    options = ", ".join(f"{options} ({name})" for name, options in own.items() if options)
    return f"{', '.join(names)} or {last}, or a block of this `type` with its options {options}"
