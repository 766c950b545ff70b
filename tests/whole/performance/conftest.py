"""The benchmark's server and reader within one test, where counts say what times cannot."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from client import ApiClient
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tools.benchmarks.clients.ours import plan_of, stand_in_for_ocean
from tools.benchmarks.server import Statistics, listening

type Batch = list[dict[str, Any]]


@dataclass(frozen=True)
class Served:
    """The server: its address, with a path before which `/l5` asks for 5 ms of latency."""

    url: str
    statistics: Statistics


class Read(Protocol):
    """Reads resources one after the other, as one resync does; gives all batches."""

    async def __call__(
        self,
        base_url: str,
        *resources: Mapping[str, Any],
        consume: Callable[[Batch], Any] | None = None,
        **settings: Any,
    ) -> list[Batch]: ...


@pytest.fixture(autouse=True)
def _without_ocean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
    with stand_in_for_ocean():
        yield


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with listening() as (url, statistics):
        yield Served(url, statistics)


@pytest.fixture
def read() -> Read:
    async def run(
        base_url: str,
        *resources: Mapping[str, Any],
        consume: Callable[[Batch], Any] | None = None,
        **settings: Any,
    ) -> list[Batch]:
        parsed = ConnectionSettings.parse({"base_url": base_url, "max_retries": 0, **settings})
        plans = [plan_of(dict(resource), parsed) for resource in resources]
        found: list[Batch] = []
        async with aclosing(ApiClient(parsed)) as client:
            with closing(Session(client, parsed, plans)) as session:
                for plan in plans:
                    async with aclosing(ResourceReader(plan, session).batches()) as batches:
                        async for batch in batches:
                            found.append(batch)
                            if consume:
                                await consume(batch)
        return found

    return run
