"""Reads what an event is about, as a resync reads it."""

from contextlib import aclosing
from typing import Any

from client import ApiClient
from endpoint_reader import EndpointReader
from jq_worker import JqWorker
from live_events.change import Change
from resync import marked
from settings import ConnectionSettings


async def fetch_items(
    change: Change, client: ApiClient, settings: ConnectionSettings, worker: JqWorker
) -> list[dict[str, Any]]:
    """The items of the changed endpoint, with the values of their path parameters.

    Raises:
        OceanCustomError: it could not be read to its end.
    """
    endpoint = change.entry.endpoint
    reader = EndpointReader(
        client, endpoint, settings, client.send, worker, change.plan.error_rules
    )
    request = endpoint.request(settings.base_url, change.target.values)
    texts = {name: value.text for name, value in change.target.values.items()}
    marks = change.entry.marks(change.target)
    items: list[dict[str, Any]] = []
    async with aclosing(reader.read(request, texts)) as portions:
        async for found, _ in portions:
            items += marked(found, marks)
    reader.statistics.check_data_path(endpoint.data_path.expression, "data_path")
    return items
