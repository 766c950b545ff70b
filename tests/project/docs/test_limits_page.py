"""The numbers in docs/limits.md are those of the code, and each has a test that is there."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from humps import decamelize

from settings.connection import ConnectionSettings
from tests.support.seams import ROOT, parsed, product_files

PAGE = ROOT / "docs" / "limits.md"
# Rooms whose limits are all on the page.
ROOMS = ("transport", "log_lines.py", "reading/failures.py", "cache/within_resync.py")

_ROW = re.compile(r"^\| (.+) \| (.+) \| (.+) \| (.+) \| \[test\]\((\S+) \"(\w+)\"\) \|$", re.M)
_PLACE = re.compile(r"`([\w/]+\.py)` `(\w+)`")
_NUMBER = re.compile(r"(\d[\d,]*)(?: (?:s|MB|bytes))?")
_LIMIT = re.compile(r"^_?(?:MOST|LONGEST|LARGEST|DEEPEST|FEW|RESERVE|PRICE|OUTAGE)(?:_|$)", re.M)
# They bound the work of a decision, and nothing that a user can meet.
_INNER = {"transport/request_limiter.py _MOST_PATIENCE"}


class Limit(NamedTuple):
    """A row of the page."""

    what: str
    most: str
    setting: str
    place: str
    file: str
    test: str

    @property
    def number(self) -> int:
        found = _NUMBER.fullmatch(self.most)
        assert found, self.most
        return int(found[1].replace(",", ""))

    @property
    def value(self) -> Any:
        """What the code has."""
        if named := _PLACE.fullmatch(self.place):
            module = named[1].removesuffix(".py").replace("/", ".")
            return getattr(importlib.import_module(module), named[2])
        assert self.place == "–"
        return ConnectionSettings.model_fields[decamelize(self.setting.strip("`"))].default


LIMITS = [Limit(*row) for row in _ROW.findall(PAGE.read_text("utf-8"))]
each = pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.what)


@each
def test_the_number_is_that_of_the_code(limit: Limit) -> None:
    assert (limit.setting == "–") != (limit.place == "–")
    assert limit.number == limit.value


@each
def test_its_test_is_there(limit: Limit) -> None:
    text = (PAGE.parent / limit.file).read_text("utf-8")
    assert re.search(rf"^(?:async )?def {limit.test}\(", text, re.MULTILINE)


def test_every_row_was_read() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    headers = [line for line in rows if line.startswith(("| What", "| ---"))]
    assert len(LIMITS) == len(rows) - len(headers) > 15


def test_every_limit_of_these_rooms_is_on_the_page() -> None:
    shown = {" ".join(found) for limit in LIMITS for found in _PLACE.findall(limit.place)}
    there = {
        f"{file} {name}"
        for file in product_files()
        if str(file).startswith(ROOMS)
        for name in _constants(file)
        if _LIMIT.match(name)
    }
    assert there - shown == _INNER


def _constants(file: Path) -> list[str]:
    return [
        target.id
        for node in parsed(file).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
