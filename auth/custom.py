"""`authType: custom`: a request that obtains credentials, and a template that applies them."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import ijson
from loguru import logger

from auth import template
from auth.models import CustomAuthRequest, CustomAuthRequestTemplate
from decoding import parse
from errors import AuthenticationError
from messages import ApiRequest
from origins import origin
from redaction import Redactor
from settings import ConnectionSettings

_PAUSE_AFTER_FAILURE = 30.0
# One repeat after a 401, and further ones only with credentials that others renewed meanwhile: a
# request may wait for its turn longer than a short-lived token lives.
_MOST_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Credentials:
    """One evaluated template; `obtained_at` is in seconds of the strategy's clock."""

    headers: dict[str, str]
    query_params: dict[str, Any]
    body: dict[str, Any]
    cookies: httpx.Cookies
    obtained_at: float

    def apply(self, request: httpx.Request, *, waited: bool = False) -> httpx.Request:
        """A new request with these headers, query parameters and body fields.

        One that `waited` for the authentication was built before its cookies came, and gets them.
        """
        headers = httpx.Headers(request.headers)
        if waited:
            _add_cookies(headers, self.cookies, request.url)
        headers.update(self.headers)
        signed = ApiRequest(request.method, request.url).with_query(self.query_params)
        content = request.content
        if self.body:
            content = _merge_body(content, self.body)
            headers["Content-Type"] = "application/json"
            headers.pop("Content-Length", None)
        return httpx.Request(
            request.method,
            signed.url,
            headers=headers,
            content=content or None,
            extensions=request.extensions,
        )


class CustomAuth(httpx.Auth):
    """Authenticates once for all requests, again before the credentials expire or after a 401.

    One authentication runs at a time; requests that meet a 401 meanwhile share its result.
    `clock` gives seconds that never go back.
    """

    requires_request_body = True
    requires_response_body = True

    def __init__(
        self,
        request: CustomAuthRequest,
        request_template: CustomAuthRequestTemplate,
        *,
        settings: ConnectionSettings,
        redactor: Redactor,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._template = request_template
        self._settings = settings
        self._redactor = redactor
        self._clock = clock
        self._credentials: Credentials | None = None
        self._failure: tuple[str, float] | None = None
        self._lock = asyncio.Lock()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        waited = self._current() is None
        if waited:
            async with self._lock:
                if self._current() is None:
                    self._store((yield self._authentication_request()))
        used = first = self._known()
        response = yield used.apply(request, waited=waited)
        for _ in range(_MOST_REPEATS):
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
            async with self._lock:
                if self._credentials is used:
                    if used is not first:
                        return
                    logger.info("The API answered 401; authenticating again")
                    self._credentials = None
                    self._store((yield self._authentication_request()))
            used = self._known()
            response = yield used.apply(request, waited=True)

    def _current(self) -> Credentials | None:
        lifetime = self._request.renewal_seconds
        known = self._credentials
        if known and lifetime is not None and self._clock() - known.obtained_at >= lifetime:
            return None
        return known

    def _known(self) -> Credentials:
        if self._credentials is None:
            reason = self._failure[0] if self._failure else "no credentials were obtained"
            raise AuthenticationError(reason, advice="look at customAuthRequest")
        return self._credentials

    def _authentication_request(self) -> httpx.Request:
        """The request for credentials; refused for a while after one that failed.

        Thousands of endpoints that each try a wrong secret would lock the account.
        """
        if self._failure and self._clock() - self._failure[1] < _PAUSE_AFTER_FAILURE:
            raise AuthenticationError(self._failure[0], advice="look at customAuthRequest")
        asked = self._request
        url = self._url()
        headers = dict(asked.headers)
        if origin(url) == origin(httpx.URL(self._settings.base_url)):
            headers = {**self._settings.custom_headers, **headers}
        form = "application/x-www-form-urlencoded"
        content: dict[str, Any] = {}
        if asked.body is not None:
            content = {"json": asked.body}
        elif asked.body_form is not None:
            content = {"content": asked.body_form}
            headers = {"Content-Type": form, **headers}
        return httpx.Request(asked.method, url, headers=headers, **content)

    def _url(self) -> httpx.URL:
        endpoint = self._request.endpoint
        base = self._settings.base_url
        absolute = endpoint.startswith(("http://", "https://"))
        url = httpx.URL(endpoint if absolute else f"{base}/{endpoint.lstrip('/')}")
        return ApiRequest("POST", url).with_query(self._request.query_params).url

    def _store(self, response: httpx.Response) -> None:
        try:
            self._credentials = self._evaluate(response)
        except AuthenticationError as error:
            self._failure = (error.reason, self._clock())
            raise
        self._failure = None
        logger.info("Authenticated with customAuthRequest")

    def _evaluate(self, response: httpx.Response) -> Credentials:
        answer = self._read(response)
        self._redactor.learn_renewed(answer)
        try:
            rendered = template.render(self._template.sections, answer)
        except template.TemplateError as error:
            raise AuthenticationError(
                f"customAuthRequestTemplate: {error}", advice="customAuthRequestTemplate"
            ) from None
        headers = {name: _as_header(value) for name, value in rendered["headers"].items()}
        self._redactor.learn_renewed(headers)
        return Credentials(
            headers, rendered["queryParams"], rendered["body"], response.cookies, self._clock()
        )

    def _read(self, response: httpx.Response) -> Any:
        # Neither the request nor the answer may be quoted: both are secret as a whole.
        if not response.is_success:
            raise AuthenticationError(
                f"the authentication request was answered {response.status_code}",
                advice="look at customAuthRequest",
            )
        try:
            return parse(response.content)
        except (ValueError, RecursionError, ijson.JSONError):
            raise AuthenticationError(
                "the answer to the authentication request is not JSON",
                advice="look at customAuthRequest",
            ) from None


def _add_cookies(headers: httpx.Headers, cookies: httpx.Cookies, url: httpx.URL) -> None:
    """Set the cookies that belong to the URL, in place of older ones with the same names."""
    probe = httpx.Request("GET", url)
    cookies.set_cookie_header(probe)
    fresh = _cookie_pairs(probe.headers.get("cookie", ""))
    if fresh:
        pairs = {**_cookie_pairs(headers.get("cookie", "")), **fresh}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in pairs.items())


def _cookie_pairs(header: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in header.split(";") if pair.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _merge_body(content: bytes, fields: dict[str, Any]) -> bytes:
    try:
        body = json.loads(content) if content else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise AuthenticationError(
            "customAuthRequestTemplate sets body fields, but the request's body is no JSON object",
            advice="look at the selector's body",
        )
    return json.dumps({**body, **fields}).encode()


def _as_header(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
