"""Endpoints as a mapping writes them, and the requests that they become.

A path may hold placeholders, `/teams/{team_id}/members`, that path parameters fill in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import httpx

from errors import EndpointError, SelectorError
from extraction import DataPath
from messages import ApiRequest, QueryValue

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w-]*)\}")
# What looks like a placeholder, whatever its name.
_BRACES = re.compile(r"\{([^{}]*)\}")
# pchar of RFC 3986 (section 3.3), without "%", which is handled on its own.
_LEGAL_IN_SEGMENT = "-._~!$&'()*+,;=:@"
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint to call: a resource's own, or the one that discovers a path parameter.

    `path` is a path below baseUrl, or a full URL; its query string is merged with `query_params`.
    """

    path: str
    method: str = "GET"
    query_params: Mapping[str, QueryValue] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    data_path: DataPath = field(default_factory=lambda: DataPath("."))

    @property
    def placeholders(self) -> list[str]:
        """The names in braces, each once, in the order of the path."""
        return list(dict.fromkeys(_PLACEHOLDER.findall(self.path)))

    @property
    def identity(self) -> str:
        """Equal for endpoints that call the API in the same way; may hold secrets."""
        url = httpx.URL("http://identity")
        request = ApiRequest(self.method, url, self.headers, [self.path, self.body])
        return request.with_query(self.query_params).identity

    def request(self, base_url: str, values: Mapping[str, "PathValue"]) -> ApiRequest:
        """The request for the first page, with each placeholder replaced.

        Raises:
            EndpointError: a value would change which endpoint is called.
        """
        try:
            return self._filled_request(base_url, values)
        except (UnicodeEncodeError, httpx.InvalidURL) as error:
            raise EndpointError(
                f"a path parameter's value makes no usable URL: {type(error).__name__}",
                endpoint=f"{self.method} {self.path}",
                advice="look at the path parameter's field and filter",
            ) from None

    def _filled_request(self, base_url: str, values: Mapping[str, "PathValue"]) -> ApiRequest:
        path, _, query = self.path.partition("?")
        filled = _PLACEHOLDER.sub(lambda match: values[match[1]].encoded, path)
        if _dot_segments(filled) > _dot_segments(path):
            raise EndpointError(
                "a path parameter's value holds a '.' or '..' segment, which would call another "
                "endpoint",
                endpoint=f"{self.method} {self.path}",
                advice="look at the path parameter's field and filter",
            )
        url = _join(base_url, filled)
        asked = {
            name: [_fill(value, values) for value in httpx.QueryParams(query).get_list(name)]
            for name in httpx.QueryParams(query)
        }
        request = ApiRequest(self.method, url, self.headers, self.body)
        return request.with_query({**asked, **self.query_params})


@dataclass(frozen=True, slots=True)
class PathValue:
    """One value of a path parameter; `segment` asks for slashes to be encoded as well.

    `value` is the value with its JSON type, by default the text.
    """

    text: str
    segment: bool = False
    value: str | int | float | bool | list[Any] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.value is None:
            object.__setattr__(self, "value", self.text)

    @property
    def encoded(self) -> str:
        """The value as it stands in a path; existing `%XX` escapes stay as they are."""
        if self.segment:
            return quote(self.text, safe=_LEGAL_IN_SEGMENT)
        return quote(_ESCAPE.sub("%25", self.text), safe=f"{_LEGAL_IN_SEGMENT}/%")


def check_placeholders(endpoint: Endpoint, names: Mapping[str, object], setting: str) -> None:
    """Refuse a placeholder that no path parameter fills.

    Raises:
        SelectorError: names the placeholder and the path parameters that there are.
    """
    odd = _BRACES.findall(endpoint.path.partition("?")[0])
    for name in dict.fromkeys([*odd, *endpoint.placeholders]):
        if name not in names or (name in odd and name not in endpoint.placeholders):
            there = ", ".join(names) or "none"
            raise SelectorError(
                f"{setting}: {endpoint.path} has {{{name}}}, but path_parameters has {there}; "
                f"add path_parameters.{name}"
            )


def _fill(text: str, values: Mapping[str, PathValue]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]].text, text)


def _join(base_url: str, path: str) -> httpx.URL:
    if path.startswith(("http://", "https://")):
        return httpx.URL(path)
    return httpx.URL(f"{base_url}/{path.lstrip('/')}" if path.strip("/") else base_url)


def _dot_segments(path: str) -> int:
    """How many segments are "." or "..", also once a server has decoded them, even repeatedly."""
    while (decoded := unquote(path)) != path:
        path = decoded
    return sum(segment in (".", "..") for segment in re.split(r"[/\\]", path))
