"""Path parameters: reads their endpoints and hands out values as pages arrive."""

import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loguru import logger

from endpoint_reader import EndpointReader
from endpoints import PathValue
from errors import ResourceError
from extraction import keys_of
from parameters import PathParameter


@dataclass(slots=True)
class _Counts:
    """What became of the discovered items of one parameter."""

    items: int = 0
    filtered: int = 0
    filter_failures: int = 0
    without_value: int = 0
    repeated: int = 0
    seen: set[str] = field(default_factory=set)
    keys: str = ""

    @property
    def passed(self) -> int:
        return self.items - self.filtered - self.filter_failures


class Discovery:
    """The values of one path parameter; each value once, in the order of discovery."""

    def __init__(self, parameter: PathParameter, reader: EndpointReader, base_url: str) -> None:
        self.parameter = parameter
        self._reader = reader
        self._base_url = base_url
        self._counts = _Counts()

    async def values(self) -> AsyncIterator[PathValue]:
        """Values as they are discovered.

        Raises:
            EndpointError: the discovery endpoint could not be read to its end.
            ResourceError: it was read, but no item gives a value, or data_path matches nothing.
        """
        request = self.parameter.endpoint.request(self._base_url, {})
        async for portion in self._reader.read(request):
            for item in portion.items:
                value = self._take(item)
                if value is not None:
                    yield value
        self._report()

    def _take(self, item: Any) -> PathValue | None:
        counts = self._counts
        counts.items += 1
        try:
            if not self.parameter.passes(item):
                counts.filtered += 1
                return None
        except ValueError:
            counts.filter_failures += 1
            return None
        value = self.parameter.value_of(item)
        if value is None:
            counts.without_value += 1
            counts.keys = keys_of(item)
        elif value.text in counts.seen:
            counts.repeated += 1
        else:
            counts.seen.add(value.text)
            return value
        return None

    def _report(self) -> None:
        counts, name = self._counts, f"path_parameters.{self.parameter.name}"
        self._reader.statistics.check_data_path(
            self.parameter.endpoint.data_path.expression, f"{name}.data_path"
        )
        if counts.items and counts.filter_failures == counts.items:
            raise ResourceError(f"{name}.filter fails on each of {counts.items} discovered items")
        if counts.passed and counts.without_value == counts.passed:
            raise ResourceError(
                f"{name}.field {self.parameter.field.expression} gives no value for any of "
                f"{counts.passed} discovered items; an item has {counts.keys}"
            )
        logger.info(
            f"Discovered {len(counts.seen)} values of {self.parameter.name} in {counts.items} "
            f"items ({counts.filtered} filtered out, {counts.filter_failures} where the filter "
            f"failed, {counts.without_value} without a value, {counts.repeated} repeated)"
        )


async def combinations(
    discoveries: Sequence[Discovery],
) -> AsyncGenerator[Mapping[str, PathValue]]:
    """Every combination of values; those of the first parameter are used as they arrive.

    Raises:
        EndpointError, ResourceError: as `Discovery.values`.
    """
    first, *others = discoveries
    rest = [[value async for value in other.values()] for other in others]
    names = [discovery.parameter.name for discovery in discoveries]
    async for value in first.values():
        for combination in itertools.product([value], *rest):
            yield dict(zip(names, combination, strict=True))
