"""Answers in which something is missing, each beside one that is like it and misses nothing."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from outcomes import Standing
from pagination.lookup import find
from settings.pagination import PAGINATION_TYPES, CustomSettings
from tests.reading.test_proof import Result, read
from tests.support.speaking_api import Fault, Speech, Word, World
from tests.support.worlds import Reading

FAILED, KEPT, PROVEN = Standing.FAILED, Standing.KEPT, Standing.PROVEN
BARE = World("page", (12,), cap=4, list_path=())
ENVELOPE = World("page", (12,), cap=4, list_path=("data", "items"))
BELOW = replace(BARE, way="single", is_nested=True, counts=(3, 4))
IS_LAST = Word(Speech.LAST, "is_last")
MORE = Word(Speech.MORE, "has_more")
TOTAL = Word(Speech.TOTAL, "total")
X_TOTAL = Word(Speech.TOTAL, "x-total-count", None)


def came_of(world: World, **options: Any) -> Result:
    """Read a world in its own way, four items a page."""
    kind = "none" if world.way == "single" else world.way
    settings = PAGINATION_TYPES[kind](**{"page_size": 4, **options}).with_plain_places()
    path = ".".join(["", *world.list_path]) or "."
    return asyncio.run(read(world, Reading("right", settings, path)))


@pytest.mark.contract("evidence.null-above")
@pytest.mark.parametrize(
    "world, standing",
    [
        (replace(ENVELOPE, words=(TOTAL,)), FAILED),
        (replace(ENVELOPE, words=(MORE,)), FAILED),
        # Whether it is the end, nothing but a guess could tell.
        (ENVELOPE, PROVEN),
    ],
)
def test_null_above_a_list_of_which_there_is_more(world: World, standing: Standing) -> None:
    result = came_of(replace(world, fault=Fault("cut_above", chunk=1)))
    assert result.outcome.standing is standing
    assert ("null above the list" in f"{result.outcome}") is (standing is FAILED)


@pytest.mark.contract("evidence.null-above")
@pytest.mark.parametrize("beyond", ["null", "absent", "empty", "404"])
@pytest.mark.parametrize("words", [(), (TOTAL,), (MORE,)])
def test_a_page_after_the_last_one_may_lack_its_list(beyond: str, words: tuple[Word, ...]) -> None:
    result = came_of(replace(ENVELOPE, beyond=beyond, words=words))
    assert result.outcome.is_proven
    assert not result.missing


@pytest.mark.contract("evidence.object-among-lists")
@pytest.mark.parametrize(
    "world, standing, said",
    [
        (replace(BARE, fault=Fault("strange", chunk=1, body={"id": 7})), FAILED, "is one object"),
        (
            replace(BARE, fault=Fault("not_ready", chunk=1, body={"state": "queued"}, status=202)),
            FAILED,
            "202 without items",
        ),
        (
            replace(BELOW, fault=Fault("not_ready", "/teams/0/things", 0, {"id": 7}, 202)),
            FAILED,
            "202 without items",
        ),
        (
            replace(BELOW, fault=Fault("strange", "/teams/0/things", 0, {"warning": "later"})),
            FAILED,
            "one object with warning, where others are lists",
        ),
        # A file among folders.
        (
            replace(BELOW, fault=Fault("strange", "/teams/0/things", 0, {"id": 7, "on": True})),
            PROVEN,
            "",
        ),
        # A single object, as a kind may be.
        (replace(BELOW, counts=(1,), fault=Fault("strange", body={"id": 7})), PROVEN, ""),
    ],
)
def test_an_object_where_others_are_lists(world: World, standing: Standing, said: str) -> None:
    outcome = came_of(world).outcome
    assert outcome.standing is standing, outcome
    assert said in f"{outcome}"


@pytest.mark.contract("evidence.passed-over")
def test_an_empty_first_page_that_is_taken_for_too_many() -> None:
    capped = World("offset", (6,), cap=2, hidden=frozenset({0, 1}), words=(IS_LAST,))
    result = came_of(capped)
    assert result.missing
    assert result.outcome.standing is KEPT
    assert "an empty page was taken for 4 items" in f"{result.outcome}"
    refused = replace(capped, counts=(3,), cap=1, hidden=frozenset({0}), beyond="404")
    assert not came_of(refused, page_size=2).outcome.is_proven
    pages = Word(Speech.PAGES, "total_pages")
    assert not came_of(replace(capped, words=(IS_LAST, pages))).outcome.is_proven
    assert came_of(capped, page_size=2).outcome.is_proven
    assert not came_of(capped, page_size=2).missing


@pytest.mark.contract("evidence.refused-though-denied")
@pytest.mark.parametrize("words", [(IS_LAST,), (Word(Speech.TOKEN, "x-next-page", None),)])
def test_a_refusal_after_a_full_page_that_says_to_be_the_last(words: tuple[Word, ...]) -> None:
    said = replace(BARE, list_path=("items",), beyond="400", words=words)
    assert came_of(said).outcome.is_proven
    assert came_of(replace(said, words=())).outcome.standing is FAILED
    # A total that is not reached makes it a refusal to go on.
    high = (*words, replace(TOTAL, lie=5))
    assert came_of(replace(said, words=high)).outcome.standing is FAILED


@pytest.mark.contract("evidence.total-usual-names")
def test_a_total_path_that_no_answer_has_hides_no_usual_total() -> None:
    world = replace(ENVELOPE, cap=2, words=(TOTAL,), fault=Fault("gone", chunk=2, status=404))
    assert came_of(world, total_path="nope.total").outcome.standing is FAILED
    assert came_of(world, total_path="total").outcome.standing is FAILED


@pytest.mark.contract("whole-list.kept")
def test_items_that_are_counted_twice_make_no_total() -> None:
    uneven = World("offset", (8,), cap=2, hidden=frozenset({2}), words=(X_TOTAL,), list_path=())
    result = came_of(uneven)
    assert result.missing == {"t-7"}
    assert result.outcome.standing is KEPT
    assert came_of(replace(uneven, hidden=frozenset())).outcome.is_proven


@pytest.mark.contract("evidence.passed-over")
def test_a_number_of_pages_that_overlap() -> None:
    pages = Word(Speech.PAGES, "x-total-pages", None)
    uneven = World("offset", (7,), cap=2, hidden=frozenset({3}), words=(pages,), list_path=())
    result = came_of(uneven, page_size=5)
    assert result.missing
    assert result.outcome.standing is KEPT
    assert "they may overlap" in f"{result.outcome}"
    assert came_of(replace(uneven, hidden=frozenset()), page_size=5).outcome.is_proven
    # An empty page that was passed over by less than a page.
    empty = replace(
        uneven, counts=(10,), cap=6, honours_size=False, hidden=frozenset({*range(6), 7, 9})
    )
    assert not came_of(empty, page_size=1).outcome.is_proven


@pytest.mark.contract("evidence.capped-page")
def test_a_page_like_the_one_before_beside_a_link_that_goes_on() -> None:
    link = Word(Speech.LINK, "Link", None)
    one_page = Word(Speech.PAGES, "total_pages", lie=-2)
    world = World("header_link", (10,), cap=4, words=(one_page, link))
    settings = PAGINATION_TYPES["offset"](page_size=6)
    result = asyncio.run(read(world, Reading("other", settings, ".items")))
    assert result.missing
    assert not result.outcome.is_proven


@pytest.mark.contract("evidence.capped-page")
def test_a_page_like_the_one_before_beside_a_marker_and_a_total_that_is_too_low() -> None:
    more = replace(MORE, name="more_records")
    world = World("offset", (4,), cap=1, words=(more, replace(TOTAL, lie=-3)))
    result = came_of(world, page_size=2, param="wrong")
    assert result.missing
    assert not result.outcome.is_proven
    assert came_of(replace(world, words=(more, TOTAL)), page_size=2).outcome.is_proven


@pytest.mark.contract("evidence.capped-page")
def test_a_page_like_the_first_beside_a_token_and_a_total_that_is_too_low() -> None:
    token = Word(Speech.TOKEN, "x-next-page", None)
    world = World(
        "offset", (2,), cap=1, honours_size=False, words=(token, replace(X_TOTAL, lie=-1))
    )
    by_page = Reading("other", PAGINATION_TYPES["page"](page_size=2), ".items")
    result = asyncio.run(read(world, by_page))
    assert result.missing
    assert "x-next-page" in f"{result.outcome}"
    assert not result.outcome.is_proven
    whole = replace(world, counts=(1,), words=(token, X_TOTAL))
    assert asyncio.run(read(whole, by_page)).outcome.is_proven


@pytest.mark.contract("evidence.capped-page")
def test_a_cursor_that_is_ignored_beside_a_number_of_pages_that_is_too_low() -> None:
    token = Word(Speech.TOKEN, "x-next-page", None)
    pages = Word(Speech.PAGES, "x-total-pages", None)
    words = (token, replace(pages, lie=-3))
    world = World("cursor", (10,), cap=3, honours_size=False, words=words, list_path=())
    told = {"page_size": 1, "cursor_header": "x-next-page"}
    result = came_of(world, param="wrong", **told)
    assert result.missing
    assert not result.outcome.is_proven
    assert came_of(replace(world, words=(token, pages)), **told).outcome.is_proven
    assert came_of(replace(world, counts=(3,)), param="wrong", **told).outcome.is_proven


@pytest.mark.contract("evidence.passed-over")
def test_an_empty_page_that_was_passed_over_before_a_page_like_the_one_before() -> None:
    more = replace(MORE, name="EXCEEDED_TRANSFER_LIMIT")
    world = World("offset", (16,), cap=2, honours_size=False, words=(more,))
    hiding = replace(world, hidden=frozenset({0, 1, 2, 14}))
    result = came_of(hiding, page_size=4)
    assert result.missing
    assert result.outcome.standing is KEPT
    assert not came_of(hiding, page_size=2).missing
    assert came_of(hiding, page_size=2).outcome.is_proven
    assert came_of(world, page_size=4).outcome.is_proven


@pytest.mark.contract("whole-list.repeated")
@pytest.mark.parametrize("counts", [4, 12])
@pytest.mark.parametrize("total", [X_TOTAL, Word(Speech.PAGES, "x-total-pages", None)])
def test_offsets_from_one_that_are_asked_for_from_zero(counts: int, total: Word) -> None:
    world = World("offset", (counts,), cap=2, honours_size=False, first_offset=1, words=(total,))
    result = came_of(world, page_size=3)
    assert result.missing
    assert result.outcome.standing is KEPT
    assert "startOffset: 1" in f"{result.outcome}"
    assert came_of(world, page_size=3, start_offset=1).outcome.is_proven
    assert came_of(replace(world, first_offset=0), page_size=3).outcome.is_proven


@pytest.mark.contract("pagination.custom.evidence")
@pytest.mark.parametrize(
    "keys, is_right", [('["@odata.nextLink"]', True), ('["@odata"].nextLink', False)]
)
def test_an_expression_that_reads_what_is_only_spelt_like_a_key(keys: str, is_right: bool) -> None:
    world = World("next_link", (2,), cap=1, words=(Word(Speech.LINK, "@odata.nextLink"),))
    told = CustomSettings(page_size=1, next_request=f".body{keys}")
    result = asyncio.run(read(world, Reading("right", told, ".items")))
    assert result.outcome.is_proven == is_right
    assert bool(result.missing) != is_right


@pytest.mark.contract("evidence.capped-page")
def test_a_token_that_leads_back_beside_a_total_that_is_too_low() -> None:
    token = Word(Speech.TOKEN, "next_token")
    world = World("cursor", (4,), cap=1, words=(token, replace(TOTAL, lie=-3)))
    result = came_of(world, cursor_path="next_token", param="wrong")
    assert result.missing
    assert not result.outcome.is_proven
    right = came_of(replace(world, words=(token, TOTAL)), cursor_path="next_token")
    assert right.outcome.is_proven


@pytest.mark.parametrize(
    "path, found",
    [
        ("data.@odata.nextLink", "/2"),
        ("data.@odata.nextLink.href", None),
        ("@odata.count.value", 3),
        ("data.items", None),
    ],
)
def test_a_key_with_dots_may_stand_anywhere_on_a_path(path: str, found: Any) -> None:
    body = {"data": {"@odata.nextLink": "/2"}, "@odata.count": {"value": 3}}
    assert find(body, path) == (found is not None, found)


@pytest.mark.contract("evidence.capped-page")
@pytest.mark.parametrize("way", ["offset", "page"])
@pytest.mark.parametrize("before", [0, 3, 8])
def test_a_list_of_two_capped_pages_after_lists_of_one(way: Any, before: int) -> None:
    counts = (1,) * before + (2,)
    world = World(way, counts, cap=1, honours_size=False, is_nested=True, list_path=("items",))
    result = came_of(world, page_size=2)
    assert not result.missing
    assert result.outcome.is_proven
