"""A query job that is submitted, awaited and read as CSV in pieces, as Salesforce has it.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
"""

from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI
from fastapi.responses import JSONResponse, Response

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

ROOT = "/services/data/v62.0/jobs/query"
ACCOUNTS = [(f"001{number:012}", f'Account "{number}", Inc.') for number in range(25)]


class Salesforce:
    """One job at a time; it is done when it was asked about twice, or ends as `end` says."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.end = "JobComplete"
        self.asked: list[str] = []
        self._polls = 0
        self.app.post(ROOT)(self.submit)
        self.app.get(ROOT + "/{job}")(self.poll)
        self.app.get(ROOT + "/{job}/results")(self.results)

    def submit(self, body: Annotated[dict[str, Any], Body()]) -> JSONResponse:
        assert body == {"operation": "query", "query": "SELECT Id, Name FROM Account"}
        self._polls = 0
        self.asked.append("submit")
        return JSONResponse({"id": "750R0000000zlh9IAA", "state": "UploadComplete"})

    def poll(self, job: str) -> JSONResponse:
        self._polls += 1
        self.asked.append("poll")
        state = self.end if self._polls == 3 else "InProgress"
        return JSONResponse({"id": job, "state": state, "errorMessage": "INVALID_FIELD: Nam"})

    def results(self, job: str, locator: str = "", maxRecords: int = 10) -> Response:  # noqa: N803 (the API names it so)
        self.asked.append(f"results {locator}")
        start = {"": 0, "MTAw": 10, "MjAw": 20}[locator]
        lines = ['"Id","Name"']
        for account, name in ACCOUNTS[start : start + maxRecords]:
            quoted = name.replace('"', '""')
            lines.append(f'"{account}","{quoted}"')
        following = {0: "MTAw", 10: "MjAw", 20: "null"}[start]
        return Response("\n".join(lines) + "\n", 200, {"Sforce-Locator": following}, "text/csv")


def accounts() -> dict[str, Any]:
    listed = resource(
        "accounts",
        "account",
        endpoint=f"{ROOT}/{{job}}/results",
        response_format="csv",
        pagination={
            "type": "cursor",
            "param": "locator",
            "cursor_header": "Sforce-Locator",
            "size_param": "maxRecords",
            "page_size": 10,
        },
        export={
            "submit": {
                "endpoint": ROOT,
                "method": "POST",
                "body": {"operation": "query", "query": "SELECT Id, Name FROM Account"},
                "fields": {"job": ".id"},
            },
            "poll": {
                "endpoint": f"{ROOT}/{{job}}",
                "done": '.state == "JobComplete"',
                "failed": '.state == "Failed" or .state == "Aborted"',
                "interval": 0.05,
            },
        },
    )
    mappings = listed["port"]["entity"]["mappings"]
    mappings["identifier"] = ".Id"
    mappings["properties"] = {"version": ".Name | length"}
    return listed


def test_accounts(harbour: Harbour) -> None:
    api = Salesforce()
    with serve(api.app) as server:
        harbour.install([accounts()])
        whole = harbour.sail({"baseUrl": server.url})
        asked, api.end = list(api.asked), "Failed"
        broken = harbour.sail({"baseUrl": server.url})
    assert whole.code == 0, whole.errors()
    lengths = {name: found["version"] for name, found in harbour.catalog("account").items()}
    assert lengths == {account: len(name) for account, name in ACCOUNTS}
    pages = ["results ", "results MTAw", "results MjAw"]
    assert asked == ["submit", "poll", "poll", "poll", *pages]
    assert broken.code == 1
    assert broken.totals()[2] == 0
    said = "the export job failed"
    assert any(said in line and "INVALID_FIELD: Nam" in line for line in broken.errors())
