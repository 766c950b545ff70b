"""The README's first mapping: its files fit each other, and give the entities it promises."""

import re
from typing import Any

import yaml
from port_ocean.integration_testing import InterceptTransport

from tests.docs.harness import ROOT, booted

README = (ROOT / "README.md").read_text("utf-8")
REPOSITORIES = [
    {
        "full_name": f"port-labs/{name}",
        "name": name,
        "html_url": f"https://github.com/port-labs/{name}",
        "language": "Python",
        "archived": archived,
    }
    for name, archived in (("ocean", False), ("old", True))
]


def block(language: str, start: str) -> Any:
    """The first block of a language whose text starts so, as a value; JSON is YAML."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return yaml.safe_load(next(text for text in blocks if text.strip().startswith(start)))


def settings() -> dict[str, str]:
    names = {"BASE_URL": "baseUrl", "PAGINATION_TYPE": "paginationType"}
    command = README[README.index("docker run --rm") : README.index("```\n\n3.")]
    given = dict(re.findall(r'OCEAN__INTEGRATION__CONFIG__(\w+)="([^"]*)"', command))
    return {names[name]: value for name, value in given.items()}


async def test_the_first_mapping_gives_entities_of_its_blueprint() -> None:
    [blueprint] = block("json", "[")
    resources = block("yaml", "resources:")["resources"]
    transport = InterceptTransport()
    transport.add_route("GET", "https://api.github.com/orgs/", {"json": REPOSITORIES})

    async with booted(settings(), resources, transport) as harness:
        result = await harness.trigger_resync()

    assert not result.errors
    [entity] = result.upserted_entities
    assert entity["identifier"] == "port-labs/ocean"
    assert entity["blueprint"] == blueprint["identifier"]
    assert entity["properties"].keys() == blueprint["schema"]["properties"].keys()
    assert None not in entity["properties"].values()
    assert entity["title"] == "ocean"
    assert str(transport.calls[0].request.url).endswith("/orgs/port-labs/repos?per_page=100")
