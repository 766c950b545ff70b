"""The next request as an expression of the user tells it: what it sees, and what it may give.

null, nothing, an empty text            the end
"/items?page=2"                         an address, as in a link
"b7", with `param: after`               a cursor, put where the pagination block says
{"endpoint": "/items/more",             what changes in the request: query parameters and
 "query_params": {"after": "b7"}}       headers by name, where null takes one away
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import httpx

from api_messages import METHODS, ApiRequest, Where, address_below
from errors import PaginationError, SelectorError
from formats.json_values import kind_of
from formats.paths import Step
from mapping.plan.headers import check_header_names
from pagination.page import Page

SETTING = "nextRequest"
_ALLOWED = (
    "it must give null at the end, else an address, or an object of what changes in the request"
)
_STEP = r"""(?:\.[A-Za-z_]\w*|\.?\[?"[^"\\]*"\]?)"""
# What an expression reads of an answer: `.body.meta.next`, `.headers["x-next"]`.
_READ = re.compile(rf"""(?<![\w\])}}"'?])\.(body|headers)({_STEP}+)""")
# Each mention of the answer's body, which is not that of a request, with the keys behind it.
_BODY = re.compile(rf"""(?<!request\.)\bbody\b(?!"?\s*:)({_STEP}*)""")
_KEY = re.compile(r"""\.?\[?"([^"\\]*)"\]?|\.(\w+)""")
_BODIES: Mapping[str, type] = {"json": object, "graphql": dict, "form": dict, "text": str}


@lru_cache(maxsize=64)
def places_read_by(expression: str) -> Mapping[str, tuple[str, ...]]:
    """Return the places of answers that an expression looks at, as the witness calls them.

    With them come the keys in the body that lead there; none for a header. Sample:
    `.body.meta.next // .headers.link` reads `{"meta.next": ("meta", "next"), "Link": ()}`.
    """
    found: dict[str, tuple[str, ...]] = {}
    for part, steps in _READ.findall(expression):
        keys = _keys_in(steps)
        header = keys[0].lower()
        if part == "body":
            found[".".join(keys)] = tuple(keys)
        else:
            found["Link" if header == "link" else header] = ()
    return found


def _keys_in(steps: str) -> list[str]:
    return [quoted or name for quoted, name in _KEY.findall(steps)]


@dataclass(frozen=True, slots=True)
class NextRequests:
    """The requests that the outputs of an expression stand for.

    Inputs: `expression`, as the user wrote it; `base_url`, which an `endpoint` is below; `param`
    and `where`, the place of cursors, if there is one.
    """

    expression: str
    base_url: str
    param: str = ""
    where: Where = "query"

    def seen(self, page: Page, number: int, received: int) -> dict[str, Any]:
        """Return what the expression sees of a page: all that it speaks of.

        Inputs: `number`, that of the page, from 1; `received`, how many items came so far, those
        of this page included. Sample: `{"body": {"items": [7], "next": "b7"}, "headers": {}}`,
        with `request`, `items`, `page` and `received` beside them.
        """
        told: dict[str, Any] = {"page": number, "received": received}
        # What is not spoken of need not be written for jq, which takes time in proportion.
        if self._speaks_of("body"):
            is_whole = self.needs_list(page.path)
            told["body"] = page.body if is_whole else _without(page.body, page.path)
        if self._speaks_of("items"):
            told["items"] = page.items
        if self._speaks_of("headers"):
            told["headers"] = dict(page.headers)
        if self._speaks_of("request"):
            told["request"] = self._request_of(page.request)
        return told

    def needs_list(self, path: Sequence[Step]) -> bool:
        """Return whether the expression may look at the list at a path of the body, or its items.

        It does not where each mention of the body goes on with keys that lead elsewhere.
        """
        if self._speaks_of("items"):
            return True
        found = (_keys_in(steps) for steps in _BODY.findall(self.expression))
        return any(keys[: len(path)] == list(path)[: len(keys)] for keys in found)

    def _speaks_of(self, name: str) -> bool:
        return re.search(rf"\b{name}\b", self.expression) is not None

    def _request_of(self, request: ApiRequest) -> dict[str, Any]:
        params = request.url.params
        values = {name: params.get_list(name) for name in params}
        return {
            "endpoint": self._endpoint_of(request.url),
            "method": request.method,
            "query_params": {name: v[0] if len(v) == 1 else v for name, v in values.items()},
            "headers": dict(request.headers),
            "body": request.body,
        }

    def _endpoint_of(self, url: httpx.URL) -> str:
        """Return the path of an address below baseUrl; another address as it is."""
        bare = str(url.copy_with(query=None))
        return bare.removeprefix(str(httpx.URL(self.base_url)).rstrip("/")) or "/"

    def request(self, outputs: Sequence[Any], before: ApiRequest) -> ApiRequest | None:
        """Return the request that the outputs on an answer stand for; None at the end.

        Inputs: `before`, the request that was answered.

        Raises:
            PaginationError: they stand for none, or for several.
        """
        told: list[Any] = []
        for output in outputs:
            if (output or isinstance(output, dict)) and output not in told:
                told.append(output)
        if not told:
            return None
        if len(told) > 1:
            raise self._refused(f"gives {len(told)} next requests for one answer")
        if isinstance(told[0], dict):
            return self._changed(told[0], before)
        if self.param:
            return self._with_cursor(told[0], before)
        if not isinstance(told[0], str):
            number = isinstance(told[0], int | float) and not isinstance(told[0], bool)
            hint = "; `param` says where a cursor goes" if number else ""
            raise self._refused(f"gives {kind_of(told[0])}{hint}")
        try:
            return before.following(told[0])
        except ValueError:
            raise self._refused("gives a text that is no address") from None

    def _with_cursor(self, cursor: Any, before: ApiRequest) -> ApiRequest:
        is_list = isinstance(cursor, list) and self.where == "body"
        if isinstance(cursor, bool) or not (isinstance(cursor, str | int | float) or is_list):
            raise self._refused(f"gives {kind_of(cursor)}, which cannot be a cursor")
        try:
            return before.placed(self.where, self.param, cursor)
        except ValueError as error:
            raise PaginationError(f"{error}", advice="look at body and pagination.in") from None

    def _changed(self, changes: Mapping[str, Any], before: ApiRequest) -> ApiRequest:
        """Return the request with what an object says; all that it does not name stays."""
        for name in changes:
            if name not in _CHANGES:
                raise self._refused(f"gives an object with {name!r}; {_CHANGEABLE}")
        for name, change in _CHANGES.items():
            if name in changes:
                before = change(self, before, changes[name])
        if before.body is not None and not isinstance(before.body, _BODIES[before.body_format]):
            raise self._refused(
                f"makes the body {kind_of(before.body)}, with body_format {before.body_format}"
            )
        return before

    def _at_endpoint(self, before: ApiRequest, endpoint: Any) -> ApiRequest:
        if not isinstance(endpoint, str) or not endpoint.strip():
            raise self._refused(f"gives an endpoint that is {kind_of(endpoint)} and no path")
        try:
            held = before.url.params
            own = {name: held.get_list(name) for name in held}
            url = httpx.URL(address_below(self.base_url, endpoint.strip()))
            given = {name: url.params.get_list(name) for name in url.params}
            bare = url.copy_with(query=None, fragment=None)
            # The same template, so that outages are judged with those of the first page.
            return replace(before, address=bare, query={**own, **given})
        except (httpx.InvalidURL, ValueError):
            raise self._refused("gives an endpoint that is no address") from None

    def _by_method(self, before: ApiRequest, method: Any) -> ApiRequest:
        if method not in METHODS:
            raise self._refused(f"gives a method that is none of {', '.join(METHODS)}")
        return replace(before, method=method)

    def _with_params(self, before: ApiRequest, params: Any) -> ApiRequest:
        return before.with_query(self._object(params, "query_params"))

    def _with_headers(self, before: ApiRequest, headers: Any) -> ApiRequest:
        given = self._object(headers, "headers")
        try:
            check_header_names(given, f"{SETTING}.headers")
        except SelectorError as error:
            raise PaginationError(f"{error}") from None
        for name, value in given.items():
            if not isinstance(value, str | int | float | None):
                raise self._refused(f"gives {kind_of(value)} for the header {name}")
            before = before.placed("header", name, value)
        return before

    def _with_body(self, before: ApiRequest, body: Any) -> ApiRequest:
        return replace(before, body=body)

    def _object(self, value: Any, name: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self._refused(f"gives {name} that are {kind_of(value)} and no object")
        return value

    def _refused(self, what: str) -> PaginationError:
        return PaginationError(f"next_request {what}", advice=_ALLOWED)


def _without(body: Any, path: Sequence[Step]) -> Any:
    """Return a body with an empty list at the place of its items; one without them as it is."""
    if not path:
        return []
    step, *rest = path
    if not isinstance(body, dict) or step not in body:
        return body
    return {**body, step: _without(body[step], rest)}


_CHANGES: Mapping[str, Callable[[NextRequests, ApiRequest, Any], ApiRequest]] = {
    "endpoint": NextRequests._at_endpoint,
    "method": NextRequests._by_method,
    "query_params": NextRequests._with_params,
    "headers": NextRequests._with_headers,
    "body": NextRequests._with_body,
}
_CHANGEABLE = f"it may have {', '.join(_CHANGES)}"
