"""Answers that are one object each: what is no record among records, and what is one."""

from typing import Any

import pytest

from errors import ResponseError
from expressions.jq_expressions import DataPath
from reading.lone_objects import LoneObjects

USERS: list[dict[str, Any]] = [{"id": number, "name": "x", "type": "u"} for number in range(3)]
HEALTH: list[dict[str, Any]] = [{"status": "UP"}, {"status": "UP"}]


def taken(items: list[dict[str, Any]]) -> LoneObjects:
    objects = LoneObjects()
    for number, item in enumerate(items):
        objects.take(item, f"GET /{number}", ResponseError("it says error"))
    return objects


def said(items: list[dict[str, Any]]) -> tuple[int, int]:
    """Return how many errors and how many doubts there are."""
    objects = taken(items)
    return len(list(objects.messages)), len(list(objects.doubts(DataPath("."))))


@pytest.mark.contract("evidence.lone-objects")
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(
    "records, odd, errors, doubts",
    [
        (USERS, {"error": "rate limited"}, 1, 0),
        (USERS[:1], {"error": "rate limited"}, 1, 0),
        (USERS, {"code": 429, "msg": "slow down"}, 1, 0),
        (USERS, {"status": "error", "reason": "x"}, 1, 0),
        (USERS, {"ok": False}, 1, 0),
        (USERS, {"id": None, "error": "x"}, 1, 0),
        (USERS, {"message": "Too many requests"}, 0, 1),
        (USERS[:1], {"message": "Too many requests"}, 0, 1),
        (USERS, {"data": None, "detail": "Busy"}, 0, 1),
        (USERS, {"queue": 7}, 0, 1),
        # Innocent: what shares a key is a record as well.
        (USERS, {"id": 7}, 0, 0),
        (USERS, {"id": 7, "error": "disk full", "status": "failed"}, 0, 0),
        (USERS, {}, 0, 1),
        (USERS[:1], {"id": None}, 0, 1),
        (HEALTH, {"status": "error", "message": "disk full"}, 0, 0),
        ([{"error": None}, {"error": None}], {"error": "x"}, 0, 0),
        ([{"code": "LHR", "name": "Heathrow"}], {"code": "CDG", "message": "closed"}, 0, 0),
        # Where nothing is shared at all, they are of different kinds.
        ([{"sso": True}, {"theme": "dark"}], {"scim": "x"}, 0, 0),
        ([{"sso": True}], {"theme": "dark"}, 0, 0),
        ([], {"error": "x"}, 0, 0),
        ([], {"id": 1}, 0, 0),
    ],
)
def test_what_shares_nothing_with_the_records_is_none(
    records: list[dict[str, Any]], odd: dict[str, Any], errors: int, doubts: int, is_first: bool
) -> None:
    assert said([odd, *records] if is_first else [*records, odd]) == (errors, doubts)


@pytest.mark.contract("evidence.lone-objects")
@pytest.mark.parametrize(
    "path, advice",
    [(".", '(select(has("id"))) // []'), (".data", '(.data | select(has("id"))) // []')],
)
def test_the_doubt_says_where_and_how_to_leave_it_out(path: str, advice: str) -> None:
    (doubt,) = taken([*USERS, {"queue": 7}]).doubts(DataPath(path))
    assert doubt.place == "GET /3"
    assert "queue" in doubt.seen
    assert "id, name, type" in doubt.seen
    assert advice in doubt.advice


def test_objects_of_very_many_sorts_are_not_kept() -> None:
    assert said([{f"key{number}": 1} for number in range(1000)]) == (0, 0)
