"""The catalog as web pages."""

from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from tools.sandbox.port.presentation import duration, number, property_cell, relative, short_url
from tools.sandbox.port.records import now
from tools.sandbox.port.state import PortState

OPTIONS = {"upsert": "true", "merge": "true", "create_missing_related_entities": "true"}


@pytest.fixture
async def browser(port_catalog: httpx.AsyncClient) -> httpx.AsyncClient:
    """A catalog of 30 services, brought by one sync, as a browser without a token sees it."""
    state = "/v1/integration/my-integration/resync-state"
    await port_catalog.patch(state, json={"status": "running"})
    services = [_service(index) for index in range(30)]
    bad = {"identifier": "broken", "properties": {"stars": "<many>"}}
    path = "/v1/blueprints/service/entities/bulk"
    await port_catalog.post(path, json={"entities": [*services, bad]}, params=OPTIONS)
    await port_catalog.patch(state, json={"status": "completed"})
    del port_catalog.headers["Authorization"]
    port_catalog.headers["Accept"] = "text/html"
    return port_catalog


def _service(index: int) -> dict[str, Any]:
    return {
        "identifier": f"group/s{index}",
        "title": f"Service {index} <b>",
        "properties": {
            "language": "Go" if index % 2 else "Rust",
            "stars": index * 1000,
            "public": index % 2 == 0,
            "repository": f"https://git.example/group/s{index}",
            "created": "2020-01-02T03:04:05Z",
            "tags": ["one", "two", "three", "four"],
            "settings": {"a": index},
        },
        "relations": {"owner": "red"},
    }


async def html(client: httpx.AsyncClient, path: str) -> str:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/html")
    return response.text


async def test_empty_catalog_says_how_to_start(port_anonymous: httpx.AsyncClient) -> None:
    page = await html(port_anonymous, "/")
    assert "OCEAN__PORT__BASE_URL=http://port.test" in page


async def test_overview_shows_blueprints_and_syncs(browser: httpx.AsyncClient) -> None:
    page = await html(browser, "/")
    assert 'href="/blueprints/service"' in page
    assert '<span class="count">30</span>' in page
    assert 'href="/syncs/1"' in page
    assert "+31" in page
    assert "_team" not in page


async def test_overview_tells_unknown_requests(
    browser: httpx.AsyncClient, port_state: PortState
) -> None:
    await browser.get("/v1/odd")
    assert "GET /v1/odd" in await html(browser, "/")
    assert len(port_state.unknown_requests) == 1


async def test_table_formats_values_and_escapes_text(browser: httpx.AsyncClient) -> None:
    page = await html(browser, "/blueprints/service?q=s12")
    assert "Service 12 &lt;b&gt;" in page
    assert 'href="/entities/service/group%2Fs12"' in page
    assert 'href="https://git.example/group/s12"' in page
    assert ">12,000<" in page
    assert '<span class="bool yes">Yes</span>' in page
    assert "years ago</time>" in page
    assert ">+1<" in page
    assert 'href="/entities/team/red"' in page


@pytest.mark.parametrize(
    "query, first, shown",
    [
        ("", "Service 0 <b>", "1–25 of 30"),
        ("?page=2", "Service 25 <b>", "26–30 of 30"),
        ("?page=99", "Service 25 <b>", "26–30 of 30"),
        ("?sort=stars&desc=True", "Service 29 <b>", "1–25 of 30"),
        ("?q=service+RUST", "Service 0 <b>", "1–15 of 15"),
        ("?q=s29", "Service 29 <b>", "1–1 of 1"),
    ],
)
async def test_table_searches_sorts_and_pages(
    browser: httpx.AsyncClient, query: str, first: str, shown: str
) -> None:
    page = unescape(await html(browser, f"/blueprints/service{query}"))
    assert shown in page
    rows = page.split('<td class="lead">')
    assert first in rows[1].split("</a>")[0]


async def test_table_without_a_match(browser: httpx.AsyncClient) -> None:
    assert "No entity matches “nonsense”" in await html(browser, "/blueprints/service?q=nonsense")


async def test_entity_shows_both_directions_of_relations(browser: httpx.AsyncClient) -> None:
    service = await html(browser, "/entities/service/group%2Fs3")
    assert 'href="/entities/team/red"' in service
    assert "No entity points here." in service
    team = await html(browser, "/entities/team/red")
    assert "by Owner · 30" in team
    assert 'href="/entities/service/group%2Fs3"' in team
    assert "Points to no other blueprint." in team


async def test_sync_shows_counts_and_refused_entities(browser: httpx.AsyncClient) -> None:
    page = await html(browser, "/syncs/1")
    assert "+30" in page
    assert "broken" in page
    assert "properties/stars must be number" in page
    assert "#1" in await html(browser, "/syncs")


@pytest.mark.parametrize(
    "path", ["/blueprints/nothing", "/entities/service/nothing", "/syncs/9", "/nothing"]
)
async def test_missing_pages_are_pages(browser: httpx.AsyncClient, path: str) -> None:
    response = await browser.get(path)
    assert response.status_code == 404
    assert "Back to the catalog" in response.text


async def test_pages_load_nothing_from_elsewhere(browser: httpx.AsyncClient) -> None:
    page = await html(browser, "/")
    sources = [part.split('"')[0] for part in page.split('src="')[1:]]
    styles = [part.split('"')[0] for part in page.split('<link rel="stylesheet" href="')[1:]]
    assert all(source.startswith("/static/") for source in [*sources, *styles])
    for path in {*sources, *styles}:
        assert (await browser.get(path)).status_code == 200
    assert "http" not in (await browser.get("/static/catalog.css")).text


@pytest.mark.parametrize(
    "schema, value, kind",
    [
        ({}, None, "empty"),
        ({}, [], "empty"),
        ({}, False, "boolean"),
        ({}, 0, "number"),
        ({"format": "email"}, "a@b.co", "link"),
        ({"format": "url"}, "javascript:alert(1)", "text"),
        ({"format": "date-time"}, "not a date", "text"),
        ({"enum": ["a"]}, "a", "badge"),
        ({}, "two\nlines", "long"),
        ({}, {"a": 1}, "json"),
        ({}, ["a", {"b": 1}], "chips"),
    ],
)
def test_kind_of_a_value(schema: dict[str, Any], value: Any, kind: str) -> None:
    assert property_cell(schema, value).kind == kind


@pytest.mark.parametrize(
    "value, text", [(2026, "2026"), (12345, "12,345"), (2.0, "2"), (0.25, "0.25"), (1e300, "1,000")]
)
def test_numbers(value: float, text: str) -> None:
    assert number(value).startswith(text)


@pytest.mark.parametrize(
    "seconds, text",
    [(1, "just now"), (90, "1 minute ago"), (7200, "2 hours ago"), (-172801, "in 2 days")],
)
def test_relative_times(seconds: int, text: str) -> None:
    assert relative(now() - timedelta(seconds=seconds)) == text


@pytest.mark.parametrize("seconds, text", [(0.25, "250 ms"), (2.5, "2.5 s"), (125, "2 min 5 s")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_long_addresses_are_shortened() -> None:
    assert short_url("https://a.example/b/") == "a.example/b"
    assert len(short_url("https://a.example/" + "x" * 100)) == 44
