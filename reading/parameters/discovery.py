"""Discovery of one path parameter: reads where its values come from, as pages arrive."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NamedTuple

from loguru import logger

from errors import OceanCustomError, ResourceError
from expressions.event_loop import TimeSlice
from expressions.jq_expressions import keys_of
from mapping.plan.endpoint import Endpoint, PathValue
from mapping.plan.path_parameter import Found, PathParameter
from reading.endpoint_reader import EndpointReader
from reading.failures import Vanished


class Combination(NamedTuple):
    """Values of placeholders that belong together, and what items below them carry."""

    values: Mapping[str, PathValue]
    marks: Mapping[str, Any]

    @property
    def texts(self) -> dict[str, str]:
        """The values as texts."""
        return {name: value.text for name, value in self.values.items()}

    def extended(self, found: Found) -> "Combination":
        """This one with more values, which items carry as `__name`, and included fields."""
        marks = {f"__{name}": value.text for name, value in found.values.items()}
        include = {f"__{name}": value for name, value in found.include.items()}
        return Combination({**self.values, **found.values}, {**self.marks, **marks, **include})


NOTHING = Combination({}, {})


class Source(ABC):
    """Where the items come from that a path parameter looks at."""

    @abstractmethod
    def portions(self, parents: Combination) -> AsyncGenerator[list[Any]]:
        """The items below some combination of values, a few at a time.

        Raises:
            OceanCustomError: they could not be read to their end.
        """

    @property
    def extent(self) -> str:
        """How much was read, for the log, where that is worth telling."""
        return ""

    def has_vanished(self, error: OceanCustomError) -> bool:
        """Whether an error only says that the parent is gone."""
        return False

    def check(self, name: str) -> None:
        """Judge all that was read; `name` is how messages call the parameter.

        Raises:
            ResourceError: it cannot have been right.
        """
        return


class EndpointSource(Source):
    """Items of an endpoint; those below a parent carry what the parent hands down."""

    def __init__(
        self, endpoint: Endpoint, reader: EndpointReader, base_url: str, vanished: Vanished
    ) -> None:
        self._endpoint = endpoint
        self._reader = reader
        self._base_url = base_url
        self._vanished = vanished

    async def portions(self, parents: Combination) -> AsyncGenerator[list[Any]]:
        request = self._endpoint.request(self._base_url, parents.values)
        async with aclosing(self._reader.read(request, parents.texts)) as portions:
            async for portion in portions:
                yield _marked(portion.items, parents.marks)

    @property
    def extent(self) -> str:
        endpoints, gone = self._reader.statistics.endpoints, self._vanished.count
        told = f" of {endpoints} endpoints" if self._endpoint.placeholders else ""
        return f"{told}, {gone} of them gone" if gone else told

    def has_vanished(self, error: OceanCustomError) -> bool:
        return self._vanished.take(error)

    def check(self, name: str) -> None:
        statistics = self._reader.statistics
        statistics.check_data_path(self._endpoint.data_path.expression, f"{name}.data_path")
        self._vanished.check(statistics.endpoints)


class FixedSource(Source):
    """Items that the mapping itself gives."""

    def __init__(self, items: tuple[Any, ...]) -> None:
        self._items = items

    async def portions(self, parents: Combination) -> AsyncGenerator[list[Any]]:
        yield list(self._items)


@dataclass(slots=True)
class Counts:
    """What became of the discovered items of one parameter, over all parents."""

    items: int = 0
    filtered: int = 0
    filter_failures: int = 0
    without_value: int = 0
    missing: int = 0
    include_failures: int = 0
    values: int = 0
    repeated: int = 0
    keys: str = ""

    @property
    def passed(self) -> int:
        return self.items - self.filtered - self.filter_failures


class Discovery:
    """The values of one path parameter, below any number of parents."""

    def __init__(self, parameter: PathParameter, source: Source) -> None:
        self.parameter = parameter
        self.source = source
        self.counts = Counts()

    async def found(self, parents: Combination) -> AsyncGenerator[Found]:
        """What the items below some parents give, as they are discovered; equal ones too.

        Raises:
            OceanCustomError: the items could not be read to their end, or give no usable value.
        """
        async with aclosing(self.source.portions(parents)) as portions:
            async for items in portions:
                time_slice = TimeSlice()
                for item in items:
                    for found in self._take(item):
                        yield found
                    await time_slice.pause_when_over()

    def report(self) -> None:
        """Log what all was found."""
        counts = self.counts
        logger.info(
            f"Discovered {counts.values} values of {self.parameter.name} in {counts.items} items"
            f"{self.source.extent} ({counts.filtered} filtered out, {counts.filter_failures} where "
            f"the filter failed, {counts.missing} without a value, {counts.repeated} repeated)"
        )

    def check(self) -> None:
        """Judge what all was found.

        Raises:
            ResourceError: no item gives a value, data_path matches nothing, or all parents
                vanished.
        """
        counts, include = self.counts, self.parameter.include
        name = f"path_parameters.{self.parameter.name}"
        self.source.check(name)
        if counts.items and counts.filter_failures == counts.items:
            raise ResourceError(
                f"{name}.filter fails on each of {counts.items} discovered items, or gives neither "
                "true nor false; a comparison is written with =="
            )
        if counts.passed and counts.without_value == counts.passed:
            fields = ", ".join(
                f"{field.setting} {field.expression}" for field in self.parameter.fields.values()
            )
            raise ResourceError(
                f"{fields} gives no value for any of {counts.passed} discovered items; "
                f"an item has {counts.keys}"
            )
        if include and counts.include_failures == len(include) * counts.passed > 0:
            raise ResourceError(f"{name}.include fails on each of {counts.passed} discovered items")

    def _take(self, item: Any) -> Iterator[Found]:
        counts = self.counts
        counts.items += 1
        if not self._passes(item):
            return
        values, missing = self.parameter.outputs(item)
        counts.missing += missing
        if not values:
            counts.without_value += 1
            counts.keys = keys_of(item)
            return
        include, failed = self.parameter.included(item)
        counts.include_failures += failed
        for each in values:
            yield Found(each, include)

    def _passes(self, item: Any) -> bool:
        try:
            passes = self.parameter.passes(item)
        except ValueError:
            self.counts.filter_failures += 1
            return False
        self.counts.filtered += not passes
        return passes


def _marked(items: list[Any], marks: Mapping[str, Any]) -> list[Any]:
    if not marks:
        return items
    return [{**item, **marks} if isinstance(item, dict) else item for item in items]
