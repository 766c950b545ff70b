"""The fields of everything that is read page by page, and the rules of `on_error`."""

from collections.abc import Set
from dataclasses import replace
from typing import Any, Literal

from pydantic.v1 import Field, validator

from expressions.jq_expressions import DataPath
from formats.registry import described, parse_format
from mapping.fields.pagination import PaginationConfig, plain
from mapping.fields.request import RequestFields
from mapping.fields.user_fields import UserFields
from mapping.plan.endpoint import Endpoint
from settings.connection import ConnectionSettings
from settings.pagination import PaginationSettings


class EndpointFields(RequestFields):
    """The fields that a resource's own endpoint and a discovery endpoint have in common."""

    pagination: PaginationConfig | None = Field(
        None,
        description="How this endpoint is read to its end, in place of the connection's pagination "
        'settings. Example: `{"type": "cursor", "cursor_item": ".id"}`.',
    )
    data_path: str = Field(
        ".", description="JQ expression that finds the items in a response. Example: `.data.users`."
    )
    response_format: str | dict[str, Any] | None = Field(
        None,
        description=f"How a response is read: {described()}. By default as its Content-Type says. "
        'Example: `{"type": "csv", "delimiter": ";"}`.',
    )

    @validator("response_format", pre=True)
    def _known_format(cls, value: object) -> object:
        if value is not None:
            parse_format(value)
        return value

    @validator("data_path", pre=True)
    def _empty_is_default(cls, value: object) -> object:
        return value or "."

    def endpoint_at(
        self, path: str, *, names: Set[str], place: str, settings: ConnectionSettings
    ) -> Endpoint:
        """Return the checked form, with how its answers are read; errors as for every request."""
        prefix = f"{place}." if place else ""
        endpoint = super().endpoint_at(path, names=names, place=place, settings=settings)
        given, pagination = self.response_format, self._pagination_over(settings, prefix)
        return replace(
            endpoint,
            data_path=DataPath(self.data_path, f"{prefix}data_path"),
            pagination=pagination,
            response_format=None if given is None else parse_format(given),
        )

    def _pagination_over(
        self, settings: ConnectionSettings, prefix: str
    ) -> PaginationSettings | None:
        """Return what replaces the connection's pagination; None where nothing does."""
        connection, place = settings.pagination, f"{prefix}pagination"
        chosen = self.pagination.over(connection, place) if self.pagination else connection
        read = plain(chosen, place)
        return None if read is connection else read

    def respelt_places(self, settings: ConnectionSettings) -> dict[str, str]:
        """Return the places in bodies that are read otherwise than written: `$.a.b` as `a.b`."""
        connection = settings.pagination
        written = self.pagination.over(connection, "pagination") if self.pagination else connection
        read = plain(written, "pagination")
        respelt = {path: getattr(read, name) for name, path in written.places.items()}
        return {path: meant for path, meant in respelt.items() if meant != path}


class ErrorRuleConfig(UserFields):
    """A rule for answers of the endpoint that are an error; the first one that fits counts."""

    when: str | list[int] | int = Field(
        description="A JQ predicate over `{status, headers, body, path_params}`, or a list of "
        'status codes. Example: `.status == 403 and .body.code == "archived"`.'
    )
    then: Literal["retry", "skip", "stop", "fail"] = Field(
        description="`retry` the request, `skip` the endpoint as if it were empty, `stop` and "
        "keep what came so far, or `fail`. Example: `skip`."
    )

    class Config:
        smart_union = True
