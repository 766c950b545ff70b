"""Builds as XML, page by page, with the way on in an attribute of the list.

https://www.jetbrains.com/help/teamcity/rest/teamcity-rest-api-documentation.html
"""

import pytest
from fastapi import FastAPI, Query
from fastapi.responses import Response

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

# The last page has a single build.
BUILDS = range(100, 121)


class TeamCity:
    """Lists builds; `locator` says from where and how many, as TeamCity's own links do."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked: list[str] = []
        self.app.get("/app/rest/builds")(self.builds)
        self.app.get("/app/rest/agents")(self.agents)

    def builds(self, locator: str = Query("count:5,start:0")) -> Response:
        self.asked.append(locator)
        asked = dict(part.split(":") for part in locator.split(","))
        start, count = int(asked["start"]), int(asked["count"])
        listed = "".join(
            f'<build id="{number}" number="{number}.1" status="SUCCESS">'
            f"<finishDate>20260801T000000+0000</finishDate></build>"
            for number in BUILDS[start : start + count]
        )
        following = f"/app/rest/builds?locator=count:{count},start:{start + count}"
        link = f' nextHref="{following}"' if start + count < len(BUILDS) else ""
        body = f'<builds count="{count}" href="/app/rest/builds"{link}>{listed}</builds>'
        return Response(f'<?xml version="1.0"?>{body}', media_type="application/xml")

    def agents(self) -> Response:
        return Response('<agents count="0" href="/app/rest/agents"/>', media_type="application/xml")


def test_builds(harbour: Harbour) -> None:
    api = TeamCity()
    builds = resource(
        "/app/rest/builds",
        "build",
        identifier='."@id"',
        version='."@number" | tonumber',
        query_params={"locator": "count:5,start:0"},
        data_path=".builds.build",
    )
    agents = resource("/app/rest/agents", "agent", identifier='."@id"', data_path=".agents.agent")
    with serve(api.app) as server:
        harbour.install([builds, agents])
        settings = {"paginationType": "next_link", "nextLinkPath": "builds.@nextHref"}
        outcome = harbour.sail({"baseUrl": server.url, **settings})
    assert outcome.code == 0, outcome.errors()
    found = harbour.catalog("build")
    assert {key: value["version"] for key, value in found.items()} == {
        str(number): number + 0.1 for number in BUILDS
    }
    assert api.asked == [f"count:5,start:{start}" for start in range(0, 25, 5)]
    assert harbour.catalog("agent") == {}
