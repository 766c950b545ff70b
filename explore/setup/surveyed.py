"""What a user wants of an endpoint, and what is known after asking it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic.alias_generators import to_snake

from endpoints import Endpoint
from explore.detect.fields import Shape
from explore.detect.identifiers import Identifier
from explore.detect.lists import ListGuess
from explore.detect.naming import blueprint_name
from explore.detect.paging import Paging
from settings import ConnectionSettings


@dataclass(frozen=True, slots=True)
class Wanted:
    """An endpoint that the user chose: its path below baseUrl, and its own query parameters.

    What documentation says: `hints` are names of its query parameters, `schema` the JSON schema of
    an item, `blueprint` a name for what it lists, `key` the field that an item is asked for by.
    """

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    blueprint: str = ""
    key: str = ""

    @property
    def placeholders(self) -> list[str]:
        return Endpoint(self.path).placeholders


@dataclass(slots=True)
class Discovery:
    """How the values of a placeholder are found."""

    endpoint: str
    data_path: str
    field: str
    query: dict[str, str]
    paging: Paging

    @property
    def parent(self) -> str:
        """The kind of the resource that the values identify."""
        return self.endpoint


@dataclass(slots=True)
class Surveyed:
    """What is known about an endpoint after asking it."""

    wanted: Wanted
    found: ListGuess
    paging: Paging
    shape: Shape
    items: list[dict[str, Any]]
    identifier: Identifier | None = None
    parameters: dict[str, Discovery] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.wanted.path

    @property
    def blueprint(self) -> str:
        return self.wanted.blueprint or blueprint_name(self.wanted.path)

    @property
    def query(self) -> dict[str, str]:
        """The query parameters of its requests, besides those of pagination settings."""
        sizes = {name: str(value) for name, value in self.paging.query.items()}
        given = {to_snake(name): value for name, value in self.paging.settings.items()}
        paging = ConnectionSettings.parse({"base_url": "https://any", **given}).pagination
        # What the URL said about pages is said by the settings from now on.
        own = {
            name: value
            for name, value in self.wanted.query.items()
            if name not in (paging.param, paging.size_param)
        }
        return {**own, **sizes}


def parent_path(path: str) -> str:
    """The collection that a placeholder's values come from: the path in front of it."""
    return path.partition("/{")[0]


def identifier_field(identifier: Identifier) -> str:
    """The field alone, which a path parameter takes as it is."""
    return identifier.expression.partition(" | ")[0]
