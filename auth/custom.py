"""`authType: custom`: a request that obtains credentials, and a template that applies them."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from api_messages import ApiRequest, address_below
from auth.renewal import Credentials, RenewedAuth, own_headers, shown_endpoint
from auth.static import cookie_pairs, with_cookies
from auth.strategy import CLOCK, Clock, copied
from errors import AuthenticationError
from formats.json_text import parse
from redaction import Redactor, leaves
from settings import answer_template
from settings.connection import ConnectionSettings
from settings.credentials import CustomAuthSettings


@dataclass(frozen=True, slots=True)
class TemplateCredentials(Credentials):
    """The credentials that one evaluated template holds; `lifetime` is in seconds."""

    headers: dict[str, str]
    query_params: dict[str, Any]
    body: dict[str, Any]
    cookies: httpx.Cookies
    lifetime: float | None

    def apply(self, request: httpx.Request, *, waited: bool) -> httpx.Request:
        """Return a new request with these headers, query parameters and body fields.

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
        return copied(request, headers, url=signed.url, content=content)


class CustomAuth(RenewedAuth):
    """The answer to `customAuthRequest`, put into requests as the template says."""

    serves = CustomAuthSettings

    def __init__(
        self, settings: ConnectionSettings, redactor: Redactor, clock: Clock = CLOCK
    ) -> None:
        request, template = settings.custom_auth_request, settings.custom_auth_request_template
        assert request  # noqa: S101 (checked by ConnectionSettings.parse)
        assert template  # noqa: S101 (as above)
        self._url = httpx.URL(address_below(settings.base_url, request.endpoint))
        super().__init__(
            name="customAuthRequest",
            endpoint=shown_endpoint(request.method, self._url, redactor),
            advice="look at customAuthRequest",
            clock=clock,
        )
        self._request = request
        self._template = template
        self._settings = settings
        self._redactor = redactor

    def _request_credentials(self) -> httpx.Request:
        asked = self._request
        url = ApiRequest("POST", self._url).with_query(asked.query_params).url
        headers = {**own_headers(url, self._settings), **asked.headers}
        if asked.body_form is not None:
            headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return httpx.Request(
            asked.method, url, headers=headers, content=asked.body_form, json=asked.body
        )

    def _evaluate(self, response: httpx.Response) -> TemplateCredentials:
        answer = self._read(response)
        sections = self._template.sections
        try:
            rendered = answer_template.render(sections, answer)
            used = answer_template.values_of(sections, answer)
        except answer_template.TemplateError as error:
            raise AuthenticationError(
                f"customAuthRequestTemplate: {error}", advice="customAuthRequestTemplate"
            ) from None
        headers = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in rendered["headers"].items()
        }
        fixed = set(leaves(sections))
        made = [text for text in leaves(rendered) if text not in fixed]
        cookies = [cookie.value for cookie in response.cookies.jar]
        self._redactor.learn_renewed([used, made, cookies], answer)
        return TemplateCredentials(
            headers,
            rendered["queryParams"],
            rendered["body"],
            response.cookies,
            self._request.reauthenticate_interval_seconds,
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
        except (ValueError, RecursionError):
            raise AuthenticationError(
                "the answer to the authentication request is not JSON",
                advice="look at customAuthRequest",
            ) from None


def _add_cookies(headers: httpx.Headers, cookies: httpx.Cookies, url: httpx.URL) -> None:
    """Set the cookies that belong to the URL, in place of older ones with the same names."""
    probe = httpx.Request("GET", url)
    cookies.set_cookie_header(probe)
    fresh = cookie_pairs(probe.headers.get("cookie", ""))
    if fresh:
        headers["Cookie"] = with_cookies(headers, fresh)


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
