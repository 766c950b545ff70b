"""The entity table of a blueprint: columns, search, order and pages."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode

from tools.sandbox.port.derived import derived_properties
from tools.sandbox.port.presentation import Cell, property_cell, relation_cell, searchable
from tools.sandbox.port.records import EntityRecord
from tools.sandbox.port.state import PortState

ROWS_PER_PAGE = 25

SortKey = tuple[int, float, list[str]]

_DIGITS = re.compile(r"(\d+)")
_PADDING = 20


@dataclass(frozen=True)
class Column:
    """A property or relation as a column; `key` is what sorting names it."""

    key: str
    title: str
    kind: str
    schema: dict[str, Any]


@dataclass(frozen=True)
class Row:
    entity: EntityRecord
    cells: list[Cell]


@dataclass(frozen=True)
class TableRequest:
    """The wish of a reader, as its address has it: search text, page from 1, sort key, descending.

    An example is `?q=payment&page=2&sort=language&desc=True`.
    """

    q: str = ""
    page: int = 1
    sort: str = "$title"
    desc: bool = False

    def link(self, **changes: Any) -> str:
        """Return the address of the same table with other values; defaults are left out."""
        values, defaults = asdict(self) | changes, asdict(TableRequest())
        return "?" + urlencode({key: values[key] for key in values if values[key] != defaults[key]})

    def sort_link(self, key: str) -> str:
        return self.link(sort=key, desc=key == self.sort and not self.desc, page=1)


@dataclass(frozen=True)
class Table:
    columns: list[Column]
    rows: list[Row]
    request: TableRequest
    found: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // ROWS_PER_PAGE))

    @property
    def first(self) -> int:
        return (self.request.page - 1) * ROWS_PER_PAGE + 1 if self.found else 0

    @property
    def last(self) -> int:
        return min(self.found, self.request.page * ROWS_PER_PAGE)


def columns_of(blueprint: dict[str, Any]) -> list[Column]:
    """Return stored properties in the order of the schema, then computed ones and relations."""
    sections = (
        ("property", blueprint["schema"]["properties"]),
        ("derived", blueprint.get("mirrorProperties", {})),
        ("derived", blueprint.get("calculationProperties", {})),
        ("relation", blueprint["relations"]),
    )
    return [
        Column(name, definition.get("title") or name, kind, definition)
        for kind, definitions in sections
        for name, definition in definitions.items()
    ]


def cells_of(state: PortState, entity: EntityRecord, columns: list[Column]) -> list[Cell]:
    """Return the entity's values, one for each column."""
    has_derived = any(column.kind == "derived" for column in columns)
    derived = derived_properties(state, entity) if has_derived else {}
    return [_cell(state, entity, column, derived) for column in columns]


def _cell(state: PortState, entity: EntityRecord, column: Column, derived: dict[str, Any]) -> Cell:
    if column.kind == "relation":
        return relation_cell(state, column.schema["target"], entity.related(column.key))
    values = derived if column.kind == "derived" else entity.properties
    return property_cell(column.schema, values.get(column.key))


def build_table(state: PortState, blueprint: dict[str, Any], request: TableRequest) -> Table:
    """Return one page of the blueprint's entities; a page beyond the last shows the last."""
    everything = list(state.entities.get(blueprint["identifier"], {}).values())
    wanted = request.q.casefold().split()
    found = [item for item in everything if all(word in searchable(item) for word in wanted)]
    found.sort(key=_sort_key(request.sort), reverse=request.desc)
    pages = max(1, -(-len(found) // ROWS_PER_PAGE))
    page = min(max(1, request.page), pages)
    request = replace(request, q=request.q.strip(), page=page)
    columns = columns_of(blueprint)
    start = (page - 1) * ROWS_PER_PAGE
    rows = [
        Row(entity, cells_of(state, entity, columns))
        for entity in found[start : start + ROWS_PER_PAGE]
    ]
    return Table(columns, rows, request, found=len(found), total=len(everything))


def _sort_key(name: str) -> Callable[[EntityRecord], SortKey]:
    def key(entity: EntityRecord) -> SortKey:
        value: Any
        if name == "$title":
            value = entity.label
        elif name == "$updatedAt":
            value = entity.updated_at.timestamp()
        else:
            value = entity.properties.get(name, entity.relations.get(name))
        return _orderable(value)

    return key


def _orderable(value: Any) -> SortKey:
    """Return a key that sorts numbers before texts before nothing, for mixed columns.

    Digits in texts count as numbers: `Service 2` comes before `Service 10`.
    """
    if value is None or value == "" or value == []:
        return 2, 0.0, []
    if isinstance(value, int | float):
        return 0, float(value), []
    parts = _DIGITS.split(str(value).casefold())
    return 1, 0.0, [part.zfill(_PADDING) if part.isdecimal() else part for part in parts]
