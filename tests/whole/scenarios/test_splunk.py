"""A search job: form bodies, a job to wait for, and its results by offset, as Splunk has it.

https://docs.splunk.com/Documentation/Splunk/latest/RESTREF/RESTsearch
"""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

JOBS = "/services/search/v2/jobs"
HOSTS = [f"host-{number}" for number in range(12)]


class Splunk:
    """Takes forms; a job is done at the second look."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.searches: list[dict[str, str]] = []
        self.looks = 0
        self.app.post(JOBS)(self.search)
        self.app.get(JOBS + "/{sid}")(self.look)
        self.app.get(JOBS + "/{sid}/results")(self.results)

    async def search(self, request: Request) -> JSONResponse:
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        self.searches.append(dict(parse_qsl((await request.body()).decode())))
        return JSONResponse({"sid": f"1258421375.{len(self.searches)}"}, 201)

    def look(self, sid: str, output_mode: str) -> JSONResponse:
        self.looks += 1
        content = {"isDone": self.looks % 2 == 0, "isFailed": False, "sid": sid}
        return JSONResponse({"entry": [{"content": content}], "mode": output_mode})

    def results(self, sid: str, output_mode: str, offset: int = 0, count: int = 5) -> JSONResponse:
        index = self.searches[int(sid.rpartition(".")[2]) - 1]["search"].rpartition("=")[2]
        found = [{"host": f"{index}-{host}"} for host in HOSTS[offset : offset + count]]
        return JSONResponse({"preview": False, "init_offset": offset, "results": found})


def hosts() -> dict[str, Any]:
    return resource(
        "hosts",
        "host",
        identifier=".host",
        endpoint=f"{JOBS}/{{sid}}/results",
        query_params={"output_mode": "json"},
        data_path=".results",
        pagination={"type": "offset", "size_param": "count", "page_size": 5},
        path_parameters={"index": {"values": ["main", "audit"]}},
        export={
            "submit": {
                "endpoint": JOBS,
                "method": "POST",
                "body_format": "form",
                "body": {
                    "search": "search index={index}",
                    "earliest_time": "-24h@h",
                    "output_mode": "json",
                },
                "fields": {"sid": ".sid"},
            },
            "poll": {
                "endpoint": f"{JOBS}/{{sid}}",
                "query_params": {"output_mode": "json"},
                "done": ".entry[0].content.isDone",
                "failed": ".entry[0].content.isFailed",
                "interval": 0.05,
            },
        },
    )


def test_hosts(harbour: Harbour) -> None:
    api = Splunk()
    with serve(api.app) as server:
        harbour.install([hosts()])
        outcome = harbour.sail({"baseUrl": server.url, "maxConcurrentRequests": "1"})
    assert outcome.code == 0, outcome.errors()
    expected = {f"{index}-{host}" for index in ("main", "audit") for host in HOSTS}
    assert set(harbour.catalog("host")) == expected
    assert sorted(one["search"] for one in api.searches) == [
        "search index=audit",
        "search index=main",
    ]
    assert {one["earliest_time"] for one in api.searches} == {"-24h@h"}
