"""Events in windows of time, of which an API gives so many at most, as audit logs have it.

Datadog's audit log takes a range of time and a cursor (https://docs.datadoghq.com/api/latest/audit/);
Elasticsearch gives no more than 10,000 of one search
(https://www.elastic.co/guide/en/elasticsearch/reference/current/paginate-search-results.html).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

PATH = "/api/v2/audit/events"
LONGEST = timedelta(days=7)
CAP = 40
NOW = datetime.now(UTC)


class Datadog:
    """Events of the last month, most of them within one hour; a window gives the first 40."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked = 0
        self.broken_after: datetime | None = None
        calm = [NOW - timedelta(hours=7 * number) for number in range(100)]
        busy = [NOW - timedelta(days=9, seconds=18 * number) for number in range(200)]
        self.events = dict(enumerate([*calm, *busy]))
        self.app.get(PATH)(self.list_events)

    def list_events(self, request: Request) -> JSONResponse:
        self.asked += 1
        query = request.query_params
        start, end = (datetime.fromisoformat(query[f"filter[{name}]"]) for name in ("from", "to"))
        if end - start > LONGEST:
            return JSONResponse({"errors": ["the range is too long"]}, 400)
        if self.broken_after and start > self.broken_after:
            return JSONResponse({"errors": ["come back later"]}, 500)
        ids = [number for number, moment in self.events.items() if start < moment < end][:CAP]
        first, size = int(query.get("page[cursor]", 0)), int(query["page[limit]"])
        data: list[dict[str, Any]] = [{"id": f"e{n}", "version": n} for n in ids[first:][:size]]
        after = {"after": str(first + size)} if first + size < len(ids) else {}
        return JSONResponse({"data": data, "meta": {"page": after}})


def test_audit_events(harbour: Harbour) -> None:
    api = Datadog()
    events = resource(
        PATH,
        "event",
        data_path=".data",
        windows={
            "from_param": "filter[from]",
            "to_param": "filter[to]",
            "start": "31d",
            "step": "7d",
            "cap": CAP,
        },
        pagination={
            "type": "cursor",
            "param": "page[cursor]",
            "size_param": "page[limit]",
            "page_size": 25,
            "cursor_path": "meta.page.after",
        },
    )
    with serve(api.app) as server:
        settings = {"baseUrl": server.url, "maxRetries": "0"}
        harbour.install([events])
        whole = harbour.sail(settings)
        asked = api.asked
        api.broken_after = NOW - timedelta(days=5)
        broken = harbour.sail(settings)
    assert whole.code == 0, whole.errors()
    assert set(harbour.catalog("event")) == {f"e{number}" for number in api.events}
    assert asked < 60
    assert broken.code == 1
    assert broken.totals()[2] == 0
