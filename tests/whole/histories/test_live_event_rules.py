"""What one event does, and what it never does; end to end but for API and Port."""

import asyncio
from typing import Any

import pytest
from loguru import logger

from errors import SelectorError
from live_events.service import LiveEventProcessor
from mapping.resources import CustomResourceConfig
from settings.connection import ConnectionSettings
from tests.whole.histories.world import SETTINGS, Catalog, ModelApi, World, open_world, resource

PARSED = ConnectionSettings.parse(SETTINGS)
BY_ID = {"fetch": "/users/{id}", "params": {"id": ".body.id"}, "identifier": ".body.id"}


@pytest.fixture
def lines() -> Any:
    said: list[str] = []
    sink = logger.add(lambda message: said.append(str(message)), format="{level} {message}")
    yield said
    logger.remove(sink)


def at(lines: list[str], text: str) -> str:
    """The one line that holds a text."""
    found = [line for line in lines if text in line]
    assert len(found) == 1, lines
    return found[0]


async def told(world: World, *bodies: Any, **headers: str) -> None:
    for body in bodies:
        await world.tell(body, **headers)
    await world.settle()


async def test_the_payload_is_never_taken_for_the_item() -> None:
    async with open_world(ModelApi({"a": 7}), Catalog(), resource(BY_ID)) as world:
        await told(world, {"id": "a", "version": 99})
        assert world.catalog.entities == {"a": 7}


@pytest.mark.parametrize(
    "when, fits",
    [
        (".body.ok", True),
        ('.headers["x-kind"] == "user"', True),
        (".body.id", False),
        ('"true"', False),
        (".body.none", False),
        ("empty", False),
    ],
)
async def test_only_exactly_true_lets_an_event_through(when: str, fits: bool) -> None:
    async with open_world(
        ModelApi({"a": 1}), Catalog(), resource({**BY_ID, "when": when})
    ) as world:
        await told(world, {"id": "a", "ok": True}, **{"x-kind": "user"})
        assert world.catalog.entities == ({"a": 1} if fits else {})
        assert not world.fates["lost"]


async def test_items_carry_the_values_of_path_parameters() -> None:
    seen: list[Any] = []

    def keep(item: Any) -> bool:
        seen.append(item)
        return True

    catalog = Catalog(passes=keep)
    member = {
        "fetch": {"endpoint": "/users/{id}", "query_params": {"team": "{team}"}},
        "params": {"id": ".body.id", "team": ".body.team"},
    }
    mapped = resource(
        member,
        endpoint="/teams/{team}/users",
        path_parameters={"team": {"endpoint": "/teams", "field": ".id"}},
    )
    async with open_world(ModelApi({"a": 1}), catalog, mapped) as world:
        await told(world, {"id": "a", "team": 7})
    assert seen == [{"id": "a", "version": 1, "__team": "7"}]


async def test_without_fetch_the_resources_own_endpoint_is_read() -> None:
    api = ModelApi({"a": 1, "b": 2})
    # A plain path, because a window of 1 ms is over before another process has answered.
    async with open_world(api, Catalog(), resource({"when": ".body.new"})) as world:
        await told(world, *[{"n": n, "new": True} for n in range(5)])
        assert world.catalog.entities == {"a": 1, "b": 2}
    assert api.asked == {"/users": 1}


async def test_gone_without_an_identifier_is_left_to_the_resync(lines: list[str]) -> None:
    entry = {key: BY_ID[key] for key in ("fetch", "params")}
    async with open_world(ModelApi(), Catalog({"a": 1}), resource(entry)) as world:
        await told(world, {"id": "a"})
        assert world.catalog.entities == {"a": 1}
    assert "live_events.0.identifier" in at(lines, "the API answered 404; the next resync")


@pytest.mark.parametrize("rule", ["skip", "stop", "fail"])
async def test_a_404_that_the_user_decided_about_deletes_nothing(rule: str) -> None:
    mapped = resource(BY_ID, on_error=[{"when": [404], "then": rule}])
    async with open_world(ModelApi(), Catalog({"a": 1}), mapped) as world:
        await told(world, {"id": "a"})
        assert world.catalog.entities == {"a": 1}


async def test_a_wrong_path_does_not_empty_the_catalog(lines: list[str]) -> None:
    known = dict.fromkeys("abcdefgh", 1)
    async with open_world(ModelApi(), Catalog(dict(known)), resource(BY_ID)) as world:
        for name in known:
            await told(world, {"id": name})
        assert len(world.catalog.entities) == 5
        assert world.fates == {"deleted": 3, "lost": 5}
        world.api.users["z"] = 1
        await told(world, {"id": "z"}, {"id": "h"})
        assert set(world.catalog.entities) == {*"defg", "z"}
    assert sum("lost" in line and "look at its fetch" in line for line in lines) == 5


async def test_a_gateway_that_answers_for_the_api_does_not_empty_the_catalog() -> None:
    users = dict.fromkeys("abcdefgh", 1)
    api = ModelApi(dict(users))
    async with open_world(api, Catalog(dict(users)), resource(BY_ID)) as world:
        await told(world, *({"id": name} for name in users))
        api.users.clear()
        for name in [*users, *users]:
            await told(world, {"id": name})
        assert world.fates == {"updated": 8, "deleted": 6, "lost": 10}
        assert len(world.catalog.entities) == 5
        api.users.update(users)
        await told(world, *({"id": name} for name in users))
        assert world.catalog.entities == users


async def test_no_failure_deletes() -> None:
    async with open_world(
        ModelApi({}, fails=lambda: True), Catalog({"a": 1}), resource(BY_ID)
    ) as world:
        await told(world, {"id": "a"})
        assert (world.catalog.entities, world.fates["lost"]) == ({"a": 1}, 1)


@pytest.mark.parametrize(
    "body, why",
    [
        ({}, "params.id: .body.id gives nothing"),
        ({"id": ""}, "identifier: .body.id gives an empty text"),
        ({"id": {"n": 1}}, "identifier: .body.id gives an object"),
        ({"id": True}, "identifier: .body.id gives true or false"),
        ([], "fails on an event"),
    ],
)
async def test_an_event_without_the_values_is_lost_with_the_place(
    lines: list[str], body: Any, why: str
) -> None:
    async with open_world(ModelApi(), Catalog({"a": 1}), resource(BY_ID)) as world:
        await told(world, body)
        assert world.fates["lost"] == 1
    said = at(lines, "a live event is lost until the next resync: live_events.0.")
    assert why.partition(": ")[2] in said


async def test_a_deletion_waits_for_a_fetch_that_would_bring_the_entity_back() -> None:
    fetch = {**BY_ID, "when": '.body.action == "changed"'}
    del fetch["identifier"]
    erase = {
        "when": '.body.action == "erased"',
        "delete_when": "true",
        "identifier": ".body.id",
    }
    api = ModelApi({"a": 1}, pause=lambda: 0.05)
    async with open_world(api, Catalog(), resource(fetch, erase)) as world:
        await world.tell({"id": "a", "action": "changed"})
        while not api.asked:  # noqa: ASYNC110  # the model has nothing to wait for
            await asyncio.sleep(0.001)
        del api.users["a"]
        await told(world, {"id": "a", "action": "erased"})
        assert world.catalog.entities == {}


async def test_what_query_lets_through_no_longer_is_deleted() -> None:
    catalog = Catalog({"a": 1, "b": 1}, passes=lambda item: item["version"] < 2)
    async with open_world(ModelApi({"a": 2, "b": 1}), catalog, resource(BY_ID)) as world:
        await told(world, {"id": "a"}, {"id": "b"})
        assert catalog.entities == {"b": 1}


@pytest.mark.parametrize("alone", [True, False])
async def test_what_items_filter_lets_through_no_longer_is_deleted(alone: bool) -> None:
    mapped = resource(BY_ID, items_filter=".version < 2", emit="{id, version: (.version * 10)}")
    others = [] if alone else [{**resource(), "kind": "/people"}]
    api = ModelApi({"a": 2, "b": 1})
    async with open_world(api, Catalog({"a": 10}), mapped, *others) as world:
        await told(world, {"id": "a"}, {"id": "b"})
        assert world.catalog.entities == ({"b": 10} if alone else {"a": 10, "b": 10})


@pytest.mark.contract("live-events.unmet-filter")
@pytest.mark.parametrize(
    "told_instead, is_deleted",
    [
        ({"error": "too many requests", "version": None}, False),
        ({"code": 429, "msg": "Too Many Requests", "version": 0}, False),
        ({"message": "not now"}, False),
        ({"jsonrpc": "2.0", "id": 7, "error": {"message": "busy"}}, False),
        ({"id": "a", "version": 3, "reason": "moved"}, True),
        ({"id": "a", "status": "failed", "message": "exit 1", "version": 3}, True),
    ],
    ids=["error", "code", "message", "rpc", "item", "failed job"],
)
async def test_a_filter_that_leaves_out_a_message_deletes_nothing(
    told_instead: dict[str, Any], is_deleted: bool, lines: list[str]
) -> None:
    mapped = resource(BY_ID, items_filter='(.version // "none") == 1')
    api = ModelApi({}, missing=200, told=told_instead)
    async with open_world(api, Catalog({"a": 1}), mapped) as world:
        await told(world, {"id": "a"})
        assert world.catalog.entities == ({} if is_deleted else {"a": 1})
    assert any("a live event is lost until" in line for line in lines) is not is_deleted


@pytest.mark.parametrize("setting", ["query", "items_filter"])
@pytest.mark.parametrize(
    "condition, left",
    [(".version < 2", {}), (".archived == false", {"a": 1}), ("(.archived // true) == false", {})],
)
async def test_a_filter_that_looks_at_what_is_not_there_deletes_nothing(
    setting: str, condition: str, left: dict[str, int]
) -> None:
    """An item that is fetched for an event may have fewer fields than one of the list."""
    catalog = Catalog({"a": 1}, passes=lambda item: setting != "query")
    mapped = resource(BY_ID, **{setting: condition})
    async with open_world(ModelApi({"a": 2}), catalog, mapped) as world:
        await told(world, {"id": "a"})
        assert world.catalog.entities == left


@pytest.mark.contract("live-events.during-resync")
async def test_the_end_of_a_resync_undoes_nothing_that_is_being_applied() -> None:
    mapped = resource({**BY_ID, "delete_when": ".body.erased"})
    api = ModelApi({}, pause=lambda: 0.05)
    async with open_world(api, Catalog({"a": 1}), mapped) as world:
        with world.events.beside_resync():
            await told(world, {"id": "a", "erased": True})
            assert world.catalog.entities == {}
            api.users["a"] = 2
            await world.tell({"id": "a"})
            while not api.asked:  # noqa: ASYNC110  # the model has nothing to wait for
                await asyncio.sleep(0.001)
        await world.settle()
        assert world.catalog.entities == {"a": 2}


async def test_items_carry_included_fields() -> None:
    seen: list[Any] = []
    catalog = Catalog(passes=lambda item: seen.append(item) is None)  # type: ignore[func-returns-value]  # notes it
    entry = {**BY_ID, "params": {"id": ".body.id", "team": ".body.team", "tags": ".body.tags"}}
    team = {"endpoint": "/teams", "field": ".id", "include": {"tags": ".tags"}}
    mapped = resource(entry, endpoint="/teams/{team}/users", path_parameters={"team": team})
    async with open_world(ModelApi({"a": 1}), catalog, mapped) as world:
        await told(world, {"id": "a", "team": 7, "tags": ["x"]})
    assert seen == [{"id": "a", "version": 1, "__team": "7", "__tags": ["x"]}]


@pytest.mark.parametrize("other", [resource(), {**resource(), "enableDelete": False}])
async def test_but_not_where_another_resource_may_have_it(other: dict[str, Any]) -> None:
    catalog = Catalog({"a": 1}, passes=lambda item: False)
    other["kind"] = "/people"
    async with open_world(ModelApi({"a": 2}), catalog, resource(BY_ID), other) as world:
        await told(world, {"id": "a"})
        assert catalog.entities == {"a": 1}


async def test_enable_delete_is_honoured() -> None:
    kept = {**resource({**BY_ID, "delete_when": ".body.erased"}), "enableDelete": False}
    async with open_world(ModelApi(), Catalog({"a": 1, "b": 1}), kept) as world:
        await told(world, {"id": "a"}, {"id": "b", "erased": True})
        assert world.catalog.entities == {"a": 1, "b": 1}


async def test_an_entity_of_somebody_else_is_not_deleted() -> None:
    async with open_world(ModelApi(), Catalog(), resource(BY_ID)) as world:
        await told(world, {"id": "a"})
        assert world.catalog.deleted == []


@pytest.mark.parametrize("refusals, lost", [(2, 0), (3, 1)])
async def test_what_port_refuses_is_tried_again(refusals: int, lost: int) -> None:
    left = [True] * refusals
    catalog = Catalog(refuses=lambda identifier: bool(left) and left.pop())
    async with open_world(ModelApi({"a": 1}), catalog, resource(BY_ID)) as world:
        await told(world, {"id": "a"})
        assert (world.fates["lost"], catalog.entities) == (lost, {} if lost else {"a": 1})


@pytest.mark.contract("evidence.refused.deletion")
@pytest.mark.parametrize("refusals, lost", [(2, 0), (3, 1)])
async def test_a_deletion_that_port_refuses_is_tried_again(refusals: int, lost: int) -> None:
    left = [True] * refusals
    catalog = Catalog({"a": 1}, keeps=lambda identifier: bool(left) and left.pop())
    async with open_world(ModelApi(), catalog, resource(BY_ID)) as world:
        await told(world, {"id": "a"})
        assert (world.fates["lost"], catalog.entities) == (lost, {"a": 1} if lost else {})


async def test_after_a_change_of_the_mapping_an_event_is_not_applied_with_the_old_one() -> None:
    async with open_world(
        ModelApi({"a": 1}), Catalog(), resource(BY_ID), webhook_window=0.05
    ) as world:
        await world.tell({"id": "a"})
        world.map(resource({**BY_ID, "when": "false"}))
        await world.settle()
        assert (world.catalog.entities, world.fates["lost"]) == ({}, 1)


async def test_a_selector_that_cannot_be_used_leaves_the_others_alone(lines: list[str]) -> None:
    broken = resource({**BY_ID, "when": "(("})
    async with open_world(ModelApi({"a": 1}), Catalog(), broken, resource(BY_ID)) as world:
        await told(world, {"id": "a"})
        assert world.catalog.entities == {"a": 1}
    assert "live_events.0.when: '((' is not valid JQ" in "".join(lines)


async def test_secrets_are_not_shown_to_the_mapping() -> None:
    entry = {**BY_ID, "params": {"id": '.headers["x-token"] // .body.id'}}
    settings = {
        "webhook_auth": "token",
        "webhook_header": "X-Token",
        "webhook_secret": "s3cr3t-0f-h00ks",
    }
    api = ModelApi({"a": 1})
    async with open_world(api, Catalog(), resource(entry), **settings) as world:
        await told(world, {"id": "a"}, **{"x-token": "s3cr3t-0f-h00ks"})
    assert api.asked == {"/users/a": 1}


REFUSED = {
    "path_parameters": {"team": {"endpoint": "/teams", "field": ".id"}},
    "endpoint": "/teams/{team}/users",
}


@pytest.mark.parametrize(
    "entry, selector, problem",
    [
        ({"whn": "true"}, {}, "live_events.0.whn: is not known; allowed are path, when, params"),
        ({"params": "x"}, {}, "live_events.0.params: "),
        (
            {"fetch": {"endpoint": "/u", "verb": "GET"}},
            {},
            "live_events.0.fetch.verb: is not known; allowed are method, query_params",
        ),
        ({"fetch": "/u/{id}"}, {}, "live_events.0.params: has no id, which is in /u/{id}; add"),
        (
            {"fetch": "/u/{id}", "params": {"id": ".body.id"}},
            REFUSED,
            "live_events.0.params: has no team, which marks the items of /u/{id}; add params.team",
        ),
        (
            {"fetch": "/u/{id}", "params": {"id": ".body.id", "ID": ".b"}},
            {},
            "live_events.0.params.ID: is not a placeholder of /u/{id}; allowed are id",
        ),
        (
            {"when": "true"},
            {"export": {"poll": {"endpoint": "/exports/7", "done": ".ready"}}},
            "live_events.0.fetch: is required with export",
        ),
        ({"when": "(("}, {}, "live_events.0.when: '((' is not valid JQ"),
        ({"delete_when": "true"}, {}, "live_events.0.delete_when: needs live_events.0.identifier"),
        (
            {"fetch": {"endpoint": "/u", "data_path": "(("}},
            {},
            "live_events.0.fetch.data_path: '((' is not valid JQ",
        ),
    ],
)
def test_misuse_is_refused_with_the_place(
    entry: dict[str, Any], selector: dict[str, Any], problem: str
) -> None:
    mapped = CustomResourceConfig.parse_obj(resource(entry, **selector))
    with pytest.raises(SelectorError) as caught:
        mapped.plan(PARSED)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "blueprint", [".type", '.type // "user"', 'if .x then "a" else "b" end', '"x-\\(.type)"']
)
def test_an_identifier_needs_a_blueprint_that_is_known_without_an_item(blueprint: str) -> None:
    given = resource(BY_ID)
    given["port"]["entity"]["mappings"]["blueprint"] = blueprint
    with pytest.raises(SelectorError, match=r"live_events\.0\.identifier: cannot tell the entity"):
        CustomResourceConfig.parse_obj(given).plan(PARSED)


def test_a_path_that_is_no_webhook_path_is_refused() -> None:
    mapped = CustomResourceConfig.parse_obj(resource({"path": "/hooks/"}))
    with pytest.raises(SelectorError, match=r"0\.path: /hooks is not in webhookPaths, which"):
        mapped.plan(PARSED)


async def test_the_path_of_a_refused_event_makes_no_line_of_its_own(lines: list[str]) -> None:
    async with open_world(ModelApi(), Catalog()) as world:
        world.events.refused(f"/integration/webhook\nINFO all is well{'x' * 9000}", "it is forged")
    said = at(lines, "Refused a live event")
    assert said.count("\n") == 1
    assert len(said) < 200


async def test_why_nothing_is_accepted_is_said(lines: list[str]) -> None:
    async with open_world(ModelApi(), Catalog(), webhook_auth="") as world:
        world.events.warn(CustomResourceConfig.parse_obj(resource(BY_ID)).plan(PARSED))
        assert "webhookAuth is not set" in at(lines, "its live_events have no effect")
        assert world.events.authenticator.refusal({}, b"", 0) == "webhookAuth is not set"


def test_a_processor_is_what_ocean_asks_for() -> None:
    assert LiveEventProcessor.__abstractmethods__ == frozenset()


def late(api: ModelApi, name: str, version: int, after: int) -> None:
    """Let an item be there only after so many requests for it."""
    answer = api._answer

    def delayed(path: str) -> tuple[int, Any]:
        if path == f"/users/{name}" and api.asked[path] > after:
            api.users[name] = version
        return answer(path)

    api._answer = delayed  # type: ignore[method-assign]  # for one test


@pytest.mark.contract("live.gone-twice")
@pytest.mark.parametrize("entry", [BY_ID, {key: BY_ID[key] for key in ("fetch", "params")}])
@pytest.mark.parametrize("after", [0, 1, 2])
async def test_an_item_that_is_shown_late_is_there_in_the_end(
    entry: dict[str, Any], after: int
) -> None:
    api = ModelApi()
    late(api, "a", 5, after)
    async with open_world(api, Catalog({"a": 4}), resource(entry)) as world:
        await told(world, {"id": "a"})
        assert world.catalog.entities == {"a": 5}
        assert world.catalog.deleted == []
        assert world.fates == {"updated": 1}


@pytest.mark.contract("live.gone-twice")
async def test_an_item_is_deleted_once_it_was_not_there_three_times() -> None:
    api = ModelApi()
    late(api, "a", 5, 3)
    async with open_world(api, Catalog({"a": 4}), resource(BY_ID)) as world:
        await told(world, {"id": "a"})
        assert (world.catalog.deleted, api.asked["/users/a"]) == (["a"], 3)


@pytest.mark.contract("live.gone-twice")
async def test_delete_when_deletes_at_once() -> None:
    entry = {**BY_ID, "delete_when": ".body.erased"}
    async with open_world(ModelApi(), Catalog({"a": 4}), resource(entry)) as world:
        await told(world, {"id": "a", "erased": True})
        assert (world.catalog.deleted, world.api.asked) == (["a"], {})


@pytest.mark.contract("live.gone-twice")
async def test_a_newer_event_takes_the_place_of_asking_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = ModelApi()
    async with open_world(api, Catalog({"a": 4}), resource(BY_ID)) as world:
        monkeypatch.setattr("live_events.service._GONE_AGAIN", 60.0)
        await world.tell({"id": "a"})
        while api.asked["/users/a"] < 2:  # noqa: ASYNC110  # the model has nothing to wait for
            await asyncio.sleep(0.001)
        api.users["a"] = 6
        await told(world, {"id": "a"})
        assert (world.catalog.entities, world.events.pending) == ({"a": 6}, 0)


@pytest.mark.contract("live.each")
@pytest.mark.parametrize(
    "each, body",
    [
        (".body[]", [{"id": "a"}, {"id": "b"}]),
        (".body.value[]", {"value": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}),
        (".body.events[].object", {"events": [{"object": {"id": "a"}}, {"object": {"id": "b"}}]}),
    ],
)
async def test_each_event_of_a_batch_is_one(each: str, body: Any) -> None:
    api = ModelApi({"a": 1, "b": 2, "c": 3})
    mapped = resource({**BY_ID, "each": each, "when": '.batch != null and .headers.x == "1"'})
    async with open_world(api, Catalog(), mapped) as world:
        await told(world, body, x="1")
        assert world.catalog.entities == {"a": 1, "b": 2}
        assert api.asked == {"/users/a": 1, "/users/b": 1}


@pytest.mark.contract("live.each")
async def test_one_wrong_event_of_a_batch_is_lost_alone(lines: list[str]) -> None:
    mapped = resource({**BY_ID, "each": ".body[]"})
    async with open_world(ModelApi({"a": 1}), Catalog(), mapped) as world:
        await told(world, [{"id": None}, {"id": "a"}])
        assert (world.catalog.entities, world.fates["lost"]) == ({"a": 1}, 1)
        await told(world, [{"id": "a"}] * 1001)
        assert world.fates["lost"] == 2
    assert "gives 1001 events, and at most 1000" in at(lines, "at most 1000")


@pytest.mark.contract("live.each")
async def test_several_values_for_one_event_are_no_longer_dropped_in_silence(
    lines: list[str],
) -> None:
    mapped = resource({**BY_ID, "params": {"id": ".body[].id"}, "identifier": ".body[].id"})
    async with open_world(ModelApi({"a": 1, "b": 1}), Catalog(), mapped) as world:
        await told(world, [{"id": "a"}, {"id": "b"}])
        assert (world.catalog.entities, world.fates["lost"]) == ({}, 1)
        await told(world, [{"id": "a"}, {"id": "a"}])
        assert world.catalog.entities == {"a": 1}
    assert "write live_events.0.each" in at(lines, "is lost until")
