"""Endpoints as a user wants them, and as they are known after asking."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.init.blocks import pagination_of
from cli.init.detect.answers import Paging
from cli.init.detect.fields import Shape
from cli.init.detect.identifiers import Identifier
from cli.init.detect.lists import ListGuess
from cli.init.detect.naming import blueprint_name
from mapping.plan.endpoint import Endpoint
from settings.pagination import AskedSettings


@dataclass(frozen=True, slots=True)
class Wanted:
    """An endpoint that the user chose: its path below baseUrl, and its own query parameters.

    What documentation says: `hints` are names of its query parameters, `schema` the JSON schema of
    an item, `key` the field that an item is asked for by.
    With `asks_in_body`, the JSON `body` and not the query says which page is wanted.
    """

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    key: str = ""
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    asks_in_body: bool = False

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint that is called for the first page."""
        return Endpoint(self.path, self.method, dict(self.query), body=self.body)

    @property
    def placeholders(self) -> list[str]:
        return Endpoint(self.path).placeholders


@dataclass(frozen=True, slots=True)
class ValueSource:
    """The source of a placeholder's values: the endpoint that lists them, and their field."""

    parent: "Surveyed"
    field: str

    def reference(self, name: str) -> str:
        """Return the JQ on an item that gives the identifier of its parent's entity."""
        outer = self.parent.outer
        return f'.{outer} + "/" + .__{name}' if outer else f".__{name}"


@dataclass(slots=True)
class Surveyed:
    """The knowledge about an endpoint after asking it."""

    wanted: Wanted
    found: ListGuess
    paging: Paging
    shape: Shape
    items: list[dict[str, Any]]
    identifier: Identifier | None = None
    parameters: dict[str, ValueSource] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.wanted.path

    @property
    def blueprint(self) -> str:
        return blueprint_name(self.wanted.path)

    @property
    def outer(self) -> str:
        """The mark of the last placeholder, which items carry, where their identifier needs it."""
        names = self.wanted.placeholders
        mark = f"__{names[-1]}" if names else ""
        is_part = self.identifier and self.identifier.expression.startswith(f".{mark} ")
        return mark if mark and is_part else ""

    @property
    def query(self) -> dict[str, str]:
        """The query parameters of its requests, besides those of pagination settings."""
        sizes = {name: str(value) for name, value in self.paging.query.items()}
        own = self._without_paging(self.wanted.query)
        return own if self.wanted.asks_in_body else {**own, **sizes}

    @property
    def body(self) -> dict[str, Any] | None:
        """The body of its requests; None where there is none."""
        if self.wanted.body is None:
            return None
        own = self._without_paging(self.wanted.body)
        return {**own, **self.paging.query} if self.wanted.asks_in_body else own

    def _without_paging[Value](self, given: Mapping[str, Value]) -> dict[str, Value]:
        """Return a query without its paging parameters, which the settings send from now on."""
        paging = pagination_of(self.paging.settings)
        told = (paging.param, paging.size_param) if isinstance(paging, AskedSettings) else ()
        return {name: value for name, value in given.items() if name not in told}


def parent_path(path: str) -> str:
    """Return the collection that gives the last placeholder's values: the path before it."""
    return path.rpartition("/{")[0]


def why_not_nested(path: str) -> str:
    """Return why the values of a path's placeholders cannot be found; nothing if they can."""
    lists = parent_path(path)
    if not lists:
        return "there is no list in front of its first placeholder"
    if lists.endswith("}"):
        return (
            f"no list stands between its placeholders, as in {lists}/{{…}}; init does not find "
            "values that belong together, so write its path_parameters with `fields` yourself"
        )
    return why_not_nested(lists) if "/{" in lists else ""
