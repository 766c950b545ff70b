"""A list exported as CSV, in windows-1252, and a page to sign in where the session ended.

https://www.servicenow.com/docs/bundle/zurich-platform-user-interface/page/use/navigation/task/navigate-using-url.html
"""

import csv
import io

import pytest
from fastapi import FastAPI
from fastapi.responses import Response

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

COLUMNS = ["number", "short_description", "priority", "state"]
INCIDENTS = [
    ["INC0010001", "Büro: printer on fire", "1", "New"],
    ["INC0010002", 'It says "no"\r\nand stops, then', "3", "Closed"],
    ["INC0010003", "", "2", "New"],
]
SIGN_IN = "<!DOCTYPE html><html><head><title>Log in | ServiceNow</title></head></html>"


def servicenow(*, has_session: bool) -> FastAPI:
    api = FastAPI()

    @api.get("/incident_list.do")
    def incidents() -> Response:
        if not has_session:
            return Response(SIGN_IN, media_type="text/html")
        file = io.StringIO(newline="")
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([COLUMNS, *INCIDENTS])
        return Response(file.getvalue().encode("cp1252"), media_type="application/octet-stream")

    return api


LISTED = resource(
    "/incident_list.do?CSV",
    "incident",
    identifier=".id",
    version=".priority",
    query_params={"sysparm_fields": ",".join(COLUMNS)},
    response_format={"type": "csv", "encoding": "windows-1252"},
    items_filter='.state != "Closed"',
    emit="{id: .number, priority: (.priority | tonumber), __parent: .short_description}",
)


def test_incidents(harbour: Harbour) -> None:
    with serve(servicenow(has_session=True)) as server:
        harbour.install([LISTED])
        outcome = harbour.sail({"baseUrl": server.url})
    assert outcome.code == 0, outcome.errors()
    assert harbour.catalog("incident") == {
        "INC0010001": {"version": 1, "parent": "Büro: printer on fire"},
        "INC0010003": {"version": 2, "parent": ""},
    }


def test_a_page_to_sign_in_deletes_nothing(harbour: Harbour) -> None:
    with serve(servicenow(has_session=False)) as server:
        harbour.install([LISTED])
        harbour.store("incident", {"INC0010001": {"version": 1}})
        outcome = harbour.sail({"baseUrl": server.url})
    assert outcome.code != 0
    assert "no CSV but HTML" in outcome.log
    assert set(harbour.catalog("incident")) == {"INC0010001"}
