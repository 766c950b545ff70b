r"""Ocean's whole resync of nested endpoints in this process, with pretended API and Port.

python -m tools.benchmarks.clients.coalescing \
    '{"endpoints": 100, "each": 4, "engine": "ocean", "alone": true}'

`alone` hands the items of each endpoint to Ocean by themselves, instead of in our batches; `engine`
evaluates the mapping.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from loguru import logger
from port_ocean.context.ocean import ocean

from tests.whole.pipeline.support import pipeline
from tools.benchmarks.bodies import item
from tools.benchmarks.clients.measuring import Stopwatch, report
from tools.benchmarks.sailing import entity_mappings
from tools.benchmarks.workloads.jobs import resource


def routes(endpoints: int, each: int) -> dict[str, Any]:
    """Return answers for the parents and for the items of each."""

    def things(number: int) -> list[dict[str, object]]:
        return [item(number * each + n) for n in range(each)]

    return {
        "/teams": [{"id": number} for number in range(endpoints)],
        **{f"/teams/{number}/things": things(number) for number in range(endpoints)},
    }


def hand_over_alone(integration: Any, each: int) -> None:
    """Let every endpoint's items reach Ocean as a batch of their own."""
    original = integration.read_resource

    async def read_resource(kind: str) -> AsyncIterator[list[dict[str, Any]]]:
        async for batch in original(kind):
            for start in range(0, len(batch), each):
                yield batch[start : start + each]

    integration.read_resource = read_resource


async def run(job: dict[str, Any]) -> None:
    """Resync once, and print what it cost."""
    endpoints, each = job["endpoints"], job["each"]
    selector = {
        "kind": "/teams/{team}/things",
        "path_parameters": {"team": {"endpoint": "/teams", "field": ".id"}},
    }
    mapped = resource(selector, entity_mappings())
    config = {"mappingEngine": job["engine"]}
    async with pipeline(config, [mapped], routes(endpoints, each)) as booted:
        if job["alone"]:
            hand_over_alone(ocean.integration, each)
        watch = Stopwatch()
        outcome = await booted.resync()
        times = watch.read()
        assert len(outcome.identifiers) == endpoints * each, outcome.errors
        report(items=endpoints * each, **times)


if __name__ == "__main__":
    logger.remove()
    asyncio.run(run(json.loads(sys.argv[1])))
