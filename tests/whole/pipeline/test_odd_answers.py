"""Answers that are almost JSON, through to the catalog.

Gerrit  https://gerrit-review.googlesource.com/Documentation/rest-api.html#output
        https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#list-changes
"""

import json
from typing import Any

import httpx
import pytest

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import reply, resource

MORE = "if .items[-1]._more_changes then {query_params: {S: .received}} else null end"


@pytest.mark.contract("json.guarded", "pagination.custom")
async def test_gerrit(sync: Sync) -> None:
    def changes(request: httpx.Request) -> Any:
        start = int(request.url.params.get("S", "0"))
        found: list[dict[str, Any]] = [{"id": n} for n in range(start, min(start + 3, 7))]
        if start + 3 < 7:
            found[-1]["_more_changes"] = True
        return reply(text=f")]}}'\n{json.dumps(found)}", Content_Type="application/json")

    settings = {"paginationType": "custom", "nextRequest": MORE}
    selector = resource("/items", endpoint="/changes/", query_params={"n": "3"})
    outcome = await sync(settings, [selector], {"/changes/": changes}, existing=["0", "old"])
    assert outcome.succeeded().ids() == list(range(7))
    assert outcome.queries("/changes/") == [{"n": "3"}, {"n": "3", "S": "3"}, {"n": "3", "S": "6"}]
    assert outcome.deleted == ["old"]


@pytest.mark.contract("json.half-characters")
@pytest.mark.parametrize("engine", ["fused", "ocean"])
async def test_a_text_that_was_cut_within_an_emoji(sync: Sync, engine: str) -> None:
    body = rb'{"found": [{"id": 1, "title": "cut \ud83d"}, {"id": 2, "title": "\ud83d\ude00"}]}'
    mapping = {"title": ".title", "properties": {"short": ".title[:4]", "title": ".title"}}
    selector = resource("/items", data_path=".found", mapping=mapping)
    outcome = await sync({"mappingEngine": engine}, [selector], {"/items": reply(text=body)})
    found = outcome.succeeded().result.upserted_entities
    titles = {entity["identifier"]: entity["properties"]["title"] for entity in found}
    assert titles == {"1": "cut \ufffd", "2": "😀"}


@pytest.mark.contract("json.encoding")
async def test_latin_1_that_nobody_declares(sync: Sync) -> None:
    body = '[{"id": 1, "name": "Müller"}]'.encode("latin-1")
    routes = {"/items": reply(text=body)}
    outcome = await sync({}, [resource("/items")], routes, existing=["old"])
    outcome.failed("is not in utf-8", "{type: json, encoding: windows-1252}")
    assert outcome.deleted == []
    told = {"type": "json", "encoding": "windows-1252"}
    outcome = await sync({}, [resource("/items", response_format=told)], routes)
    assert outcome.succeeded().items["/items"] == [{"id": 1, "name": "Müller"}]


@pytest.mark.contract("body.other-word")
@pytest.mark.parametrize(
    "said, rules, is_kept",
    [
        ("the database is locked", [], True),
        ("success", [], False),
        ("nothing", [{"when": '.body.result == "nothing"', "then": "skip"}], False),
    ],
)
async def test_transmission_on_two_servers(
    sync: Sync, said: str, rules: list[dict[str, str]], is_kept: bool
) -> None:
    """Where one of them says other than success, nothing of it is taken for gone."""
    routes = {
        "/us/rpc": {"arguments": {"torrents": [{"id": 1}]}, "result": "success"},
        "/eu/rpc": {"arguments": {}, "result": said},
    }
    selector = resource(
        "/items",
        endpoint="/{server}/rpc",
        method="POST",
        body={"method": "torrent-get"},
        data_path=".arguments.torrents",
        path_parameters={"server": {"values": ["us", "eu"]}},
        on_error=rules,
    )
    outcome = (await sync({}, [selector], routes, existing=["1", "of-eu"])).succeeded()
    assert outcome.ids() == [1]
    assert outcome.deleted == ([] if is_kept else ["of-eu"])
    assert (f'.result says "{said}", where it says success' in outcome.warnings) == is_kept
