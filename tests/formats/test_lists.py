"""The lists of a body, without what only leads elsewhere."""

from typing import Any

import pytest

from formats.lists import lists_in, longest_in, place_of

LINKS = [{"rel": "self", "href": "/"}, {"rel": "next", "href": "/2"}]


@pytest.mark.parametrize(
    "body, expected",
    [
        ([1, 2], [1, 2]),
        ({"items": [1], "facets": [1, 2, 3]}, [1, 2, 3]),
        ({"data": {"items": [1, 2]}, "links": [*LINKS, *LINKS]}, [1, 2]),
        ({"groups": [{"members": [1, 2, 3]}]}, [1, 2, 3]),
        ({"users": {"a": {"n": 1}, "b": {"n": 2}}}, [{"n": 1}, {"n": 2}]),
        # Tuples of Zanzibar have relations, and no address.
        ({"tuples": [{"relation": "viewer", "object": "a"}] * 2, "n": [1]}, "tuples"),
        ({"a": 1}, []),
        (None, []),
    ],
)
def test_the_longest_list(body: Any, expected: Any) -> None:
    assert longest_in(body) == (body["tuples"] if expected == "tuples" else expected)


def test_lists_by_their_places() -> None:
    users = {"a": {"n": 1}, "b": {"n": 2}}
    body = {"data": {"items": [1], "users": users}, "links": LINKS, "page": 2, "none": []}
    assert lists_in(body) == {
        ("data", "items"): [1],
        ("data", "users"): [{"n": 1, "key": "a"}, {"n": 2, "key": "b"}],
        ("none",): [],
    }
    assert lists_in([1]) == {(): [1]}


def test_the_place_of_an_element() -> None:
    member = {"id": 1}
    body = {"groups": [{"members": []}, {"members": [{"id": 1}, member]}]}
    assert place_of(member, body) == ("groups", "[]", "members")
    assert place_of(member, {"a": [dict(member)]}) is None
    assert place_of(member, [member]) == ()
    assert place_of(member, None) is None
