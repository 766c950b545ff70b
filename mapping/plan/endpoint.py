"""Endpoints as a mapping writes them, and the requests that they become.

A path may hold placeholders, `/teams/{team_id}/members`, that path parameters fill in.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

import httpx

from api_messages import (
    LONGEST_ADDRESS,
    SCHEMES,
    ApiRequest,
    BodyFormat,
    QueryValue,
    address_below,
    query_texts,
)
from errors import EndpointError, SelectorError
from expressions.jq_expressions import DataPath
from formats.format import Format
from mapping.plan.headers import check_header_names
from mapping.plan.pseudonyms import pseudonym
from mapping.plan.templates import (
    Filled,
    Template,
    fill_text,
    placeholders_in,
    variables_in,
    with_variables,
    without_variables,
)
from settings.pagination import AskedSettings, PaginationSettings

# What looks like a placeholder, whatever its name.
_BRACES = re.compile(r"(?<!\{)\{([^{}]*)\}(?!\})")
# pchar of RFC 3986 (section 3.3), without "%", which is handled on its own.
_LEGAL_IN_SEGMENT = "-._~!$&'()*+,;=:@"
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_GRAPHQL = re.compile(r"\s*(?:query\b|\{\s*\w+\s*[({])")
# So often a path may have been escaped; to undo one more takes time in proportion to all of it.
_MOST_ESCAPED = 20
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class PathValue(Filled):
    """One value of a path parameter; `segment` asks for slashes to be encoded as well.

    `value` is the value with its JSON type, by default the text; `variables` are those of the
    environment that it comes from.
    """

    text: str
    segment: bool = False
    value: str | int | float | bool | list[Any] | None = field(default=None, compare=False)
    variables: frozenset[str] = field(default=frozenset(), compare=False)

    def __post_init__(self) -> None:
        if self.value is None:
            object.__setattr__(self, "value", self.text)

    @property
    def encoded(self) -> str:
        """The value as it stands in a path; `%XX` escapes that are there stay."""
        if self.segment:
            return quote(self.text, safe=_LEGAL_IN_SEGMENT)
        return quote(_ESCAPE.sub("%25", self.text), safe=f"{_LEGAL_IN_SEGMENT}/%")

    @property
    def mark(self) -> str:
        """The value as items carry it; a pseudonym of what comes from a variable."""
        return pseudonym(self.text) if self.variables else self.text


@dataclass(frozen=True, slots=True)
class _Parts:
    """An endpoint's parts, prepared for values; `query` is the path's own, `body` may be a part.

    `in_path` are the placeholders of the path, and `dot_segments` how many of its segments are
    dots. `variables` are the names of those of the environment that were filled in.
    """

    path: str
    in_path: frozenset[str]
    dot_segments: int
    query: Template
    query_params: Template
    headers: Template
    fixed_body: Mapping[str, Any]
    body: Template
    variables: frozenset[str]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint to call: a resource's own, or the one that discovers a path parameter.

    `path` is a path below baseUrl, or a full URL; its query string is merged with `query_params`.
    `names` are the placeholders that may stand in query parameters, headers and body, `exposed` the
    environment variables that may stand anywhere. `pagination` replaces the connection's;
    `response_format` replaces what the Content-Type says.

    Raises:
        SelectorError: on construction, when a variable is not exposed, or no header can carry it.
    """

    path: str
    method: str = "GET"
    query_params: Mapping[str, QueryValue] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    data_path: DataPath = field(default_factory=lambda: DataPath("."))
    body_format: BodyFormat = "json"
    is_anonymous: bool = False
    pagination: PaginationSettings | None = None
    response_format: Format | None = None
    names: frozenset[str] = frozenset()
    exposed: Mapping[str, str] = field(default_factory=dict, repr=False)
    _parts: _Parts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_parts", self._prepared())

    @property
    def counted(self) -> frozenset[str]:
        """The placeholders that pagination fills, for each page anew."""
        asked = self.pagination
        return asked.placeholders if isinstance(asked, AskedSettings) else frozenset()

    @cached_property
    def placeholders(self) -> Sequence[str]:
        """Return the names in braces for path parameters, each once, those of the path first."""
        parts = self._parts
        in_path = self._named_in(self.path)
        found = [*in_path, *parts.query_params.names, *parts.headers.names]
        return list(dict.fromkeys([*found, *parts.body.names]))

    @property
    def asks_graphql(self) -> bool:
        """True where the body is GraphQL, as said or as it looks: `{"query": "{ me { id } }"}`."""
        query = self.body.get("query") if isinstance(self.body, Mapping) else None
        looks_so = isinstance(query, str) and bool(_GRAPHQL.match(query))
        return self.body_format == "graphql" or looks_so

    @cached_property
    def is_address(self) -> bool:
        """Tell whether one placeholder is all of it, so that its value may be a full URL."""
        return self.path in {f"{{{name}}}" for name in self.placeholders[:1]}

    @cached_property
    def template(self) -> str:
        """Return the endpoint without values, such as `GET /teams/{team_id}/members`."""
        return f"{self.method} {self.path.partition('?')[0]}"

    @property
    def identity(self) -> str:
        """A text, equal for endpoints that call the API in the same way; may hold secrets."""
        body = [self.path, self.body]
        return self._request("http://identity", self.headers, body, self.query_params).identity

    def request(self, base_url: str, values: Mapping[str, PathValue]) -> ApiRequest:
        """Return the request for the first page, with each placeholder replaced.

        Raises:
            EndpointError: a value would change which endpoint is called.
        """
        parts = self._parts
        try:
            address = self._address(base_url, values)
            body = parts.body.fill(
                values,
                is_typed=self.body_format in ("json", "graphql"),
                has_typed_lists=self.body_format == "form",
            )
            if self.body_format == "graphql":
                body = {**parts.fixed_body, "variables": body}
            params = parts.query_params.fill(values, has_typed_lists=True)
            query = {**parts.query.fill(values), **params}
            variables = self._variables_of(values)
            return self._request(address, parts.headers.fill(values), body, query, variables)
        except UnicodeEncodeError as error:
            raise self.refused(error) from None

    def _variables_of(self, values: Mapping[str, PathValue]) -> frozenset[str]:
        """Return the variables of the environment that a request with these values is made of."""
        made_so = {name: each.variables for name, each in values.items() if each.variables}
        used = made_so.keys() & set(self.placeholders) if made_so else ()
        return self._parts.variables.union(*(made_so[name] for name in used))

    def refused(self, error: Exception) -> EndpointError:
        """Return the error for values of placeholders that make no usable URL."""
        return EndpointError(
            f"a path parameter's value makes no usable URL: {type(error).__name__}",
            endpoint=f"{self.method} {self.path}",
            advice="look at the path parameter's field and filter",
        )

    def _prepared(self) -> _Parts:
        path, _, query = self.path.partition("?")
        asked = {name: httpx.QueryParams(query).get_list(name) for name in httpx.QueryParams(query)}
        in_query = frozenset(self._named_in(query))
        prepared = self._prepared_path(path)
        return _Parts(
            prepared,
            frozenset(placeholders_in(prepared)),
            _dot_segments(prepared),
            self._template(asked, "endpoint", in_query),
            self._template(self.query_params, "query_params", self.names),
            self._prepared_headers(),
            *self._prepared_body(),
            variables_in([self.path, self.query_params, self.headers, self.body]),
        )

    def _named_in(self, text: str) -> list[str]:
        names = placeholders_in(without_variables(text))
        return [name for name in names if name not in self.counted]

    def _prepared_path(self, path: str) -> str:
        encoded = {name: PathValue(text).encoded for name, text in self.exposed.items()}
        filled: str = with_variables(path, encoded, "endpoint")
        if _dot_segments(filled) > _dot_segments(path):
            raise SelectorError(
                f"endpoint: a variable in {path} holds a '.' or '..' segment, which would call "
                "another endpoint"
            )
        return filled

    def _prepared_headers(self) -> Template:
        check_header_names(self.headers, "headers")
        headers = self._template(self.headers, "headers", self.names)
        for name, text in headers.value.items():
            if _CONTROL.search(text):
                raise SelectorError(
                    f"headers: the value of {name} has a line break or control character, which no "
                    "header can carry"
                )
        return headers

    def _template(self, value: Any, setting: str, names: frozenset[str]) -> Template:
        return Template.of(with_variables(value, self.exposed, setting), names)

    def _prepared_body(self) -> tuple[Mapping[str, Any], Template]:
        """Return the fixed part of the body, and the template of the rest.

        Braces in a GraphQL query are its own, so that only its variables have placeholders.
        """
        if self.body_format != "graphql":
            return {}, self._template(self.body, "body", self.names)
        fixed = {name: part for name, part in self.body.items() if name != "variables"}
        variables = self._template(self.body.get("variables", {}), "body.variables", self.names)
        return with_variables(fixed, self.exposed, "body"), variables

    def _request(
        self,
        address: str,
        headers: Mapping[str, str],
        body: Any,
        query: Mapping[str, QueryValue],
        variables: frozenset[str] = frozenset(),
    ) -> ApiRequest:
        return ApiRequest(
            self.method,
            address,
            headers,
            body,
            self.body_format,
            {name: query_texts(value) for name, value in query.items()},
            is_anonymous=self.is_anonymous,
            template=self.template,
            variables=variables,
        )

    def _address(self, base_url: str, values: Mapping[str, PathValue]) -> str:
        parts = self._parts
        if self.is_address and (address := values[self.placeholders[0]].text).startswith(SCHEMES):
            return address
        encoded = {
            name: self._in_path(value) for name, value in values.items() if name in parts.in_path
        }
        filled = fill_text(parts.path, encoded, values.keys())
        if _dot_segments(filled) > parts.dot_segments:
            raise EndpointError(
                "a path parameter's value holds a '.' or '..' segment, which would call another "
                "endpoint",
                endpoint=f"{self.method} {self.path}",
                advice="look at the path parameter's field and filter",
            )
        return address_below(base_url, filled) if filled.strip("/") else base_url

    def _in_path(self, value: PathValue) -> str:
        """Return a value as it stands in a path.

        Raises:
            EndpointError: it is too long for any.
        """
        if len(value.text) > LONGEST_ADDRESS:
            raise EndpointError(
                f"a path parameter's value has {len(value.text)} characters, and an address at "
                f"most {LONGEST_ADDRESS}",
                endpoint=f"{self.method} {self.path}",
                advice="look at the path parameter's field and filter",
            )
        return value.encoded


def check_placeholders(endpoint: Endpoint, names: Mapping[str, object], setting: str) -> None:
    """Refuse a placeholder that no path parameter fills.

    Raises:
        SelectorError: names the placeholder and the path parameters that there are.
    """
    braces = _BRACES.findall(without_variables(endpoint.path.partition("?")[0]))
    odd = [name for name in braces if name not in endpoint.counted]
    for name in dict.fromkeys([*odd, *endpoint.placeholders]):
        if name not in names or (name in odd and name not in endpoint.placeholders):
            there = ", ".join(names) or "none"
            raise SelectorError(
                f"{setting}: {endpoint.path} has {{{name}}}, but path_parameters has {there}; "
                f"add path_parameters.{name}"
            )


def _dot_segments(path: str) -> int:
    """Count the segments "." and "..", also those that a server would decode, even repeatedly.

    Some servers take what follows a `;` for a parameter of the segment: `..;x` is `..` to them.
    A path that was escaped again and again, as nobody means to, counts as full of them.
    """
    for _ in range(_MOST_ESCAPED):
        decoded = unquote(path)
        if decoded == path:
            break
        path = decoded
    else:
        return len(path)
    segments = (segment.partition(";")[0] for segment in re.split(r"[/\\]", path))
    return sum(segment in (".", "..") for segment in segments)
