"""Ocean's HTTP client over this integration's transports."""

import ssl
from typing import Any

import httpx
from httpx._types import CookieTypes
from port_ocean.context.ocean import ocean
from port_ocean.helpers.async_client import OceanAsyncClient
from port_ocean.helpers.retry import RetryConfig
from port_ocean.helpers.ssl import resolve_verify_param

from api_messages import USER_AGENT, ApiResponse
from redaction import Redactor
from settings.connection import ConnectionSettings
from statuses import Meaning, meaning_of
from transport.address_guard import AddressGuard
from transport.complete_responses import TransportContext
from transport.connections import Connection, Route
from transport.exchange import Exchange
from transport.no_proxy import NoProxy, no_proxy
from transport.outages import Outages
from transport.rate_limits import RetryPolicy, backoff, is_transient, says_limit
from transport.request_limiter import RequestLimiter
from transport.retries import ApiRetryTransport, wait_asked_of
from transport.session_headers import SessionHeaders
from transport.traffic import Traffic

# As many as browsers keep of a domain at least (RFC 6265, section 6.1).
MOST_COOKIES = 50
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
# The part of the timeout for a connection: that it was not made is then told before all else.
_CONNECTING = 0.98


class CookieJar(httpx.Cookies):
    """Cookies of the API, up to `MOST_COOKIES`; those for the narrowest paths make room first.

    Each takes time in every request, and an API may set one for each path. Answers without any are
    passed over, because httpx would build a request for them; so are those of other hosts, which
    have no say in what the API gets.
    """

    def extract_cookies(self, response: httpx.Response) -> None:
        if "set-cookie" not in response.headers or Exchange.of(response.request).is_anonymous:
            return
        super().extract_cookies(response)
        for _ in range(len(self.jar) - MOST_COOKIES):
            # Of several, the first is the oldest.
            spare = max(self.jar, key=lambda cookie: cookie.path.count("/"))
            self.jar.clear(spare.domain, spare.path, spare.name)
            # A path without cookies would be looked at as well.
            if (spare.domain, spare.path) not in {(each.domain, each.path) for each in self.jar}:
                self.jar.clear(spare.domain, spare.path)


class ApiHttpClient(OceanAsyncClient):
    """Ocean's client with this integration's transport; redirects are left to the caller."""

    def __init__(self, settings: ConnectionSettings, redactor: Redactor, auth: httpx.Auth) -> None:
        self._jar = CookieJar()
        self._settings = settings
        # Before httpx reads the environment.
        self._no_proxy = NoProxy() if settings.proxy else no_proxy()
        limiter = RequestLimiter(settings.max_concurrent_requests, settings.max_requests_per_second)
        policy = RetryPolicy(settings.timeout, settings.max_retries, settings.max_retry_wait)
        self.outages = Outages(settings.max_retries, settings.max_outage_wait)
        self.traffic = Traffic(limiter, self.outages)
        names = settings.session_headers
        session = SessionHeaders(names, redactor) if names else None
        self._context = TransportContext(
            policy, limiter, self.traffic, self.outages, redactor, session
        )
        self._tls = tls_context(settings, shows_certificate=True)
        super().__init__(
            transport_class=ApiRetryTransport,
            transport_kwargs={"context": self._context},
            retry_config=RetryConfig(
                max_attempts=settings.max_retries,
                retryable_methods=METHODS,
                apply_sync_tier_jitter=False,
            ),
            auth=auth,
            headers={"User-Agent": USER_AGENT},
            follow_redirects=False,
            timeout=httpx.Timeout(settings.timeout, connect=_CONNECTING * settings.timeout),
            verify=self._tls,
            proxy=settings.proxy.get_secret_value() if settings.proxy else None,
        )

    def wait_before_repeat(self, answer: ApiResponse, attempt: int) -> float | None:
        """Return the seconds until a request whose answer refuses it is sent again; None for never.

        That is so where it was sent again before, as often as it may be, and where the budget for
        retries is spent; a wait that the API asks for, and a limit or a 202, cost nothing of it.
        Others wait as well where a limit is spent. Errors as for `wait_asked_of`.
        """
        status, headers = answer.status, answer.headers
        if is_transient(status, headers):
            return None
        if asked := wait_asked_of(headers, status, self._context, is_refused=True):
            return asked
        is_pace = meaning_of(status) is Meaning.NOT_READY or says_limit(answer.content)
        return backoff(attempt) if is_pace or self.outages.budget.spend() else None

    @property
    def cookies(self) -> httpx.Cookies:
        """Return the API's cookies; httpx asks for them here."""
        return self._jar

    @cookies.setter
    def cookies(self, cookies: CookieTypes) -> None:
        self._jar = CookieJar(cookies)

    def _transport_for_url(self, url: httpx.URL) -> httpx.AsyncBaseTransport:
        is_direct = self._no_proxy.covers(url)
        return self._direct if is_direct else super()._transport_for_url(url)

    def _init_transport(self, *args: Any, **kwargs: Any) -> httpx.AsyncBaseTransport:
        self._connect(proxy=None)
        self._direct = super()._init_transport(*args, **kwargs)
        return self._direct

    def _init_proxy_transport(self, *args: Any, **kwargs: Any) -> httpx.AsyncBaseTransport:
        self._connect(proxy=args[0])
        return super()._init_proxy_transport(*args, **kwargs)

    def _wrap_with_ip_blocker_if_needed(
        self, transport: httpx.AsyncBaseTransport
    ) -> httpx.AsyncBaseTransport:
        """Return the transport as it is: the connections below it have a guard of their own."""
        return transport

    def _connect(self, *, proxy: httpx.Proxy | None) -> None:
        """Make the connections that take the place of the transport that Ocean makes."""
        settings = self._settings
        route = Route(
            tls=self._tls,
            anonymous_tls=(
                tls_context(settings, shows_certificate=False) if settings.identity else self._tls
            ),
            proxy=proxy,
            http2=settings.http_version == "auto",
            guard=_guard_for(settings),
        )
        connections = [Connection(route) for _ in range(settings.max_concurrent_requests)]
        self._transport_kwargs = {**(self._transport_kwargs or {}), "connections": connections}


def tls_context(settings: ConnectionSettings, *, shows_certificate: bool) -> ssl.SSLContext:
    """Return the TLS of connections; only those with credentials show the client certificate.

    The operator's OCEAN__SSL__THIRD_PARTY__* and SSL_CERT_FILE hold; caCertificate adds to them.
    """
    verify = resolve_verify_param(ocean.config.ssl.third_party) if settings.verify_ssl else False
    context = httpx.create_ssl_context(verify)
    if settings.ca_certificate and context.verify_mode is not ssl.CERT_NONE:
        context.load_verify_locations(cadata=settings.ca_certificate)
        # An intermediate CA, or the server's own certificate, is as good as a root.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if settings.identity and shows_certificate:
        settings.identity.show_in(context)
    return context


def _guard_for(settings: ConnectionSettings) -> AddressGuard | None:
    """Return the guard where Ocean asks for one: in a hosted instance."""
    if ocean.config.disable_ip_outbound_blocker:
        return None
    return AddressGuard(spares_proxies=settings.proxy is None)
