"""What is heard of Port's answers: every refusal, and nothing that is none."""

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from port_ocean.clients.port.client import PortClient
from port_ocean.clients.port.mixins import entities as ocean_entities
from port_ocean.clients.port.types import UserAgentType
from port_ocean.core.models import Entity

from framework.port_writes import ListeningClient
from framework.refusals import Refusal, Refusals
from framework.runs import Run, running

SEARCH = {"combinator": "and", "rules": [{"property": "email", "operator": "=", "value": "a"}]}
OPTIONS: Any = {
    "merge": True,
    "create_missing_related_entities": True,
    "delete_dependent_entities": True,
    "validation_only": False,
}

type Answer = Callable[[httpx.Request], httpx.Response]


def entity(identifier: Any = "a", **more: Any) -> Entity:
    return Entity(identifier=identifier, blueprint="item", properties={"level": 1}, **more)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], ListeningClient]:
    """Make a client for a Port that answers so."""
    config = SimpleNamespace(
        upsert_entities_batch_max_length=20,
        upsert_entities_batch_max_size_in_bytes=1_000_000,
        delete_entities_max_batch_size=100,
    )
    metrics = SimpleNamespace(
        inc_metric=lambda *given, **named: None, current_resource_kind=lambda: "k"
    )
    monkeypatch.setattr(ocean_entities, "ocean", SimpleNamespace(config=config, metrics=metrics))

    class Authentication:
        api_url = "https://port.test/v1"
        integration_type = "custom"
        integration_identifier = "me"

        async def headers(self, agent: UserAgentType | None = None) -> dict[str, str]:
            return {}

    def make(answer: Answer) -> ListeningClient:
        client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        ocean = SimpleNamespace(auth=Authentication(), client=client, api_url="https://port.test")
        return ListeningClient(cast("PortClient", ocean))

    return make


def always(status: int, body: Any) -> Answer:
    return lambda request: httpx.Response(status, json=body)


async def upserted(client: ListeningClient, *entities: Entity) -> tuple[Run, list[Any]]:
    with running() as run:
        results = await client.upsert_entities_in_batches(
            list(entities), OPTIONS, UserAgentType.exporter, should_raise=False
        )
    return run, results


TAKEN = {"entities": [{"index": 0, "identifier": "a", "created": True}], "errors": []}


@pytest.mark.contract("evidence.refused")
@pytest.mark.parametrize(
    "status, body",
    [
        (200, TAKEN),
        (200, {"entities": [{"index": 0, "identifier": "a"}]}),
        (207, TAKEN),
    ],
)
async def test_what_is_taken_is_no_refusal(
    port: Callable[[Answer], ListeningClient], status: int, body: Any
) -> None:
    run, results = await upserted(port(always(status, body)), entity())
    assert [is_taken for is_taken, _ in results] == [True]
    assert not run.refusals
    assert run.refusals.told == 0


def refused(status: int | None, name: str = "a") -> dict[str, Any]:
    told = {} if status is None else {"statusCode": status}
    return {"entities": [], "errors": [{"index": 0, "identifier": name, "message": "no", **told}]}


@pytest.mark.contract("evidence.refused", "evidence.refused.all")
@pytest.mark.parametrize(
    "status, body, is_general",
    [
        (207, refused(422), False),
        (207, refused(404), False),
        (207, refused(409), False),
        (207, refused(None), False),
        (207, refused(503), True),
        (207, refused(403), True),
        # Port forgot it.
        (200, {"entities": [], "errors": []}, False),
        (422, {"ok": False, "message": "no"}, False),
        (404, {"ok": False, "error": "not_found"}, True),
        (401, {"ok": False}, True),
        (403, {"ok": False}, True),
        (500, {"ok": False}, True),
        (503, "away", True),
        (200, "no object", True),
    ],
)
async def test_a_refusal_is_heard_and_the_entity_comes_back_whole(
    port: Callable[[Answer], ListeningClient], status: int, body: Any, is_general: bool
) -> None:
    run, results = await upserted(port(always(status, body)), entity())
    assert results == [(False, entity())]
    assert results[0][1].properties == {"level": 1}
    assert run.refusals
    assert run.refusals.seen == {("item", "a")}
    assert bool(run.refusals.general) is is_general


@pytest.mark.contract("evidence.refused.all")
async def test_no_answer_is_a_general_reason(
    port: Callable[[Answer], ListeningClient], logs: list[str]
) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away")

    run, results = await upserted(port(away), entity())
    assert any("Whether Port took 1 entities of" in line for line in logs)
    assert [is_taken for is_taken, _ in results] == [False]
    assert run.refusals.general == "no answer: ConnectError"


@pytest.mark.contract("evidence.refused")
@pytest.mark.parametrize(
    "single, is_taken", [(200, True), (201, True), (422, False), (404, False), (500, False)]
)
async def test_what_is_written_one_by_one_is_heard_as_well(
    port: Callable[[Answer], ListeningClient], single: int, is_taken: bool
) -> None:
    """A request that is too large is written in pieces, of which Ocean forgets the errors."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/bulk"):
            return httpx.Response(413)
        body: dict[str, Any] = {"ok": False, "error": "not_found", "message": "no"}
        if single < 300:
            body = {"ok": True, "entity": json.loads(request.content)}
        return httpx.Response(single, json=body)

    run, results = await upserted(port(answer), entity())
    assert [taken for taken, _ in results] == [is_taken]
    assert bool(run.refusals) is not is_taken
    assert bool(run.refusals.general) is (single == 500)


@pytest.mark.contract("evidence.refused")
@pytest.mark.parametrize("first", [refused(404), refused(422), refused(503)])
async def test_the_second_try_counts(
    port: Callable[[Answer], ListeningClient], first: dict[str, Any]
) -> None:
    takes = False

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/bulk"):
            return httpx.Response(207, json=first)
        return httpx.Response(200 if takes else 422, json={"ok": takes, "message": "still no"})

    client = port(answer)
    with running() as run:
        await client.upsert_entities_in_batches([entity()], OPTIONS, should_raise=False)
        before = bool(run.refusals.general)
        assert await client.upsert_entity(entity(), OPTIONS, should_raise=False) is False
        # What was general once is general until it is taken.
        assert bool(run.refusals.general) is before
        takes = True
        await client.upsert_entity(entity(), OPTIONS, should_raise=False)
    assert not run.refusals


@pytest.mark.contract("evidence.refused")
@pytest.mark.parametrize(
    "status, is_refusal", [(404, False), (None, False), (422, True), (500, True)]
)
async def test_a_search_identifier_that_finds_nothing_is_no_refusal(
    port: Callable[[Answer], ListeningClient], status: int | None, is_refusal: bool
) -> None:
    """There is no entity that could be lost; of any other reason, it may be each of them."""
    run, results = await upserted(port(always(207, refused(status, "unknown"))), entity(SEARCH))
    assert results == []
    assert bool(run.refusals) is is_refusal
    # Port does not say that there is none.
    may_be_any = is_refusal or status is None
    assert run.refusals.unnamed == ({"item"} if may_be_any else set())


@pytest.mark.contract("evidence.refused")
async def test_a_404_may_be_of_what_the_entity_relates_to(
    port: Callable[[Answer], ListeningClient],
) -> None:
    related = entity(SEARCH, relations={"team": "blue"})
    run, _ = await upserted(port(always(207, refused(404, "unknown"))), related)
    assert not run.refusals
    assert run.refusals.unnamed == {"item"}


async def test_the_entity_that_a_search_identifier_finds_was_seen(
    port: Callable[[Answer], ListeningClient],
) -> None:
    run, _ = await upserted(port(always(200, TAKEN)), entity(SEARCH))
    assert run.refusals.seen == {("item", "a")}
    assert not run.refusals


@pytest.mark.contract("evidence.refused.deletion")
@pytest.mark.parametrize(
    "status, deleted, there, undeleted",
    [
        (200, ["a", "b"], [], []),
        (200, ["a"], [], []),
        (200, ["a"], ["b"], ["b"]),
        (200, [], ["a", "b"], ["a", "b"]),
        (500, [], ["a", "b"], ["a", "b"]),
        # It was done all the same.
        (500, [], [], []),
        (404, [], [], []),
        (200, ["a"], None, ["b"]),
    ],
)
async def test_what_should_be_gone_and_is_there_was_refused(
    port: Callable[[Answer], ListeningClient],
    status: int,
    deleted: list[str],
    there: list[str] | None,
    undeleted: list[str],
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/delete"):
            return httpx.Response(status, json={"deletedEntities": deleted})
        if there is None:
            return httpx.Response(500)
        found = [{"identifier": name, "blueprint": "item"} for name in there]
        return httpx.Response(200, json={"entities": found})

    with running() as run:
        await port(answer).bulk_delete_entities(
            "item", ["a", "b"], OPTIONS, UserAgentType.exporter, should_raise=False
        )
    assert sorted(run.refusals.undeleted) == [("item", name) for name in undeleted]
    assert bool(run.refusals) is bool(undeleted)


@pytest.mark.contract("port.few-at-once")
async def test_few_requests_are_sent_at_once(port: Callable[[Answer], ListeningClient]) -> None:
    now = most = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        given = json.loads(request.content)["entities"]
        taken = [{"index": at, "identifier": one["identifier"]} for at, one in enumerate(given)]
        return httpx.Response(207, json={"entities": taken, "errors": []})

    entities = [entity(f"{number}") for number in range(600)]
    _, results = await upserted(port(cast("Answer", answer)), *entities)
    assert [one.identifier for is_taken, one in results if is_taken] == [
        one.identifier for one in entities
    ]
    assert most == 10


async def test_outside_a_run_nothing_is_noted(port: Callable[[Answer], ListeningClient]) -> None:
    client = port(always(422, {"message": "no"}))
    assert await client.upsert_entity(entity(), OPTIONS, should_raise=False) is False


def test_a_summary_says_each_reason_with_some_examples() -> None:
    refusals = Refusals()
    for number in range(12):
        refusals.refuse(entity(f"{number}"), Refusal(422, "level must be number"))
    refusals.refuse(entity("x"), Refusal(403, "no", is_general=True))
    refusals.undeleted.add(("item", "y"))
    assert refusals.summary() == (
        "Port refused 13 entities: 12 times 422: level must be number: item/0, item/1, item/2, "
        "item/3, item/4, item/5, item/6, item/7, item/8, item/9, …; "
        "1 times 403: no (look at OCEAN__PORT__CLIENT_ID and what its credentials may do): "
        "item/x; Port did not delete 1 entities: item/y"
    )
    assert refusals.counts == {("item", "422"): 12, ("item", "403"): 1}
