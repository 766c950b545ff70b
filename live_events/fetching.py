"""Reads what an event is about, as a resync reads it."""

from contextlib import aclosing
from typing import Any

from expressions.worker import JqWorker
from live_events.change import Change
from mapping.plan.error_rules import ErrorPolicy
from reading.endpoint_reader import EndpointReader
from reading.resource_reader import marked
from reading.session import Session
from reading.shaper import Shaper
from statuses import Situation


async def fetch_items(
    change: Change, session: Session, worker: JqWorker
) -> tuple[list[dict[str, Any]], int]:
    """Return the items of the changed endpoint, with their marks, and how many the API sent.

    Raises:
        GoneError: it is there no more.
        OceanCustomError: it could not be read to its end.
    """
    endpoint = change.entry.endpoint
    policy = ErrorPolicy(change.plan.error_rules, Situation.LIVE_EVENT)
    reader = EndpointReader(session, endpoint, worker, policy)
    request = endpoint.request(session.settings.base_url, change.target.values)
    texts = {name: value.text for name, value in change.target.values.items()}
    marks = change.entry.marks(change.target)
    shaper = Shaper(change.plan.shape, worker, reader.account)
    items: list[dict[str, Any]] = []
    received = 0
    async with aclosing(reader.read(request, texts)) as portions:
        async for portion in portions:
            received += len(portion.items)
            items += marked(await shaper.apply(portion.items), marks)
    reader.fit.check(endpoint.data_path.expression, "data_path")
    return items, received
