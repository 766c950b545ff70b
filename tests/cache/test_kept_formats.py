"""Every format, packed or not, small or large: what a 304 stands for is what came before it."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from cache.between_resyncs import Revalidation
from client import ApiClient
from expressions.jq_expressions import DataPath
from formats.registry import parse_format
from mapping.plan.endpoint import Endpoint
from mapping.plan.resource import ResourcePlan
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.formats.encoding import FORMATS, PACKINGS, Record
from tests.support.fake_api import FakeApi, Received, Reply
from transport import complete_responses, connections


def records(count: int) -> list[Record]:
    """Records that do not become small when they are packed."""
    names = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]
    return [
        {"id": str(number), "name": name, "note": "a note"} for number, name in enumerate(names)
    ]


async def resync(client: ApiClient, settings: ConnectionSettings, plan: ResourcePlan) -> list[Any]:
    reader = ResourceReader(plan, Session(client, settings))
    return [item async for batch in reader.batches() for item in batch]


@pytest.mark.parametrize("is_large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("is_kept", [False, True], ids=["not kept", "kept"])
@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", FORMATS)
async def test_each_format_gives_the_same_items_in_each_resync(
    api: FakeApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    packing: str,
    is_kept: bool,
    is_large: bool,
) -> None:
    limit = 2000
    monkeypatch.setattr(connections, "SMALL", limit)
    monkeypatch.setattr(complete_responses, "SMALL", limit)
    encode, data_path, media_type = FORMATS[name]
    expected = records(200 if is_large else 3)
    body = PACKINGS[packing](encode(expected))
    assert (len(body) > limit) is is_large

    def answer(request: Received) -> Reply:
        headers = {"ETag": '"1"', "Content-Type": media_type}
        is_known = request.headers.get("if-none-match") == '"1"'
        return Reply(304 if is_known else 200, b"" if is_known else body, headers)

    api.answer = answer
    directory = {"response_directory": str(tmp_path)} if is_kept else {}
    settings = ConnectionSettings.parse({"base_url": api.url, "max_retries": "0", **directory})
    wanted = parse_format(name)
    endpoint = Endpoint("/items", data_path=DataPath(data_path), response_format=wanted)
    revalidation = Revalidation.for_settings(settings, "one")
    client = ApiClient(settings, revalidation)
    try:
        for _ in range(3):
            assert await resync(client, settings, ResourcePlan("/items", endpoint)) == expected
            if revalidation:
                await revalidation._finished()
    finally:
        await client.aclose()
    asked = [request.headers.get("if-none-match") is not None for request in api.received]
    assert asked == [False, is_kept, is_kept]
