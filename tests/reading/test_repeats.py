"""Whether an item stood on two pages of a list."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reading import repeats
from reading.repeats import ByIdentifier, ByJson, Repeats, Room, repeats_of

SCALARS = st.integers(0, 12) | st.sampled_from(["a", "b", "c"]) | st.none() | st.just([1])
ITEMS = st.fixed_dictionaries({}, optional={"id": SCALARS, "n": st.integers(0, 3)}) | SCALARS
PAGES = st.lists(st.lists(ITEMS, max_size=4), min_size=1, max_size=6)


def compared(pages: list[list[Any]], how: Repeats | None = None) -> Repeats:
    how = how or repeats_of([pages[0]], Room())
    for page in pages:
        half = len(page) // 2
        how.portion(page[:half])
        how.portion(page[half:])
        how.page_ended()
    return how


@pytest.mark.parametrize(
    "ids",
    [[1, 2, 3], [-1, 0, 1], [2**61 - 1, 2**61, 2**63 - 1, 2**63, 2**80], ["a", "b"], [-1, "a", 2]],
)
def test_marks_are_made_in_one_way(ids: list[Any]) -> None:
    items = [{"id": each} for each in ids]
    how = ByIdentifier(Room(), "id")
    compared([items], how)
    assert how.marks == how.marks_of(items)
    assert compared([items, items[:1]], how).found


def stands_on_two(pages: list[list[str]]) -> bool:
    return any(set(page) & set(other) for n, page in enumerate(pages) for other in pages[:n])


def as_texts(pages: list[list[Any]]) -> list[list[str]]:
    return [[json.dumps(item) for item in page] for page in pages]


@given(PAGES)
def test_equal_items_are_always_found(pages: list[list[Any]]) -> None:
    found = compared(pages)
    if stands_on_two(as_texts(pages)):
        assert found.found
    assert compared(pages, ByJson(Room())).found is stands_on_two(as_texts(pages))


@given(
    ids=st.lists(st.lists(st.integers(0, 40), max_size=5, unique=True), min_size=1, max_size=8),
    kind=st.sampled_from([int, str]),
    order=st.sampled_from(["none", "up", "down"]),
    room=st.sampled_from([0, 7, 1000]),
)
def test_identifiers_in_any_order(ids: list[list[int]], kind: type, order: str, room: int) -> None:
    if order != "none":
        whole = sorted((kind(each) for page in ids for each in page), reverse=order == "down")
        lengths = [len(page) for page in ids]
        starts = [sum(lengths[:n]) for n in range(len(lengths))]
        pages = [whole[at : at + length] for at, length in zip(starts, lengths, strict=True)]
    else:
        pages = [[kind(each) for each in page] for page in ids]
    items = [[{"id": each} for each in page] for page in pages]
    how = compared(items, ByIdentifier(Room(room), "id"))
    # With little room, only the last ten pages are compared; here are fewer.
    assert how.found is stands_on_two(as_texts(items))


def test_the_items_tell_what_they_are_told_apart_by() -> None:
    def name_of(*items: Any) -> str:
        how = repeats_of([items], Room())
        return how.name if isinstance(how, ByIdentifier) else ""

    assert name_of({"id": 1}, {"id": "a"}) == "id"
    assert name_of({"id": 1, "uuid": "a"}, {"id": 1, "uuid": "b"}) == "uuid"
    for items in ([], [1, 2], ["a"], [{"name": "a"}], [{"id": None}], [{"id": 1}, {}]):
        assert name_of(*items) == ""
    assert name_of({"id": True}, {"id": False}) == ""
    assert name_of({"id": [1]}, {"id": [2]}) == ""
    assert name_of({"id": 1}, {"id": 1}) == ""


def test_integers_beyond_64_bits_have_a_mark() -> None:
    assert compared([[{"n": 2**70}], [{"n": 2**70 + 1}]]).found is False
    assert compared([[{"n": 2**70}], [{"n": 2**70}]]).found is True


@pytest.mark.contract("whole-list.memory")
@pytest.mark.parametrize("is_ordered", [True, False])
@pytest.mark.parametrize("name", ["id", "n"])
def test_of_many_items_the_last_pages_are_compared(
    monkeypatch: pytest.MonkeyPatch, is_ordered: bool, name: str
) -> None:
    monkeypatch.setattr(repeats, "MOST_COMPARED", 100)
    numbers = list(range(500)) if is_ordered else [(n * 7919) % 500 for n in range(500)]
    pages = [[{name: number} for number in numbers[at : at + 5]] for at in range(0, 500, 5)]
    room = Room(100)
    how = repeats_of(pages[:1], room)
    compared(pages, how)
    assert not how.found
    assert how.marks is None
    compared([pages[95]], how)
    assert how.found
    how.forget()
    assert room.take(100)
    how = repeats_of(pages[:1], Room(100))
    compared([*pages, pages[20]], how)
    assert not how.found


def test_pages_whose_identifiers_are_none_go_by_their_json() -> None:
    odd = [{"id": {"a": 1}}, {"id": None, "n": 1}, {"n": 2}]
    first = [{"id": 1}, {"id": 2}]
    assert not compared([first, odd, [{"id": None, "n": 3}]], ByIdentifier(Room(), "id")).found
    assert compared([first, odd, odd[:1]], ByIdentifier(Room(), "id")).found


@pytest.mark.parametrize(
    "pages, has_moved",
    [
        ([[1, 2], [3, 4]], False),
        ([[1, 2], [2, 3]], True),
        ([[0, 1], [0, 2], [0, 3]], False),
        ([[0, 1], [0, 2], [0, 1]], True),
        ([[0, 9], [0, 5], [0, 1]], False),
    ],
)
def test_what_is_on_more_than_two_pages_has_not_moved(
    pages: list[list[int]], has_moved: bool
) -> None:
    for how in (ByJson(Room()), ByIdentifier(Room(), "id")):
        assert compared([[{"id": n} for n in page] for page in pages], how).has_moved is has_moved
