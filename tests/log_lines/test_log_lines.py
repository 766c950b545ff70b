"""Lines of the log that may repeat: a few of each kind in each resource, then a count."""

import asyncio
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loguru import logger

from log_lines import FEW, LineCounts, few

KINDS = ("gone", "trying again", "down")


class Told:
    """What is logged, by level, while it is open."""

    def __init__(self) -> None:
        self.levels: Counter[str] = Counter()
        self.texts: list[str] = []
        self._sink = logger.add(self._take, level=0, format="{level}|{message}")

    def _take(self, line: str) -> None:
        level, _, text = line.partition("|")
        self.levels[level] += 1
        self.texts.append(text.strip())

    def close(self) -> None:
        logger.remove(self._sink)


@pytest.mark.contract("log.few-lines")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(KINDS), max_size=60))
def test_a_few_lines_of_each_kind_and_then_a_count(kinds: list[str]) -> None:
    counts, told = LineCounts(), Told()
    with counts.counting():
        for kind in kinds:
            few(kind).warning(f"{kind} once more")
    of_each = Counter(kinds)
    assert told.levels["WARNING"] == sum(min(FEW, count) for count in of_each.values())
    assert told.levels["DEBUG"] == len(kinds) - told.levels["WARNING"]
    told.texts.clear()
    counts.conclude()
    told.close()
    more = {kind: count - FEW for kind, count in of_each.items() if count > FEW}
    assert told.texts == [f"{count} more lines say: {kind}" for kind, count in more.items()]


def test_where_no_resource_is_read_each_line_is_told() -> None:
    told = Told()
    for _ in range(3 * FEW):
        few("gone").warning("gone")
    told.close()
    assert told.levels == {"WARNING": 3 * FEW}


@pytest.mark.contract("log.few-lines")
async def test_resources_are_counted_apart_with_the_tasks_that_they_start() -> None:
    async def read() -> None:
        with LineCounts().counting():
            tasks = [asyncio.create_task(_warn()) for _ in range(3 * FEW)]
        await asyncio.gather(*tasks)

    async def _warn() -> None:
        await asyncio.sleep(0)
        few("gone").info("gone")

    told = Told()
    await asyncio.gather(read(), read())
    told.close()
    assert told.levels == {"INFO": 2 * FEW, "DEBUG": 4 * FEW}


def test_a_line_says_where_it_comes_from() -> None:
    found: list[str] = []
    sink = logger.add(found.append, format="{function}")
    few("gone").error("gone")
    logger.remove(sink)
    assert [text.strip() for text in found] == ["test_a_line_says_where_it_comes_from"]
