"""The `incremental` and `windows` blocks of a selector, as a user writes them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from pydantic.v1 import Field, validator

from errors import SelectorError
from expressions.item_expressions import ItemExpression
from mapping.fields.delta import DeltaConfig
from mapping.fields.user_fields import UserFields
from mapping.plan.headers import check_header_names
from mapping.plan.incremental import Incremental, ServerSide
from mapping.plan.times import TimeFormat, date_of, duration_of
from mapping.plan.windows import Windows

# A window must be longer than what neighbours overlap by.
_SHORTEST_STEP = 2
_ABOUT_PARAM = {"where", "prefix", "suffix"}
OPEN = "open"
_FORMAT = "incremental.format"
# Of one resync; more are a step or a start of another unit than was meant.
_MOST_WINDOWS = 100_000


class IncrementalConfig(UserFields):
    """How only what has changed is read; other runs than incremental ones pay no heed to it."""

    param: str | None = Field(
        None,
        min_length=1,
        title="Parameter",
        description="What carries the moment since when changes are asked for. Example: `since`.",
    )
    where: Literal["query", "header", "body"] | None = Field(
        None,
        alias="in",
        title="In",
        description="Which part of the request carries the parameter: `query`, `header` or `body`, "
        "where its name is a path of keys; unset, the query. Example: `body`.",
    )
    format: str | None = Field(
        None,
        min_length=1,
        description="How the moment is written: `iso8601`, `epoch_seconds`, `epoch_milliseconds`, "
        "or a strftime pattern, in UTC; unset, iso8601. With `field`, how its times are written; "
        "unset, as they look. Example: `%Y-%m-%d %H:%M:%S`.",
    )
    prefix: str | None = Field(
        None, description="Text before the moment. Example: `sys_updated_on>=`."
    )
    suffix: str | None = Field(
        None, description='Text after the moment. Example: `" ORDER BY updated`.'
    )
    field: str | None = Field(
        None,
        min_length=1,
        description="JQ on each item that gives when it changed, for an API that cannot filter but "
        "gives the newest first: reading ends where all is older. Example: `.updated_at`.",
    )
    query_params: dict[str, Any] = Field(
        default_factory=dict,
        title="Query parameters",
        description="Further query parameters of incremental requests. "
        'Example: `{"sort": "updated", "state": "all"}`.',
    )
    lookback: str | float = Field(
        0,
        description="How much earlier than the last run changes are asked for, in seconds or as "
        "`30s`, `5m`, `2h`. Example: `5m`.",
    )
    delta: DeltaConfig | None = Field(
        None,
        description="For an API that gives a token with which it tells what changed since, "
        'deletions included. Example: `{"link": "@odata.deltaLink", "removed": '
        '"has(\\"@removed\\")"}`.',
    )

    def plan(self, *, has_other_way: bool) -> Incremental:
        """Return the checked form; `has_other_way` tells of windows, or of parents with `changed`.

        Raises:
            SelectorError: the block says nothing, or options contradict each other.
        """
        if self.delta:
            return self._delta_plan(self.delta, has_other_way=has_other_way)
        if self.param and self.field:
            raise SelectorError("incremental: param and field contradict each other; give one")
        if not (self.param or self.field or has_other_way):
            raise SelectorError(
                "incremental: says nothing; give param (the API filters), field (the newest items "
                "come first), a windows block, or changed on a path parameter"
            )
        useless = self.dict(include=_ABOUT_PARAM, by_alias=True, exclude_none=True)
        if useless and not self.param:
            raise SelectorError(f"incremental: {', '.join(useless)}: has no effect without param")
        if self.format and not (self.param or self.field):
            raise SelectorError("incremental: format: has no effect without param or field")
        has_own_format = self.field and self.format
        return Incremental(
            self._server_side(),
            ItemExpression.optional(self.field, "incremental.field"),
            self.query_params,
            _parsed(duration_of, self.lookback, "incremental.lookback"),
            _parsed(TimeFormat, self.format or "", _FORMAT) if has_own_format else None,
        )

    def _delta_plan(self, delta: DeltaConfig, *, has_other_way: bool) -> Incremental:
        """Return the checked form of a block with delta; errors as for `plan`."""
        odd = self.dict(
            include={"field", "format", "prefix", "suffix"}, exclude_none=True, by_alias=True
        )
        if self.lookback:
            odd["lookback"] = self.lookback
        if odd:
            raise SelectorError(f"incremental: {', '.join(odd)}: has no effect with delta")
        if has_other_way:
            raise SelectorError(
                "incremental.delta: cannot be used with windows, or with changed of a path "
                "parameter"
            )
        return Incremental(
            query_params=self.query_params, delta=delta.plan(self.param, self.where or "query")
        )

    def _server_side(self) -> ServerSide | None:
        if not self.param:
            return None
        if self.where == "header":
            check_header_names([self.param], "incremental.param")
        return ServerSide(
            self.param,
            self.where or "query",
            _parsed(TimeFormat, self.format or "iso8601", _FORMAT),
            self.prefix or "",
            self.suffix or "",
        )


class WindowsConfig(UserFields):
    """Windows of time, for an API that answers for a range or gives so many items of one at most.

    In an incremental run, they begin where the last one began.
    """

    from_param: str = Field(
        min_length=1,
        title="From parameter",
        description="What carries a window's start. Example: `filter[from]`.",
    )
    to_param: str = Field(
        min_length=1,
        title="To parameter",
        description="What carries a window's end. Example: `filter[to]`.",
    )
    where: Literal["query", "header", "body"] = Field(
        "query",
        alias="in",
        title="In",
        description="Which part of the request carries both: `query`, `header` or `body`, where "
        "their names are paths of keys. Example: `body`.",
    )
    format: str = Field(
        "iso8601",
        min_length=1,
        description="How moments are written: `iso8601`, `epoch_seconds`, `epoch_milliseconds`, or "
        "a strftime pattern, in UTC. Example: `epoch_milliseconds`.",
    )
    start: str | float = Field(
        description="Where the first window of a full resync begins: a date, or how long ago, with "
        "its unit. Example: `90d`."
    )
    step: str | float = Field(
        description="The longest window, in seconds or as `30m`, `6h`, `7d`. Example: `7d`."
    )
    cap: int | None = Field(
        None,
        ge=1,
        description="How many items the API gives for one window at most; one that has as many is "
        "read again in halves. Example: `10000`.",
    )

    end: str | float | None = Field(
        None,
        description="How far after now, by the API's clock, the last window ends: `0` for an API "
        "that refuses ends in the future, `-15m` for one that has data that late, `open` for a "
        "last window without an end; unset, five minutes. Example: `0`.",
    )
    fixed: bool = Field(
        False,
        description="`true` says that the time of a record never changes, as that of an event or "
        "of its creation, so that what `end` leaves out was in no run before. Example: `true`.",
    )

    @validator("start", pre=True)
    def _date_of_yaml(cls, value: object) -> object:
        return value.isoformat() if isinstance(value, date) else value

    def plan(self) -> Windows:
        """Return the checked form.

        Raises:
            SelectorError: an option cannot be used as it is.
        """
        if self.where == "header":
            check_header_names([self.from_param, self.to_param], "windows")
        time_format = _parsed(TimeFormat, self.format, "windows.format")
        unit = time_format.unit
        step = _parsed(duration_of, self.step, "windows.step") // unit * unit
        if step < _SHORTEST_STEP * unit:
            raise SelectorError(
                f"windows.step: must be at least {_SHORTEST_STEP * unit.total_seconds():.0f} s, "
                f"because format tells {unit.total_seconds():.0f} s apart and neighbours overlap "
                f"by so much (got {self.step!r})"
            )
        start = self._start()
        self._check_span(start, step - unit)
        if self.fixed and self.end is None:
            raise SelectorError("windows.fixed: has no effect without windows.end")
        is_open = self.end == OPEN
        return Windows(
            self.from_param,
            self.to_param,
            step,
            start,
            self.where,
            time_format,
            self.cap,
            None if is_open or self.end is None else self._allowance(self.end),
            is_open,
            self.fixed,
        )

    def _allowance(self, end: str | float) -> timedelta:
        text = str(end).strip()
        try:
            ahead = duration_of(text.removeprefix("-"))
        except ValueError:
            raise SelectorError(
                "windows.end: must be how far after now, such as 0, 5m or -15m, or `open` "
                f"(got {end!r})"
            ) from None
        return -ahead if text.startswith("-") else ahead

    def _start(self) -> datetime | timedelta:
        if moment := date_of(str(self.start)):
            return moment
        try:
            # Without a unit, 90 days or a year would be seconds, and what is older be deleted.
            if str(self.start).strip()[-1:].isalpha():
                return duration_of(self.start)
        except ValueError:
            pass
        raise SelectorError(
            f"windows.start: must be a date such as 2024-01-01, or how long ago, with its unit, "
            f"such as 90d (got {self.start!r})"
        )

    def _check_span(self, start: datetime | timedelta, advance: timedelta) -> None:
        ago = datetime.now(UTC) - start if isinstance(start, datetime) else start
        if ago <= timedelta():
            raise SelectorError(
                f"windows.start: must be in the past, because nothing else would be read "
                f"(got {self.start!r})"
            )
        if (count := ago // advance) > _MOST_WINDOWS:
            raise SelectorError(
                f"windows.step: from start to now there are {count} windows of {self.step}, each a "
                f"request, and at most {_MOST_WINDOWS} are allowed; a number without a unit is "
                "seconds, and 7 days are 7d"
            )


def _parsed[Given, Parsed](parse: Callable[[Given], Parsed], given: Given, place: str) -> Parsed:
    try:
        return parse(given)
    except ValueError as error:
        raise SelectorError(f"{place}: {error}") from None
