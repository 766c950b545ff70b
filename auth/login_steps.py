"""The requests of a login: the first as it is written, each further one filled from answers."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

import httpx

from api_messages import ApiRequest, address_below, joined
from auth.renewal import own_headers
from errors import AuthenticationError
from settings import answer_template
from settings.answer_template import TemplateError
from settings.connection import ConnectionSettings
from settings.custom_auth import LoginStep
from transport.origins import Origin, origin

_FORM = "application/x-www-form-urlencoded"


class LoginSteps:
    """The requests that `customAuthRequest` asks for, one after another."""

    def __init__(self, settings: ConnectionSettings) -> None:
        assert settings.custom_auth_request  # noqa: S101 (checked by ConnectionSettings.parse)
        self._settings = settings
        self._steps = settings.custom_auth_request.requests
        self._are_steps = bool(settings.custom_auth_request.steps)

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, number: int) -> LoginStep:
        return self._steps[number]

    def place(self, number: int) -> str:
        """Return the setting that asks for a request: `customAuthRequest.steps[1]`."""
        return f"customAuthRequest.steps[{number}]" if self._are_steps else "customAuthRequest"

    def shown(self, number: int) -> str:
        """Return method and address for errors, with placeholders, and without the query."""
        step = self._steps[number]
        address = address_below(self._settings.base_url, step.endpoint)
        return f"{step.method} {address.partition('?')[0]}"

    def first(self) -> httpx.Request:
        """Return the first request."""
        step = self._steps[0]
        return self._built(step.method, self._address(step.endpoint), step.template)

    def filled(
        self, number: int, values: Mapping[str, Any], seen: Any, answered: httpx.URL
    ) -> httpx.Request:
        """Return a further request, with the values of its placeholders.

        Inputs: `seen`, what templates see of the answers so far; `answered`, the address of the
        last one.

        Raises:
            AuthenticationError: a value is missing, leads elsewhere, or no request can carry it.
        """
        step, place = self._steps[number], self.place(number)
        fill = partial(_filled, step.template, values, seen, place)
        encoders: dict[str, Callable[[str], str]] = {"bodyForm": quote_plus}
        names = [name for name in step.template if name != "endpoint"]
        try:
            parts = {name: fill(name, encoders.get(name, str)) for name in names}
            if path := answer_template.only_path_in(step.endpoint):
                url = self._linked(fill("endpoint", str), answered, f"{place}.endpoint {path}")
            else:
                endpoint = fill("endpoint", partial(quote, safe=""))
                _check_segments(endpoint, step.endpoint, place)
                url = self._address(endpoint)
            return self._built(step.method, url, parts)
        except TemplateError as error:
            raise AuthenticationError(str(error), advice=f"look at {place}") from None
        except (httpx.InvalidURL, ValueError):
            raise AuthenticationError(
                "a value of the answer before it cannot stand in a request",
                advice=f"look at {place}",
            ) from None

    def _built(self, method: str, url: httpx.URL, parts: Mapping[str, Any]) -> httpx.Request:
        url = ApiRequest("POST", url).with_query(parts["queryParams"]).url
        headers = {**own_headers(url, self._settings), **parts["headers"]}
        if parts["bodyForm"] is not None:
            headers = {"Content-Type": _FORM, **headers}
        return httpx.Request(
            method, url, headers=headers, content=parts["bodyForm"], json=parts["body"]
        )

    def _address(self, endpoint: str) -> httpx.URL:
        return httpx.URL(address_below(self._settings.base_url, endpoint))

    def _linked(self, link: str, answered: httpx.URL, place: str) -> httpx.URL:
        """Return the address that an answer leads to, where the settings name its host.

        Raises:
            AuthenticationError: they do not.
        """
        url = httpx.URL(joined(str(answered), link)).copy_with(userinfo=None, fragment=None)
        if origin(url) not in self._origins():
            raise AuthenticationError(
                f"{place} leads to a host that neither baseUrl nor a step names",
                advice="credentials go to no other; write its address into a step if it is meant",
            )
        return url

    def _origins(self) -> Sequence[Origin]:
        named = [each.endpoint for each in self._steps if "://" in each.endpoint.partition("{{")[0]]
        return [origin(httpx.URL(each)) for each in (self._settings.base_url, *named)]


def _filled(
    parts: Mapping[str, Any],
    values: Mapping[str, Any],
    seen: Any,
    place: str,
    name: str,
    encode: Callable[[str], str],
) -> Any:
    return answer_template.fill(parts[name], values, seen, f"{place}.{name}", encode)


def _check_segments(endpoint: str, template: str, place: str) -> None:
    """Refuse a value that would lead to another endpoint, as `..` does."""
    made = {".", ".."} & set(endpoint.partition("?")[0].split("/")) - set(template.split("/"))
    if made:
        raise TemplateError(f"{place}.endpoint would have a segment {made.pop()}")
