"""The fields of everything that is read page by page, and the rules of `on_error`."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Any, Literal

from pydantic.v1 import Field, validator

from api_messages import Where
from expressions.jq_expressions import DataPath
from formats.registry import described, parse_format
from mapping.fields.body_places import check_body_place
from mapping.fields.pagination import PaginationConfig, plain
from mapping.fields.request import RequestFields
from mapping.fields.user_fields import UserFields
from mapping.fields.written import instead_of_jq, jq_in, own_size, with_own_size, with_placeholders
from mapping.plan.endpoint import Endpoint
from settings.connection import ConnectionSettings
from settings.pagination import AskedSettings, PaginationSettings


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
        given = self.response_format
        pagination = self._pagination_over(settings, prefix, path, names)
        return replace(
            endpoint,
            data_path=DataPath(self.data_path, f"{prefix}data_path"),
            pagination=pagination,
            response_format=None if given is None else parse_format(given),
        )

    def _pagination_over(
        self, settings: ConnectionSettings, prefix: str, path: str, names: Set[str]
    ) -> PaginationSettings | None:
        """Return what replaces the connection's pagination; None where nothing does."""
        connection, place = settings.pagination, f"{prefix}pagination"
        chosen = self._chosen(connection, place)
        if isinstance(chosen, AskedSettings):
            self._check_places_in_body(chosen, place)
            chosen = with_placeholders(
                chosen,
                [path, *self._with_placeholders],
                names,
                place,
                is_size_written=bool(self.pagination and self.pagination.dict()["size_param"]),
            )
        read = with_own_size(chosen, path, self._parts)
        return None if read is connection else read

    def _check_places_in_body(self, chosen: AskedSettings, place: str) -> None:
        """Refuse a place of the body that would need a list which is not there.

        Raises:
            SelectorError: names the place.
        """
        asked = {"param": (chosen.where, chosen.param)}
        asked["size_param"] = (chosen.size_where, chosen.size_param)
        for option, (where, name) in asked.items():
            if where == "body" and name:
                check_body_place(self, name, f"{place}.{option}", is_made=True)

    def _chosen(self, connection: PaginationSettings, place: str) -> PaginationSettings:
        chosen = self.pagination.over(connection, place) if self.pagination else connection
        return plain(chosen, place)

    @property
    def _with_placeholders(self) -> list[Any]:
        """The parts of a request, beside its path, in which braces may be placeholders."""
        body = self.body
        if self.body_format == "graphql":
            body = body.get("variables") if isinstance(body, Mapping) else None
        return [self.query_params, self.headers, body]

    @property
    def _parts(self) -> dict[Where, Any]:
        return {"query": self.query_params, "header": self.headers, "body": self.body}

    def remarks(self, path: str, place: str, settings: ConnectionSettings) -> Iterator[str]:
        """Yield lines on what is sent otherwise than one may think.

        Inputs: `place` is where the fields are written, such as `path_parameters.team.`.
        """
        chosen = self._chosen(settings.pagination, f"{place}pagination")
        if (size := own_size(chosen, path, self._parts)) is not None:
            param = chosen.size_param if isinstance(chosen, AskedSettings) else ""
            yield (
                f"{place}{param} is sent as the mapping says, {size}, and not as pageSize "
                f"{chosen.page_size}"
            )
        for written in ("query_params", "body"):
            for where, text in jq_in(getattr(self, written), f"{place}{written}"):
                yield instead_of_jq(where, text)

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
