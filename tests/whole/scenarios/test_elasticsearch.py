"""A search by POST with offset or keyset in its body, as Elasticsearch has it.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/paginate-search-results
"""

from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

SERVICES = [f"service-{number:03}" for number in range(45)]
WINDOW = 30


class Elasticsearch:
    """Refuses offsets beyond its result window, as `index.max_result_window` makes it."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked: list[dict[str, Any]] = []
        self.app.post("/services/_search")(self.search)

    def search(self, body: Annotated[dict[str, Any], Body()]) -> JSONResponse:
        self.asked.append(body)
        start, size = body.get("from", 0), body["size"]
        if start + size > WINDOW:
            reason = "Result window is too large, from + size must be less than or equal to: [30]"
            return JSONResponse({"error": {"reason": reason}, "status": 400}, 400)
        after = body.get("search_after", [""])[0]
        found = [name for name in SERVICES if name > after][start : start + size]
        hits = [{"_id": name, "_source": {"name": name}, "sort": [name]} for name in found]
        return JSONResponse({"hits": {"total": {"value": len(SERVICES)}, "hits": hits}})


def searching(**pagination: Any) -> dict[str, Any]:
    search = resource(
        "services",
        "service",
        endpoint="/services/_search",
        method="POST",
        body={"query": {"term": {"tier": "${TIER}"}}, "sort": [{"name": "asc"}]},
        data_path=".hits.hits",
        pagination={"in": "body", "page_size": 10, "size_param": "size", **pagination},
    )
    search["port"]["entity"]["mappings"]["identifier"] = "._id"
    return search


def test_services(harbour: Harbour) -> None:
    api = Elasticsearch()
    with serve(api.app) as server:
        settings = {"baseUrl": server.url, "exposedVariables": '["TIER"]'}
        variables = {"TIER": "gold"}
        harbour.install(
            [searching(type="cursor", param="search_after", cursor_item=".sort", stop="short_page")]
        )
        by_keyset = harbour.sail(settings, variables=variables)
        asked, api.asked = api.asked, []
        harbour.install([searching(type="offset", param="from", total_path="hits.total.value")])
        by_offset = harbour.sail(settings, variables=variables)
    assert by_keyset.code == 0, by_keyset.errors()
    assert set(harbour.catalog("service")) == set(SERVICES)
    assert [body.get("search_after") for body in asked] == [
        None,
        *[[SERVICES[place]] for place in (9, 19, 29, 39)],
    ]
    assert all(body["query"] == {"term": {"tier": "gold"}} for body in asked)
    # The offsets end at the result window: nothing may be deleted for that.
    assert by_offset.code == 1
    assert by_offset.totals()[2] == 0
    assert any("Result window is too large" in line for line in by_offset.errors())
