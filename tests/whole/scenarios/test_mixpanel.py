"""Events as a gzip file of JSON lines, cut off once.

https://developer.mixpanel.com/reference/raw-event-export
"""

import gzip
import json

import pytest
from fastapi import FastAPI
from fastapi.responses import Response

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

EVENTS = [
    {"event": "Signed up", "properties": {"time": 1602611311, "$insert_id": f"e-{n}", "n": n}}
    for n in range(900)
]
LINES = "".join(json.dumps(event) + "\n" for event in EVENTS).encode()
EXPORT = resource(
    "/api/2.0/export",
    "event",
    identifier='.properties."$insert_id"',
    version=".properties.n",
    query_params={"from_date": "2026-08-01", "to_date": "2026-08-02"},
    response_format="jsonl",
    items_filter='.event == "Signed up" and .properties.n % 3 == 0',
)


def mixpanel(body: bytes) -> FastAPI:
    api = FastAPI()

    @api.get("/api/2.0/export")
    def export(from_date: str, to_date: str) -> Response:
        return Response(body, media_type="application/gzip")

    return api


def test_events(harbour: Harbour) -> None:
    half = LINES.index(b"\n", len(LINES) // 2) + 1
    with serve(mixpanel(gzip.compress(LINES[:half]) + gzip.compress(LINES[half:]))) as server:
        harbour.install([EXPORT])
        outcome = harbour.sail({"baseUrl": server.url})
    assert outcome.code == 0, outcome.errors()
    found = harbour.catalog("event")
    assert {key: value["version"] for key, value in found.items()} == {
        f"e-{n}": n for n in range(0, 900, 3)
    }


def test_a_file_that_is_cut_off_deletes_nothing(harbour: Harbour) -> None:
    with serve(mixpanel(gzip.compress(LINES)[:-100])) as server:
        harbour.install([EXPORT])
        harbour.store("event", {"e-old": {"version": 1}})
        outcome = harbour.sail({"baseUrl": server.url})
    assert outcome.code != 0
    assert "the gzip body ends too early" in outcome.log
    assert "e-old" in harbour.catalog("event")
