"""What a resync deletes: proof, kept, Port's refusals, the last guard, and asking the API."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from port_ocean.context.ocean import ocean

from outcomes import Doubt
from reading.resource_reader import ResourceReader
from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import (
    Outcome,
    in_turn,
    numbered,
    pipeline,
    reply,
    resource,
)

ITEMS = resource("/items")
OTHERS = resource("/others", mapping={"blueprint": '"other"'})
COMPUTED = resource("/others", mapping={"blueprint": '.type // "other"'})
MORE = Doubt("has_more is true, and paginationType is none", "set paginationType", "GET /items")
LEVEL = "level must be number"


@pytest.fixture
def doubts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Doubt]:
    """Doubts of resources, by their kind."""
    found: dict[str, Doubt] = {}

    def _doubts(reader: ResourceReader) -> Iterator[Doubt]:
        return iter([found[reader._plan.kind]] if reader._plan.kind in found else [])

    monkeypatch.setattr(ResourceReader, "_doubts", _doubts)
    return found


def names_of_integration() -> dict[str, Any]:
    """Return what the module of the booted integration knows: Ocean loads it once more."""
    names: dict[str, Any] = type(ocean.integration).sync_raw_all.__globals__
    return names


def both(count: int = 2) -> dict[str, Any]:
    return {"/items": numbered(count), "/others": numbered(count)}


def withheld(outcome: Outcome) -> list[str]:
    return [line for line in outcome.log if "Not deleting" in line]


@pytest.mark.contract("evidence.kept", "evidence.withheld")
async def test_what_is_kept_is_upserted_and_loses_nothing(
    sync: Sync, doubts: dict[str, Doubt]
) -> None:
    doubts["/items"] = MORE
    there = ["item/old", "other/old", "item/0"]
    outcome = (await sync({}, [ITEMS, OTHERS], both(), there)).succeeded()
    assert sorted(outcome.identifiers) == ["0", "0", "1", "1"]
    assert [(one["blueprint"], one["identifier"]) for one in outcome.result.deleted_entities] == [
        ("other", "old")
    ]
    assert outcome.warnings.count("is kept") == 1
    assert f"/items is kept, so nothing of it is deleted: {MORE}" in outcome.warnings
    assert len(withheld(outcome)) == 1
    assert 'Not deleting 1 of 3 entities of "item": /items is kept' in withheld(outcome)[0]


@pytest.mark.contract("evidence.kept")
@pytest.mark.parametrize("doubtful", ["/items", "/others"])
async def test_nothing_at_all_is_deleted_where_what_is_kept_may_feed_any_blueprint(
    sync: Sync, doubts: dict[str, Doubt], doubtful: str
) -> None:
    doubts[doubtful] = MORE
    outcome = await sync({}, [ITEMS, COMPUTED], both(), ["item/old", "other/old", "third/old"])
    gone = [f"{one['blueprint']}" for one in outcome.succeeded().result.deleted_entities]
    assert sorted(gone) == ([] if doubtful == "/others" else ["other", "third"])


@pytest.mark.contract("evidence.strict")
async def test_strict_makes_it_a_failure(sync: Sync, doubts: dict[str, Doubt]) -> None:
    doubts["/items"] = MORE
    outcome = await sync({"strict": True}, [ITEMS, OTHERS], both(), ["item/old", "other/old"])
    outcome.failed("/items is kept", MORE.seen, MORE.advice, "strict makes that a failure")
    assert sorted(outcome.identifiers) == ["0", "0", "1", "1"]
    assert outcome.deleted == []


@pytest.mark.contract("evidence.strict")
async def test_strict_is_nothing_to_what_is_proven(sync: Sync) -> None:
    outcome = await sync({"strict": True}, [ITEMS, OTHERS], both(), ["item/old", "other/old"])
    assert outcome.succeeded().deleted == ["old", "old"]
    assert withheld(outcome) == []


@pytest.mark.contract("evidence.by-port")
async def test_where_port_maps_the_items_it_is_a_failure(
    doubts: dict[str, Doubt], monkeypatch: pytest.MonkeyPatch
) -> None:
    doubts["/items"] = MORE

    async def by_port() -> bool:
        return True

    async with pipeline({}, [ITEMS], {"/items": numbered(1)}, ["old"]) as booted:
        monkeypatch.setitem(names_of_integration(), "is_dsp_mode_enabled", by_port)
        outcome = await booted.resync()
    outcome.failed("where Port maps the items, that is a failure")
    assert outcome.deleted == []


@pytest.mark.contract("evidence.metrics")
async def test_a_metric_counts_resources_by_their_outcome(
    doubts: dict[str, Doubt], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[tuple[str, list[str], int]] = []
    doubts["/others"] = MORE
    resources = [ITEMS, OTHERS, resource("/broken"), resource("/wrong", data_path="][")]
    routes = both() | {"/broken": reply(status=400)}
    async with pipeline({}, resources, routes) as booted:
        inc = ocean.metrics.inc_metric

        def count(name: str, labels: list[str], value: float) -> None:
            if name == "resource_outcome_count":
                counted.append((name, labels, int(value)))
            inc(name, labels, value)

        monkeypatch.setattr(ocean.metrics, "inc_metric", count)
        await booted.resync()
    assert [labels for _, labels, value in counted if value == 1] == [
        ["/items", "proven"],
        ["/others", "kept"],
        ["/broken", "failed"],
        ["/wrong", "failed"],
    ]


class RefusingPort:
    """Port, which refuses entities by their identifier, in bulk and singly."""

    def __init__(self, refused: dict[str, int], *, takes_later: bool = False) -> None:
        self.refused = refused
        self.takes_later = takes_later
        self.singly: list[Any] = []

    def routes(self) -> dict[str, Any]:
        return {"/entities": self.answer}

    def answer(self, body: Any) -> tuple[int, Any] | None:
        if not isinstance(body, dict) or "datasource_prefix" in body or "rules" in body:
            return None
        if "entities" not in body:
            self.singly.append(body)
            if self.takes_later or body["identifier"] not in self.refused:
                return None
            return self.refused[body["identifier"]], {"ok": False, "message": LEVEL}
        if not isinstance(body["entities"][0], dict):
            return None
        names = [entity["identifier"] for entity in body["entities"]]
        errors = [
            {"index": at, "identifier": name, "statusCode": self.refused[name], "message": LEVEL}
            for at, name in enumerate(names)
            if name in self.refused
        ]
        taken = [
            {"index": at, "identifier": name, "created": True}
            for at, name in enumerate(names)
            if name not in self.refused
        ]
        return 207, {"entities": taken, "errors": errors}


@pytest.mark.contract("evidence.refused", "evidence.refused.all", "evidence.withheld")
@pytest.mark.parametrize("second_try", [True, False])
@pytest.mark.parametrize(
    "status, deleted", [(422, ["old"]), (409, ["old"]), (429, ["old"]), (503, []), (403, [])]
)
async def test_what_port_refuses_was_seen_and_fails_the_run(
    sync: Sync, status: int, deleted: list[str], second_try: bool
) -> None:
    port = RefusingPort({"1": status})
    outcome = await sync(
        {},
        [ITEMS],
        {"/items": numbered(3)},
        ["old", "1"],
        mapping={"createMissingRelatedEntities": not second_try},
        port=port.routes(),
    )
    assert not outcome.result.reconciliation_success
    assert outcome.deleted == deleted
    assert any(f"Port refused 1 entities: 1 times {status}: {LEVEL}" in x for x in outcome.log)
    assert bool(withheld(outcome)) is not bool(deleted)
    assert len(port.singly) == second_try


@pytest.mark.contract("evidence.refused")
async def test_what_port_takes_at_the_second_try_is_no_refusal(sync: Sync) -> None:
    port = RefusingPort({"1": 404}, takes_later=True)
    named = resource("/items", mapping={"properties": {"level": ".id"}})
    outcome = await sync(
        {},
        [named],
        {"/items": numbered(3)},
        ["old"],
        mapping={"createMissingRelatedEntities": False},
        port=port.routes(),
    )
    assert outcome.succeeded().deleted == ["old"]
    # With all that it has.
    assert [one["properties"] for one in port.singly] == [{"level": 1}]


@pytest.mark.contract("evidence.refused.all")
@pytest.mark.parametrize("status", [404, 401, 403, 500, 502])
async def test_a_whole_request_that_is_refused_withholds_all_deletion(
    sync: Sync, status: int
) -> None:
    def refuse(body: Any) -> tuple[int, Any] | None:
        return status, {"ok": False, "error": "no", "message": 'Blueprint "item" was not found'}

    outcome = await sync(
        {}, [ITEMS], {"/items": numbered(3)}, ["old", "third/old"], port={"/entities/bulk": refuse}
    )
    assert not outcome.result.reconciliation_success
    assert outcome.deleted == []
    assert len(withheld(outcome)) == 2
    assert any(f"Port refused 3 entities: 3 times {status}" in line for line in outcome.log)


@pytest.mark.contract("evidence.refused")
@pytest.mark.parametrize("status", [400, 413, 422, 429])
async def test_a_whole_request_that_does_not_fit_is_a_matter_of_its_entities(
    sync: Sync, status: int
) -> None:
    asked = itertools.count()

    def refuse(body: Any) -> tuple[int, Any] | None:
        return (status, {"ok": False, "message": "no"}) if next(asked) == 0 else None

    outcome = await sync(
        {}, [ITEMS], {"/items": numbered(3)}, ["old", "1"], port={"/entities/bulk": refuse}
    )
    # Entities of a request that is too large are written one by one.
    assert outcome.result.reconciliation_success is (status == 413)
    assert outcome.deleted == ["old"]


@pytest.mark.contract("evidence.refused.deletion")
@pytest.mark.parametrize("is_there", [True, False])
async def test_a_deletion_that_port_refuses_fails_the_run(sync: Sync, is_there: bool) -> None:
    def search(body: Any) -> tuple[int, Any] | None:
        there = [{"identifier": "old", "blueprint": "item"}] if is_there else []
        return 200, {"ok": True, "entities": there}

    for refusal in ((500, {"ok": False}), (200, {"ok": True, "deletedEntities": ["older"]})):
        outcome = await sync(
            {},
            [ITEMS],
            {"/items": numbered(1)},
            ["old", "older"],
            port={"/bulk/entities/delete": lambda body, it=refusal: it, "/entities/search": search},
        )
        # What is gone already was deleted with another one.
        assert outcome.result.reconciliation_success is not is_there
        said = "Port did not delete 1 entities: item/old"
        assert any(said in line for line in outcome.log) is is_there


@pytest.mark.contract("evidence.refused.cursors", "evidence.cursors")
@pytest.mark.parametrize("trouble", ["none", "refused", "kept"])
async def test_cursors_begin_anew_only_after_a_run_that_proved_and_wrote_all(
    doubts: dict[str, Doubt], monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    moved: list[str] = []

    async def restart_cursors(client: Any, runs: Any, begun: Any) -> None:
        moved.extend(run.kind for run in runs)

    port = RefusingPort({"1": 422} if trouble == "refused" else {}).routes()
    if trouble == "kept":
        doubts["/items"] = MORE
    block = {"incremental": {"param": "since"}}
    resources = [resource("/items", **block), resource("/others", **block)]
    async with pipeline({}, resources, both(), port=port) as booted:
        monkeypatch.setitem(names_of_integration(), "restart_cursors", restart_cursors)
        await booted.resync()
    expected = {"none": ["/items", "/others"], "refused": [], "kept": ["/others"]}
    assert moved == expected[trouble]


@pytest.mark.contract("evidence.refused.cursors", "evidence.cursors")
@pytest.mark.parametrize(
    "trouble, settings, moved, succeeded",
    [
        ("none", {}, ["/items", "/others"], True),
        ("kept", {}, ["/others"], True),
        ("kept", {"strict": True}, ["/others"], False),
        ("refused", {}, [], False),
        ("refused later", {}, [], True),
    ],
)
async def test_an_incremental_run_is_judged_likewise(
    doubts: dict[str, Doubt],
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
    settings: dict[str, Any],
    moved: list[str],
    succeeded: bool,
) -> None:
    cursors: list[str] = []

    async def get(kind: str, index: int) -> None:
        return None

    async def upsert(kind: str, index: int, value: Any) -> None:
        cursors.append(kind)

    is_refused = trouble.startswith("refused")
    port = RefusingPort({"1": 422} if is_refused else {}, takes_later="later" in trouble)
    if trouble == "kept":
        doubts["/items"] = MORE
    block = {"incremental": {"param": "since"}}
    resources = [resource("/items", **block), resource("/others", **block)]
    mapping = {"createMissingRelatedEntities": False}
    async with pipeline(settings, resources, both(), ["old"], mapping, port.routes()):
        monkeypatch.setattr(ocean.port_client, "get_integration_cursor", get)
        monkeypatch.setattr(ocean.port_client, "upsert_integration_cursor", upsert)
        ends: list[bool] = []
        monkeypatch.setattr(
            ocean.integration, "_set_exit_code", lambda succeeded: ends.append(succeeded)
        )
        await ocean.integration.sync_incremental(60)
    assert cursors == moved
    assert ends == [succeeded]


STALE = [f"item/{number}" for number in range(100)]
CAUTIOUS: dict[str, Any] = {"entityDeletionThreshold": 0.9}


@pytest.mark.contract("evidence.threshold", "evidence.threshold.denied")
@pytest.mark.parametrize(
    "settings, answer, deleted",
    [
        ({}, [{"id": 0}], 0),
        ({"hasMorePath": "more"}, {"list": [{"id": 0}], "more": False}, 99),
        ({"totalPath": "total"}, {"list": [{"id": 0}], "total": 1}, 99),
        ({"totalPath": "total"}, {"list": [], "total": 0}, 100),
        ({"hasMorePath": "more"}, {"list": [], "more": False}, 100),
        ({}, [], 0),
        ({}, {"list": []}, 0),
    ],
)
async def test_much_is_deleted_only_where_the_answer_says_that_it_is_all(
    sync: Sync, settings: dict[str, str], answer: Any, deleted: int
) -> None:
    named = resource("/items", data_path=".list") if isinstance(answer, dict) else ITEMS
    settings = {"paginationType": "page", **settings}
    outcome = await sync(settings, [named], {"/items": answer}, STALE, mapping=CAUTIOUS)
    assert len(outcome.succeeded().deleted) == deleted
    assert ("is kept" in outcome.warnings) is (deleted == 0)


@pytest.mark.contract("evidence.threshold.again")
async def test_what_is_the_same_in_the_next_resync_is_believed(logs: list[str]) -> None:
    answers = in_turn(numbered(5), numbered(5, 5), numbered(5, 5), numbered(6, 5))
    async with pipeline({}, [ITEMS], {"/items": answers}, STALE, CAUTIOUS) as booted:
        first, second, third = [await booted.resync() for _ in range(3)]
    # The second reading missed what the first one had.
    assert [len(each.succeeded().deleted) for each in (first, second, third)] == [0, 0, 95]
    assert '95 of 100 entities of "item" would be deleted' in first.warnings


@pytest.mark.contract("evidence.threshold", "items.enable-delete")
@pytest.mark.parametrize(
    "mapping, of_resource, said",
    [
        ({"entityDeletionTreshold": 0.1}, {}, "did you mean entityDeletionThreshold?"),
        ({"entityDeletionThresold": 0.1}, {}, "did you mean entityDeletionThreshold?"),
        ({}, {"enableDeletes": False}, "did you mean enableDelete?"),
        ({}, {"enabledDelete": False}, "did you mean enableDelete?"),
    ],
)
async def test_a_misspelt_setting_that_would_keep_entities_deletes_none(
    sync: Sync, mapping: dict[str, Any], of_resource: dict[str, Any], said: str
) -> None:
    resources = [{**ITEMS, **of_resource}]
    outcome = await sync({}, resources, {"/items": numbered(1)}, ["old"], mapping=mapping)
    assert outcome.deleted == []
    assert not outcome.result.reconciliation_success
    assert said in "".join(outcome.log)


@pytest.mark.contract("evidence.strict", "evidence.threshold")
async def test_strict_fails_a_run_in_which_the_last_guard_holds_something_up(sync: Sync) -> None:
    routes = {"/items": numbered(5)}
    outcome = await sync({"strict": True}, [ITEMS], routes, STALE, mapping=CAUTIOUS)
    assert not outcome.result.reconciliation_success
    assert outcome.deleted == []


def asking(**more: Any) -> Any:
    fetch = {"fetch": "/items/{id}", "params": {"id": ".identifier"}, **more}
    return resource("/items", items_filter='.state != "closed"', confirm_deletion=fetch)


GONE = ["4", "5"]
CONFIRMED: list[Any] = [
    ({}, reply(status=404)),
    ({}, reply(status=410)),
    ({}, {"id": 4, "state": "closed"}),
    ({"gone_when": '.body.state == "deleted"'}, {"id": 4, "state": "deleted"}),
    ({"gone_when": [403]}, reply(status=403)),
    ({"gone_when": ".status == 400"}, reply({"code": "no such item"}, 400)),
]


@pytest.mark.contract("evidence.confirm", "evidence.threshold.confirmed")
@pytest.mark.parametrize("more, answer", CONFIRMED)
async def test_what_the_api_confirms_is_deleted_however_much_it_is(
    sync: Sync, more: dict[str, Any], answer: Any
) -> None:
    routes = {"/items": numbered(1, 200), "/items/200": {"id": 200}}
    routes |= {f"/items/{number}": answer for number in range(100)}
    outcome = await sync({}, [asking(**more)], routes, STALE, mapping=CAUTIOUS)
    assert len(outcome.succeeded().deleted) == 100
    # Twenty of a hundred, from the first to the last, and one that is there.
    assert len(outcome.asked) == 1 + 1 + 20
    numbers = sorted(int(path.rpartition("/")[2]) for path in outcome.paths[1:])
    assert (numbers[0], numbers[-1]) == (0, 200)
    assert numbers[-2] >= 80


@pytest.mark.contract("evidence.confirm.kept")
@pytest.mark.parametrize(
    "rule, answer, is_gone",
    [
        (".body.id == null", reply({"message": "down"}, 503), False),
        (".body.id == null", {"error": "rate limit exceeded"}, False),
        (".body.id == null", {"message": "not now"}, False),
        ("(.body.items | length) == 0", {"success": False, "items": []}, False),
        ('.body.error == "not found"', {"error": "not found"}, True),
        (".status == 403", reply({"message": "no such item"}, 403), True),
        ("(.body.items | length) == 0", {"items": [], "page": 1}, True),
    ],
)
async def test_a_rule_that_is_true_of_any_error_confirms_nothing(
    sync: Sync, rule: str, answer: Any, is_gone: bool
) -> None:
    routes = {"/items": numbered(1), "/items/0": {"id": 0, "items": [0]}}
    routes |= {f"/items/{name}": answer for name in GONE}
    outcome = await sync({"maxRetries": "1"}, [asking(gone_when=rule)], routes, ["0", *GONE])
    assert outcome.succeeded().deleted == (GONE if is_gone else [])
    assert ("confirm_deletion" in outcome.warnings) is not is_gone


@pytest.mark.contract("evidence.confirm.kept")
@pytest.mark.parametrize(
    "answer, why",
    [
        ({"id": 5}, "the API answered 200"),
        ([], "the API answered 200"),
        ({}, "the API answered 200"),
        ({"message": "You may not see this"}, "the API answered 200"),
        (reply({"status": "pending"}, 202), "202"),
        (reply(status=403), "403"),
        (reply(status=400), "400"),
        (reply(text="<html>"), "JSON"),
    ],
)
async def test_anything_else_is_no_confirmation(sync: Sync, answer: Any, why: str) -> None:
    routes = {"/items": numbered(1), "/items/0": {"id": 0}, "/items/4": reply(status=404)}
    outcome = await sync(
        {"maxRetries": "0"}, [asking()], routes | {"/items/5": answer}, ["0", *GONE]
    )
    assert outcome.succeeded().deleted == []
    assert "/items is kept" in outcome.warnings
    assert "of 1 of 2 entities that they are gone: 5" in outcome.warnings
    assert why in outcome.warnings


@pytest.mark.contract("evidence.confirm.kept")
@pytest.mark.parametrize(
    "answer",
    [{}, {"message": "You may not see this"}, reply({"state": "pending"}, 202)],
    ids=str,
)
async def test_a_filter_on_what_is_no_item_confirms_nothing(sync: Sync, answer: Any) -> None:
    fetch = {"fetch": "/items/{id}", "params": {"id": ".identifier"}}
    mapped = resource("/items", items_filter='.state == "open"', confirm_deletion=fetch)
    there = {"id": 0, "state": "open"}
    routes = {"/items": [there], "/items/0": there, "/items/4": answer}
    outcome = await sync({"maxRetries": "0"}, [mapped], routes, ["0", "4"])
    assert outcome.succeeded().deleted == []
    assert "of 1 of 1 entities that they are gone: 4" in outcome.warnings


@pytest.mark.contract("evidence.confirm")
async def test_the_mapping_s_query_is_one_of_the_filters(sync: Sync) -> None:
    mapped = asking()
    mapped["selector"]["query"] = ".level != 9"
    routes = {"/items": numbered(1), "/items/0": {"id": 0}}
    routes |= {f"/items/{name}": {"id": int(name), "level": 9} for name in GONE}
    outcome = await sync({}, [mapped], routes, ["0", *GONE])
    assert outcome.succeeded().deleted == GONE


@pytest.mark.contract("evidence.confirm.control")
async def test_a_question_that_takes_all_for_gone_confirms_nothing(sync: Sync) -> None:
    """The path of `fetch` is wrong, so that every answer is a 404."""
    outcome = await sync({}, [asking()], {"/items": numbered(1)}, ["0", *GONE])
    assert outcome.succeeded().deleted == []
    assert "says that 0 is gone, which this resync brought" in outcome.warnings


@pytest.mark.contract("evidence.confirm")
@pytest.mark.parametrize(
    "block, problem",
    [
        ({"fetch": "/items/{id}"}, "params: has no id"),
        ({"fetch": "/items", "params": {}}, "is the same for all entities"),
        ({"fetch": "/items/{id}", "params": {"id": "]["}}, "confirm_deletion.params.id"),
        ({"fetch": "/items/{id}", "params": {"id": ".identifier"}, "gone_when": [7]}, "7 is no"),
        ({"fetch": "/items/{id}", "params": {"id": ".identifier"}, "max_checks": 0}, "max_checks"),
        ({"params": {}}, "fetch"),
    ],
)
async def test_a_wrong_block_fails_its_resource(
    sync: Sync, block: dict[str, Any], problem: str
) -> None:
    wrong = resource("/items", confirm_deletion=block)
    outcome = await sync({}, [wrong], {"/items": numbered(1)}, ["old"])
    outcome.failed(problem)
    assert outcome.asked == []


ALL_OF_IT: dict[str, Any] = {"paginationType": "page", "totalPath": "total", "pageSize": "200"}
HUNDRED = {"list": [{"id": number, "state": "open"} for number in range(100)], "total": 100}


@pytest.mark.contract("evidence.threshold.denied", "evidence.reservation")
@pytest.mark.parametrize(
    "selector, entity, why",
    [
        ({"query": '.statee == "open"'}, {}, "query leaves out all 100 items, and .statee is in"),
        ({"items_filter": '.statee == "open"'}, {}, "items_filter leaves out all 100 items"),
        ({"query": '.state == "closed"'}, {}, "100 of 100 entities"),
        ({}, {"identifier": "if .id < 3 then .id | tostring else null end"}, "97 of 100 entities"),
    ],
)
async def test_what_the_mapping_leaves_out_is_not_what_the_answers_say_is_gone(
    sync: Sync, selector: dict[str, Any], entity: dict[str, Any], why: str
) -> None:
    named = resource("/items", mapping=entity, data_path=".list", **selector)
    outcome = await sync(ALL_OF_IT, [named], {"/items": HUNDRED}, STALE, mapping=CAUTIOUS)
    assert outcome.succeeded().deleted == []
    assert "/items is kept" in outcome.warnings
    assert why in outcome.warnings


@pytest.mark.contract("evidence.reservation")
@pytest.mark.parametrize(
    "query, there, deleted",
    [
        ('.statee == "open"', ["0", "old"], []),
        # Nothing is at stake.
        ('.statee == "open"', [], []),
        ('.state == "closed"', ["0", "old"], ["0", "old"]),
        ('(.statee // "open") == "closed"', ["0", "old"], ["0", "old"]),
        (".id == 0", ["0", "old"], ["old"]),
    ],
)
async def test_a_filter_on_what_no_item_has_deletes_nothing(
    sync: Sync, query: str, there: list[str], deleted: list[str]
) -> None:
    items = [{"id": number, "state": "open"} for number in range(3)]
    outcome = await sync({}, [resource("/items", query=query)], {"/items": items}, there)
    assert outcome.succeeded().deleted == deleted
    assert ("is kept" in outcome.warnings) is bool(there and not deleted)


@pytest.mark.contract("evidence.refused")
@pytest.mark.parametrize("is_first", [True, False])
async def test_what_one_of_two_resources_writes_and_port_refuses_fails_the_run(
    sync: Sync, is_first: bool
) -> None:
    def refuse_levels(body: Any) -> tuple[int, Any] | None:
        written = body.get("entities", [{}]) if isinstance(body, dict) else [{}]
        if not isinstance(written[0], dict) or not written[0].get("properties"):
            return None
        told = [{"index": at, "statusCode": 422, "message": LEVEL} for at in range(len(written))]
        return 207, {"entities": [], "errors": told}

    leveled = resource("/others", mapping={"properties": {"level": ".id"}})
    resources = [leveled, ITEMS] if is_first else [ITEMS, leveled]
    outcome = await sync({}, resources, both(), ["old"], port={"/entities/bulk": refuse_levels})
    assert not outcome.result.reconciliation_success
    assert any(f"2 times 422: {LEVEL}" in line for line in outcome.log)
    assert outcome.deleted == ["old"]


@pytest.mark.contract("evidence.confirm.control")
async def test_each_resource_is_asked_about_an_entity_that_it_brought(sync: Sync) -> None:
    def asking_at(kind: str, fetch: str) -> Any:
        block = {"fetch": fetch, "params": {"id": ".identifier"}}
        return resource(kind, confirm_deletion=block)

    routes = {"/items": numbered(1), "/others": numbered(1, 7), "/items/0": {"id": 0}}
    resources = [asking_at("/items", "/items/{id}"), asking_at("/others", "/wrong/{id}")]
    outcome = await sync({}, resources, routes, ["old"])
    assert outcome.succeeded().deleted == []
    assert "says that 7 is gone, which this resync brought" in outcome.warnings
    right = routes | {"/wrong/7": {"id": 7}}
    assert (await sync({}, resources, right, ["old"])).succeeded().deleted == ["old"]


@pytest.mark.contract("evidence.lone-objects")
@pytest.mark.parametrize(
    "message, succeeds",
    [({"error": "rate limited"}, False), ({"detail": "Not now"}, True), ({"id": 9}, None)],
)
async def test_a_message_among_single_objects_loses_no_entity(
    sync: Sync, message: Any, succeeds: bool | None
) -> None:
    users = resource("/users/{id}", path_parameters={"id": {"endpoint": "/users", "field": ".id"}})
    routes: dict[str, Any] = {f"/users/{n}": {"id": n, "name": "x"} for n in range(3)}
    routes |= {"/users": numbered(3), "/users/1": message}
    outcome = await sync({}, [users], routes, ["0", "1", "2", "old"])
    assert outcome.deleted == ([] if succeeds is not None else ["1", "old"])
    assert outcome.result.reconciliation_success is (succeeds is not False)
    assert ("is kept" in outcome.warnings) is (succeeds is True)
