"""`init` on response shapes of public APIs: what it writes reads every item."""

from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from cli.entities import map_items
from cli.init.addresses import split_endpoints
from cli.init.asking import Assuming
from cli.init.initialise import InitReport, Request, initialise
from cli.inputs import GivenSettings
from cli.mapping_file import parse_mapping, read_mapping
from cli.surroundings import Surroundings
from probe.recording import RecordingClient
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.cli.shapes import SHAPES, Shape
from tests.support.fake_api import FakeApi

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
PREFIX = "OCEAN__INTEGRATION__CONFIG__"


async def init(
    around: Surroundings, *urls: str, folder: Path, settings: dict[str, Any] | None = None
) -> InitReport:
    base_url, wanted = split_endpoints(urls, str((settings or {}).get("base_url", "")))
    request = Request(GivenSettings(settings or {}, {}), base_url, wanted, folder)
    return await initialise(request, around, Assuming())


def written_settings(folder: Path, **secrets: str) -> ConnectionSettings:
    """The settings as the env file has them, and as Ocean would read it."""
    variables = dotenv_values(folder / "ocean.env", interpolate=False)
    given = {name.removeprefix(PREFIX).lower(): value for name, value in variables.items()}
    return ConnectionSettings.parse({**given, **secrets, "max_retries": "0"})


async def synced(folder: Path, around: Surroundings, **secrets: str) -> dict[str, list[str]]:
    """The identifiers of all entities that a whole sync with the written files gives, by kind."""
    settings = written_settings(folder, **secrets)
    config, problems = parse_mapping(read_mapping(folder / "port-app-config.yml"), settings)
    assert config is not None
    assert not problems
    client = RecordingClient(settings)
    found = {}
    for resource in config.resources:
        reader = ResourceReader(resource.plan(settings), Session(client, settings))
        items = [item async for batch in reader.batches() for item in batch]
        mapped = await map_items(resource, items, around.processor)
        assert not mapped.refused
        found[resource.kind] = [entity.identifier for entity in mapped.entities]
    await client.aclose()
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
async def test_what_init_writes_reads_every_item(
    shape: Shape, api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    api.answer = shape.answer
    folder = tmp_path / "out"

    report = await init(around, f"{api.url}{shape.path}", folder=folder)

    assert report.plan.settings.get("paginationType", "none") == shape.way, report.plan.evidence
    assert report.preview is not None
    assert not report.preview.resources[0].reading.error
    assert report.ok, [f.message for f in report.preview.findings]
    names = (await synced(folder, around))[shape.path]
    assert sorted(names) == sorted(shape.names)
