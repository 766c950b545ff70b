"""Discovery of one path parameter: reads where its values come from, as pages arrive."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import Any, NamedTuple

from loguru import logger

from errors import OceanCustomError, ResourceError
from expressions.evaluator import Evaluator
from expressions.event_loop import TimeSlice
from expressions.jq_expressions import keys_of
from mapping.plan.endpoint import Endpoint, PathValue
from mapping.plan.path_parameter import Found, Gift, PathParameter, Verdict
from outcomes import Doubt
from reading.account import Account, Reason
from reading.endpoint_reader import EndpointReader
from reading.failures import Vanished
from reading.item_stream import Portion
from reading.parameters.left_out import LeftOut

_BY_VERDICT = {
    Verdict.FILTERED: Reason.FILTER,
    Verdict.FILTER_FAILED: Reason.FILTER_FAILED,
    Verdict.UNCHANGED: Reason.UNCHANGED,
}
_PASSING = frozenset({Verdict.PASSES, Verdict.TIMELESS})
_BY_FILTER = (Verdict.FILTERED, Verdict.FILTER_FAILED)


class Combination(NamedTuple):
    """Values of placeholders that belong together, and what items below them carry."""

    values: Mapping[str, PathValue]
    marks: Mapping[str, Any]

    @property
    def texts(self) -> dict[str, str]:
        """The values as texts."""
        return {name: value.text for name, value in self.values.items()}

    def extended(self, found: Found) -> "Combination":
        """Return this one with more values, which items carry as `__name`, and included fields."""
        marks = {f"__{name}": value.mark for name, value in found.values.items()}
        include = {f"__{name}": value for name, value in found.include.items()}
        return Combination({**self.values, **found.values}, {**self.marks, **marks, **include})


NOTHING = Combination({}, {})


class Source(ABC):
    """The source of the items that a path parameter looks at; `account` counts them."""

    account: Account

    @abstractmethod
    def portions(self, parents: Combination) -> AsyncGenerator[Portion]:
        """Read the items below some combination of values, a few at a time.

        Raises:
            OceanCustomError: they could not be read to their end.
        """

    def item(self, item: Any, parents: Combination) -> Any:
        """Return an item as expressions see it."""
        return item

    @property
    def extent(self) -> str:
        """The extent of the reading, for the log, where it is worth telling."""
        return ""

    def has_vanished(self, error: OceanCustomError) -> bool:
        """Tell whether an error only says that the parent is gone."""
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
        self.account = reader.account

    def portions(self, parents: Combination) -> AsyncGenerator[Portion]:
        request = self._endpoint.request(self._base_url, parents.values)
        return self._reader.read(request, parents.texts)

    def item(self, item: Any, parents: Combination) -> Any:
        return {**item, **parents.marks} if parents.marks and isinstance(item, dict) else item

    @property
    def extent(self) -> str:
        gone = self._vanished.count
        told = f" of {self.account.endpoints} endpoints" if self._endpoint.placeholders else ""
        return f"{told}, {gone} of them gone" if gone else told

    def has_vanished(self, error: OceanCustomError) -> bool:
        return self._vanished.take(error)

    def check(self, name: str) -> None:
        self._reader.fit.check(f"{name}.data_path")
        self._vanished.check(self.account.endpoints)


class FixedSource(Source):
    """Items that the mapping itself gives, or makes of the environment's variables."""

    def __init__(self, parameter: PathParameter, evaluator: Evaluator) -> None:
        self._parameter = parameter
        self._evaluator = evaluator
        self.account = Account()

    async def portions(self, parents: Combination) -> AsyncGenerator[Portion]:
        items = list(self._parameter.items)
        if self._parameter.variables:
            items = await self._parameter.variables.items(self._evaluator)
        self.account.received += len(items)
        yield Portion(items, 0, len(items))


class Discovery:
    """The values of one path parameter, below any number of parents."""

    def __init__(self, parameter: PathParameter, source: Source, evaluator: Evaluator) -> None:
        self.parameter = parameter
        self._evaluator = evaluator
        self.source = source
        self.account = source.account
        self._looked_at = 0
        self._without_value = 0
        self._broken = 0
        self._objects = 0
        self._include_failures = 0
        self._timeless = 0
        self._keys = ""
        self._left_out = LeftOut(parameter)

    async def found(self, parents: Combination) -> AsyncGenerator[Found]:
        """Read what the items below some parents give, as they are discovered; equal ones too.

        Raises:
            OceanCustomError: the items could not be read to their end, or give no usable value.
        """
        async with aclosing(self.source.portions(parents)) as portions:
            async for portion in portions:
                items = [self.source.item(item, parents) for item in portion.items]
                passing = await self._passing(items)
                gifts = await self.parameter.gifts(passing, self._evaluator)
                time_slice = TimeSlice()
                for item, gift in zip(passing, gifts, strict=True):
                    for found in self._take(item, gift):
                        yield found
                    await time_slice.pause_when_over()

    def report(self) -> None:
        """Log what all was found."""
        self.account.close(Reason.FAILED)
        logger.info(
            f"Discovered {self.account.handed_on} values of {self.parameter.name} in "
            f"{self.account.received} items{self.source.extent}{self.account.all_left_out}"
        )
        if self._timeless:
            logger.warning(
                f"path_parameters.{self.parameter.name}.changed gives no time that is understood "
                f"for {self._timeless} items, so that all below them is read"
            )

    def check(self) -> None:
        """Judge what all was found.

        Raises:
            ResourceError: no item gives a value, data_path matches nothing, or all parents
                vanished.
        """
        include, left_out = self.parameter.include, self.account.left_out
        name = f"path_parameters.{self.parameter.name}"
        self.source.check(name)
        if 0 < self._looked_at == left_out[Reason.FILTER_FAILED]:
            raise ResourceError(
                f"{name}.filter fails on each of {self._looked_at} discovered items, or gives "
                "neither true nor false; a comparison is written with =="
            )
        passed = self._looked_at - sum(left_out[reason] for reason in _BY_VERDICT.values())
        if 0 < passed == self._without_value:
            fields = ", ".join(
                f"{field.setting} {field.expression}" for field in self.parameter.fields.values()
            )
            raise ResourceError(
                f"{fields} gives no value for any of {passed} discovered items; "
                f"an item has {self._keys}"
            )
        if include and self._include_failures == len(include) * passed > 0:
            raise ResourceError(f"{name}.include fails on each of {passed} discovered items")

    def doubts(self) -> Iterator[Doubt]:
        """Yield what speaks against believing that no more is to be discovered."""
        yield from self._left_out.doubts()
        name = f"path_parameters.{self.parameter.name}"
        if self.parameter.endpoint and 0 < self._objects < self._looked_at:
            odd = self._looked_at - self._objects
            yield Doubt(
                f"{odd} of {self._looked_at} discovered items of {name} are no objects, as the "
                "others are, so that what is below them is not read",
                f"look at {name}.data_path; where they mean nothing, add `[] | objects` to it",
            )
        elif self._broken:
            fields = ", ".join(
                f"{field.setting} {field.expression}" for field in self.parameter.fields.values()
            )
            yield Doubt(
                f"{fields} fails on {self._broken} of {self._looked_at} discovered items, so that "
                "what is below them is not read",
                "look at data_path; where such an item has none, write `(…)? // empty`",
            )

    async def _passing(self, items: list[Any]) -> list[Any]:
        """Return the items that are to be looked at, and count the others."""
        self._looked_at += len(items)
        self._objects += sum(isinstance(item, dict) for item in items)
        verdicts = await self.parameter.verdicts(items, self._evaluator)
        for verdict in verdicts:
            if verdict in _BY_VERDICT:
                self.account.left_out[_BY_VERDICT[verdict]] += 1
        if all(verdict in _BY_FILTER for verdict in verdicts):
            await self._left_out.take(items, self._evaluator)
        else:
            self._left_out.passed()
        self._timeless += verdicts.count(Verdict.TIMELESS)
        pairs = zip(items, verdicts, strict=True)
        return [item for item, verdict in pairs if verdict in _PASSING]

    def _take(self, item: Any, gift: Gift) -> Iterator[Found]:
        self.account.added += len(gift.values) + gift.missing - 1
        self.account.left_out[Reason.NO_VALUE] += gift.missing
        self._broken += gift.broken
        if not gift.values:
            self._without_value += 1
            self._keys = keys_of(item)
            return
        self._include_failures += gift.failed
        for each in gift.values:
            yield Found(each, gift.include)
