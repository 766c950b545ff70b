"""What keeps Ocean from deleting entities that should stay."""

from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest
from port_ocean.clients.port.types import UserAgentType
from port_ocean.core.handlers.entities_state_applier.port.applier import HttpEntitiesStateApplier

from errors import ResourceError
from framework import catalog as reconciliation
from framework.catalog import DeletionGuard, IdentifierTally, protected_blueprints


def mapped(blueprint: str, enable_delete: bool) -> Any:
    mappings = SimpleNamespace(blueprint=blueprint)
    entity = SimpleNamespace(mappings=mappings)
    return SimpleNamespace(enable_delete=enable_delete, port=SimpleNamespace(entity=entity))


@pytest.mark.contract("items.no-identifier")
@pytest.mark.parametrize(
    "named, nameless, fails", [(0, 0, False), (3, 0, False), (1, 99, False), (0, 1, True)]
)
def test_only_a_resource_without_any_identifier_fails(
    named: int, nameless: int, fails: bool
) -> None:
    tally = IdentifierTally(named, nameless)
    if not fails:
        tally.check("/things")
        return
    with pytest.raises(ResourceError, match="none of 1 items of /things"):
        tally.check("/things")


@pytest.mark.contract("items.enable-delete")
@pytest.mark.parametrize(
    "resources, protected",
    [
        ([], set()),
        ([mapped('"a"', True)], set()),
        ([mapped('"a"', False), mapped("'b'", False), mapped('"c"', True)], {"a", "b"}),
        ([mapped(' "a" ', False), mapped('"a"', True)], {"a"}),
        ([mapped(".type", False)], None),
        ([mapped('"a" + "b"', False)], None),
        ([mapped('"a\\"b"', False)], None),
        ([mapped(".type", True)], set()),
    ],
)
def test_blueprints_of_resources_that_must_not_delete(
    resources: list[Any], protected: set[str] | None
) -> None:
    assert protected_blueprints(resources) == protected


@pytest.mark.contract("items.enable-delete")
@pytest.mark.parametrize(
    "resources, deleted",
    [
        ([mapped('"a"', True)], ["a", "b"]),
        ([mapped('"a"', False)], ["b"]),
        ([mapped(".type", False)], None),
    ],
)
async def test_what_is_protected_is_not_considered_for_deletion(
    monkeypatch: pytest.MonkeyPatch, resources: list[Any], deleted: list[str] | None
) -> None:
    ocean_deletes = AsyncMock()
    monkeypatch.setattr(HttpEntitiesStateApplier, "delete_diff", ocean_deletes)
    config = SimpleNamespace(resources=resources)
    monkeypatch.setattr(reconciliation, "event", SimpleNamespace(port_app_config=config))
    guard = DeletionGuard(cast("Any", None))
    entities = [SimpleNamespace(blueprint=name, identifier="1") for name in ("a", "b")]
    diff = cast("Any", {"before": entities, "after": []})
    await guard.delete_diff(diff, UserAgentType.exporter, 0.5)
    if deleted is None:
        ocean_deletes.assert_not_awaited()
        return
    given, agent, threshold = ocean_deletes.await_args.args  # type: ignore[union-attr]  # awaited
    assert [entity.blueprint for entity in given["before"]] == deleted
    assert (agent, threshold) == (UserAgentType.exporter, 0.5)


async def test_the_deletion_rate_is_that_of_the_whole_catalog(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ocean hands over only what this resync left untouched, here the one stale entity."""
    ocean_deletes = AsyncMock()
    monkeypatch.setattr(HttpEntitiesStateApplier, "delete_diff", ocean_deletes)
    config = SimpleNamespace(resources=[])
    monkeypatch.setattr(reconciliation, "event", SimpleNamespace(port_app_config=config))
    stale, *written = [SimpleNamespace(blueprint="a", identifier=str(n)) for n in range(10)]
    diff = cast("Any", {"before": [stale], "after": written})

    await DeletionGuard(cast("Any", None)).delete_diff(diff, UserAgentType.exporter, 0.9)

    given = ocean_deletes.await_args.args[0]  # type: ignore[union-attr]  # awaited
    assert [entity.identifier for entity in given["before"]] == [str(n) for n in range(10)]
    assert given["after"] == written


async def test_what_live_events_wrote_during_a_resync_is_not_deleted_by_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ocean = AsyncMock()
    monkeypatch.setattr(HttpEntitiesStateApplier, "delete_diff", ocean)
    written_as = AsyncMock(side_effect=lambda entities, agent: entities)
    monkeypatch.setattr(HttpEntitiesStateApplier, "upsert", written_as)
    guard = DeletionGuard(cast("Any", None))
    entities: list[Any] = [SimpleNamespace(blueprint="a", identifier=name) for name in "xyz"]

    async def considered(written: list[Any], kind: str) -> list[str]:
        current = SimpleNamespace(
            event_type=kind, port_app_config=SimpleNamespace(resources=[mapped('"a"', True)])
        )
        monkeypatch.setattr(reconciliation, "event", current)
        await guard.upsert(written, UserAgentType.exporter)
        await guard.delete_diff({"before": entities, "after": []}, UserAgentType.exporter, 0.9)
        return [each.identifier for each in ocean.call_args.args[0]["before"]]

    assert await considered(entities[:1], "http_request") == ["x", "y", "z"]
    guard.begin_sparing()
    assert await considered(entities[1:2], "http_request") == ["x", "z"]
    assert await considered(entities[2:], "resync") == ["x", "z"]
    guard.begin_sparing()
    assert await considered([], "resync") == ["x", "z"]
    # An identifier that is a search, for which Port finds "z".
    search: Any = SimpleNamespace(blueprint="a", identifier={"combinator": "and", "rules": []})
    written_as.side_effect = lambda given, agent: entities[2:]
    assert await considered([search], "http_request") == ["x"]
    guard.end_sparing()
    assert await considered([], "resync") == ["x", "y", "z"]
