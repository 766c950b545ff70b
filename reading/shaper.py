"""Applies `items_filter` and `emit` to items."""

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any

import orjson

from errors import ResourceError
from expressions.worker import JqWorker, JqWorkerError
from mapping.plan.item_shape import ItemShape
from reading.account import Account, Reason

# As JSON text; jq takes 50 ms for some 500 kB, and holds the interpreter.
_BATCH = 256 * 1024
_SMALL = 64 * 1024
# Seconds; a program that took longer in this process is run in another one from then on.
_LONG = 0.02


class Shaper:
    """Applies a shape to the items of one resource, whose `account` counts what it leaves out."""

    def __init__(self, shape: ItemShape, worker: JqWorker, account: Account) -> None:
        self._account = account
        self._items = 0
        self._undecided = 0
        self._shape = shape
        self._worker = worker
        self._is_slow = False

    async def apply(self, items: list[Any]) -> list[Any]:
        """Return the items that go on to Ocean, in the same order.

        Raises:
            ResponseError: an expression fails on an item, or emits what is no object.
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
            if self._is_slow or len(text) > _SMALL:
                return await self._shape.results_apart(text, self._worker)
            start = time.perf_counter()
            results = self._shape.results_here(text)
            self._is_slow = time.perf_counter() - start > _LONG
            return results
        except (ValueError, TimeoutError, JqWorkerError) as error:
            raise self._shape.failure(error) from None


def _batches(items: list[Any]) -> Iterable[tuple[list[Any], bytes]]:
    """Give the items in parts whose JSON text is not too long."""
    batch: list[Any] = []
    texts: list[bytes] = []
    size = 0
    for item in items:
        text = _text_of(item)
        if batch and size + len(text) > _BATCH:
            yield batch, b"[" + b",".join(texts) + b"]"
            batch, texts, size = [], [], 0
        batch.append(item)
        texts.append(text)
        size += len(text)
    yield batch, b"[" + b",".join(texts) + b"]"


def _text_of(item: Any) -> bytes:
    try:
        return orjson.dumps(item)
    except TypeError:
        # Half a surrogate pair, or very deep nesting.
        return json.dumps(item).encode()
