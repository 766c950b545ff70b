"""`on_error`: the user's own rules for answers that are errors."""

from typing import Any

import pytest

from tests.whole.pipeline.support import in_turn, numbered, parameter, reply, resource

RULE_ON_BODY = '.status == 403 and .body.code == "archived"'


@pytest.mark.contract("on-error.skip", "on-error.status-list")
async def test_a_status_that_is_listed_is_skipped(sync: Any) -> None:
    kept = resource("/b")
    skipped = resource("/items", on_error=[{"when": [403, 451], "then": "skip"}])
    outcome = await sync({}, [skipped, kept], {"/items": reply({}, 451), "/b": numbered(1)})

    assert outcome.succeeded().ids("/b") == [0]
    assert any("1 x on_error: skip" in line for line in outcome.log)


@pytest.mark.contract("on-error.predicate")
@pytest.mark.parametrize("code, is_skipped", [("archived", True), ("forbidden", False)])
async def test_a_predicate_sees_status_and_body(sync: Any, code: str, is_skipped: bool) -> None:
    rules = [{"when": RULE_ON_BODY, "then": "skip"}]
    outcome = await sync(
        {}, [resource("/items", on_error=rules)], {"/items": reply({"code": code}, 403)}
    )

    assert outcome.result.reconciliation_success is is_skipped


@pytest.mark.contract("on-error.predicate")
async def test_a_predicate_sees_headers_and_path_params(sync: Any) -> None:
    rules = [{"when": '.headers["x-reason"] == "gone" and .path_params.id == "1"', "then": "skip"}]
    nested = resource(
        "/a/{id}/items", on_error=rules, path_parameters={"id": parameter("/parents")}
    )
    routes = {
        "/parents": numbered(2, start=1),
        "/a/1/items": reply({}, 409, X_Reason="gone"),
        "/a/2/items": numbered(1),
    }
    outcome = await sync({}, [nested], routes)

    assert outcome.succeeded().ids("/a/{id}/items") == [0]


@pytest.mark.contract("on-error.stop")
async def test_stop_keeps_what_came(sync: Any) -> None:
    rules = [{"when": [400], "then": "stop"}]
    settings = {"paginationType": "page", "pageSize": "2"}
    answers = in_turn(numbered(2), numbered(2, start=2), reply({"message": "too deep"}, 400))
    outcome = await sync(settings, [resource("/items", on_error=rules)], {"/items": answers})

    assert outcome.succeeded().ids() == [0, 1, 2, 3]


@pytest.mark.contract("on-error.retry")
async def test_retry_asks_again_and_then_fails(sync: Any) -> None:
    rules = [{"when": [409], "then": "retry"}]
    settings = {"maxRetries": "1"}
    late = in_turn(reply({}, 409), numbered(1))
    outcome = await sync(settings, [resource("/items", on_error=rules)], {"/items": late})
    assert outcome.succeeded().ids() == [0]

    never = in_turn(reply({}, 409), reply({}, 409))
    outcome = await sync(settings, [resource("/items", on_error=rules)], {"/items": never})
    outcome.failed("409")


@pytest.mark.contract("outage.costs-minutes")
async def test_a_rule_that_repeats_in_vain_ends_soon(sync: Any) -> None:
    rules = [{"when": ".body.ok == false", "then": "retry"}]
    parameters = {"team": {"endpoint": "/teams", "field": ".id"}}
    kind = resource("/teams/{team}/members", path_parameters=parameters, on_error=rules)
    limited = reply({"ok": False, "error": "ratelimited"}, 200)
    answers = {f"/teams/{team}/members": limited for team in range(100)}
    outcome = await sync({"maxRetries": "3"}, [kind], {"/teams": numbered(100), **answers})

    outcome.failed("ratelimited")
    assert 100 < len(outcome.asked) < 1 + 2 * 100


@pytest.mark.contract("on-error.every-answer")
async def test_a_listed_status_counts_whatever_the_answer_holds(sync: Any) -> None:
    rules = [{"when": [202, 206], "then": "retry"}]
    settings = {"maxRetries": "1"}
    late = in_turn(reply([{"id": 1}], 206), numbered(1))
    outcome = await sync(settings, [resource("/items", on_error=rules)], {"/items": late})
    assert outcome.succeeded().ids() == [0]

    never = in_turn(reply([{"id": 1}], 206), reply([{"id": 1}], 206))
    outcome = await sync(settings, [resource("/items", on_error=rules)], {"/items": never}, ["old"])
    outcome.failed("on_error", "206")
    assert outcome.deleted == []


@pytest.mark.contract("on-error.every-answer")
@pytest.mark.parametrize(
    "then, ids", [("skip", []), ("stop", [0, 1]), ("fail", None)], ids=["skip", "stop", "fail"]
)
async def test_what_a_rule_makes_of_a_success(sync: Any, then: str, ids: Any) -> None:
    rules = [{"when": [203], "then": then}]
    settings = {"paginationType": "page", "pageSize": "2"}
    answers = in_turn(reply([{"id": 0}, {"id": 1}], 203), numbered(2, start=2))
    outcome = await sync(settings, [resource("/items", on_error=rules)], {"/items": answers})

    if ids is None:
        outcome.failed("on_error says that it is an error: the API answered 203")
    else:
        assert outcome.succeeded().ids() == ids
    assert len(outcome.asked) == 1


@pytest.mark.contract("on-error.without-items")
@pytest.mark.parametrize(
    "body, is_asked",
    [
        ({"rows": []}, True),
        ({"rows": None}, True),
        ({}, True),
        ({"rows": [{"id": 1}]}, False),
        ({"rows": [{"id": 1}], "message": "hello"}, False),
        ({"rows": [{"id": 1}], "errors": ["x"]}, True),
        ({"rows": [{"id": 1}], "code": 7, "msg": "x"}, True),
    ],
    ids=str,
)
async def test_predicates_see_a_success_without_items_or_with_a_sign(
    sync: Any, body: Any, is_asked: bool
) -> None:
    rules = [{"when": ".status == 200", "then": "fail"}]
    answered = resource("/items", data_path=".rows", on_error=rules)
    outcome = await sync({}, [answered], {"/items": body})

    assert outcome.result.reconciliation_success is not is_asked


@pytest.mark.contract("on-error.without-items")
async def test_a_predicate_hears_an_error_within(sync: Any) -> None:
    rules = [{"when": ".body.results[0].error != null", "then": "skip"}]
    path = ".results[].series[]?"
    outcome = await sync(
        {},
        [resource("/items", data_path=path, on_error=rules)],
        {"/items": {"results": [{"error": "database not found"}]}},
    )
    assert outcome.succeeded().ids() == []


@pytest.mark.contract("on-error.without-items")
async def test_a_skipped_answer_is_judged_no_further(sync: Any) -> None:
    """Neither for its code nor for the list that it lacks."""
    rules = [{"when": ".body.code == 7", "then": "skip"}]
    nested = resource(
        "/a/{id}", data_path=".rows", on_error=rules, path_parameters={"id": parameter("/parents")}
    )
    routes = {
        "/parents": numbered(2),
        "/a/0": {"code": 7, "msg": "nothing", "odd": 1},
        "/a/1": {"rows": [{"id": 1}]},
    }
    outcome = await sync({}, [nested], routes)

    assert outcome.succeeded().ids("/a/{id}") == [1]


@pytest.mark.contract("body.not-ready")
@pytest.mark.parametrize("text", ["{}", "[]", "", '{"items": []}'])
async def test_a_report_that_is_not_ready_is_no_data(sync: Any, text: str) -> None:
    report = resource("/items", data_path="(.items? // .)")
    settings = {"maxRetries": "1"}
    answers = in_turn(reply(text=text, status=202), numbered(2))
    outcome = await sync(settings, [report], {"/items": answers})
    assert outcome.succeeded().ids() == [0, 1]

    answers = in_turn(*[reply(text=text, status=202)] * 2)
    outcome = await sync(settings, [report], {"/items": answers}, existing=["old"])
    outcome.failed("the API answered 202")
    assert outcome.deleted == []


@pytest.mark.contract("on-error.first-rule")
async def test_the_first_rule_that_fits_counts(sync: Any) -> None:
    rules = [{"when": [404], "then": "fail"}, {"when": ".status >= 400", "then": "skip"}]
    nested = resource("/a/{id}", on_error=rules, path_parameters={"id": parameter("/parents")})
    routes = {"/parents": numbered(2), "/a/0": reply({}, 404), "/a/1": {"id": 7}}
    outcome = await sync({}, [nested], routes)

    outcome.failed("404")
    assert outcome.ids("/a/{id}") == [7]


@pytest.mark.contract("on-error.error-body")
async def test_a_body_that_says_error_can_be_skipped(sync: Any) -> None:
    rules = [{"when": '.body.error == "empty_channel"', "then": "skip"}]
    channel = resource("/items", data_path=".members", on_error=rules)
    outcome = await sync({}, [channel], {"/items": {"ok": False, "error": "empty_channel"}})

    assert outcome.succeeded().ids() == []


@pytest.mark.contract("on-error.validated")
@pytest.mark.parametrize(
    "rule, named",
    [
        ({"when": [403], "then": "ignore"}, "then"),
        ({"when": ".status ==", "then": "skip"}, "on_error.0.when"),
        ({"when": [42], "then": "skip"}, "42"),
        ({"when": [403], "then": "skip", "if": 1}, "if"),
    ],
)
async def test_a_wrong_rule_fails_the_resource(sync: Any, rule: Any, named: str) -> None:
    outcome = await sync({}, [resource("/items", on_error=[rule])], {"/items": numbered(1)})

    outcome.failed("/items", named)
    assert outcome.asked == []
