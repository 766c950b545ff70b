"""A bare loop that evaluates expressions of JQ where nothing limits them: in its own process.

python -m tools.benchmarks.clients.in_process '{"url": "…", "program": ".[] | select(.id)"}'

Every page is followed by a cursor; `program` is given its items, or with `of_body` all of it, and
gives the items that count.
"""

import asyncio
import json
import sys
from typing import Any

import httpx
import jq
import orjson

from tools.benchmarks.clients.measuring import Stopwatch, report


async def read(client: httpx.AsyncClient, url: str, program: Any, *, of_body: bool) -> int:
    """Follow pages to the end; returns how many items the program gave."""
    items, following = 0, url
    while following:
        response = await client.get(following)
        body = orjson.loads(response.content)
        text = response.text if of_body else orjson.dumps(body["items"]).decode()
        outputs = program.input_text(text).text().replace("\n", ",")
        items += len(orjson.loads(f"[{outputs}]"))
        cursor = body["next_cursor"]
        following = f"{url}?cursor={cursor}" if cursor else ""
    return items


async def run(job: dict[str, Any]) -> None:
    """Read, and print the figures."""
    program, of_body = jq.compile(job["program"]), job.get("of_body", False)
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        await read(client, job["warm_up"], program, of_body=of_body)
        watch = Stopwatch()
        items = await read(client, job["url"], program, of_body=of_body)
        report(items=items, **watch.read())


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.argv[1])))
