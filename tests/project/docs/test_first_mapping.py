"""The README's first mapping: its commands exist, and give what it shows."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values
from port_ocean.integration_testing import InterceptTransport

from cli.command_line import main
from cli.init.addresses import split_endpoints
from cli.init.asking import Assuming
from cli.init.initialise import Request, initialise
from cli.inputs import GivenSettings
from cli.surroundings import surroundings
from tests.cli import shapes
from tests.project.docs.harness import ROOT, booted
from tests.support.fake_api import FakeApi, Received, Reply

PAGES = [ROOT / "README.md", ROOT / "docs" / "command-line.md"]
README = (ROOT / "README.md").read_text("utf-8")
FOLDED = re.compile(r" \\\n\s*")
REPOSITORIES = [
    {
        "id": number,
        "full_name": f"port-labs/{name}",
        "name": name,
        "html_url": f"https://github.com/port-labs/{name}",
        "url": f"https://api.github.com/repos/port-labs/{name}",
        "language": "Python",
        "archived": archived,
    }
    for number, (name, archived) in enumerate((("ocean", False), ("old", True), ("api", False)))
]


def commands(page: Path) -> list[list[str]]:
    """Every use of `ocean-custom` in the blocks of a page, as arguments."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    lines = [line.strip() for block in blocks for line in FOLDED.sub(" ", block).splitlines()]
    return [
        shlex.split(line.partition("ocean-custom ")[2])
        for line in lines
        if line.startswith("ocean-custom ")
    ]


def written_mapping() -> dict[str, Any]:
    [block] = re.findall(r"```yaml\n(\s+resources:.*?)```", README, re.DOTALL)
    mapping: dict[str, Any] = yaml.safe_load(block)
    return mapping


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_that_pages_show_can_be_given(page: Path) -> None:
    shown = commands(page)
    assert shown
    for name, *arguments in shown:
        command = main.commands[name]
        command.make_context(name, arguments, resilient_parsing=False)


async def test_init_writes_what_the_readme_shows(tmp_path: Path) -> None:
    [[_, url, *_]] = [one for one in commands(ROOT / "README.md") if one[0] == "init"]
    _, [wanted] = split_endpoints([url])

    def github(request: Received) -> Reply:
        return shapes.github(REPOSITORIES, request)

    async with FakeApi().running() as api:
        api.answer = github
        request = Request(GivenSettings({}, {}), api.url, [wanted], tmp_path)
        with surroundings() as around:
            await initialise(request, around, Assuming())

    generated = yaml.safe_load((tmp_path / "port-app-config.yml").read_text("utf-8"))
    [made], [shown] = generated["resources"], written_mapping()["resources"]
    assert made["kind"] == shown["kind"]
    assert made["selector"]["query_params"] == shown["selector"]["query_params"]
    entity, kept = (one["port"]["entity"]["mappings"] for one in (made, shown))
    assert {key: entity[key] for key in ("identifier", "title", "blueprint")} == {
        key: kept[key] for key in ("identifier", "title", "blueprint")
    }
    assert kept["properties"].items() <= entity["properties"].items()
    [blueprint] = json.loads((tmp_path / "blueprints.json").read_text("utf-8"))
    assert json.dumps(blueprint["identifier"]) == kept["blueprint"]
    settings = dotenv_values(tmp_path / "ocean.env")
    assert settings["OCEAN__INTEGRATION__CONFIG__PAGINATION_TYPE"] == "header_link"


async def test_the_first_mapping_gives_entities() -> None:
    transport = InterceptTransport()
    transport.add_route("GET", "https://api.github.com/orgs/", {"json": REPOSITORIES})
    settings = {"baseUrl": "https://api.github.com", "paginationType": "header_link"}

    async with booted(settings, written_mapping()["resources"], transport) as harness:
        result = await harness.trigger_resync()

    assert not result.errors
    assert [entity["title"] for entity in result.upserted_entities] == ["ocean", "api"]
    assert all(None not in one["properties"].values() for one in result.upserted_entities)
    assert str(transport.calls[0].request.url).endswith("/orgs/port-labs/repos?per_page=100")
