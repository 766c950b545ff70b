"""Endpoints as a user wants them, and as they are known after asking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.init.blocks import pagination_of
from cli.init.detect.answers import Paging
from cli.init.detect.fields import Shape
from cli.init.detect.identifiers import Identifier, Keys
from cli.init.detect.lists import ListGuess
from cli.init.detect.naming import blueprint_name
from formats.registry import parse_format
from mapping.plan.endpoint import Endpoint
from settings.pagination import AskedSettings


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that documentation says to be a reference: one object, or a list of them.

    `schema` is the name of its schema, such as `team_reference`, and `inner` the keys in it that
    name the thing, none where the field itself does.
    """

    key: str
    schema: str
    inner: Keys
    many: bool
    is_text: bool


@dataclass(frozen=True, slots=True)
class Join:
    """The list whose items give a placeholder's values, and the keys of the field that does."""

    path: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class Wanted:
    """An endpoint that the user chose: its path below baseUrl, and its own query parameters.

    What documentation says: `hints` are names of its query parameters, `schema` the JSON schema of
    an item, `key` the field that an item is asked for by, `references` what refers to other things.
    `headers` are sent beside the usual ones; `response_format` replaces what an answer says of
    itself. With `asks_in_body`, the JSON `body` and not the query says which page is wanted.
    What the user chose: `place`, the keys that lead to the items; `joins`, the list and the field
    that give a placeholder's values, such as `{"team_id": Join("/teams", ("id",))}`.
    """

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    key: str = ""
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    asks_in_body: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    response_format: str = ""
    references: tuple[Reference, ...] = ()
    place: Keys | None = None
    joins: Mapping[str, "Join"] = field(default_factory=dict)

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint that is called for the first page."""
        form = parse_format(self.response_format) if self.response_format else None
        query, headers = dict(self.query), dict(self.headers)
        return Endpoint(
            self.path, self.method, query, headers, body=self.body, response_format=form
        )

    @property
    def placeholders(self) -> Sequence[str]:
        return Endpoint(self.path).placeholders


@dataclass(frozen=True, slots=True)
class ValueSource:
    """The source of placeholders' values: the list that has them, and the field for each name."""

    parent: "Surveyed"
    fields: Mapping[str, Keys]


@dataclass(slots=True)
class Surveyed:
    """The knowledge about an endpoint after asking it.

    `is_insisted` tells that the user wants it although not all of it would be read.
    """

    wanted: Wanted
    found: ListGuess
    paging: Paging
    shape: Shape
    items: list[dict[str, Any]]
    identifier: Identifier | None = None
    parameters: dict[str, ValueSource] = field(default_factory=dict)
    is_asked: bool = True
    is_insisted: bool = False

    @property
    def kind(self) -> str:
        return self.wanted.path

    @property
    def blueprint(self) -> str:
        return blueprint_name(self.wanted.path)

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
