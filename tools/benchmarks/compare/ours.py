"""Reads a task with this project's extraction, up to the batches that Ocean would get."""

from contextlib import aclosing, closing
from typing import Any

import yaml
from humps import decamelize

from client import ApiClient
from errors import OceanCustomError
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tools.benchmarks.clients.ours import plan_of
from tools.benchmarks.compare.apis import Item
from tools.benchmarks.compare.tasks import Outcome


async def read(text: str, url: str) -> Outcome:
    """Read the one resource of `text`, a file of the tasks; `url` is the address of the task's API.

    Ocean must be there, or `stand_in_for_ocean` of the benchmarks' client.
    """
    written = yaml.safe_load(text)
    config = {"baseUrl": url} | written.get("config", {})
    # What is in a setting stays as it is, such as the names of headers.
    settings = ConnectionSettings.parse({decamelize(name): each for name, each in config.items()})
    client = ApiClient(settings)
    items: list[Item] = []
    try:
        await _read(written["resources"][0], settings, client, items)
    except OceanCustomError as error:
        return Outcome(items, failed=True, error=str(error))
    finally:
        await client.aclose()
    return Outcome(items, failed=False)


async def _read(
    resource: dict[str, Any], settings: ConnectionSettings, client: ApiClient, items: list[Item]
) -> None:
    plan = plan_of({"kind": resource["kind"]} | resource["selector"], settings)
    with closing(Session(client, settings, [plan])) as session:
        async with aclosing(ResourceReader(plan, session).batches()) as batches:
            async for batch in batches:
                items += batch
