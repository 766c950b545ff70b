"""Places of the cursor for the next page: the body, a header, or the last item."""

from abc import ABC, abstractmethod
from typing import Any

from errors import PaginationError
from expressions.evaluator import first_of
from expressions.item_expressions import ItemExpression
from formats.json_values import kind_of
from pagination.lookup import find
from pagination.page import Page
from settings.pagination import CursorSettings

_USUAL_PATHS = ("next_cursor", "cursor", "meta.after_cursor", "links.next")
# Salesforce writes so where a header has nothing to say.
_NOTHING = frozenset({"", "null"})

type CursorValue = str | int | float | list[Any] | dict[str, Any]


class Cursors(ABC):
    """A place of answers where the cursor for the next page is found.

    `places` is how the witness calls it, where it is one that it looks at.
    """

    places: frozenset[str] = frozenset()

    @abstractmethod
    def are_named(self, page: Page) -> bool:
        """Return whether the answer has the place where a cursor would stand, be it empty."""

    @property
    def expression(self) -> ItemExpression | None:
        """The expression whose outputs on the last item `next` needs, as the page's `told`."""
        return None

    @abstractmethod
    def next(self, page: Page) -> CursorValue | None:
        """Return the cursor; None when there is none.

        Raises:
            PaginationError: what is there cannot be one.
        """


class _InBody(Cursors):
    def __init__(self, *paths: str, takes_all: bool) -> None:
        self._takes_all = takes_all
        self._paths = paths
        self.places = frozenset(path.removeprefix(".") for path in paths)

    def are_named(self, page: Page) -> bool:
        return any(find(page.body, path)[0] for path in self._paths)

    def next(self, page: Page) -> CursorValue | None:
        found = ((path, find(page.body, path)[1]) for path in self._paths)
        path, cursor = next(((path, value) for path, value in found if value), ("", None))
        return _checked(cursor, path, "cursorPath", takes_all=self._takes_all)


class _InHeader(Cursors):
    def __init__(self, name: str) -> None:
        self._name = name.lower()
        self.places = frozenset({self._name})

    def are_named(self, page: Page) -> bool:
        return self._name in page.headers

    def next(self, page: Page) -> CursorValue | None:
        cursor = page.headers.get(self._name, "").strip()
        return None if cursor in _NOTHING else cursor


class _OfLastItem(Cursors):
    def __init__(self, expression: str, *, takes_all: bool) -> None:
        self._takes_all = takes_all
        self._expression = ItemExpression(expression, "pagination.cursor_item")

    @property
    def expression(self) -> ItemExpression:
        return self._expression

    def are_named(self, page: Page) -> bool:
        return True

    def next(self, page: Page) -> CursorValue | None:
        if page.last_item is None:
            if page.received:
                raise PaginationError(
                    f"data_path leaves none of {page.received} records, so that there is no last "
                    "item to go on from",
                    advice="filter with items_filter instead of data_path",
                )
            return None
        place = f"pagination.cursor_item {self._expression.expression}"
        if isinstance(page.told, ValueError):
            raise PaginationError(f"{place} fails on the last item: {page.told}")
        cursor = first_of(page.told)
        if cursor is None:
            raise PaginationError(f"{place} gives nothing on the last item")
        return _checked(cursor, place, "pagination.cursor_item", takes_all=self._takes_all)


def cursors_of(settings: CursorSettings) -> Cursors:
    """Return the place that the settings name; by default, the usual places of a body."""
    # Elasticsearch's search_after is a list, DynamoDB's LastEvaluatedKey an object.
    takes_all = settings.where == "body"
    if settings.cursor_item:
        return _OfLastItem(settings.cursor_item, takes_all=takes_all)
    if settings.cursor_header:
        return _InHeader(settings.cursor_header)
    # Of the usual places, an object is a next link rather than a cursor.
    if settings.cursor_path:
        return _InBody(settings.cursor_path, takes_all=takes_all)
    return _InBody(*_USUAL_PATHS, takes_all=False)


def _checked(cursor: Any, place: str, setting: str, *, takes_all: bool) -> CursorValue | None:
    if cursor is None or (isinstance(cursor, str | int | float) and not isinstance(cursor, bool)):
        return cursor
    if isinstance(cursor, list | dict) and takes_all:
        return cursor
    in_body = "" if takes_all else ", except with `in: body`"
    raise PaginationError(
        f"{place} holds {kind_of(cursor)}, which cannot be a cursor{in_body}", advice=setting
    )
