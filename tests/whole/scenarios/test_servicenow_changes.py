"""Records that changed, asked for in the text of a query, as ServiceNow's Table API has it.

https://docs.servicenow.com/bundle/xanadu-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.demo.child_environment import IDENTIFIER
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

PATH = "/api/now/table/incident"
INCREMENTAL = {"OCEAN__INTEGRATION__INCREMENTAL_SYNC_ENABLED": "true"}
FILTER = "active=true^sys_updated_on>="


class ServiceNow:
    """Incidents by offset, filtered by an encoded query."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.queries: list[str] = []
        old = "2024-05-01 08:00:00"
        self.records: dict[str, dict[str, Any]] = {
            f"INC{number:03}": {"sys_id": f"INC{number:03}", "version": 1, "sys_updated_on": old}
            for number in range(40)
        }
        self.app.get(PATH)(self.list_records)

    def list_records(self, request: Request) -> JSONResponse:
        query = request.query_params
        asked = query["sysparm_query"]
        self.queries.append(asked)
        since = asked.removeprefix(FILTER) if asked.startswith(FILTER) else ""
        found = [item for item in self.records.values() if item["sys_updated_on"] >= since]
        start, size = int(query["sysparm_offset"]), int(query["sysparm_limit"])
        headers = {"X-Total-Count": str(len(found))}
        return JSONResponse({"result": found[start : start + size]}, headers=headers)


def incidents() -> dict[str, Any]:
    return resource(
        PATH,
        "incident",
        identifier=".sys_id",
        query_params={"sysparm_query": "active=true"},
        data_path=".result",
        incremental={
            "param": "sysparm_query",
            "prefix": FILTER,
            "format": "%Y-%m-%d %H:%M:%S",
            "lookback": "10s",
        },
    )


def test_incidents(harbour: Harbour) -> None:
    api = ServiceNow()
    settings = {
        "paginationType": "offset",
        "paginationParam": "sysparm_offset",
        "sizeParam": "sysparm_limit",
        "pageSize": "10",
    }
    harbour.install([incidents()])
    cursors = harbour.state.integrations[IDENTIFIER].cursors
    cursors[PATH, 0] = {"primary": "2024-06-01T00:00:00+00:00"}
    with serve(api.app) as server:
        settings["baseUrl"] = server.url
        api.records["INC007"].update(version=2, sys_updated_on="2024-06-02 00:00:00")
        changes = harbour.sail(settings, variables=INCREMENTAL)
        assert changes.code == 0, changes.errors()
        assert api.queries == [f"{FILTER}2024-05-31 23:59:59"]
        assert set(harbour.catalog("incident")) == {"INC007"}
        del api.records["INC007"]
        cursors[PATH, 0] = {"primary": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
        begun = datetime.now(UTC)
        full = harbour.sail(settings)
    assert full.code == 0, full.errors()
    assert full.totals() == (39, 0, 1)
    # The next incremental run begins where the full one began, so that it brings back what was
    # created too late for that and so was deleted.
    cursor = datetime.fromisoformat(cursors[PATH, 0]["primary"])
    assert begun - timedelta(seconds=15) < cursor < datetime.now(UTC) - timedelta(seconds=10)
