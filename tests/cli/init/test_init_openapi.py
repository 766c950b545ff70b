"""`init` from OpenAPI documents: what it writes reads every item of the API they describe."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.init.asking import Assuming
from cli.init.from_document import request_from_document
from cli.init.initialise import InitReport, initialise
from cli.init.openapi.document import Node, load_document
from cli.init.openapi.endpoints import find_collections, server_url
from cli.init.openapi.security import find_authentication
from cli.inputs import GivenSettings
from cli.surroundings import Surroundings
from errors import ConfigurationError, SettingsError
from tests.cli import shapes
from tests.cli.conftest import SECRET
from tests.cli.init.test_init_shapes import synced
from tests.cli.shapes import Items, number
from tests.support.fake_api import FakeApi, Received, Reply

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
DOCUMENTS = Path(__file__).parents[1] / "documents"

type Answer = Callable[[Received], Reply]


async def init(
    document: str,
    api: FakeApi,
    around: Surroundings,
    folder: Path,
    prefix: str = "",
    **settings: Any,
) -> InitReport:
    request = request_from_document(
        GivenSettings(settings, {}),
        str(DOCUMENTS / document),
        f"{api.url}{prefix}",
        (),
        folder,
        Assuming(),
    )
    return await initialise(request, around, Assuming())


def guarded(answer: Answer, header: str, value: str) -> Answer:
    def check(request: Received) -> Reply:
        if request.headers.get(header) != value:
            return Reply(401, {"message": "wrong credentials"})
        return answer(request)

    return check


def books() -> Items:
    return [
        {
            "isbn": f"978-{number:06d}",
            "title": f"Book {number}",
            "published_at": "2020-01-01T00:00:00Z",
            "pages": 100 + number,
            "genre": ("novel", "poetry", "science")[number % 3],
            "cover": f"https://covers.example.com/{number}",
        }
        for number in range(137)
    ]


def library(request: Received) -> Reply:
    if request.path != "/v2/books":
        return Reply(404, {"message": "no such thing"})
    start, size = number(request, "offset", 0), min(number(request, "limit", 25), 100)
    page = books()[start : start + size]
    return Reply(200, {"offset": start, "limit": size, "total": 137, "books": page})


async def test_offset_and_bearer_token(api: FakeApi, around: Surroundings, tmp_path: Path) -> None:
    api.answer = guarded(library, "authorization", f"Bearer {SECRET}")
    report = await init("library.yaml", api, around, tmp_path / "o", "/v2", api_token=SECRET)
    assert report.ok
    assert report.plan.settings["authType"] == "bearer_token"
    assert report.plan.settings["paginationType"] == "offset"
    properties = report.plan.blueprints[0]["schema"]["properties"]
    assert properties["genre"]["enum"] == ["novel", "poetry", "science"]
    assert properties["cover"]["format"] == "url"
    found = await synced(tmp_path / "o", around, api_token=SECRET)
    assert found == {"/books": [book["isbn"] for book in books()]}


def teams(request: Received) -> Reply:
    page, size = number(request, "page", 1), min(number(request, "per_page", 10), 100)
    parts = request.path.removeprefix("/api").strip("/").split("/")
    if parts == ["teams"]:
        items = [{"id": n, "name": f"Team {n}", "lead_email": None} for n in range(1, 24)]
    elif len(parts) == 3 and parts[2] == "members":
        team = int(parts[1])
        count = 15 if team % 2 else 3
        items = [{"id": n, "name": f"Member {n}", "role": "member"} for n in range(1, count + 1)]
    else:
        return Reply(404, {"message": "not found"})
    return Reply(200, items[(page - 1) * size : page * size])


async def test_pages_and_nested_endpoints_with_an_api_key(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    api.answer = guarded(teams, "x-team-key", SECRET)
    report = await init("teams.json", api, around, tmp_path / "o", "/api", api_key=SECRET)
    assert report.plan.settings["apiKeyHeader"] == "X-Team-Key"
    assert report.overview is not None
    left_out = report.overview.left_out
    assert left_out["/rooms/{room_id}/chairs"] == "nothing lists the values of {room_id}"
    assert "query parameters q" in left_out["/search"]
    notes = (tmp_path / "o" / "from-document.md").read_text("utf-8")
    assert "`/rooms/{room_id}/chairs`: nothing lists" in notes
    found = await synced(tmp_path / "o", around, api_key=SECRET)
    assert sorted(map(int, found["/teams"])) == list(range(1, 24))
    members = {
        f"{team}/{member}"
        for team in range(1, 24)
        for member in range(1, (15 if team % 2 else 3) + 1)
    }
    assert set(found["/teams/{team_id}/members"]) == members
    assert len(found["/teams/{team_id}/members"]) == len(members)
    relations = report.plan.blueprints[1]["relations"]
    assert relations["team"]["target"] == "team"


def incidents(request: Received) -> Reply:
    if request.path == "/oauth/token":
        pair = base64.b64encode(f"reader:{SECRET}".encode()).decode()
        right = request.headers.get("authorization") == f"Basic {pair}"
        return Reply(200, {"access_token": "fetched-token"}) if right else Reply(401, {})
    if request.headers.get("authorization") != "Bearer fetched-token":
        return Reply(401, {"message": "wrong token"})
    size = number(request, "page_size", 10)
    if size > 50:
        return Reply(422, {"message": "page_size is at most 50"})
    items = [
        {
            "id": f"i-{n}",
            "summary": f"Incident {n}",
            "severity": "low",
            "reporter": {"id": "u1", "name": "Una"},
            "follow_ups": [],
        }
        for n in range(123)
    ]
    start = int(request.query.get("page_token", "t0").removeprefix("t"))
    token = f"t{start + size}" if start + size < len(items) else None
    return Reply(200, {"incidents": items[start : start + size], "next_page_token": token})


async def test_cursors_and_client_credentials(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    api.answer = incidents
    client = {"client_id": "reader", "client_secret": SECRET, "token_url": f"{api.url}/oauth/token"}
    report = await init("incidents.yaml", api, around, tmp_path / "o", **client)
    assert report.plan.settings["paginationType"] == "cursor"
    assert report.plan.settings["pageSize"] == "50"
    found = await synced(tmp_path / "o", around, **client)
    assert sorted(found["/v3/incidents"]) == sorted(f"i-{n}" for n in range(123))
    for file in (tmp_path / "o").iterdir():
        assert SECRET not in file.read_text("utf-8")


async def test_an_address_that_nobody_asks_is_looked_at_all_the_same(
    around: Surroundings, tmp_path: Path
) -> None:
    document = str(DOCUMENTS / "library.yaml")
    given = GivenSettings({}, {})
    request = request_from_document(
        given, document, "https://u:pw@a.test", (), tmp_path / "o", Assuming()
    )
    with pytest.raises(SettingsError, match="must not hold a user name"):
        await initialise(request, around, Assuming())
    assert not (tmp_path / "o").exists()


def assets(request: Received) -> Reply:
    items = [
        {"id": f"A{n}", "displayName": f"Asset {n}", "tags": ["x"], "owner": None, "parent": None}
        for n in range(64)
    ]
    return shapes.odata(items, request)


async def test_next_links_and_basic_authentication(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    pair = base64.b64encode(f"reader:{SECRET}".encode()).decode()
    api.answer = guarded(assets, "authorization", f"Basic {pair}")
    given = {"username": "reader", "password": SECRET}
    report = await init("assets.yaml", api, around, tmp_path / "o", "/odata", **given)
    assert report.plan.settings["authType"] == "basic"
    assert report.plan.settings["paginationType"] == "next_link"
    found = await synced(tmp_path / "o", around, password=SECRET)
    assert sorted(found["/Assets"]) == sorted(f"A{n}" for n in range(64))


def repositories(request: Received) -> Reply:
    items = [
        {
            "id": n,
            "full_name": f"acme/app{n}",
            "html_url": f"https://code.example.com/{n}",
            "owner": {"id": 1, "login": "acme"},
            "private": False,
        }
        for n in range(71)
    ]
    return shapes.github(items, request)


async def test_link_headers_and_a_document_of_two_files(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    api.answer = repositories
    report = await init("repositories.yaml", api, around, tmp_path / "o", "/api/v4")
    assert report.plan.settings["paginationType"] == "header_link"
    assert report.plan.blueprints[0]["schema"]["properties"]["htmlUrl"]["format"] == "url"
    assert report.overview is not None
    assert any("another host" in why for why in report.overview.left_out.values())
    found = await synced(tmp_path / "o", around)
    assert sorted(map(int, found["/repositories"])) == list(range(71))


async def test_without_credentials_the_document_speaks_and_nothing_is_asked(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    report = await init("library.yaml", api, around, tmp_path / "o", "/v2")
    assert api.received == []
    assert report.preview is None
    assert report.plan.settings["paginationType"] == "offset"
    assert any("OCEAN__INTEGRATION__CONFIG__API_TOKEN" in line for line in report.plan.warnings)
    assert any("nothing is proven" in line for line in report.plan.warnings)
    mapping = report.plan.mapping["resources"][0]["port"]["entity"]["mappings"]
    assert mapping["identifier"] == ".isbn"
    assert mapping["title"] == ".title"


def root(name: str) -> tuple[Node, str]:
    return load_document(str(DOCUMENTS / name))


@pytest.mark.parametrize(
    "name, url",
    [
        ("library.yaml", "https://library.example.com/v2"),
        ("teams.json", "https://teams.example.com/api"),
    ],
)
def test_the_server_becomes_base_url(name: str, url: str) -> None:
    assert server_url(*root(name)) == url


def test_client_credentials_without_scopes_that_write() -> None:
    found = find_authentication(*root("incidents.yaml"))
    assert found.settings == {
        "authType": "oauth2",
        "tokenUrl": "https://incidents.example.com/oauth/token",
        "scope": "incidents.read",
    }
    assert found.notes == ["OAuth 2.0 client credentials: set clientId"]


@pytest.mark.parametrize(
    "place, name, settings",
    [
        ("header", "X-API-Key", {}),
        ("header", "Key", {"apiKeyHeader": "Key"}),
        ("query", "api_key", {"apiKeyLocation": "query", "apiKeyHeader": "api_key"}),
        ("cookie", "sid", {"apiKeyLocation": "cookie", "apiKeyHeader": "sid"}),
    ],
)
def test_keys_in_their_places(
    tmp_path: Path, place: str, name: str, settings: dict[str, str]
) -> None:
    scheme = {"type": "apiKey", "in": place, "name": name}
    document = {
        "openapi": "3.0.0",
        "info": {"title": "Keys", "version": "1"},
        "paths": {"/x": {}},
        "components": {"securitySchemes": {"key": scheme}},
    }
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(document), "utf-8")
    found = find_authentication(*load_document(str(path)))
    assert found.settings == {"authType": "api_key", **settings}


def test_a_reference_to_another_host_is_refused_and_named() -> None:
    collections, notes = find_collections(root("repositories.yaml")[0])
    assert [one.path for one in collections] == ["/repositories"]
    [note] = notes
    assert "https://schemas.example.net/other.yaml" in note


@pytest.mark.parametrize(
    "content, message",
    [
        ("swagger: '1.2'\npaths: {}", "2.0 and 3.x are understood"),
        ("title: nothing", "no OpenAPI document"),
        ("openapi: 3.0.0\ninfo: {}", "lists no paths"),
        ("{{{", "neither JSON nor YAML"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "document.yaml"
    path.write_text(content, "utf-8")
    with pytest.raises(ConfigurationError, match=message):
        load_document(str(path))


@pytest.mark.parametrize(
    "source, message",
    [
        ("http://user:pw@127.0.0.1:9/openapi.json", "must not hold a user name or password"),
        ("http://127.0.0.1:9/openapi.json?x=pw", "http://127.0.0.1:9/openapi.json cannot be read"),
    ],
)
def test_what_an_address_of_a_document_holds_is_not_shown(source: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as error:
        load_document(source)
    assert "pw" not in str(error.value)


def test_a_path_that_the_document_does_not_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no list at /bokks; it has /books"):
        request_from_document(
            GivenSettings({}, {}),
            str(DOCUMENTS / "library.yaml"),
            "",
            ("/bokks",),
            tmp_path,
            Assuming(),
        )
