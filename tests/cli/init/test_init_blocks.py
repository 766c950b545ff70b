"""`init` where connection settings do not say it: blocks, chains of placeholders, searches."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.init.asking import Assuming
from cli.init.blocks import block_of, pagination_of
from cli.init.from_document import request_from_document
from cli.init.initialise import initialise
from cli.init.openapi.document import Node, load_document
from cli.init.openapi.endpoints import find_collections
from cli.inputs import GivenSettings
from cli.surroundings import Surroundings
from tests.cli.init.test_init_shapes import init, synced
from tests.cli.shapes import Items, absolute, number, people
from tests.support.fake_api import FakeApi, Received, Reply

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def stripe(items: Items, request: Received) -> Reply:
    """https://docs.stripe.com/api/pagination: unknown parameters are errors."""
    if set(request.query) - {"limit", "starting_after", "ending_before"}:
        return Reply(400, {"error": {"message": "Received unknown parameter"}})
    size = min(number(request, "limit", 10), 100)
    start = number(request, "starting_after", 999) - 999
    more = start + size < len(items)
    return Reply(200, {"object": "list", "data": items[start : start + size], "has_more": more})


def newest_first(items: Items, request: Received) -> Reply:
    """As microblogs page: `max_id` asks for what is older."""
    older = [item for item in reversed(items) if item["id"] < number(request, "max_id", 10**9)]
    size = min(number(request, "limit", 20), 40)
    return Reply(200, {"statuses": older[:size], "total": len(items)})


def azure(items: Items, request: Received) -> Reply:
    """https://learn.microsoft.com/rest/api/azure/devops: x-ms-continuationtoken."""
    start, size = number(request, "continuationToken", 0), min(number(request, "$top", 20), 100)
    more = start + size < len(items)
    headers = {"x-ms-continuationtoken": str(start + size)} if more else {}
    page = items[start : start + size]
    return Reply(200, {"count": len(page), "value": page}, headers)


def gitlab(items: Items, request: Received) -> Reply:
    """https://docs.gitlab.com/api/rest/#pagination: X-Next-Page, empty on the last one."""
    page, size = number(request, "page", 1), min(number(request, "per_page", 20), 100)
    following = str(page + 1) if page * size < len(items) else ""
    return Reply(200, items[(page - 1) * size : page * size], {"X-Next-Page": following})


def next_page(items: Items, request: Received) -> Reply:
    start = number(request, "from", 0)
    more = start + 20 < len(items)
    headers = {"Next-Page": absolute(request, **{"from": start + 20})} if more else {}
    return Reply(200, items[start : start + 20], headers)


@pytest.mark.parametrize(
    "serve, block",
    [
        (stripe, {"param": "starting_after", "cursor_item": ".id", "size_param": "limit"}),
        (newest_first, {"param": "max_id", "cursor_item": ".id", "page_size": 40}),
        (azure, {"param": "continuationToken", "cursor_header": "x-ms-continuationtoken"}),
        (gitlab, {"param": "page", "cursor_header": "x-next-page", "size_param": "per_page"}),
        (next_page, {"type": "next_link", "next_link_header": "next-page"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_ways_that_only_a_block_can_say(
    serve: Callable[[Items, Received], Reply],
    block: dict[str, Any],
    api: FakeApi,
    around: Surroundings,
    tmp_path: Path,
) -> None:
    api.answer = lambda request: serve(people(157), request)
    report = await init(around, f"{api.url}/people", folder=tmp_path / "o")
    assert "paginationType" not in report.plan.settings
    written = selectors(tmp_path / "o")["/people"]["pagination"]
    assert {name: written.get(name) for name in block} == block
    assert report.ok
    names = (await synced(tmp_path / "o", around))["/people"]
    assert sorted(names) == sorted(str(item["id"]) for item in people(157))


def selectors(folder: Path) -> dict[str, Any]:
    mapping = yaml.safe_load((folder / "port-app-config.yml").read_text("utf-8"))
    return {resource["kind"]: resource["selector"] for resource in mapping["resources"]}


async def test_lists_within_lists_within_lists(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    def company(request: Received) -> Reply:
        match request.path.strip("/").split("/"):
            case ["orgs"]:
                return stripe([{"id": 1000 + n, "name": f"Org {n}"} for n in range(12)], request)
            case ["orgs", org, "teams"]:
                return Reply(200, [{"slug": f"t{n}", "org": int(org)} for n in range(2)])
            case ["orgs", org, "teams", team, "members"]:
                return Reply(200, [{"login": f"{org}-{team}-{n}", "n": n} for n in range(3)])
        return Reply(404, {})

    api.answer = company
    kind = "/orgs/{org}/teams/{team}/members"
    urls = [f"{api.url}{kind}", f"{api.url}/orgs/{{org}}/teams"]
    report = await init(around, *urls, folder=tmp_path / "o")
    assert not report.failures
    assert report.preview is not None
    assert not any(item.reading.error for item in report.preview.resources)
    found = await synced(tmp_path / "o", around)
    expected = {f"{1000 + o}-t{t}-{n}" for o in range(12) for t in range(2) for n in range(3)}
    assert set(found[kind]) == expected
    teams = {entity.identifier for entity in report.preview.entities if entity.blueprint == "team"}
    members = [entity for entity in report.preview.entities if entity.blueprint == "member"]
    assert {member.relations["team"] for member in members} <= teams
    parameters = selectors(tmp_path / "o")[kind]["path_parameters"]
    assert parameters["team"] == {"endpoint": "/orgs/{org}/teams", "field": ".slug"}
    assert parameters["org"]["pagination"]["cursor_item"] == ".id"


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Pages", "version": "1"},
    "paths": {
        "/search": {
            "post": {
                "operationId": "post-search",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "required": ["scope", "start_cursor"],
                                "properties": {
                                    "scope": {"type": "string", "enum": ["all", "mine"]},
                                    "start_cursor": {"type": "string"},
                                    "page_size": {"type": "integer"},
                                },
                            }
                        }
                    }
                },
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "properties": {
                                        "results": {
                                            "type": "array",
                                            "items": {
                                                "type": "object",
                                                "properties": {
                                                    "id": {"type": "integer"},
                                                    "name": {"type": "string"},
                                                },
                                            },
                                        },
                                        "next_cursor": {"type": "string"},
                                        "has_more": {"type": "boolean"},
                                    }
                                }
                            }
                        }
                    }
                },
            }
        }
    },
}


def notion(request: Received) -> Reply:
    """https://developers.notion.com/reference/intro#pagination: all of it in the body."""
    body = request.json()
    if request.method != "POST" or body.get("scope") != "all" or request.query:
        return Reply(400, {"message": "validation_error"})
    if set(body) - {"scope", "start_cursor", "page_size"} or body.get("page_size", 1) > 100:
        return Reply(400, {"message": "validation_error"})
    items = people(130)
    start, size = int(body.get("start_cursor", "c0")[1:]), body.get("page_size", 50)
    more = start + size < len(items)
    page = {"results": items[start : start + size], "has_more": more}
    return Reply(200, {**page, "next_cursor": f"c{start + size}" if more else None})


@pytest.mark.parametrize("is_asked", [True, False])
async def test_a_search_behind_post_is_read_with_its_body(
    is_asked: bool, api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    api.answer = notion
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENT), "utf-8")
    given = {} if is_asked else {"auth_type": "bearer_token"}
    asker = Assuming()
    request = request_from_document(
        GivenSettings(given, {}), str(path), api.url, (), tmp_path / "o", asker
    )
    report = await initialise(request, around, asker)
    selector = selectors(tmp_path / "o")["/search"]
    assert (selector["method"], selector["body"]) == ("POST", {"scope": "all"})
    block = selector["pagination"]
    assert (block["in"], block["param"], block["size_param"]) == (
        "body",
        "start_cursor",
        "page_size",
    )
    if is_asked:
        assert report.ok
    names = (await synced(tmp_path / "o", around, auth_type="none"))["/search"]
    assert sorted(names) == sorted(str(item["id"]) for item in people(130))


@pytest.mark.parametrize(
    "path, operation",
    [
        ("/things", "createThings"),
        ("/things/search", "deleteBySearch"),
        ("/playlist", "addToPlaylist"),
        ("/export", ""),
    ],
)
def test_a_post_that_may_write_is_never_taken(path: str, operation: str, tmp_path: Path) -> None:
    post = {**DOCUMENT["paths"]["/search"]["post"], "operationId": operation}  # type: ignore[index]  # a JSON literal
    assert not collections({path: {"post": post}}, tmp_path)[0]


def test_a_search_that_cannot_be_sent_is_told(tmp_path: Path) -> None:
    text = json.dumps(DOCUMENT["paths"]).replace('"enum": ["all", "mine"]', '"minLength": 3')
    found, notes = collections(json.loads(text), tmp_path)
    assert not found
    assert notes == [
        "/search is left out: its body needs scope, which the document gives no value for"
    ]


def collections(paths: Any, tmp_path: Path) -> tuple[list[Any], list[str]]:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps({**DOCUMENT, "paths": paths}), "utf-8")
    root: Node = load_document(str(path), verify=True)[0]
    return find_collections(root)


@pytest.mark.parametrize(
    "settings",
    [
        {"paginationType": "header_link"},
        {"paginationType": "next_link"},
        {"paginationType": "cursor", "cursorPath": "next", "sizeParam": ""},
        {"paginationType": "page", "startPage": "0", "pageSize": "50", "lastPagePath": "last"},
        {"paginationType": "offset", "totalPath": "total", "in": "body"},
        {"paginationType": "cursor", "cursorItem": ".id", "hasMorePath": "more"},
    ],
)
def test_a_block_says_what_the_settings_say(settings: dict[str, Any]) -> None:
    back = pagination_of(settings)
    block = block_of(settings)
    named = {"type": block} if isinstance(block, str) else block
    for name, value in named.items():
        attribute = {"in": "where"}.get(name, name)
        assert getattr(back, attribute) == value
