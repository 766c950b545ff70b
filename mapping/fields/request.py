"""The fields of every request, as a user writes them: method, query, headers, body."""

from collections.abc import Mapping, Set
from typing import Any, Literal

from pydantic.v1 import Field, validator

from api_messages import METHODS
from errors import SelectorError
from formats.json_values import kind_of
from mapping.fields.user_fields import UserFields
from mapping.plan.endpoint import Endpoint
from mapping.plan.path_parameter import text_of
from mapping.plan.templates import misspelt_in
from settings.connection import ConnectionSettings


class RequestFields(UserFields):
    """The parts of a request beside its path."""

    method: str = Field(
        "GET", description="HTTP method: GET, POST, PUT, PATCH or DELETE. Example: `POST`."
    )
    query_params: dict[str, Any] = Field(
        default_factory=dict,
        title="Query parameters",
        description='Query parameters of each request. Example: `{"active": "true"}`.',
    )
    headers: dict[str, str] = Field(
        default_factory=dict,
        description='Headers of each request. Example: `{"Accept": "application/json"}`.',
    )
    body: Any = Field(None, description='JSON body of each request. Example: `{"filter": "open"}`.')
    body_format: Literal["json", "form", "text", "graphql"] = Field(
        "json",
        description="How the body is sent: `json`, `form`, `text`, or `graphql`, where it is "
        "`{query, variables}` or just the query. Example: `form`.",
    )
    auth: Literal["default", "none"] = Field(
        "default",
        description="`none` sends neither credentials nor customHeaders; `default` sends what the "
        "connection settings say. Example: `none`.",
    )

    @validator("method", pre=True)
    def _known_method(cls, value: object) -> object:
        method = value.upper() if isinstance(value, str) else value
        if method not in METHODS:
            raise ValueError(f"must be one of {', '.join(METHODS)} (got {value!r})")
        return method

    @validator("headers", pre=True)
    def _text_headers(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {
            str(name): _header_text(str(name), content)
            for name, content in value.items()
            if content is not None
        }

    def endpoint_at(
        self, path: str, *, names: Set[str], place: str, settings: ConnectionSettings
    ) -> Endpoint:
        """Return the checked form of the endpoint at a path.

        Inputs: `names` are the placeholders that may stand in it; `place` is where it is written,
        empty for the selector itself.

        Raises:
            SelectorError: a field cannot be used as it is.
        """
        prefix = f"{place}." if place else ""
        body = self._checked_body(prefix)
        for name, texts in (("query_params", self.query_params), ("headers", self.headers)):
            refuse_misspelt(texts, names, f"{prefix}{name}")
        refuse_misspelt({} if self.body_format == "graphql" else body, names, f"{prefix}body")
        return Endpoint(
            path,
            self.method,
            self.query_params,
            self.headers,
            body,
            body_format=self.body_format,
            is_anonymous=self.auth == "none",
            names=frozenset(names),
            exposed=settings.exposed,
        )

    def _checked_body(self, prefix: str) -> Any:
        """Return the body in the shape that its format sends.

        Raises:
            SelectorError: it has none that the format can send.
        """
        body, place = self.body, f"{prefix}body"
        match self.body_format:
            case "form" if not isinstance(body, Mapping | None):
                raise SelectorError(f"{place}: must be an object with body_format form")
            case "text" if not isinstance(body, str | None):
                raise SelectorError(f"{place}: must be a text with body_format text")
            case "graphql":
                return _graphql(body, place)
        return body


def refuse_misspelt(value: Any, names: Set[str], place: str) -> None:
    """Refuse what looks like a placeholder and is evidently a misspelt one.

    Raises:
        SelectorError: names it, and the one that was meant.
    """
    for name, meant in misspelt_in(value, names):
        raise SelectorError(
            f"{place}: {{{name}}} is no path parameter; did you mean {{{meant}}}? "
            f"For the text itself, write {{{{{name}}}}}"
        )


def _graphql(body: Any, place: str) -> dict[str, Any]:
    given = {"query": body} if isinstance(body, str) else body
    if not isinstance(given, Mapping) or not isinstance(given.get("query"), str):
        raise SelectorError(
            f"{place}: must be a GraphQL query, or an object with query and variables, with "
            "body_format graphql"
        )
    if not isinstance(given.get("variables") or {}, Mapping):
        raise SelectorError(f"{place}.variables: must be an object")
    return {**given, "variables": given.get("variables") or {}}


def _header_text(name: str, value: object) -> str:
    if isinstance(value, list | Mapping):
        raise ValueError(
            f"has {kind_of(value)} at {name}; it must be a text, a number or true or false"
        )
    return text_of(value)
