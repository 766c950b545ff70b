"""The one way to the API: send a request, get a complete answer or an error that explains itself.

Nothing here knows kinds, pagination or mapping. Authentication, retries and the limiter are httpx
layers below (`auth/`, `transport/`); redirects and the origin rule are applied here.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

import httpx
from port_ocean.exceptions.clients import BlockedIPError

from api_messages import ApiRequest, ApiResponse, query_texts
from auth.challenges import wanted_by
from auth.factory import create_auth
from cache.between_resyncs import Revalidation
from errors import EndpointError, RefusedOriginError, RequestError, StatusError
from settings.connection import ConnectionSettings
from settings.secrets import redactor_for
from statuses import REDIRECTS, Meaning, advice_on, meaning_of
from transport.diagnosis import explain
from transport.exchange import Exchange
from transport.http_client import ApiHttpClient
from transport.origins import AllowedHostRule, OriginRule, refuse_variables
from transport.retries import GRACE
from transport.traffic import Traffic

_MAX_REDIRECTS = 10
# Of answers that a proxy gave itself (RFC 9110 and 9209, Squid).
_OF_PROXIES = ("proxy-authenticate", "proxy-status", "x-squid-error")
# Seconds between two looks at whether a login is done.
_TICK = 0.02
_FORM = "application/x-www-form-urlencoded"

# httpx logs each URL, with whatever secret its query holds.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class ApiClient:
    """Sends requests to one API with its credentials, limits and retries.

    Built once for an instance, inside a running event loop; `aclose` ends its connections.
    `revalidation`, where given, makes requests conditional.
    """

    def __init__(
        self, settings: ConnectionSettings, revalidation: Revalidation | None = None
    ) -> None:
        self.redactor = redactor_for(settings)
        self._settings = settings
        self._origins = OriginRule(settings.base_url, settings.allowed_hosts, settings.instances)
        self._allowed_hosts = AllowedHostRule(settings, self.redactor)
        self._auth = create_auth(settings, self.redactor)
        self._http = ApiHttpClient(settings, self.redactor, self._auth)
        self._revalidation = revalidation

    @property
    def traffic(self) -> Traffic:
        """Return the requests sent so far, as metrics."""
        return self._http.traffic

    def begin_run(self) -> None:
        """Begin a run: what was down in the one before may be up again."""
        self._http.outages.begin_run()

    async def send(self, request: ApiRequest) -> ApiResponse:
        """Send a request and follow redirects.

        Raises:
            StatusError: any status that is neither 2xx nor a redirect, after retries.
            RefusedOriginError: the request or a redirect leads where nothing may be sent.
            RequestError: no usable answer after retries, or too many redirects.
            AuthenticationError, ResponseError: as their names say.
        """
        current = request
        for _ in range(_MAX_REDIRECTS + 1):
            with self._explaining(current):
                admitted = self._admitted(current)
                built = self._build(admitted)
                send = self._http.send
                if admitted.is_anonymous:
                    send = partial(send, auth=None)
                if self._revalidation and not admitted.is_once:
                    send = partial(self._revalidation.exchange, admitted.identity, send)
                response = await send(built)
            meaning = meaning_of(response.status_code)
            location = meaning in REDIRECTS and response.headers.get("location")
            if not location:
                return self._answer(current, response)
            current = self._redirected(current, meaning, location)
        raise RequestError(
            f"redirected more than {_MAX_REDIRECTS} times",
            endpoint=self.describe(request),
            advice="look at baseUrl and the path in kind",
        )

    async def wait_to_repeat(self, answer: ApiResponse, attempt: int) -> bool:
        """Wait as before a retry, and tell whether one is of use; `attempt` counts from 1.

        It is not where the request was repeated already, or retries have cost too much.

        Raises:
            RequestError: the answer asks for more than `maxRetryWait`.
        """
        wait = self._http.wait_before_repeat(answer, attempt)
        if wait is not None:
            await asyncio.sleep(wait)
        return wait is not None

    def describe(self, request: ApiRequest | httpx.Request) -> str:
        """Return method and URL without secrets, for logs and errors."""
        return f"{request.method} {self.redactor.url(request.url)}"

    async def finish_login(self) -> None:
        """Wait, before the process ends, for an answer that would be lost; 2 seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                while self._auth.is_at_risk:  # noqa: ASYNC110  # it is stored in several steps
                    await asyncio.sleep(_TICK)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._revalidation:
            await self._revalidation.aclose()
        await self._http.aclose()

    @contextmanager
    def _explaining(self, request: ApiRequest) -> Iterator[None]:
        """Turn whatever fails on the way into an error that names the request and a setting."""
        try:
            yield
        except (UnicodeError, ValueError) as error:
            # Headers that are no ASCII, or a NaN in a body.
            raise RequestError(
                f"the request cannot be sent: {self.redactor.text(str(error))}",
                endpoint=self.describe(request),
                advice="look at the selector's headers and body",
            ) from None
        except EndpointError as error:
            raise error.at(self.describe(request)) from None
        except (httpx.HTTPError, httpx.InvalidURL, BlockedIPError, OSError) as error:
            # What failed may have been the request for credentials.
            asked = error.request if isinstance(error, httpx.RequestError) else request
            explained = explain(error, self._settings.timeout, self.redactor)
            raise explained.at(self.describe(asked)) from None

    def _admitted(self, request: ApiRequest) -> ApiRequest:
        """Return the request as it may go where it leads: to another host without credentials."""
        self._origins.learn(self._auth.bases)
        url = self._origins.admit(request.url)
        admitted = request if url is request.url else request.with_url(url)
        if self._origins.is_own(url):
            return admitted
        refuse_variables(admitted)
        return replace(self._allowed_hosts.without_credentials(admitted), is_anonymous=True)

    def _build(self, request: ApiRequest) -> httpx.Request:
        """Return the request to send; an anonymous one has no headers and cookies but its own."""
        headers = httpx.Headers(None if request.is_anonymous else self._settings.custom_headers)
        headers.update(request.headers)
        built = self._with_body(request, headers)
        Exchange(
            is_anonymous=request.is_anonymous,
            template=request.template,
            is_first=request.is_first,
            is_once=request.is_once,
        ).attach_to(built)
        if request.is_anonymous and "cookie" not in headers:
            built.headers.pop("cookie", None)
        return built

    def _with_body(self, request: ApiRequest, headers: httpx.Headers) -> httpx.Request:
        method, url, body = request.method, request.url, request.body
        if body is None or request.body_format in ("json", "graphql"):
            return self._http.build_request(method, url, headers=headers, json=body)
        is_form = request.body_format == "form"
        headers.setdefault("content-type", _FORM if is_form else "text/plain; charset=utf-8")
        if is_form:
            body = httpx.QueryParams({name: query_texts(value) for name, value in body.items()})
        return self._http.build_request(method, url, headers=headers, content=str(body))

    def _redirected(self, request: ApiRequest, meaning: Meaning, location: str) -> ApiRequest:
        try:
            linked = request.following(location)
            self._origins.learn(self._auth.bases)
            moved = linked.with_url(self._origins.admit(linked.url))
        except ValueError:
            raise RefusedOriginError(
                "the link is not a URL", endpoint=self.describe(request)
            ) from None
        except RefusedOriginError as error:
            raise error.at(self.describe(request)) from None
        if meaning is Meaning.MOVED_AS_SENT or request.method in ("GET", "HEAD"):
            return moved
        if meaning is Meaning.SEE_OTHER or request.method == "POST":
            return replace(moved, method="GET", body=None)
        return moved

    def _answer(self, request: ApiRequest, response: httpx.Response) -> ApiResponse:
        # The stream, read to its end, and the response hold each other; so the body would stay in
        # memory until the next garbage collection.
        response.stream = httpx.ByteStream(b"")
        answer = ApiResponse(
            request.url,
            response.status_code,
            response.headers,
            response.content,
            Exchange.of(response).large_body,
        )
        if response.is_success:
            return answer
        # Anything may stand there, as in the body.
        phrase = self.redactor.excerpt(response.reason_phrase.encode())
        raise StatusError(
            response.status_code,
            f"{_who_answered(response)} answered {response.status_code} {phrase}".rstrip(),
            said=self.redactor.excerpt(response.content),
            endpoint=self.describe(request),
            advice=_advice_on(response),
            answer=answer,
        )


def _who_answered(response: httpx.Response) -> str:
    """Return whose answer it is, for a message: a proxy on the way may have given it."""
    if not response.extensions.get("came_from_proxy"):
        return "the API"
    is_told = any(name in response.headers for name in _OF_PROXIES)
    return "the proxy" if is_told else "the API, or the proxy before it,"


def _advice_on(response: httpx.Response) -> str:
    """Return the setting to look at after an error; of a 401 also what the API asks for."""
    advice = advice_on(response.status_code)
    if response.extensions.get("came_from_proxy"):
        through = "it came through the proxy: look at proxy, or at HTTP_PROXY and NO_PROXY"
        advice = f"{advice}; {through}" if advice else through
    if meaning_of(response.status_code) is not Meaning.UNAUTHENTICATED:
        return advice
    wanted = wanted_by(response.headers.get("www-authenticate", ""))
    return f"{advice}; {wanted}" if wanted else advice
