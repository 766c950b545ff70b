"""`authType: custom`: a request that obtains credentials, and a template that applies them."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from api_messages import ApiRequest, address_below
from auth.renewal import Credentials, RenewedAuth, own_headers, shown_endpoint
from auth.static import cookie_pairs, with_cookies
from auth.strategy import CLOCK, Clock, copied
from errors import AuthenticationError, ExpressionLimitError
from expressions.evaluator import Evaluator, json_of
from expressions.item_expressions import ItemExpression
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
        self._values: Mapping[str, Any] = {}
        self._beyond_limit: AuthenticationError | None = None

    def _request_credentials(self) -> httpx.Request:
        asked = self._request
        url = ApiRequest("POST", self._url).with_query(asked.query_params).url
        headers = {**own_headers(url, self._settings), **asked.headers}
        if asked.body_form is not None:
            headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return httpx.Request(
            asked.method, url, headers=headers, content=asked.body_form, json=asked.body
        )

    async def _receive(self, response: httpx.Response) -> None:
        """Evaluate the paths of the template, which `_evaluate` puts in."""
        self._values, self._beyond_limit = {}, None
        try:
            answer = self._read(response)
            self._values = await _values_in(self._template.sections, answer)
        except ExpressionLimitError as error:
            advice = "look at customAuthRequestTemplate"
            self._beyond_limit = AuthenticationError(error.reason, advice=advice)
        except AuthenticationError:
            # Told by what follows.
            pass
        await super()._receive(response)

    def _evaluate(self, response: httpx.Response) -> TemplateCredentials:
        answer = self._read(response)
        if self._beyond_limit:
            raise self._beyond_limit
        sections = self._template.sections
        try:
            rendered = answer_template.fill(sections, self._values, answer)
        except answer_template.TemplateError as error:
            raise AuthenticationError(
                f"customAuthRequestTemplate: {error}", advice="customAuthRequestTemplate"
            ) from None
        headers = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in rendered["headers"].items()
        }
        fixed = set(leaves(sections))
        made = [
            {name: [text for text in leaves(value, name) if text not in fixed]}
            for section in rendered.values()
            for name, value in section.items()
        ]
        cookies = {"cookie": [cookie.value for cookie in response.cookies.jar]}
        # Each under its name in the answer: `{{.data.token}}` gives `{"token": "…"}`.
        used = [{path.rpartition(".")[2]: value} for path, value in self._values.items()]
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


async def _values_in(template: Any, answer: Any) -> dict[str, Any]:
    """Return the values of a template's paths in an answer; what fails has none.

    Raises:
        ExpressionLimitError: a path takes more time or memory than it may.
    """
    values: dict[str, Any] = {}
    evaluator = Evaluator()
    try:
        for path, program in answer_template.programs_in(template).items():
            plain = ItemExpression(path, "customAuthRequestTemplate").plain(answer)
            with suppress(ValueError):
                name = f"customAuthRequestTemplate {{{{{path}}}}}"
                values[path] = (
                    plain[0]
                    if plain
                    else _first(await evaluator.outputs(program, json_of(answer), name))
                )
    finally:
        # Authentications are rare, and its memory has held secrets.
        evaluator.close()
    return values


def _first(written: list[Any]) -> Any:
    return json.loads(written[0]) if written else None


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
