"""CSV (RFC 4180): its options, and its records as objects of texts while it arrives."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from errors import ResponseError
from formats.format import (
    Document,
    Format,
    ItemReader,
    ListPart,
    encoding_option,
    names_option,
    option,
)
from formats.json_values import LARGEST_VALUE
from formats.paths import Step
from formats.texts import TextDecoder, is_json, is_markup

# A field beyond this is a quote that nobody closed. The limit is one of the whole process.
_INCOMPLETE = "unexpected end of data"
csv.field_size_limit(LARGEST_VALUE)


_NO_DELIMITERS = frozenset('"\r\n')
_COMMA_LINE = re.compile(r"[^{\[<\n]*[,;\t][^\n]*[^{\[<\n]\r?\n")


def _delimiter(value: object) -> str:
    # In single quotes, YAML leaves an escape as it is.
    value = "\t" if value in ("\\t", "tab") else value
    if not isinstance(value, str) or len(value) != 1 or value in _NO_DELIMITERS:
        raise ValueError(f"delimiter must be one character, such as ';' or tab (got {value!r})")
    return value


def _columns(value: object) -> tuple[str, ...]:
    return _distinct(names_option("columns", value))


def _distinct[Names: Sequence[str]](names: Names) -> Names:
    """Return the names of columns, which tell the fields of a record apart.

    Raises:
        ValueError: a name is empty, or comes twice.
    """
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise ValueError(f"column {number} of {len(names)} has no name")
        if name in names[: number - 1]:
            raise ValueError(f"two columns have the name {name!r}")
    return names


@dataclass(frozen=True, slots=True)
class Csv(Format):
    """The format of records of texts; the first line names the columns unless `columns` does."""

    name = "csv"
    media_types = ("text/csv", "application/csv", "text/x-csv")
    suffixes = ("csv",)
    gives = "each record, an object of texts"
    refuses = "see below"
    may_be_empty = True

    delimiter: str = option(",", _delimiter)
    encoding: str = option("", encoding_option)
    columns: tuple[str, ...] = option((), _columns)

    @classmethod
    def looks_like(cls, text: str) -> bool:
        return not is_markup(text) and not is_json(text) and bool(_COMMA_LINE.match(text))

    def reader(self, document: Document, path: Sequence[Step]) -> ItemReader | None:
        return None if path else CsvRecords(self, document.encoding, declared=document.declared)


class CsvRecords(ItemReader):
    """A reader of records, which passes over nothing that does not fit the columns.

    Inputs: `declared` tells that the Content-Type or a file's name says CSV, too.
    """

    is_found: bool | None = True

    def __init__(self, options: Csv, encoding: str, *, declared: bool) -> None:
        self._delimiter = options.delimiter
        self._columns = list(options.columns)
        self._decoder = TextDecoder(encoding)
        self._declared = declared
        self._has_begun = self._has_line_end = False
        self._records = 0
        self._lines = 0
        # What is not a whole record yet, and how much of it there must be to look at it again: a
        # record that is never complete must not be looked at with each chunk.
        self._pending: list[str] = []
        self._size = self._wanted = 0

    def feed(self, chunk: bytes) -> list[ListPart]:
        return self._take(self._decoder.feed(chunk), is_last=False)

    def close(self) -> list[ListPart]:
        parts = self._take(self._decoder.feed(b"", is_last=True), is_last=True)
        if self._may_be_prose:
            raise ResponseError(
                "the body is one line and no record, so that it may be no CSV but a message",
                advice="look at kind, and at delimiter of response_format",
            )
        return parts

    def frame(self) -> Any:
        return []

    @property
    def _may_be_prose(self) -> bool:
        """True where nothing but `response_format` makes a CSV of the only line, or it is words."""
        is_empty = self._has_begun and not self._records
        is_header = self._has_line_end and len(self._columns) > 1
        is_words = len(self._columns) == 1 and " " in self._columns[0].strip()
        return is_empty and not is_header and (not self._declared or is_words)

    def _take(self, text: str, *, is_last: bool) -> list[ListPart]:
        self._pending.append(text)
        self._size += len(text)
        if self._size < self._wanted and not is_last:
            return []
        text = "".join(self._pending)
        self._has_line_end = text.endswith(("\n", "\r")) or (not text and self._has_line_end)
        rows, used = self._rows(text if is_last else _whole_lines(text), is_last=is_last)
        self._pending = [text[used:]]
        self._size = len(text) - used
        self._wanted = 0 if used else 2 * self._size
        items = self._items(rows)
        return [ListPart.of(items)] if items else []

    def _rows(self, text: str, *, is_last: bool) -> tuple[list[tuple[int, list[str]]], int]:
        """Return the records in whole lines, each with its line, and the length of all."""
        self._check_start(text)
        lines = list(io.StringIO(text, newline=""))
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        rows = []
        done = 0
        try:
            for row in reader:
                rows.append((self._lines + done + 1, row))
                done = reader.line_num
        except csv.Error as error:
            if is_last or str(error) != _INCOMPLETE:
                raise self._failure(self._lines + done + 1, str(error)) from None
        self._lines += done
        return rows, sum(map(len, lines[:done]))

    def _check_start(self, text: str) -> None:
        if self._has_begun or not text.strip():
            return
        self._has_begun = True
        for looks_so, name in ((is_markup, "HTML or XML"), (is_json, "JSON")):
            if looks_so(text):
                raise ResponseError(
                    f"the body is no CSV but {name}",
                    advice="look at kind, at authType, and at response_format",
                )

    def _items(self, rows: list[tuple[int, list[str]]]) -> list[dict[str, str]]:
        # An empty line is no record.
        records = [(line, row) for line, row in rows if row]
        if records and not self._columns:
            self._columns = self._header(*records.pop(0))
        expected = len(self._columns)
        for line, row in records:
            if len(row) != expected:
                raise self._failure(line, f"{len(row)} fields where {expected} columns are")
        self._records += len(records)
        return [dict(zip(self._columns, row, strict=True)) for _, row in records]

    def _header(self, line: int, names: list[str]) -> list[str]:
        try:
            return _distinct(names)
        except ValueError as error:
            raise self._failure(line, str(error)) from None

    def _failure(self, line: int, cause: str) -> ResponseError:
        return ResponseError(
            f"the CSV is malformed in line {line}: {cause}",
            advice="look at delimiter and columns of response_format",
        )


def _whole_lines(text: str) -> str:
    """Return the text up to its last line end; one that may go on with a line feed is none yet."""
    return text[: max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1]
