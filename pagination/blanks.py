"""Requests in which the number or size of a page stands in a placeholder: `/items/page/{page}`."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

from api_messages import ApiRequest
from mapping.plan.templates import Filled, Template, fill_text


@dataclass(frozen=True, slots=True)
class _Number(Filled):
    """A number for a placeholder, in texts and as itself."""

    text: str
    value: Any


@dataclass(frozen=True, slots=True)
class Blank:
    """The request of an endpoint, with placeholders for numbers where they stand.

    `names` are the placeholders; any other braces stay as they are.
    """

    request: ApiRequest
    names: Set[str]
    _query: Template = field(init=False, repr=False)
    _headers: Template = field(init=False, repr=False)
    _body: Template = field(init=False, repr=False)

    def __post_init__(self) -> None:
        request = self.request
        # Braces in a GraphQL query are its own.
        body = request.body.get("variables") if self._is_graphql else request.body
        parts = {"query": request.query, "headers": request.headers, "body": body}
        for name, part in parts.items():
            object.__setattr__(self, f"_{name}", Template.of(part, self.names))

    @property
    def _is_graphql(self) -> bool:
        return self.request.body_format == "graphql"

    def filled(self, numbers: Mapping[str, Any], beside: ApiRequest) -> ApiRequest:
        """Return the request with these numbers.

        Inputs: `beside`, one with parameters and headers that pagination added. Sample: with
        `page` as 2, `/items/page/{page}` is `/items/page/2`, and the text `"{page}"` in a JSON body
        is the number.
        """
        values = {name: _Number(str(value), value) for name, value in numbers.items()}
        texts = {name: value.text for name, value in values.items()}
        is_typed = self._is_graphql or self.request.body_format == "json"
        body = self._body.fill(values, is_typed=is_typed)
        return replace(
            beside,
            address=fill_text(str(self.request.address), texts, self.names),
            query={**beside.query, **self._query.fill(values)},
            headers={**beside.headers, **self._headers.fill(values)},
            body={**self.request.body, "variables": body} if self._is_graphql else body,
        )
