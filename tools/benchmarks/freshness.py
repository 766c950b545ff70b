"""The cost of a current catalog for the API: `python -m tools.benchmarks.freshness`.

One history is read in three ways from an API in this process, which counts requests and the bytes
of its bodies: every quarter of an hour, for six hours, some items change.
"""

import asyncio
import hashlib
import json
import random
import tempfile
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from loguru import logger

from cache.between_resyncs import Revalidation
from client import ApiClient
from framework.runs import ResourceRun
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tools.benchmarks.clients.ours import plan_of, stand_in_for_ocean
from tools.sandbox.server import serve

ITEMS = 10_000
PAGE = 100
RUNS = 24
CHANGES = 20
STEP = timedelta(minutes=15)
_SEED = 20240101


class Api:
    """Items with the moment of their last change, in pages, with `since` and `ETag`."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.get("/items")(self.list_items)
        self.now = datetime(2024, 1, 1, tzinfo=UTC)
        self.requests = 0
        self.sent = 0
        self._random = random.Random(_SEED)
        self._items = {number: self._item(number, 0) for number in range(ITEMS)}
        self.now += timedelta(days=1)

    def go_on(self) -> None:
        """Let a quarter of an hour pass, and some items change."""
        self.now += STEP
        for number in self._random.sample(range(ITEMS), CHANGES):
            self._items[number] = self._item(number, self._items[number]["version"] + 1)

    async def list_items(self, request: Request) -> Response:
        query = request.query_params
        since = query.get("since", "")
        found = [item for item in self._items.values() if item["updated_at"] >= since]
        start = int(query["offset"])
        body = json.dumps({"items": found[start : start + PAGE], "total": len(found)}).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        headers = {"ETag": tag, "Date": format_datetime(self.now, usegmt=True)}
        self.requests += 1
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        self.sent += len(body)
        return Response(body, headers=headers, media_type="application/json")

    def _item(self, number: int, version: int) -> dict[str, Any]:
        text = f"service {number} of team {number % 97} in version {version}"
        stamp = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"id": number, "version": version, "description": text * 5, "updated_at": stamp}


async def cost_of(way: str, **config: str) -> str:
    """Read the whole history in one way; returns the average cost of a run after the first one.

    It is a row of the table in the documentation: `| full | 100 | 5.34 | 10000 | 0.41 |`.
    """
    api = Api()
    with serve(api.app) as server:
        settings = ConnectionSettings.parse(
            {"base_url": server.url, "pagination_type": "offset", "page_size": PAGE, **config}
        )
        client = ApiClient(settings, Revalidation.for_settings(settings, "bench"))
        selector = {"data_path": ".items", "incremental": {"param": "since"}}
        plan = plan_of({"kind": "/items", **selector}, settings)
        cursor: datetime | None = None
        items, seconds = 0, 0.0
        for run in range(RUNS + 1):
            if run:
                api.go_on()
            begun, begin = api.now, time.perf_counter()
            since = cursor if way == "incremental" else None
            reader = ResourceReader(plan, Session(client, settings), since=since)
            count = 0
            async with aclosing(reader.batches()) as batches:
                async for batch in batches:
                    count += len(batch)
            cursor = ResourceRun("/items", 0).cursor(begun)
            if run:
                items, seconds = items + count, seconds + time.perf_counter() - begin
            else:
                api.requests = api.sent = 0
        await client.aclose()
    requests, megabytes = f"{api.requests / RUNS:.0f}", f"{api.sent / RUNS / 1e6:.2f}"
    return f"| {way} | {requests} | {megabytes} | {items / RUNS:.0f} | {seconds / RUNS:.2f} |"


async def main() -> None:
    """Print the table of the documentation."""
    logger.remove()
    print("| Run | Requests | MB of bodies | Items read | Seconds |")
    print("| --- | --- | --- | --- | --- |")
    with stand_in_for_ocean(), tempfile.TemporaryDirectory() as place:
        for way, config in (
            ("full", {}),
            ("conditional", {"response_directory": place}),
            ("incremental", {}),
        ):
            print(await cost_of(way, **config), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
