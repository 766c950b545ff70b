"""Every list of the sample API, read to its end, gives every item exactly once."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tools.sandbox.sample.app import create_app
from tools.sandbox.sample.catalog import Catalog
from tools.sandbox.sample.paging import LARGEST_PAGE

MOST_PAGES = 2000
SIZES = [7, LARGEST_PAGE, 10 * LARGEST_PAGE]

type Reader = Callable[[httpx.AsyncClient, str, int], AsyncIterator[list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(auth="none")


@pytest.fixture
def catalog(app: FastAPI) -> Catalog:
    made: Catalog = app.state.catalog
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://sample.test"
    ) as made:
        yield made


async def by_page(
    client: httpx.AsyncClient, path: str, size: int
) -> AsyncIterator[list[dict[str, Any]]]:
    for page in range(1, MOST_PAGES):
        body = (await client.get(path, params={"page": page, "size": size})).json()
        assert body["page"] == page
        yield body["items"]
        if not body["hasMore"]:
            return


async def by_offset(
    client: httpx.AsyncClient, path: str, size: int
) -> AsyncIterator[list[dict[str, Any]]]:
    offset = 0
    for _ in range(MOST_PAGES):
        body = (await client.get(path, params={"offset": offset, "limit": size})).json()
        assert body["offset"] == offset
        yield body["data"]
        offset += len(body["data"])
        if not body["has_more"]:
            return


async def by_cursor(
    client: httpx.AsyncClient, path: str, size: int
) -> AsyncIterator[list[dict[str, Any]]]:
    params: dict[str, str | int] = {"limit": size}
    for _ in range(MOST_PAGES):
        body = (await client.get(path, params=params)).json()
        yield body["results"]
        if body["next_cursor"] is None:
            return
        params["cursor"] = body["next_cursor"]


async def by_next_link(
    client: httpx.AsyncClient, path: str, size: int
) -> AsyncIterator[list[dict[str, Any]]]:
    url: str | None = str(httpx.URL(path, params={"$top": size}))
    for _ in range(MOST_PAGES):
        if url is None:
            return
        body = (await client.get(url)).json()
        yield body["value"]
        url = body.get("@odata.nextLink")


async def by_link_header(
    client: httpx.AsyncClient, path: str, size: int
) -> AsyncIterator[list[dict[str, Any]]]:
    url: str | None = str(httpx.URL(path, params={"per_page": size}))
    for _ in range(MOST_PAGES):
        if url is None:
            return
        response = await client.get(url)
        yield response.json()
        url = response.links.get("next", {}).get("url")


FAMILIES = [
    pytest.param(by_page, "/api/v1/packages", "packages", id="page-packages"),
    pytest.param(by_page, "/api/v1/maintainers", "maintainers", id="page-maintainers"),
    pytest.param(by_page, "/api/v1/licenses", "licenses", id="page-licenses"),
    pytest.param(by_page, "/api/v1/commands", "commands", id="page-commands"),
    pytest.param(by_offset, "/api/v1/topics", "topics", id="offset-topics"),
    pytest.param(by_cursor, "/api/v1/modules", "modules", id="cursor-modules"),
    pytest.param(
        by_next_link, "/odata/v1/Dependencies", "requirements", id="next-link-dependencies"
    ),
    pytest.param(
        by_link_header, "/api/v1/entry-points", "entry_points", id="link-header-entry-points"
    ),
]


async def read(
    reader: Reader, client: httpx.AsyncClient, path: str, size: int
) -> tuple[list[str], list[int]]:
    identifiers: list[str] = []
    lengths: list[int] = []
    async for items in reader(client, path, size):
        identifiers += [item.get("id") or item["path"] for item in items]
        lengths.append(len(items))
    return identifiers, lengths


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("reader,path,resource", FAMILIES)
async def test_a_list_read_to_its_end_is_complete(
    client: httpx.AsyncClient,
    catalog: Catalog,
    reader: Reader,
    path: str,
    resource: str,
    size: int,
) -> None:
    identifiers, lengths = await read(reader, client, path, size)

    expected: Sequence[Any] = getattr(catalog, resource)
    assert identifiers == [item.id for item in expected]
    assert len(set(identifiers)) == len(identifiers)
    assert all(length == min(size, LARGEST_PAGE) for length in lengths[:-1])


@pytest.mark.parametrize("size", SIZES)
async def test_nested_lists_are_complete(
    client: httpx.AsyncClient, catalog: Catalog, size: int
) -> None:
    package = max(catalog.packages, key=lambda package: package.requirement_count)

    path = f"/api/v1/packages/{package.id}"
    requirements, _ = await read(by_page, client, f"{path}/requirements", size)
    files, _ = await read(by_offset, client, f"{path}/files", size)

    assert requirements == [requirement.id for requirement in package.requirements]
    assert files == [file.path for file in package.files]


async def test_extras_come_as_one_array(client: httpx.AsyncClient, catalog: Catalog) -> None:
    body = (await client.get("/api/v1/extras")).json()

    assert [extra["id"] for extra in body] == [extra.id for extra in catalog.extras]


async def test_a_page_behind_the_end_is_empty(client: httpx.AsyncClient) -> None:
    body = (await client.get("/api/v1/packages", params={"page": 999})).json()

    assert body["items"] == []
    assert body["hasMore"] is False


@pytest.mark.parametrize(
    "url,status",
    [
        ("/api/v1/packages?page=0", 422),
        ("/api/v1/packages?size=many", 422),
        ("/api/v1/topics?offset=-1", 422),
        ("/api/v1/modules?cursor=bm9uc2Vuc2U", 400),
        ("/api/v1/modules?cursor=%C3%A9", 400),
        ("/api/v1/packages/no-such-package", 404),
        ("/api/v1/packages/no-such-package/files", 404),
        ("/api/v1/no-such-resource", 404),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_reason(
    client: httpx.AsyncClient, url: str, status: int
) -> None:
    response = await client.get(url)

    assert response.status_code == status
    assert response.json()["error"]["status"] == status
    assert response.json()["error"]["message"]


async def test_the_links_of_an_odata_page_keep_the_page_size(client: httpx.AsyncClient) -> None:
    body = (await client.get("/odata/v1/Dependencies?$top=3")).json()

    assert httpx.URL(body["@odata.nextLink"]).params == httpx.QueryParams(
        {"$top": "3", "$skiptoken": "3"}
    )


async def test_every_request_is_logged(client: httpx.AsyncClient, app: FastAPI) -> None:
    app.state.access_log.clear()

    await client.get("/api/v1/packages", params={"page": 1, "size": 2})
    await client.get("/api/v1/packages/no-such-package")

    assert app.state.access_log == [
        ("GET", "/api/v1/packages", "page=1&size=2", 200),
        ("GET", "/api/v1/packages/no-such-package", "", 404),
    ]
