"""`authType: custom`: requests that obtain credentials, and a template that applies them."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from api_messages import ApiRequest
from auth import login_answers
from auth.base_url import BaseUrl, Move
from auth.login_steps import LoginSteps
from auth.renewal import Credentials, RenewedAuth, with_user_agent
from auth.static import cookie_pairs, with_cookies
from auth.strategy import CLOCK, Clock, copied
from errors import AuthenticationError, ExpressionLimitError
from expressions.evaluator import Evaluator, json_of
from expressions.item_expressions import ItemExpression
from redaction import Redactor, leaves
from settings import answer_template
from settings.connection import ConnectionSettings
from settings.credentials import CustomAuthSettings

_TEMPLATE = "customAuthRequestTemplate"
# The parts of requests that take values of answers; a template has all of them, some of them empty.
_PLACES = ("headers", "queryParams", "body")
_NO_TEMPLATE: Mapping[str, Any] = {place: {} for place in _PLACES}


@dataclass(frozen=True, slots=True)
class TemplateCredentials(Credentials):
    """The credentials that one evaluated template holds; `lifetime` is in seconds."""

    headers: dict[str, str]
    query_params: dict[str, Any]
    body: dict[str, Any]
    cookies: httpx.Cookies
    move: Move | None
    lifetime: float | None

    def apply(self, request: httpx.Request, *, waited: bool) -> httpx.Request:
        """Return a new request with these headers, query parameters and body fields.

        One that `waited` for the authentication was built before its cookies came, and gets them.
        """
        headers = httpx.Headers(request.headers)
        url = self.move.to_new(request.url) if self.move else request.url
        is_elsewhere = url.netloc != request.url.netloc
        if is_elsewhere:
            # Those of the host that baseUrl names.
            for name in ("Host", "Cookie"):
                headers.pop(name, None)
        if waited or is_elsewhere:
            _add_cookies(headers, self.cookies, url)
        headers.update(self.headers)
        signed = ApiRequest(request.method, url).with_query(self.query_params)
        content = request.content
        if self.body:
            content = _merge_body(content, self.body)
            headers["Content-Type"] = "application/json"
            headers.pop("Content-Length", None)
        return copied(request, headers, url=signed.url, content=content)


class CustomAuth(RenewedAuth):
    """The answers to `customAuthRequest`, put into requests as the template says."""

    serves = CustomAuthSettings

    def __init__(
        self, settings: ConnectionSettings, redactor: Redactor, clock: Clock = CLOCK
    ) -> None:
        assert settings.custom_auth_request  # noqa: S101 (checked by ConnectionSettings.parse)
        self._steps = LoginSteps(settings)
        super().__init__(
            name="customAuthRequest",
            endpoint=redactor.text(self._steps.shown(0)),
            advice="look at customAuthRequest",
            clock=clock,
        )
        self._request = settings.custom_auth_request
        self._expired_statuses = frozenset(self._request.reauthenticate_statuses)
        self._template = settings.custom_auth_request_template
        self._redactor = redactor
        self._base = BaseUrl(settings)
        self._answers: list[httpx.Response] = []
        self._cookies = httpx.Cookies()

    @property
    def bases(self) -> tuple[httpx.URL, ...]:
        """The address in place of baseUrl that the last login gave, if any."""
        return self._base.learnt

    def _request_credentials(self) -> httpx.Request:
        self._answers, self._cookies = [], httpx.Cookies()
        return self._steps.first()

    async def _receive(self, response: httpx.Response) -> httpx.Request | None:
        number = len(self._answers)
        with self._noticing_failure(self._redactor.text(self._steps.shown(number))):
            self._check(response, number)
            self._answers.append(response)
            self._cookies.extract_cookies(response)
            if len(self._answers) < len(self._steps):
                return await self._next()
            credentials = await self._evaluated()
        self._keep(credentials)
        return None

    def _check(self, response: httpx.Response, number: int) -> None:
        # Neither the request nor the answer may be quoted: both are secret as a whole.
        status = response.status_code
        if response.is_success or status in self._steps[number].success_statuses:
            return
        moved = "; if that is how it succeeds, name it in successStatuses" if status < 400 else ""
        raise AuthenticationError(
            f"the authentication request was answered {status}",
            advice=f"look at {self._steps.place(number)}{moved}",
        )

    async def _next(self) -> httpx.Request:
        """Return the next request, made of the answers so far."""
        number = len(self._answers)
        whole = login_answers.seen(self._answers)
        template = self._steps[number].template
        values = await _values_in(template, whole, self._steps.place(number))
        self._learn(values)
        answered = self._answers[-1].request.url
        request = self._steps.filled(number, values, login_answers.named(whole), answered)
        self._cookies.set_cookie_header(request)
        return with_user_agent(request)

    async def _evaluated(self) -> TemplateCredentials:
        """Return the credentials that the answers come to."""
        answer, had = self._seen()
        sections = self._template.sections if self._template else _NO_TEMPLATE
        values = await _values_in(sections, answer, _TEMPLATE)
        try:
            rendered = answer_template.fill(sections, values, had)
        except answer_template.TemplateError as error:
            raise AuthenticationError(f"{_TEMPLATE}: {error}", advice=_TEMPLATE) from None
        cookies = [cookie.value for cookie in self._cookies.jar]
        self._learn(*_secret_in(sections, rendered, values), cookies, self._telling(answer))
        if not cookies and not any(rendered[place] for place in _PLACES):
            raise AuthenticationError(
                "the login gave no cookie, so that nothing would tell the API who asks",
                advice="say in customAuthRequestTemplate what of its answer goes into requests",
            )
        return TemplateCredentials(
            {name: _header(value) for name, value in rendered["headers"].items()},
            rendered["queryParams"],
            rendered["body"],
            self._cookies,
            self._base.moved(rendered.get("baseUrl")),
            self._request.reauthenticate_interval_seconds,
        )

    def _seen(self) -> tuple[Any, Any]:
        """Return what the template sees, and an object with the names of what is there."""
        if self._request.steps:
            whole = login_answers.seen(self._answers)
            return whole, login_answers.named(whole)
        try:
            body = login_answers.body_of(self._answers[-1])
        except ValueError:
            raise AuthenticationError(
                "the answer to the authentication request is not JSON",
                advice="look at customAuthRequest; what comes as text, in a header or a cookie is "
                "taken with its steps",
            ) from None
        return body, body

    def _telling(self, answer: Any) -> Any:
        return login_answers.telling(self._answers) if self._request.steps else answer

    def _learn(
        self,
        values: Mapping[str, Any],
        made: Sequence[Any] = (),
        cookies: Sequence[str | None] = (),
        answer: Any = None,
    ) -> None:
        """Mask values from now on, each under its name in the answer, and what is made of them.

        Sample: `{{.data.token}}` gives `{"token": "…"}`.
        """
        used = [{path.rpartition(".")[2]: value} for path, value in values.items()]
        goes_on = len(self._answers) > 1
        parts = [used, list(made), {"cookie": list(cookies)}]
        self._redactor.learn_renewed(parts, answer, goes_on=goes_on)


async def _values_in(template: Any, answer: Any, setting: str) -> dict[str, Any]:
    """Return the values of a template's paths in an answer; what fails has none.

    Raises:
        AuthenticationError: a path takes more time or memory than it may.
    """
    values: dict[str, Any] = {}
    evaluator = Evaluator()
    try:
        for path, program in answer_template.programs_in(template).items():
            plain = ItemExpression(path, setting).plain(answer)
            with suppress(ValueError):
                name = f"{setting} {{{{{path}}}}}"
                values[path] = (
                    plain[0]
                    if plain
                    else _first(await evaluator.outputs(program, json_of(answer), name))
                )
    except ExpressionLimitError as error:
        raise AuthenticationError(error.reason, advice=f"look at {setting}") from None
    finally:
        # Authentications are rare, and its memory has held secrets.
        evaluator.close()
    return values


def _secret_in(
    sections: Mapping[str, Any], rendered: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[dict[str, Any], list[dict[str, list[str]]]]:
    """Return the values that go into requests, and the texts made of them; no address is one.

    Such texts stand under the name that they have in a request.
    """
    template = {name: part for name, part in sections.items() if name != "baseUrl"}
    used = answer_template.programs_in(template).keys() & values.keys()
    fixed = set(leaves(template))
    made = [
        {name: [text for text in leaves(value, name) if text not in fixed]}
        for section in template
        for name, value in rendered[section].items()
    ]
    return {path: values[path] for path in used}, made


def _header(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


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
