"""The least that a client can do: httpx and orjson in a loop, one page after the other.

python -m tools.benchmarks.clients.bare '{"url": "…", "style": "cursor"}'

Further keys: `pages`, to ask for so many by number; `parallel`, how many of these at a time.
"""

import asyncio
import json
import sys
from typing import Any

import httpx
import orjson

from tools.benchmarks.clients.measuring import Stopwatch, report


async def read(client: httpx.AsyncClient, url: str, style: str) -> int:
    """Follow pages to the end; returns how many items there were."""
    items, number, following = 0, 1, f"{url}?page=1"
    while following:
        response = await client.get(following)
        body = orjson.loads(response.content)
        items += len(body["items"])
        number += 1
        following = _next(url, style, body, number)
    return items


def _next(url: str, style: str, body: dict[str, Any], number: int) -> str:
    if style == "cursor":
        return f"{url}?cursor={body['next_cursor']}" if body["next_cursor"] else ""
    if style == "link":
        return body["next"] or ""
    return f"{url}?page={number}" if body["items"] else ""


async def read_numbered(client: httpx.AsyncClient, url: str, pages: int, parallel: int) -> int:
    """Ask for all pages by number, so many at a time."""
    numbers = iter(range(1, pages + 1))

    async def work() -> int:
        items = 0
        for number in numbers:
            response = await client.get(f"{url}?page={number}")
            items += len(orjson.loads(response.content)["items"])
        return items

    return sum(await asyncio.gather(*(work() for _ in range(parallel))))


async def run(job: dict[str, Any]) -> None:
    """Read, and print the figures."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        if warm_up := job.get("warm_up"):
            await read(client, warm_up, job["style"])
        watch = Stopwatch()
        if pages := job.get("pages"):
            items = await read_numbered(client, job["url"], pages, job.get("parallel", 1))
        else:
            items = await read(client, job["url"], job["style"])
        report(items=items, **watch.read())


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.argv[1])))
