"""What keeps Ocean from deleting entities that should stay."""

from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import httpx
import pytest
from port_ocean.clients.port.types import UserAgentType
from port_ocean.context.ocean import PortOceanContext
from port_ocean.core.handlers.entities_state_applier.port.applier import HttpEntitiesStateApplier
from port_ocean.core.handlers.entity_processor.models import MappedEntity
from port_ocean.core.models import Entity

from errors import ResourceError
from framework import catalog
from framework.catalog import CountingEntityProcessor, DeletionGuard, IdentifierTally
from framework.deletion import protected_blueprints
from framework.dependents import required_by
from framework.port_writes import WritingContext
from framework.refusals import Refusal
from framework.runs import Run, running
from outcomes import Doubt, Outcome

PROVEN = Outcome.of([], [])
KEPT = Outcome.of([], [Doubt("has_more is true", "set paginationType")])
FAILED = Outcome.of([ValueError("500")], [])
DENIED = Outcome.of([], [], is_denied=True)
AGENT = UserAgentType.exporter


def mapped(blueprint: str, enable_delete: bool = True, kind: str = "/things") -> Any:
    mappings = SimpleNamespace(blueprint=blueprint)
    entity = SimpleNamespace(mappings=mappings)
    port = SimpleNamespace(entity=entity)
    return SimpleNamespace(kind=kind, enable_delete=enable_delete, port=port)


def entities(count: int, blueprint: str = "a", start: int = 0) -> list[Entity]:
    numbers = range(start, start + count)
    return [Entity(identifier=str(number), blueprint=blueprint) for number in numbers]


def names(given: list[Entity]) -> list[str]:
    return [f"{entity.blueprint}{entity.identifier}" for entity in given]


@pytest.mark.contract("bounds.item-size")
def test_an_entity_beyond_the_limit_is_not_written_and_fails_the_resource(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalog, "LARGEST_VALUE", 1000)
    small, large = (
        MappedEntity({"identifier": "a", "properties": {"text": "x" * size}}, True, {})
        for size in (500, 2000)
    )
    processor = CountingEntityProcessor(PortOceanContext(None))
    given: Any = ([([small], []), ([large], [])], [])
    written, errors = processor.merge_results(given, ([], []), [{}, {}])
    assert written == [small]
    assert "1 entities have more than 1000 bytes" in str(errors[0])
    assert processor.merge_results(([([small], [])], []), ([], []), [{}]) == ([small], [])


class Resync:
    """A resync of resources with these outcomes, up to Ocean's own deletion."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *resources: Any) -> None:
        self._monkeypatch = monkeypatch
        self._ocean = AsyncMock()
        monkeypatch.setattr(HttpEntitiesStateApplier, "delete_diff", self._ocean)
        self.guard = DeletionGuard(PortOceanContext(None))
        self.resources = resources
        self.run = Run()
        self.deletes_dependents = True
        self.needs: dict[str, str] = {}
        monkeypatch.setattr(catalog, "required_by", self._required_by)
        monkeypatch.setattr(WritingContext, "port_client", None)

    async def _required_by(self, blueprints: list[str], client: object) -> dict[str, str]:
        return {self.needs[name]: name for name in blueprints if name in self.needs}

    def be(self, kind: str) -> None:
        config = SimpleNamespace(
            resources=self.resources, delete_dependent_entities=self.deletes_dependents
        )
        now = SimpleNamespace(event_type=kind, port_app_config=config)
        self._monkeypatch.setattr(catalog, "event", now)

    async def deletes(
        self,
        before: list[Entity],
        after: list[Entity],
        *outcomes: Outcome | None,
        threshold: float = 1,
        refused: Mapping[str, Refusal] = MappingProxyType({}),
    ) -> list[str]:
        """Return the names of what Ocean is given to delete."""
        self.be("resync")
        with running() as self.run:
            for index, outcome in enumerate(outcomes):
                self.run.begin(f"/{index}", index).outcome = outcome
            for name, refusal in refused.items():
                self.run.refusals.refuse(Entity(identifier=name, blueprint="a"), refusal)
            await self.guard.delete_diff({"before": before, "after": after}, AGENT, threshold)
        given = self._ocean.await_args
        assert given is not None
        assert given.kwargs["entity_deletion_threshold"] == 1
        # The others are looked at for what they relate to alone.
        assert given.args[0]["after"] == [entity for entity in after if entity.relations]
        return names(given.args[0]["before"])


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
        ([mapped('"a\\"b"', False)], {'a"b'}),
        ([mapped('"a\\(.type)"', False)], None),
        ([mapped(".type", True)], set()),
    ],
)
def test_blueprints_of_resources_that_must_not_delete(
    resources: list[Any], protected: set[str] | None
) -> None:
    assert protected_blueprints(resources) == protected


@pytest.mark.contract("items.enable-delete")
@pytest.mark.parametrize(
    "resource, deleted",
    [
        (mapped('"a"', True), ["a0", "b0"]),
        (mapped('"a"', False), ["b0"]),
        (mapped(".type", False), []),
    ],
)
async def test_what_is_protected_is_not_deleted(
    monkeypatch: pytest.MonkeyPatch, resource: Any, deleted: list[str]
) -> None:
    resync = Resync(monkeypatch, resource)
    assert await resync.deletes(entities(1) + entities(1, "b"), [], PROVEN) == deleted


@pytest.mark.contract("evidence.gate")
@pytest.mark.parametrize(
    "outcomes, deleted",
    [
        ((PROVEN, PROVEN, PROVEN), ["a0", "b0", "c0"]),
        ((KEPT, PROVEN, PROVEN), ["b0", "c0"]),
        ((PROVEN, KEPT, PROVEN), ["b0", "c0"]),
        ((PROVEN, PROVEN, KEPT), ["a0", "c0"]),
        ((PROVEN, None, PROVEN), ["b0", "c0"]),
        ((PROVEN, FAILED, PROVEN), ["b0", "c0"]),
        # It was never begun, so that nobody knows what it would have brought.
        ((PROVEN, PROVEN), ["a0", "c0"]),
        ((), ["c0"]),
    ],
)
async def test_a_blueprint_loses_entities_only_if_all_that_feeds_it_is_proven(
    monkeypatch: pytest.MonkeyPatch, outcomes: tuple[Outcome | None, ...], deleted: list[str]
) -> None:
    """Of `c`, which no resource feeds any more, nothing can be missing."""
    resync = Resync(monkeypatch, mapped('"a"'), mapped('"a"'), mapped('"b"'))
    before = entities(1) + entities(1, "b") + entities(1, "c")
    assert await resync.deletes(before, [], *outcomes) == deleted


@pytest.mark.contract("evidence.gate")
@pytest.mark.parametrize("outcome", [KEPT, FAILED, None])
async def test_nothing_is_deleted_where_a_resource_of_any_blueprint_is_not_proven(
    monkeypatch: pytest.MonkeyPatch, outcome: Outcome | None
) -> None:
    resync = Resync(monkeypatch, mapped('"a"'), mapped(".type"))
    before = entities(1) + entities(1, "c")
    assert await resync.deletes(before, [], PROVEN, outcome) == []
    assert await resync.deletes(before, [], PROVEN, PROVEN) == ["a0", "c0"]


@pytest.mark.contract("evidence.gate")
async def test_nothing_of_a_mapping_is_deleted_outside_a_run(
    monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    resync = Resync(monkeypatch, mapped('"a"'))
    resync.be("resync")
    await resync.guard.delete_diff({"before": entities(2), "after": []}, AGENT, 1)
    assert any('Not deleting 2 of 2 entities of "a"' in line for line in logs)


async def test_what_live_events_wrote_during_a_resync_is_not_deleted_by_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written_as = AsyncMock(side_effect=lambda given, agent: given)
    monkeypatch.setattr(HttpEntitiesStateApplier, "upsert", written_as)
    resync = Resync(monkeypatch, mapped('"a"'))
    x, y, z = there = entities(3)

    async def considered(written: list[Any], kind: str) -> list[str]:
        resync.be(kind)
        await resync.guard.upsert(written, AGENT)
        return await resync.deletes(there, [], PROVEN)

    assert await considered([x], "http_request") == names([x, y, z])
    resync.guard.begin_sparing()
    assert await considered([y], "http_request") == names([x, z])
    assert await considered([z], "resync") == names([x, z])
    resync.guard.begin_sparing()
    assert await considered([], "resync") == names([x, z])
    # An identifier that is a search, for which Port finds the third.
    search = Entity(identifier={"combinator": "and", "rules": []}, blueprint="a")
    written_as.side_effect = lambda given, agent: [z]
    assert await considered([search], "http_request") == names([x])
    resync.guard.end_sparing()
    assert await considered([], "resync") == names([x, y, z])


async def test_what_a_live_event_writes_while_the_api_is_asked_is_not_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        HttpEntitiesStateApplier, "upsert", AsyncMock(side_effect=lambda given, agent: given)
    )
    resync = Resync(monkeypatch, mapped('"a"'))
    resync.guard.begin_sparing()
    x, y = there = entities(2)

    async def asked(*given: Any) -> Any:
        resync.be("http_request")
        await resync.guard.upsert([y], AGENT)
        resync.be("resync")
        return {}, {}

    monkeypatch.setattr(resync.guard, "_asked", asked)
    assert await resync.deletes(there, [], PROVEN) == names([x])


@pytest.mark.contract("evidence.refused")
async def test_what_port_refused_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    resync = Resync(monkeypatch, mapped('"a"'))
    assert await resync.deletes(entities(2), [], PROVEN) == ["a0", "a1"]
    refused = {"0": Refusal(422, "level must be number")}
    assert await resync.deletes(entities(2), [], PROVEN, refused=refused) == ["a1"]
    assert "422: level must be number: a/0" in resync.run.refusals.summary()


@pytest.mark.contract("evidence.refused")
async def test_a_refusal_that_is_no_matter_of_an_entity_withholds_all(
    monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    resync = Resync(monkeypatch, mapped('"a"'))
    refused = {"7": Refusal(503, "away", is_general=True)}
    there = entities(2) + entities(1, "b")
    assert await resync.deletes(there, [], PROVEN, refused=refused) == []
    assert any("Not deleting 2 of 3" in line and "503" in line for line in logs)


@pytest.mark.contract("evidence.refused")
async def test_an_entity_that_only_a_search_names_may_be_any_of_its_blueprint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resync = Resync(monkeypatch, mapped('"a"'), mapped('"b"'))
    refused = {"search": Refusal(422, "level must be number", is_search=True)}
    there = entities(2) + entities(1, "b")
    assert await resync.deletes(there, [], PROVEN, PROVEN, refused=refused) == ["b0"]


@pytest.mark.contract("evidence.threshold")
async def test_the_share_is_that_of_the_whole_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ocean hands over only what this resync left untouched, here the one stale entity."""
    resync = Resync(monkeypatch)
    stale, *written = entities(10)
    assert await resync.deletes([stale], written, threshold=0.9) == names([stale])
    assert await resync.deletes(entities(10), [], threshold=0.9) == []


@pytest.mark.contract("evidence.threshold")
async def test_a_threshold_of_zero_switches_deletion_off(
    monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    resync = Resync(monkeypatch, mapped('"a"'))
    stale, *written = entities(100)
    assert await resync.deletes([stale], written, DENIED, threshold=0) == []
    assert resync.run.kept == []
    assert any("1 of 100" in line and "entityDeletionThreshold is 0" in line for line in logs)


@pytest.mark.contract("evidence.threshold")
async def test_a_resource_is_kept_where_too_much_would_go_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    resync = Resync(monkeypatch, mapped('"a"', kind="/x"), mapped('"b"', kind="/y"))
    before = entities(95) + entities(1, "b")
    after = entities(5, start=95) + entities(99, "b", start=1)
    assert await resync.deletes(before, after, PROVEN, PROVEN, threshold=0.9) == ["b0"]
    warnings = [line for line in logs if "WARNING" in line]
    assert len(warnings) == 1
    assert "/x is kept" in warnings[0]
    assert '95 of 100 entities of "a"' in warnings[0]
    assert resync.run.kept == ["/0"]
    # The next resync of this process has the same to say.
    again = await resync.deletes(before, after, PROVEN, PROVEN, threshold=0.9)
    assert len(again) == 96


@pytest.mark.contract("evidence.dependents")
@pytest.mark.parametrize(
    "needs, cascades, resources, outcomes, deleted",
    [
        # Each `b` requires an `a`, and is deleted with it.
        ({"b": "a"}, True, ('"a"', '"b"'), (PROVEN, KEPT), []),
        ({"b": "a"}, False, ('"a"', '"b"'), (PROVEN, KEPT), ["a0"]),
        ({"b": "c"}, True, ('"a"', '"b"'), (PROVEN, KEPT), ["a0"]),
        ({"a": "b"}, True, ('"a"', '"b"'), (PROVEN, KEPT), ["a0"]),
        ({"b": "a"}, True, ('"a"', '"b"'), (PROVEN, PROVEN), ["a0"]),
    ],
)
async def test_nothing_is_deleted_with_which_port_deletes_what_stays(
    monkeypatch: pytest.MonkeyPatch,
    needs: dict[str, str],
    cascades: bool,
    resources: tuple[str, ...],
    outcomes: tuple[Outcome, ...],
    deleted: list[str],
) -> None:
    resync = Resync(monkeypatch, *map(mapped, resources))
    resync.needs, resync.deletes_dependents = needs, cascades
    assert await resync.deletes(entities(1), entities(1, "b"), *outcomes) == deleted


@pytest.mark.contract("evidence.dependents")
async def test_what_a_refused_entity_requires_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    resync = Resync(monkeypatch, mapped('"a"'), mapped('"b"'))
    resync.needs = {"a": "b"}
    refused = {"9": Refusal(422, "no")}
    before = entities(1, "b") + entities(1, "a")
    assert await resync.deletes(before, [], PROVEN, PROVEN, refused=refused) == ["a0"]


@pytest.mark.contract("evidence.dependents")
async def test_blueprints_that_are_required_through_others() -> None:
    relations = {"deployment": "service", "service": "team", "team": "team"}

    class Port:
        async def get_blueprint(self, name: str, should_log: bool = True) -> object:
            if name == "unknown":
                request = httpx.Request("GET", "https://port.test")
                raise httpx.HTTPStatusError("", request=request, response=httpx.Response(404))
            required = SimpleNamespace(
                target=relations.get(name, "group"), required=name != "loose"
            )
            return SimpleNamespace(relations={"its": required})

    port: Any = Port()
    assert await required_by(["deployment"], port) == {
        "service": "deployment",
        "team": "deployment",
    }
    assert await required_by(["team"], port) == {"team": "team"}
    assert await required_by(["loose", "unknown"], port) == {}
