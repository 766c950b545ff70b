"""Answers of one resource, judged together: errors, and whether the list is there."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest, ApiResponse
from errors import EndpointError, OceanCustomError, ResponseError
from expressions.evaluator import Evaluator
from expressions.jq_expressions import DataPath
from mapping.plan.endpoint import Endpoint
from pagination.page import Page
from reading.data_path_fit import DataPathFit
from reading.page_parser import PageParser
from redaction import Redactor

ONE = [{"id": 1}]


def judged(
    bodies: Sequence[Any], data_path: str = ".users", fit: DataPathFit | None = None, **check: Any
) -> str:
    """What is wrong with answers to an endpoint, at once or together; empty when nothing is."""
    endpoint = Endpoint("/x", data_path=DataPath(data_path))
    fit = fit or DataPathFit(endpoint.data_path)
    parser = PageParser(endpoint, fit, Redactor(["s3cret"]), Evaluator())

    async def run() -> None:
        for number, body in enumerate(bodies):
            request = ApiRequest("GET", f"https://h.test/{number}")
            content = json.dumps(body).encode()
            response = ApiResponse(request.url, 200, httpx.Headers(), content)
            page = await parser.parse(request, response)
            assert isinstance(page, Page)
            parser.judge(page, response)
        fit.check("data_path", **check)

    try:
        asyncio.run(run())
    except OceanCustomError as error:
        return error.text if isinstance(error, EndpointError) else str(error)
    return ""


def in_any_order(*bodies: Any, data_path: str = ".users") -> set[bool]:
    """Whether something is wrong with answers, for each order of them."""
    return {bool(judged(order, data_path)) for order in itertools.permutations(bodies)}


@pytest.mark.contract("messages.heard", "messages.quoted")
def test_a_message_in_place_of_a_list_is_quoted_without_secrets() -> None:
    told = judged([{"users": ONE}, {"ok": False, "users": None, "reason": "s3cret has expired"}])
    assert "the status says success, but the body says error" in told
    assert "*** has expired" in told
    assert "s3cret" not in told
    long = {"ok": False, "users": [], "about": "y" * 400, "meta": {"message": "no s3cret"}}
    assert 'says error: no ***: {"ok": false' in judged([long])


@pytest.mark.contract("messages.known-codes")
@pytest.mark.parametrize("empty", [{"users": []}, {"users": None}, {}], ids=str)
def test_the_order_of_answers_does_not_matter(empty: dict[str, Any]) -> None:
    good = {"code": 1, "msg": "Ergebnis", "users": ONE}
    assert in_any_order(good, {**empty, "code": 1, "msg": "Ergebnis"}) == {False}
    assert in_any_order(good, {**empty, "code": 2, "msg": "Fehlt"}) == {True}
    assert in_any_order({**empty, "code": 2, "msg": "Fehlt"}) == {True}
    assert in_any_order({"users": ONE}, {**empty, "error": "x"}) == {True}


@pytest.mark.contract("body.lacks-list")
@pytest.mark.parametrize(
    "data_path, good, odd, is_wrong",
    [
        (".users", {"users": ONE}, "Rate limit exceeded", True),
        (".users", {"users": ONE}, False, True),
        (".users", {"users": ONE}, -1, True),
        (".users", {"users": ONE}, [{"errorCode": "LIMIT"}], True),
        (".users", {"users": ONE}, ["no"], True),
        (".users[] | select(.id)", {"users": ONE}, "Rate limit exceeded", True),
        (".users[]? | select(.id)", {"users": ONE}, {"users": "not now"}, True),
        (".users[]?", {"users": ONE}, {"users": False}, True),
        (".data.users", {"data": {"users": ONE}}, {"data": "try later"}, True),
        (".data.users", {"data": {"users": ONE}}, {"data": [1]}, True),
        (".[0].users", [{"users": ONE}], "Rate limit exceeded", True),
        # Nothing, and PHP's way to write an object without keys.
        (".users", {"users": ONE}, {}, False),
        (".users", {"users": ONE}, [], False),
        (".users", {"users": ONE}, None, False),
        (".data.users", {"data": {"users": ONE}}, {"data": []}, False),
        (".data.users", {"data": {"users": ONE}}, {"data": {}}, False),
        (".[0].users", [{"users": ONE}], [], False),
        (".users[]?", {"users": ONE}, {"users": {}}, False),
        # The mapping says that anything goes.
        (".users // []", {"users": ONE}, {"users": None}, False),
    ],
    ids=str,
)
def test_what_is_no_object_is_no_empty_answer(
    data_path: str, good: Any, odd: Any, is_wrong: bool
) -> None:
    assert in_any_order(good, odd, data_path=data_path) == {is_wrong}


@pytest.mark.contract("body.lacks-list")
def test_what_stands_in_place_of_a_list_is_quoted() -> None:
    told = judged([{"users": ONE}, "Rate limit exceeded, s3cret"])
    assert ".users matches nothing; the body is a text, where others lead to the list" in told
    assert "says: Rate limit exceeded, ***" in told
    told = judged([{"data": {"users": ONE}}, {"data": False}], data_path=".data.users")
    assert ".data is true or false, where others lead to the list (if" in told


@pytest.mark.contract("messages.heard")
@pytest.mark.parametrize(
    "last, is_wrong",
    [
        ({"error": "shard 3 is gone"}, True),
        ({"code": 500, "message": "broken off"}, True),
        ({"id": 2, "error": "disk full"}, False),
        ({"id": 2}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("data_path", [".users", "."])
def test_an_error_at_the_end_of_records_is_heard(last: Any, is_wrong: bool, data_path: str) -> None:
    items = [{"id": 1}, last]
    body = {"users": items} if data_path == ".users" else items
    assert bool(judged([body], data_path)) is is_wrong
    # Innocent: where all of them are such, they are the records.
    assert not judged([{"users": [{"error": "a"}, {"error": "b"}]}])


@pytest.mark.contract("messages.known-codes")
def test_a_code_beside_one_object_is_known_too() -> None:
    good = {"code": 1, "msg": "Ergebnis", "user": {"id": 1}}
    assert in_any_order(good, {**good, "user": None}, data_path=".user") == {False}
    assert in_any_order(good, {**good, "user": None, "code": 2}, data_path=".user") == {True}


@pytest.mark.contract("messages.rule")
def test_a_code_comes_with_the_rule_that_answers_it() -> None:
    told = judged([{"users": [], "code": 5, "msg": "Empty"}])
    assert "on_error: [{when: '.body.code == 5', then: skip}]" in told
    fit = DataPathFit(DataPath(".users"), has_rules=False)
    assert "on_error" not in judged([{"users": [], "code": 5, "msg": "Empty"}], fit=fit)


@pytest.mark.contract("messages.innocent")
def test_items_beside_a_message_are_items() -> None:
    for beside in ({"error": "x"}, {"ok": False}, {"code": 5, "msg": "x"}, {"status": "error"}):
        assert not judged([{"users": ONE, **beside}])
        # What a filter leaves out was there, too.
        assert not judged([{"users": ONE, **beside}], ".users | map(select(.id > 5))")


@pytest.mark.contract("messages.object")
def test_an_object_where_others_are_lists_may_be_a_message() -> None:
    said = {"code": 50011, "msg": "Too Many Requests"}
    assert in_any_order(ONE, said, data_path=".") == {True}
    assert in_any_order(ONE, {"id": 2, "code": "LHR"}, data_path=".") == {False}
    # Objects among themselves have a status and a code of their own.
    own = {"id": 1, "status": "failed", "code": 7, "message": "x", "error": "disk full"}
    assert in_any_order(own, {"id": 2, "status": "passed"}, data_path=".") == {False}
    assert in_any_order({"job": own}, {"job": {"id": 2}}, data_path=".job") == {False}


@pytest.mark.contract("messages.object")
def test_an_object_that_is_like_no_item_of_the_lists_is_none() -> None:
    for said in ({"message": "under maintenance"}, {}, {"busy": True}):
        assert in_any_order(ONE, said, data_path=".") == {True}
        assert in_any_order({"users": ONE}, {"users": said}) == {True}
        assert in_any_order(said, {"id": 2}, data_path=".") == {False}
    # XML and some others give the only element of a list without the list.
    assert in_any_order(ONE, {"id": 2, "name": "Ada"}, [{"name": "x"}], data_path=".") == {False}
    assert "no item of those has any of that" in judged([ONE, {"message": "busy"}], ".")


@pytest.mark.contract("messages.object")
def test_the_only_item_of_a_list_may_be_a_message() -> None:
    said = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired", "fields": []}]
    assert in_any_order(ONE, said, data_path=".") == {True}
    assert "Session expired" in judged([ONE, said], ".")
    # A record has more to say, and messages among themselves are records.
    assert in_any_order(ONE, [{"id": 2, "error": "disk full"}], data_path=".") == {False}
    lint = [{"code": 5, "message": "unused"}, {"code": 6, "message": "shadowed"}]
    assert in_any_order(lint, said, lint[:1], data_path=".") == {False}


@pytest.mark.contract("messages.nested")
@pytest.mark.parametrize("data_path", [".results[0].series", ".results[].series[]?"])
def test_an_error_on_the_way_to_the_list_is_one(data_path: str) -> None:
    good = {"results": [{"series": ONE}]}
    bad = {"results": [{"error": "database not found"}]}
    assert in_any_order(good, bad, data_path=data_path) == {True}
    assert "database not found" in judged([good, bad], data_path)
    if "[]" in data_path:
        mixed = {"results": [{"series": ONE}, {"error": "database not found"}]}
        assert "database not found" in judged([mixed], data_path)
    # An item may have an error of its own.
    assert not judged([{"results": [{"id": 1, "error": "x"}]}], ".results[]")
    assert not judged(
        [{"results": [{"id": 1, "error": "x"}]}], ".results[] | select(.error == null)"
    )


@pytest.mark.contract("body.no-match-anywhere")
def test_nothing_at_the_path_quotes_what_the_body_says() -> None:
    told = judged([[{"result": 1, "text": "unable to forward"}]], ".[0].arguments")
    assert "unable to forward" in told
    told = judged([{"count": 0}], ".users")
    assert "a body has count. If nothing is right, write `.users // []`" in told
    told = judged([{"Information": "slow down"}, {"count": 0}], ".users")
    assert "It says: slow down" in told
    assert "// []" not in told
    assert not judged([{"count": 0}], ".users", may_lack=True)


@pytest.mark.contract("body.lacks-list")
@pytest.mark.parametrize(
    "lacking, is_wrong",
    [
        ({}, False),
        ({"next": None}, False),
        ({"data": {}}, False),
        ({"data": None}, False),
        ({"data": {"count": 0}}, False),
        ({"other": 1}, True),
        ({"data": {"other": 1}}, True),
        ({"data": {"message": "ok"}}, True),
        ({"users": []}, True),
    ],
    ids=str,
)
def test_an_answer_without_the_list_has_no_keys_of_its_own(lacking: Any, is_wrong: bool) -> None:
    good = {"data": {"users": ONE, "count": 1}, "next": "x"}
    assert in_any_order(good, lacking, data_path=".data.users") == {is_wrong}
    # An alternative says that anything goes.
    assert in_any_order(good, lacking, data_path=".data.users // []") == {False}


def doubted(*bodies: Any, data_path: str = ".arguments.torrents") -> set[str]:
    """What is doubtful about answers none of which is wrong, for each order of them."""
    told = set()
    for order in itertools.permutations(bodies):
        fit = DataPathFit(DataPath(data_path))
        assert judged(order, data_path, fit) == ""
        told.add("; ".join(doubt.seen for doubt in fit.doubts()))
    return told


TORRENTS = {"arguments": {"torrents": ONE}, "result": "success"}


@pytest.mark.contract("body.other-word")
@pytest.mark.parametrize(
    "beside, lacking, place",
    [
        ({"result": "success"}, {"result": "the database is locked"}, ".result"),
        ({"Status": "OK"}, {"Status": "REQUEST_EXPIRED", "arguments": None}, ".Status"),
        ({"code": 0}, {"code": "E17", "arguments": {}}, ".code"),
        ({"result": "success"}, {"result": "locked", "arguments": {"torrents": None}}, ".result"),
        ({"meta": {"status": "ok"}}, {"meta": {"status": "throttled"}}, ".meta.status"),
        ({"result": "success"}, {"result": "s3cret is wrong"}, ".result"),
    ],
    ids=str,
)
def test_a_word_other_than_success_in_place_of_a_list_is_a_doubt(
    beside: dict[str, Any], lacking: dict[str, Any], place: str
) -> None:
    (told,) = doubted({**TORRENTS, "result": None, **beside}, lacking)
    assert told.startswith(f"the list is missing, and {place} says ")
    assert "s3cret" not in told


@pytest.mark.contract("body.other-word")
@pytest.mark.parametrize(
    "beside, lacking",
    [
        # It says success, or nothing.
        ({"result": "success"}, {"result": "success"}),
        ({"result": "success"}, {"result": "OK", "arguments": {}}),
        ({"result": "success"}, {"result": None}),
        ({"result": "success"}, {}),
        # Numbers are judged by the text beside them.
        ({"code": 0}, {"code": 3}),
        # A word that stood beside items too, or that names something there.
        ({"status": "active"}, {"status": "archived"}),
        ({"status": "archived"}, {"status": "archived"}),
        # Nothing is said of how it went.
        ({"kind": "ok"}, {"kind": "other"}),
        # The list is there.
        ({"status": "OK"}, {"status": "ZERO_RESULTS", "arguments": {"torrents": []}}),
    ],
    ids=str,
)
def test_what_is_no_other_word(beside: dict[str, Any], lacking: dict[str, Any]) -> None:
    first = {"arguments": {"torrents": ONE}, **beside}
    assert doubted(first, lacking) == {""}


@pytest.mark.contract("body.other-word")
@pytest.mark.parametrize("has_rules, advice", [(True, "on_error"), (False, "`.users // []`")])
def test_another_word_comes_with_what_says_that_it_is_none(has_rules: bool, advice: str) -> None:
    fit = DataPathFit(DataPath(".users"), has_rules=has_rules)
    assert not judged([{"users": ONE, "status": "ok"}, {"status": "nobody"}], ".users", fit)
    (doubt,) = fit.doubts()
    assert advice in doubt.advice
    assert doubt.place == "GET https://h.test/1"


@pytest.mark.contract("body.other-word")
def test_an_alternative_says_that_any_word_will_do() -> None:
    bodies = TORRENTS, {"result": "nothing there", "arguments": {}}
    assert doubted(*bodies, data_path=".arguments.torrents // []") == {""}


@pytest.mark.contract("body.null-above")
def test_a_null_above_the_list_is_no_list() -> None:
    nothing = {"data": {"group": None}}
    path = ".data.group.projects.nodes"
    assert "matches nothing in any of 1 responses" in judged([nothing], path)
    assert not judged([{"data": {"group": {"projects": {"nodes": None}}}}], path)


@pytest.mark.contract("body.null-above")
def test_what_graphql_does_not_give_is_an_error_among_others_too() -> None:
    path = ".data.group.projects.nodes"
    good = {"data": {"group": {"projects": {"nodes": ONE}}}}
    fit = DataPathFit(DataPath(path), asks_graphql=True)
    told = judged([good, {"data": {"group": None}}], path, fit)
    assert "leads through a null" in told
    assert not judged([good, {"data": {"group": None}}], path)
    fit = DataPathFit(DataPath(path), asks_graphql=True)
    assert not judged([good, {"data": {"group": {"projects": {"nodes": []}}}}], path, fit)


@pytest.mark.contract("messages.heard")
def test_errors_beside_data_leave_a_doubt_where_a_request_looks_like_graphql() -> None:
    path, errors = ".data.users", [{"message": "no field s3cret"}]
    partial = {"data": {"users": ONE}, "errors": errors}
    fit = DataPathFit(DataPath(path), asks_graphql=True)
    assert not judged([partial], path, fit)
    assert [doubt.seen for doubt in fit.doubts()] == [
        "errors stands beside data, which lacks what they are about: no field ***"
    ]
    for body in ({"data": {"users": ONE}, "errors": []}, {"data": {"users": ONE}}):
        fit = DataPathFit(DataPath(path), asks_graphql=True)
        assert not judged([body], path, fit)
        assert not list(fit.doubts())
    # Of other APIs, errors beside items are none of the list.
    fit = DataPathFit(DataPath(path))
    assert not judged([partial], path, fit)
    assert not list(fit.doubts())


@pytest.mark.parametrize(
    "body, expected",
    [
        ({"query": "query Q { me { id } }"}, True),
        ({"query": "{ me { id } }"}, True),
        ({"query": '{\n  group(path: "a") { id } }'}, True),
        ({"query": '{job="x"}'}, False),
        ({"query": "avg:system.cpu{*}"}, False),
        ({"query": {"match": {}}}, False),
        ([1], False),
        (None, False),
    ],
    ids=str,
)
def test_a_body_may_look_like_graphql(body: Any, expected: bool) -> None:
    assert Endpoint("/x", "POST", body=body).asks_graphql is expected


_WITHOUT_ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "users": st.sampled_from([[], None]),
        "code": st.sampled_from([0, 1, 2, "A", "B"]),
        "msg": st.sampled_from(["x", "ok", ""]),
        "error": st.sampled_from([None, "x"]),
        "odd": st.just(1),
    },
)


@settings(max_examples=200, deadline=None)
@given(
    bodies=st.lists(_WITHOUT_ITEMS, min_size=1, max_size=3),
    code=st.none() | st.sampled_from([0, 1, "A"]),
    odd=st.booleans(),
)
def test_what_is_wrong_does_not_depend_on_the_order(
    bodies: list[dict[str, Any]], code: Any, odd: bool
) -> None:
    good = {"users": ONE, "code": code, "msg": "x"} | ({"odd": 1} if odd else {})
    assert len(in_any_order(*bodies)) == 1
    assert len(in_any_order(good, *bodies)) == 1
    assert not any(body.get("error") for body in bodies) or judged([good, *bodies])


def test_what_is_kept_for_the_end_is_bounded() -> None:
    fit = DataPathFit(DataPath(".users"))
    bodies = [{"users": [], "code": number, "msg": "x"} for number in range(1, 150)]
    assert "the body says error" in judged(bodies, fit=fit)
    assert len(fit._suspects) <= 100
    fit = DataPathFit(DataPath(".users"))
    judged([{f"k{number}": 1} for number in range(700)], fit=fit)
    assert len(fit._lacking) <= 500


def test_an_error_carries_the_answer_for_rules() -> None:
    endpoint = Endpoint("/x", data_path=DataPath(".users"))
    parser = PageParser(endpoint, DataPathFit(endpoint.data_path), Redactor([]), Evaluator())
    request = ApiRequest("GET", "https://h.test/x")
    response = ApiResponse(request.url, 200, httpx.Headers(), b'{"ok": false}')
    page = asyncio.run(parser.parse(request, response))
    assert isinstance(page, Page)
    with pytest.raises(ResponseError) as caught:
        parser.judge(page, response)
    assert caught.value.answer is response
