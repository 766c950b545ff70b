"""A delta token through the whole integration: full resync, changes, a removal, Port."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from port_ocean.context.ocean import ocean
from port_ocean.core.models import Entity

from tests.whole.pipeline.support import pipeline, reply, resource

DELTA = {
    "data_path": ".value",
    "pagination": "next_link",
    "incremental": {"delta": {"link": "@odata.deltaLink", "removed": 'has("@removed")'}},
}


@pytest.mark.contract("incremental.delta")
@pytest.mark.parametrize("enabled", [True, False])
async def test_what_the_api_says_is_gone_is_deleted_by_an_incremental_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enabled: bool
) -> None:
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> Any:
        token = request.url.params.get("token")
        asked.append(token)
        items = [{"id": "a"}, {"id": "b"}] if token is None else [{"id": "c"}]
        gone = [{"id": "b", "@removed": {"reason": "deleted"}}] if token == "t1" else []
        following = f"{request.url.copy_with(query=None)}?token=t{len(asked)}"
        return reply({"value": [*items, *gone], "@odata.deltaLink": following})

    mapped = resource("/items", **DELTA) | {"enableDelete": enabled}
    deleted = await deleted_by_incremental_runs(tmp_path, monkeypatch, mapped, answer, 2)
    assert asked == [None, "t1", "t2"]
    assert deleted == (["item/b"] if enabled else [])


async def deleted_by_incremental_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mapped: dict[str, Any],
    answer: Callable[[httpx.Request], Any],
    count: int,
) -> list[str]:
    """Return what is deleted after a full resync, as `blueprint/identifier`."""
    cursors: dict[tuple[str, int], datetime] = {}
    deleted: list[str] = []

    async def get(kind: str, index: int) -> datetime | None:
        return cursors.get((kind, index))

    async def upsert(kind: str, index: int, value: datetime) -> None:
        cursors[kind, index] = value

    async def delete(entities: list[Entity], agent: Any) -> None:
        deleted.extend(f"{entity.blueprint}/{entity.identifier}" for entity in entities)

    settings = {"responseDirectory": str(tmp_path)}
    async with pipeline(settings, [mapped], {"/items": answer}) as booted:
        monkeypatch.setattr(ocean.port_client, "get_integration_cursor", get)
        monkeypatch.setattr(ocean.port_client, "upsert_integration_cursor", upsert)
        monkeypatch.setattr(ocean.integration.entities_state_applier, "delete", delete)
        (await booted.resync()).succeeded()
        cursors["/items", 0] = datetime(2024, 1, 1, tzinfo=UTC)
        for _ in range(count):
            await ocean.integration.sync_incremental(60)
    return deleted


GONE = {"id": 1, "name": "ada", "@removed": {}}
BACK = {"id": 2, "name": "ada"}


@pytest.mark.contract("incremental.delta")
@pytest.mark.parametrize(
    "changes, expected",
    [
        ([GONE], ["item/ada"]),
        ([{"id": 1, "name": "ada"}, GONE], ["item/ada"]),
        ([BACK, GONE], []),
        ([GONE, BACK], []),
        ([{"id": 1, "name": "ada"}, BACK, GONE], []),
        ([BACK, GONE, {**BACK, "@removed": {}}], ["item/ada"]),
    ],
)
async def test_an_entity_that_another_item_has_now_is_not_deleted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: list[dict[str, Any]],
    expected: list[str],
) -> None:
    def answer(request: httpx.Request) -> Any:
        is_first = request.url.params.get("token") is None
        found = [{"id": 1, "name": "ada"}] if is_first else changes
        return reply({"value": found, "@odata.deltaLink": f"{request.url}?token=t"})

    mapped = resource("/items", **DELTA)
    mapped["port"]["entity"]["mappings"]["identifier"] = ".name"
    deleted = await deleted_by_incremental_runs(tmp_path, monkeypatch, mapped, answer, 1)
    assert deleted == expected


@pytest.mark.contract("incremental.delta")
@pytest.mark.parametrize(
    "rounds, shape, expected",
    [
        ([[BACK], [GONE]], {}, []),
        ([[BACK], [GONE], [{**BACK, "@removed": {}}]], {}, ["item/ada"]),
        # Nobody said whose it was before.
        ([[{"id": 3, "name": "bob", "@removed": {}}]], {}, []),
        ([[BACK], [GONE]], {"items_filter": ".id > 0"}, []),
        ([[GONE]], {"items_filter": ".id > 0"}, ["item/ada"]),
        ([[GONE]], {"emit": "{id, name}"}, ["item/ada"]),
        # What is emitted cannot be told from others.
        ([[GONE]], {"emit": "{name}"}, []),
    ],
)
async def test_a_removal_that_comes_late_spares_a_successor(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rounds: list[list[dict[str, Any]]],
    shape: dict[str, Any],
    expected: list[str],
) -> None:
    def answer(request: httpx.Request) -> Any:
        number = int(request.url.params.get("token", "0"))
        found = [[{"id": 1, "name": "ada"}], *rounds][number]
        following = f"{request.url.copy_with(query=None)}?token={number + 1}"
        return reply({"value": found, "@odata.deltaLink": following})

    mapped = resource("/items", **DELTA, **shape)
    mapped["port"]["entity"]["mappings"]["identifier"] = ".name"
    count = len(rounds)
    assert await deleted_by_incremental_runs(tmp_path, monkeypatch, mapped, answer, count) == (
        expected
    )
