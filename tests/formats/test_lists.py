"""The lists of a body, without what only leads elsewhere."""

from typing import Any

import pytest

from formats.lists import lists_in, longest_in

LINKS = [{"rel": "self", "href": "/"}, {"rel": "next", "href": "/2"}]


@pytest.mark.parametrize(
    "body, expected",
    [
        ([1, 2], [1, 2]),
        ({"items": [1], "facets": [1, 2, 3]}, [1, 2, 3]),
        ({"data": {"items": [1, 2]}, "links": [*LINKS, *LINKS]}, [1, 2]),
        ({"groups": [{"members": [1, 2, 3]}]}, [{"members": [1, 2, 3]}]),
        ({"a": {"b": {"c": {"d": {"items": [1]}}}}}, [1]),
        ({"users": {"a": {"n": 1}, "b": {"n": 2, "m": 3}}}, "users"),
        ({"data": {"id": 1}, "meta": {"took": 1}}, []),
        # Records that have an address, and a relation to something.
        ({"docs": [{"id": 1, "rel": "docs", "url": "/"}] * 2, "n": [1]}, "docs"),
        # Tuples of Zanzibar have relations, and no address.
        ({"tuples": [{"relation": "viewer", "object": "a"}] * 2, "n": [1]}, "tuples"),
        ({"a": 1}, []),
        (None, []),
    ],
)
def test_the_longest_list(body: Any, expected: Any) -> None:
    found = longest_in(body)
    assert len(found) == len(body[expected] if isinstance(expected, str) else expected)
    assert isinstance(expected, str) or found == expected


def test_lists_by_their_places() -> None:
    users = {"a": {"n": 1}, "b": {"n": 2}}
    body = {"data": {"items": [1], "users": users}, "links": LINKS, "page": 2, "none": []}
    assert lists_in(body) == {
        ("data", "items"): [1],
        ("data", "users"): [{"n": 1, "key": "a"}, {"n": 2, "key": "b"}],
        ("none",): [],
    }
    assert lists_in([1]) == {(): [1]}
