"""What a failure means: what could be read is kept, the rest still runs, nothing is deleted."""

from typing import Any

import pytest

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import Route, in_turn, numbered, parameter, reply, resource

MEMBERS = "/teams/{team}/members"
NESTED = resource(MEMBERS, path_parameters={"team": parameter("/teams")})
PAGED = {"paginationType": "page", "pageSize": "2"}


def teams(**answers: Route) -> dict[str, Route]:
    """Teams by name, and what their members' endpoints answer."""
    routes: dict[str, Route] = {
        f"/teams/{name}/members": answer for name, answer in answers.items()
    }
    return {"/teams": [{"id": name} for name in answers], **routes}


@pytest.mark.contract("failure.no-deletes")
async def test_a_complete_resync_deletes_what_is_gone(sync: Sync) -> None:
    outcome = await sync({}, [resource("/items")], {"/items": numbered(1)}, existing=["0", "old"])
    assert outcome.succeeded().deleted == ["old"]


@pytest.mark.contract("failure.resource-fails", "failure.no-deletes")
@pytest.mark.parametrize("status", [400, 401, 403, 405, 409, 418, 429, 500, 503])
async def test_an_error_status_fails_the_resource(sync: Sync, status: int) -> None:
    routes = {"/items": reply({"message": "boom"}, status)}
    outcome = await sync({"maxRetries": "0"}, [resource("/items")], routes, existing=["old"])
    outcome.failed(f"GET https://api.example.com/items: the API answered {status}", "boom")
    assert outcome.deleted == []


@pytest.mark.contract("failure.not-found", "failure.no-deletes")
@pytest.mark.parametrize("status", [404, 410])
async def test_a_missing_endpoint_is_an_error(sync: Sync, status: int) -> None:
    routes = {"/items": reply({"message": "no"}, status)}
    outcome = await sync({}, [resource("/items")], routes, existing=["old"])
    outcome.failed(str(status), "look at baseUrl and the path in kind")
    assert outcome.deleted == []


@pytest.mark.contract("failure.keeps-what-was-read", "failure.no-deletes")
@pytest.mark.parametrize("broken", [reply(status=500), reply(text="<html>"), reply(text="")])
async def test_pages_before_a_failure_are_upserted(sync: Sync, broken: Any) -> None:
    routes = {"/items": in_turn(numbered(2), numbered(2, 2), broken)}
    outcome = await sync(PAGED, [resource("/items")], routes, existing=["old"])
    outcome.failed("/items?page=3")
    assert outcome.identifiers == ["0", "1", "2", "3"]
    assert outcome.deleted == []


@pytest.mark.contract("failure.others-run", "failure.no-deletes")
async def test_other_endpoints_and_resources_still_run(sync: Sync) -> None:
    routes = teams(red=[{"id": "r"}], blue=reply(status=403), green=[{"id": "g"}])
    routes |= {"/before": [{"id": "b"}], "/broken": reply(status=500), "/after": [{"id": "a"}]}
    resources = [resource("/before"), NESTED, resource("/broken"), resource("/after")]
    outcome = await sync({}, resources, routes, existing=["old"])
    outcome.failed("/teams/blue/members", "/broken")
    assert sorted(outcome.identifiers) == ["a", "b", "g", "r"]
    assert outcome.deleted == []


@pytest.mark.contract("failure.message")
async def test_the_error_says_all_there_is_to_know(sync: Sync) -> None:
    settings = {"authType": "api_key", "apiKey": "hush-hush-key"}
    body = "reason: hush-hush-key " + "x" * 600
    asking = resource("/items", method="POST", query_params={"token": "tell-no-one", "a": "1"})
    outcome = await sync(settings, [asking], {"/items": reply(text=body, status=403)})
    outcome.failed(
        "POST https://api.example.com/items?",
        "a=1",
        "403 Forbidden",
        "reason: ",
        "the credentials lack permission",
    )
    for secret in ("hush-hush-key", "tell-no-one"):
        assert secret not in outcome.errors
        # Ocean itself logs the whole mapping, as the user wrote it.
        told = [line for line in outcome.log if "following mappings" not in line]
        assert not any(secret in line for line in told)
    assert 200 < outcome.errors.count("x") <= 310


@pytest.mark.contract("failure.nested-gone")
@pytest.mark.parametrize("status", [404, 410])
async def test_a_nested_endpoint_may_be_gone(sync: Sync, status: int) -> None:
    routes = teams(red=[{"id": "r"}], blue=reply({"message": "gone"}, status))
    outcome = await sync({}, [NESTED], routes, existing=["old"])
    assert outcome.succeeded().identifiers == ["r"]
    assert f"/teams/blue/members: gone ({status})" in outcome.warnings
    assert outcome.deleted == ["old"]


@pytest.mark.contract("failure.nested-gone")
async def test_an_only_parent_may_be_gone(sync: Sync) -> None:
    outcome = await sync({}, [NESTED], teams(red=reply(status=404)))
    assert outcome.succeeded().identifiers == []


@pytest.mark.contract("failure.nested-gone")
async def test_many_parents_do_not_vanish_all_at_once(sync: Sync) -> None:
    gone = {f"t{number}": reply(status=404) for number in range(5)}
    outcome = await sync({}, [NESTED], teams(**gone), existing=["old"])
    outcome.failed("all 5 nested endpoints", MEMBERS)
    assert outcome.deleted == []


@pytest.mark.contract("failure.nested-gone", "failure.resource-fails")
async def test_a_parent_that_vanishes_between_pages_is_an_error(sync: Sync) -> None:
    routes = teams(red=in_turn(numbered(2), reply(status=410)))
    outcome = await sync(PAGED, [NESTED], routes, existing=["old"])
    outcome.failed("410")
    assert outcome.identifiers == ["0", "1"]
    assert outcome.deleted == []


@pytest.mark.contract("failure.discovery", "failure.no-deletes")
@pytest.mark.parametrize("status", [403, 404, 410, 500])
async def test_a_discovery_that_fails_fails_its_resource(sync: Sync, status: int) -> None:
    routes = {"/teams": reply({"message": "boom"}, status)}
    outcome = await sync({}, [NESTED], routes, existing=["old"])
    outcome.failed(f"{MEMBERS} was not read completely", "/teams", str(status))
    assert outcome.deleted == []


@pytest.mark.contract("failure.discovery", "failure.keeps-what-was-read")
async def test_what_was_discovered_before_a_failure_is_read(sync: Sync) -> None:
    routes = teams(red=[{"id": "r"}], blue=[{"id": "b"}])
    routes["/teams"] = in_turn([{"id": "red"}, {"id": "blue"}], reply(status=500))
    outcome = await sync(PAGED, [NESTED], routes, existing=["old"])
    outcome.failed("/teams?page=2", "500")
    assert sorted(outcome.identifiers) == ["b", "r"]
    assert outcome.deleted == []


@pytest.mark.contract("items.no-identifier")
@pytest.mark.parametrize("mapping", [{"identifier": ".nope"}, {"blueprint": ".nope"}], ids=str)
async def test_a_mapping_without_identifiers_fails(sync: Sync, mapping: Any) -> None:
    resources = [resource("/items", mapping=mapping), resource("/other")]
    routes = {"/items": numbered(3), "/other": numbered(1, 7)}
    outcome = await sync({}, resources, routes, existing=["old"])
    outcome.failed("none of 3 items of /items", "port.entity.mappings.identifier")
    assert outcome.identifiers == ["7"]
    assert outcome.deleted == []


@pytest.mark.contract("items.no-identifier")
@pytest.mark.parametrize(
    "items, query",
    [([], "true"), (numbered(3), "false"), ([{"id": 1}, {"name": "no id"}], "true")],
    ids=["no items", "no item passes", "some have one"],
)
async def test_few_identifiers_may_be_right(sync: Sync, items: Any, query: str) -> None:
    mapping = {"identifier": ".id"}
    asking = resource("/items", mapping=mapping, query=query)
    outcome = await sync({}, [asking], {"/items": items}, existing=["old"])
    assert outcome.succeeded().deleted == ["old"]


@pytest.mark.contract("items.enable-delete")
@pytest.mark.parametrize("enabled, deleted", [(True, ["old"]), (False, [])])
async def test_enable_delete(sync: Sync, enabled: bool, deleted: list[str]) -> None:
    asking = resource("/items") | {"enableDelete": enabled}
    outcome = await sync({}, [asking], {"/items": numbered(1)}, existing=["old"])
    assert outcome.succeeded().deleted == deleted


@pytest.mark.contract("items.enable-delete")
async def test_enable_delete_false_of_another_resource_changes_nothing(sync: Sync) -> None:
    kept = resource("/kept", mapping={"blueprint": '"other"'}) | {"enableDelete": False}
    routes = {"/kept": numbered(1), "/items": numbered(1)}
    outcome = await sync({}, [kept, resource("/items")], routes, existing=["old"])
    assert outcome.succeeded().deleted == ["old"]
