"""Applies `items_filter` and `emit` to items."""

import asyncio
from collections.abc import Iterable
from typing import Any

from errors import ResourceError
from expressions.evaluator import Evaluator, json_of
from mapping.plan.item_shape import ItemShape
from reading.account import Account, Reason

# As JSON text; what is made of it holds the interpreter.
_BATCH = 256 * 1024


class Shaper:
    """Applies a shape to the items of one resource, whose `account` counts what it leaves out."""

    def __init__(self, shape: ItemShape, evaluator: Evaluator, account: Account) -> None:
        self._account = account
        self._items = 0
        self._undecided = 0
        self._shape = shape
        self._evaluator = evaluator

    async def apply(self, items: list[Any]) -> list[Any]:
        """Return the items that go on to Ocean, in the same order.

        Raises:
            ResponseError: an expression fails on an item, or emits what is no object.
            ExpressionLimitError: it takes more than it may.
        """
        if not self._shape or not items:
            return items
        shaped: list[Any] = []
        for batch, text in _batches(items):
            results = await self._results(text)
            outputs = list(self._shape.outputs(batch, results))
            shaped += outputs
            left = sum(map(bool, results))
            self._account.step(len(batch), left, Reason.SHAPE)
            self._account.step(left, len(outputs), Reason.SHAPE)
            self._items += len(batch)
            self._undecided += sum(result is False for result in results)
            # Others have their turn between two batches.
            await asyncio.sleep(0)
        return shaped

    def check(self) -> None:
        """Judge the filter by all items.

        Raises:
            ResourceError: it decided on none of them, as `.state = 1` does, which sets a value.
        """
        if self._undecided and self._undecided == self._items:
            raise ResourceError(
                f"items_filter gives neither true nor false for any of {self._items} items; "
                "a comparison is written with =="
            )

    async def _results(self, text: bytes) -> list[Any]:
        try:
            return await self._shape.results(text, self._evaluator)
        except ValueError as error:
            raise self._shape.failure(error) from None


def _batches(items: list[Any]) -> Iterable[tuple[list[Any], bytes]]:
    """Give the items in parts whose JSON text is not too long."""
    batch: list[Any] = []
    texts: list[bytes] = []
    size = 0
    for item in items:
        text = json_of(item)
        if batch and size + len(text) > _BATCH:
            yield batch, b"[" + b",".join(texts) + b"]"
            batch, texts, size = [], [], 0
        batch.append(item)
        texts.append(text)
        size += len(text)
    yield batch, b"[" + b",".join(texts) + b"]"
