"""This project's extraction, up to the batches that Ocean would get.

python -m tools.benchmarks.clients.ours '{"settings": {…}, "resources": [{…}]}'

Further keys of the argument: `warm_up`, resources to read first, unmeasured; `consume_ms`, how
long the consumer takes for 1,000 items; `mark_at`, after how many items memory is noted; `watch`,
whether the event loop is watched.
"""

import asyncio
import json
import sys
import time
from contextlib import AbstractContextManager, aclosing, closing, nullcontext
from types import SimpleNamespace
from typing import Any

from loguru import logger
from port_ocean.config.settings import SslSettings

from client import ApiClient
from framework.context import ocean_context
from framework.process import spare_the_collector
from mapping.plan.resource import ResourcePlan
from mapping.resources import CustomResourceConfig
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tools.benchmarks.clients.measuring import (
    LoopWatch,
    Stopwatch,
    forget_peak,
    largest_child_megabytes,
    report,
    resident_megabytes,
)
from tools.benchmarks.workloads import jobs
from transport.connections import load_backend


class Figures:
    """The figures of one reading of all resources."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.items = 0
        self.sizes: list[int] = []
        self.first_at = 0.0
        self.marked = 0.0
        self.reads: list[float] = []
        self._consume = job.get("consume_ms", 0) / 1000
        self._mark_at = job.get("mark_at", 0)

    async def take(self, batch: list[Any]) -> None:
        self.first_at = self.first_at or time.monotonic()
        self.items += len(batch)
        self.sizes.append(len(batch))
        if self._mark_at and not self.marked and self.items >= self._mark_at:
            self.marked = resident_megabytes()
        if self._consume:
            await asyncio.sleep(self._consume * len(batch) / 1000)


def stand_in_for_ocean() -> AbstractContextManager[Any]:
    """Return a context with the few settings of Ocean that extraction reads."""
    config = SimpleNamespace(
        ssl=SslSettings(),
        disable_ip_outbound_blocker=True,
        allow_environment_variables_jq_access=False,
        streaming=SimpleNamespace(enabled=False),
    )
    return ocean_context(SimpleNamespace(config=config))


def plan_of(resource: dict[str, Any], settings: ConnectionSettings) -> ResourcePlan:
    """Return the plan of a resource that is given by `kind` and the fields of its selector."""
    mapped = jobs.resource(resource, {"identifier": ".id", "blueprint": '"item"'})
    return CustomResourceConfig.parse_obj(mapped).plan(settings)


async def read(
    client: ApiClient, settings: ConnectionSettings, plans: list[ResourcePlan], figures: Figures
) -> None:
    """Read all resources one after the other, as one resync does."""
    with closing(Session(client, settings, plans)) as session:
        for plan in plans:
            begin = time.perf_counter()
            async with aclosing(ResourceReader(plan, session).batches()) as batches:
                async for batch in batches:
                    await figures.take(batch)
            figures.reads.append(time.perf_counter() - begin)


async def run(job: dict[str, Any]) -> None:
    """Read, and print the figures: memory in MB, times in seconds."""
    settings = ConnectionSettings.parse(job["settings"])
    # As the integration does when it starts.
    load_backend()
    client = ApiClient(settings)
    try:
        warm_up = [plan_of(resource, settings) for resource in job.get("warm_up", [])]
        await read(client, settings, warm_up, Figures({}))
        plans = [plan_of(resource, settings) for resource in job["resources"]]
        figures = Figures(job)
        idle = resident_megabytes()
        forget_peak()
        loop = LoopWatch()
        # Looking every 2 ms costs time itself.
        async with loop.watching() if job.get("watch") else nullcontext():
            watch = Stopwatch()
            await read(client, settings, plans, figures)
            times = watch.read()
        report(
            items=figures.items,
            batches=figures.sizes,
            first_at=figures.first_at,
            reads=figures.reads,
            idle=idle,
            peak=resident_megabytes("VmHWM") + largest_child_megabytes(),
            marked=figures.marked,
            last=resident_megabytes(),
            longest_block=loop.longest,
            longest_block_cpu=loop.cpu,
            **times,
        )
    finally:
        await client.aclose()


if __name__ == "__main__":
    logger.remove()
    # As the integration does when it starts.
    spare_the_collector()
    with stand_in_for_ocean():
        asyncio.run(run(json.loads(sys.argv[1])))
