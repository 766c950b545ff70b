"""Counting what a resync changed, and refusing what it sends."""

from typing import Any

import httpx
import pytest

from tools.sandbox.port.state import PortState

INTEGRATION = "/v1/integration/my-integration"
OPTIONS = {"upsert": "true", "merge": "true", "create_missing_related_entities": "true"}


async def report(client: httpx.AsyncClient, status: str) -> None:
    response = await client.patch(f"{INTEGRATION}/resync-state", json={"status": status})
    assert response.json()["integration"]["resyncState"]["updatedAt"]


async def upsert(client: httpx.AsyncClient, blueprint: str, *entities: dict[str, Any]) -> None:
    path = f"/v1/blueprints/{blueprint}/entities/bulk"
    await client.post(path, json={"entities": entities}, params=OPTIONS)


async def delete(client: httpx.AsyncClient, blueprint: str, *identifiers: str) -> None:
    path = f"/v1/blueprints/{blueprint}/bulk/entities/delete"
    await client.post(path, json={"entities": identifiers})


async def last_sync(client: httpx.AsyncClient) -> dict[str, Any]:
    sync: dict[str, Any] = (await client.get("/sandbox/api/syncs")).json()["syncs"][-1]
    return sync


def counts(created: int, updated: int, unchanged: int, deleted: int) -> dict[str, int]:
    return {"created": created, "updated": updated, "unchanged": unchanged, "deleted": deleted}


@pytest.fixture
async def synced(port_catalog: httpx.AsyncClient) -> httpx.AsyncClient:
    """After a first sync that brought services a, b and c, and through c the team t."""
    await report(port_catalog, "running")
    services = [{"identifier": name, "properties": {"stars": 1}} for name in "ab"]
    related = {"identifier": "c", "relations": {"owner": "t"}}
    await upsert(port_catalog, "service", *services, related)
    await report(port_catalog, "completed")
    return port_catalog


async def test_first_sync_creates(synced: httpx.AsyncClient) -> None:
    sync = await last_sync(synced)
    assert sync["status"] == "completed"
    assert sync["start"] <= sync["end"]
    assert sync["blueprints"] == {"service": counts(3, 0, 0, 0), "team": counts(1, 0, 0, 0)}


async def test_second_sync_counts_real_changes(synced: httpx.AsyncClient) -> None:
    await report(synced, "running")
    await upsert(
        synced,
        "service",
        {"identifier": "a", "properties": {"stars": 2}},
        {"identifier": "b", "properties": {"stars": 1}},
        {"identifier": "d"},
    )
    await upsert(synced, "service", {"identifier": "a", "properties": {"stars": 3}})
    await delete(synced, "service", "c")
    await report(synced, "completed")
    sync = await last_sync(synced)
    assert sync["number"] == 2
    assert sync["blueprints"] == {"service": counts(1, 1, 1, 1), "team": counts(0, 0, 1, 0)}
    assert sync["total"] == counts(1, 1, 2, 1)


async def test_entities_that_were_not_sent_are_unchanged(synced: httpx.AsyncClient) -> None:
    await report(synced, "running")
    await report(synced, "completed")
    assert (await last_sync(synced))["total"] == counts(0, 0, 4, 0)


async def test_created_and_deleted_again_is_nothing(synced: httpx.AsyncClient) -> None:
    await report(synced, "running")
    await upsert(synced, "service", {"identifier": "new"})
    await delete(synced, "service", "new", "a")
    await upsert(synced, "service", {"identifier": "a"})
    await report(synced, "completed")
    assert (await last_sync(synced))["blueprints"]["service"] == counts(0, 1, 2, 0)


async def test_running_sync_is_counted_so_far(synced: httpx.AsyncClient) -> None:
    await report(synced, "running")
    await upsert(synced, "service", {"identifier": "d"})
    sync = await last_sync(synced)
    assert (sync["status"], sync["end"]) == ("running", None)
    assert sync["blueprints"]["service"] == counts(1, 0, 3, 0)


@pytest.mark.parametrize("status", ["completed", "failed", "aborted"])
async def test_status_is_what_the_integration_reports(
    port_catalog: httpx.AsyncClient, status: str
) -> None:
    await report(port_catalog, "running")
    await report(port_catalog, status)
    assert (await last_sync(port_catalog))["status"] == status


async def test_sync_that_never_ended_is_aborted(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    await report(port_catalog, "running")
    await report(port_catalog, "running")
    assert [sync.status for sync in port_state.syncs] == ["aborted", "running"]


async def test_errors_are_entities_that_stayed_out(synced: httpx.AsyncClient) -> None:
    await report(synced, "running")
    bad = {"properties": {"stars": "x"}}
    await upsert(synced, "service", {"identifier": "a", **bad}, {"identifier": "e", **bad})
    await upsert(synced, "service", {"identifier": "e"})
    await upsert(synced, "nothing", {"identifier": "f"})
    await report(synced, "completed")
    sync = await last_sync(synced)
    assert sync["errorCount"] == 2
    told = {(error["blueprint"], error["identifier"]) for error in sync["errors"]}
    assert told == {("service", "a"), ("nothing", "f")}


async def test_other_clients_are_not_counted(synced: httpx.AsyncClient) -> None:
    await report(synced, "running")
    path = "/v1/blueprints/service/entities"
    await synced.post(path, json={"identifier": "x"}, headers={"User-Agent": "curl/8"})
    other = {"User-Agent": "port-ocean/custom/0.1.0/other/exporter"}
    await synced.post(path, json={"identifier": "y"}, headers=other)
    await report(synced, "completed")
    assert (await last_sync(synced))["total"] == counts(0, 0, 4, 0)


async def test_logged_errors_are_told_with_the_sync(synced: httpx.AsyncClient) -> None:
    lines = [{"level": "ERROR", "message": "boom"}, {"level": "INFO", "message": "fine"}]
    await synced.post("/v1/logs/integration/my-integration", json={"logs": lines})
    assert (await last_sync(synced))["loggedErrors"] == ["boom"]
    logs = (await synced.get("/sandbox/api/logs")).json()["logs"]
    assert [line["message"] for line in logs] == ["boom", "fine"]


async def test_what_resources_came_to_is_told_with_the_sync(synced: httpx.AsyncClient) -> None:
    told = [
        "Resources: 1 proven, 1 kept (/items)",
        "/items is kept, so nothing of it is deleted: has_more is true",
        'Not deleting 3 of 9 entities of "item": /items is kept',
    ]
    lines = [{"level": "INFO", "message": text} for text in ["Read /items", *told, "all is kept"]]
    await synced.post("/v1/logs/integration/my-integration", json={"logs": lines})
    sync = await last_sync(synced)
    assert sync["outcomes"] == told
    page = (await synced.get(f"/syncs/{sync['number']}", headers={"Accept": "text/html"})).text
    assert "1 kept (/items)" in page


async def test_metrics_are_kept_by_kind(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    base = "/v1/metrics/integration/my-integration"
    kinds = [{"kindIdentifier": "/api/teams-0", "syncState": "syncing"}]
    await port_catalog.post(f"{base}/syncMetrics", json={"syncKindsMetrics": kinds})
    done = {"kindIdentifier": "/api/teams-0", "syncState": "completed"}
    path = f"{base}/syncMetrics/resync/event-1/kind/%2Fapi%2Fteams-0"
    await port_catalog.put(path, json={"syncKindMetrics": done})
    await port_catalog.post(f"{base}/heartbeat", json={"eventId": "event-1"})
    stopped = await port_catalog.put(
        f"{base}/syncMetrics/resync//kind/things-0", json={"syncKindMetrics": done}
    )
    assert stopped.status_code == 404
    assert port_state.integrations["my-integration"].metrics == {"/api/teams-0": done}
    assert port_state.unknown_requests == []


async def test_state_holds_everything(synced: httpx.AsyncClient) -> None:
    state = (await synced.get("/sandbox/api/state")).json()
    assert [entity["identifier"] for entity in state["entities"]["service"]] == ["a", "b", "c"]
    assert state["integration"]["identifier"] == "my-integration"
    assert len(state["syncs"]) == 1
    assert state["unknownRequests"] == []


@pytest.mark.parametrize("times", [1, 2])
async def test_requests_are_refused_as_told(synced: httpx.AsyncClient, times: int) -> None:
    told = {"part": "/entities/bulk", "status": 503, "times": times}
    await synced.post("/sandbox/api/refusals", json=told)
    path = "/v1/blueprints/service/entities/bulk"
    statuses = []
    for _ in range(3):
        answer = await synced.post(path, json={"entities": []}, params=OPTIONS)
        statuses.append(answer.status_code)
    assert statuses == [503] * times + [200] * (3 - times)
    assert (await synced.get("/v1/blueprints/service/entities")).status_code == 200
