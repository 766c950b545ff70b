"""An `incremental` block, checked: how a resource is read when only changes are wanted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from api_messages import ApiRequest, QueryValue, Where
from expressions.item_expressions import ItemExpression
from mapping.plan.times import TimeFormat, moment_of


@dataclass(frozen=True, slots=True)
class ServerSide:
    """A parameter of the request with the moment since when the API gives changes."""

    param: str
    where: Where = "query"
    time_format: TimeFormat = field(default_factory=TimeFormat)
    prefix: str = ""
    suffix: str = ""

    def placed(self, request: ApiRequest, since: datetime) -> ApiRequest:
        """Return the request for all that changed since then.

        Raises:
            ValueError: the body is no object where the name leads.
        """
        # Earlier, because an API may mean "after", by stamps that are cut off as well.
        moment = self.time_format.write(self.time_format.before(since))
        has_text = self.prefix or self.suffix
        value = f"{self.prefix}{moment}{self.suffix}" if has_text else moment
        return request.placed(self.where, self.param, value)


@dataclass(frozen=True, slots=True)
class Delta:
    """A `delta` block, checked: the API gives a token, and with it what changed since.

    `place` is where the token is in the last page of a round; `param` carries it, or it is an
    address where that is empty. `removed` tells that an item is gone, `identity` one item from
    another, `reset` that an error says the token is not valid any more.
    """

    place: str
    param: str
    where: Where
    removed: ItemExpression
    identity: ItemExpression
    reset: ItemExpression | None = None

    def placed(self, request: ApiRequest, token: str) -> ApiRequest:
        """Return the request for what changed since a token.

        Raises:
            ValueError: the token is no address, or the body is no object where it goes.
        """
        if not self.param:
            return request.following(token)
        return request.placed(self.where, self.param, token)


@dataclass(frozen=True, slots=True)
class Incremental:
    """An `incremental` block, checked.

    Either the API filters (`server_side`), or its items come newest first and `changed` tells when
    each changed; or neither, where windows or changed parents limit what is read. `query_params`
    are added to the requests of such runs; `lookback` is by how much they overlap. `changed_format`
    is how that time is written; without one, as it looks. With `delta`, a token takes the place of
    times.
    """

    server_side: ServerSide | None = None
    changed: ItemExpression | None = None
    query_params: Mapping[str, QueryValue] = field(default_factory=dict)
    lookback: timedelta = timedelta()
    changed_format: TimeFormat | None = None
    delta: Delta | None = None

    def moment_of(self, value: Any) -> datetime | None:
        """Return the latest moment, in UTC, that an item's time can mean; None without one."""
        return self.changed_format.read(value) if self.changed_format else moment_of(value)
