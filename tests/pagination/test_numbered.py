"""Offset and page: every item exactly once, or an error, in a bounded number of requests."""

import contextlib
import itertools
import math
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import EndpointError, PaginationError, StatusError
from pagination.sizes import PageSizes
from tests.support.models import Answer, EndpointRead, Item, Numbered, numbered, read, settings_of

KINDS = st.sampled_from(["offset", "page"])
TOTALS = [
    "total",
    "totalCount",
    "meta.total",
    "meta.total_count",
    "pagination.totalItems",
    "page.totalElements",
    "totalPages",
    "pagination.total_pages",
    "X-Total-Count",
    "X-Total-Pages",
    "@odata.count",
]
MARKERS = {"offset": ["has_more", "hasMore"], "page": ["next_page", "next", "hasMore"]}
SAYS_MORE: list[Any] = [True, 1, "yes", {"href": "/next"}]
SAYS_NO_MORE: list[Any] = [False, None, 0, "", {}]
quickly = settings(deadline=None, max_examples=60)


def ids(items: list[Item]) -> list[Any]:
    return [item["id"] for item in items]


@pytest.mark.contract("evidence.full-page")
@pytest.mark.contract("evidence.empty-page")
@pytest.mark.contract("evidence.beyond-end")
@pytest.mark.contract("evidence.capped-refused")
@quickly
@given(
    kind=KINDS,
    count=st.integers(0, 40),
    page_size=st.integers(1, 12),
    cap=st.integers(1, 15),
    start_page=st.integers(0, 1),
    beyond=st.sampled_from([200, 404, 416]),
    array=st.booleans(),
)
def test_numbers_alone_find_every_item(
    kind: Any, count: int, page_size: int, cap: int, start_page: int, beyond: int, array: bool
) -> None:
    api = Numbered(numbered(count), cap, by=kind, start_page=start_page, beyond=beyond, array=array)
    done = read(api, settings_of(kind, page_size, start_page=start_page))
    assert done.ids == list(range(count))
    assert done.requests <= api.pages(page_size) + 1


@pytest.mark.contract("evidence.too-deep")
@quickly
@given(
    kind=KINDS,
    count=st.integers(0, 40),
    page_size=st.integers(1, 12),
    cap=st.integers(1, 15),
    beyond=st.sampled_from([400, 422]),
)
def test_a_refusal_after_a_full_page_is_an_error(
    kind: Any, count: int, page_size: int, cap: int, beyond: int
) -> None:
    api = Numbered(numbered(count), cap, by=kind, beyond=beyond)
    reading = EndpointRead(api, settings_of(kind, page_size))
    size = min(cap, page_size)
    knows_size = cap >= page_size or count > size
    if count and count % size == 0 and knows_size:
        with pytest.raises(PaginationError, match="page that deep"):
            reading.run()
    else:
        assert reading.run().ids == list(range(count))


@pytest.mark.contract("evidence.total-usual-names")
@pytest.mark.contract("evidence.total-headers")
@pytest.mark.contract("evidence.too-deep-complete")
@quickly
@given(
    kind=KINDS,
    count=st.integers(1, 40),
    page_size=st.integers(1, 12),
    cap=st.integers(1, 15),
    total=st.sampled_from(TOTALS),
    beyond=st.sampled_from([200, 400, 404, 416, 422]),
)
def test_a_total_finds_every_item_whatever_lies_beyond(
    kind: Any, count: int, page_size: int, cap: int, total: str, beyond: int
) -> None:
    api = Numbered(numbered(count), cap, by=kind, total=total, beyond=beyond)
    done = read(api, settings_of(kind, page_size))
    assert done.ids == list(range(count))
    assert done.requests <= api.pages(page_size) + 1


@pytest.mark.contract("evidence.totalPath")
@quickly
@given(
    kind=KINDS,
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=8),
    path=st.sampled_from(["totalPath", "meta.total"]),
)
def test_a_total_bridges_short_pages_in_the_middle(
    kind: Any, lengths: list[int], path: str
) -> None:
    api = Numbered(
        numbered(sum(lengths)),
        by=kind,
        lengths=lengths,
        total="stats.records.all" if path == "totalPath" else path,
    )
    total_path = "stats.records.all" if path == "totalPath" else None
    done = read(api, settings_of(kind, 5, total_path=total_path))
    assert done.ids == list(range(sum(lengths)))
    assert done.requests <= len(lengths) + 1


@pytest.mark.contract("evidence.body-markers")
@pytest.mark.contract("pagination.page.markers")
@pytest.mark.contract("pagination.offset.markers")
@quickly
@given(
    data=st.data(),
    kind=KINDS,
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=8),
    more=st.sampled_from(SAYS_MORE),
    no_more=st.sampled_from(SAYS_NO_MORE),
)
def test_markers_bridge_short_pages_and_cost_nothing(
    data: st.DataObject, kind: Any, lengths: list[int], more: Any, no_more: Any
) -> None:
    marker = data.draw(st.sampled_from(MARKERS[kind]))
    items = numbered(sum(lengths))
    api = Numbered(items, by=kind, lengths=lengths, marker=marker, marks=(more, no_more))
    done = read(api, settings_of(kind, 5))
    assert done.ids == ids(items)
    assert done.requests == len(lengths)


@pytest.mark.contract("settings.hasMorePath.dots")
@pytest.mark.contract("settings.hasMorePath.truthy")
@pytest.mark.contract("evidence.setting-first")
@quickly
@given(
    kind=KINDS,
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=6),
    more=st.sampled_from(SAYS_MORE),
    no_more=st.sampled_from(SAYS_NO_MORE),
    wrong_total=st.booleans(),
)
def test_has_more_path_decides(
    kind: Any, lengths: list[int], more: Any, no_more: Any, wrong_total: bool
) -> None:
    items = numbered(sum(lengths))
    api = Numbered(items, by=kind, lengths=lengths, marker="state.more", marks=(more, no_more))

    def with_contrary_marker(request: Any) -> Answer:
        answer = api(request)
        contrary = not answer.body["state"]["more"]
        total = {"total": 1 if contrary is False else 10_000} if wrong_total else {}
        return Answer({**answer.body, "hasMore": contrary, **total})

    done = read(with_contrary_marker, settings_of(kind, 5, has_more_path="state.more"))
    assert done.ids == ids(items)
    assert done.requests == len(lengths)


@pytest.mark.contract("settings.lastPagePath.dots")
@quickly
@given(lengths=st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_last_page_path_decides(lengths: list[int]) -> None:
    items = numbered(sum(lengths))
    api = Numbered(items, lengths=lengths, marker="page.last", marks=(False, True))
    done = read(api, settings_of("page", 5, last_page_path="page.last"))
    assert done.ids == ids(items)
    assert done.requests == len(lengths)


@pytest.mark.contract("settings.lastPagePath.hasMorePath-wins")
def test_has_more_path_wins_over_last_page_path() -> None:
    def api(request: Any) -> Answer:
        number = int(request.url.params["page"])
        body = {"items": numbered(2, 2 * number), "more": number < 3, "last": True}
        return Answer(body)

    settings_ = settings_of("page", 2, has_more_path="more", last_page_path="last")
    assert read(api, settings_).requests == 3


def test_a_marker_that_goes_away_says_no_more() -> None:
    def api(request: Any) -> Answer:
        number = int(request.url.params["page"])
        more = {"more": True} if number < 3 else {}
        return Answer({"items": numbered(5, 5 * number), **more})

    done = read(api, settings_of("page", 5, has_more_path="more"))
    assert (done.requests, done.reason) == (3, "more is gone")


@pytest.mark.contract("evidence.total-ends")
@pytest.mark.contract("evidence.total-never-cuts")
@quickly
@given(
    kind=KINDS,
    count=st.integers(0, 40),
    page_size=st.integers(1, 12),
    wrong=st.integers(-3, 60),
)
def test_a_wrong_total_cuts_nothing_off(kind: Any, count: int, page_size: int, wrong: int) -> None:
    api = Numbered(numbered(count), by=kind)

    def with_wrong_total(request: Any) -> Answer:
        return Answer({**api(request).body, "total": wrong})

    reading = EndpointRead(with_wrong_total, settings_of(kind, page_size))
    if wrong > count:
        with pytest.raises(PaginationError, match="4 empty pages in a row, although total"):
            reading.run()
    else:
        reading.run()
    assert reading.ids == list(range(count))
    assert reading.requests <= api.pages(page_size) + 1 + 3 * (wrong > count)


@pytest.mark.contract("evidence.offset-by-received")
@quickly
@given(
    count=st.integers(0, 30),
    cap=st.integers(1, 7),
    kept=st.integers(0, 3),
)
def test_offset_counts_what_was_received_and_not_what_was_kept(
    count: int, cap: int, kept: int
) -> None:
    def choose(found: list[Item]) -> list[Item]:
        return [item for item in found if item["id"] % 4 <= kept]

    done = read(Numbered(numbered(count), cap, by="offset"), settings_of("offset"), choose=choose)
    assert done.items == choose(numbered(count))
    offsets = [int(request.url.params["offset"]) for request in done.asked]
    assert offsets[0] == 0
    assert offsets == sorted(set(offsets))
    assert offsets[-1] <= count


@quickly
@given(
    kind=KINDS,
    count=st.integers(0, 30),
    page_size=st.integers(1, 7),
    cap=st.integers(1, 9),
    appended=st.integers(1, 12),
    total=st.sampled_from([None, "total", "X-Total-Count", "totalPages"]),
    marker=st.sampled_from([None, "hasMore"]),
)
def test_items_that_appear_while_reading_disturb_nothing(
    kind: Any,
    count: int,
    page_size: int,
    cap: int,
    appended: int,
    total: str | None,
    marker: str | None,
) -> None:
    later = numbered(appended, 1000)
    api = Numbered(numbered(count), cap, by=kind, appended=later, total=total, marker=marker)
    done = read(api, settings_of(kind, page_size))
    assert done.ids[:count] == list(range(count))
    assert len(set(done.ids)) == len(done.ids)


@pytest.mark.contract("loop.doubt")
@quickly
@given(
    kind=KINDS,
    count=st.integers(1, 30),
    page_size=st.integers(1, 7),
    cap=st.integers(1, 9),
    evidence=st.sampled_from([None, "total", "meta.total", "hasMore"]),
)
def test_an_api_that_ignores_the_parameter_is_found_out(
    kind: Any, count: int, page_size: int, cap: int, evidence: str | None
) -> None:
    marker = "hasMore" if evidence == "hasMore" else None
    api = Numbered(
        numbered(count),
        cap if evidence else page_size,
        by=kind,
        ignored=frozenset({kind}),
        marker=marker,
        total=evidence if evidence != marker else None,
    )
    reading = EndpointRead(api, settings_of(kind, page_size))
    size = min(cap, page_size) if evidence else page_size
    if count > size:
        with pytest.raises(PaginationError, match=f"seems to ignore {kind}"):
            reading.run()
        assert reading.requests == 2
        return
    try:
        reading.run()
    except PaginationError:
        # A full page that repeats could be all there is, or not.
        assert count == page_size
        assert evidence is None
    else:
        assert reading.ids == list(range(count))


@pytest.mark.contract("loop.page")
def test_an_endpoint_without_pagination_is_read_once() -> None:
    api = Numbered(numbered(3), ignored=frozenset({"page", "size"}))
    done = read(api, settings_of("page", 5))
    assert done.ids == [0, 1, 2]
    assert (done.requests, done.reason) == (2, "a page like the one before")


@pytest.mark.contract("loop.doubt")
@pytest.mark.parametrize("evidence", ["total", "hasMore"])
def test_a_repeated_page_whose_items_are_all_filtered_out_is_found_out(evidence: str) -> None:
    marker = evidence if evidence == "hasMore" else None
    total = None if marker else evidence
    api = Numbered(numbered(20), 5, ignored=frozenset({"page"}), marker=marker, total=total)
    with pytest.raises(PaginationError, match="seems to ignore page"):
        read(api, settings_of("page", 5), choose=lambda found: [])


@pytest.mark.parametrize("kind", ["offset", "page"])
def test_has_more_that_is_always_true_loses_nothing(kind: Any) -> None:
    api = Numbered(numbered(12), 5, by=kind, marker="hasMore", marks=(True, True))
    reading = EndpointRead(api, settings_of(kind, 5))
    with contextlib.suppress(PaginationError):
        reading.run()
    assert reading.ids == list(range(12))
    assert reading.requests <= 20


def test_equal_empty_pages_in_the_middle_end_nothing_while_the_api_says_more() -> None:
    def api(request: Any) -> Answer:
        number = int(request.url.params["page"])
        return Answer(
            {"items": numbered({1: 3, 5: 2}.get(number, 0), number), "hasMore": number < 5}
        )

    assert read(api, settings_of("page", 5)).ids == [1, 2, 3, 5, 6]


@pytest.mark.contract("evidence.object-not-counted")
@pytest.mark.parametrize("kind", ["offset", "page"])
def test_a_single_object_is_asked_for_once(kind: Any) -> None:
    done = read(lambda request: Answer({"items": {"id": 1}}), settings_of(kind))
    assert (done.ids, done.requests, done.reason) == ([1], 1, "a single object")


@pytest.mark.parametrize("kind", ["none", "offset", "page", "cursor", "next_link", "header_link"])
@given(status=st.integers(400, 599))
def test_an_error_on_the_first_page_is_never_the_end(kind: str, status: int) -> None:
    with pytest.raises(StatusError):
        read(lambda request: Answer(None, status), settings_of(kind))


@pytest.mark.parametrize("status", [401, 403, 410, 500])
def test_other_errors_later_are_never_the_end(status: int) -> None:
    with pytest.raises(StatusError):
        read(Numbered(numbered(10), beyond=status), settings_of("page", 5))


@pytest.mark.parametrize("status", [404, 416])
def test_no_such_page_is_an_error_where_the_api_said_more(status: int) -> None:
    for others in ({"marker": "hasMore", "marks": (True, True)}, {"total": "total"}):
        api = Numbered(numbered(10), beyond=status, **others)

        def understated(request: Any, api: Numbered = api) -> Answer:
            answer = api(request)
            body = {**answer.body, "total": 500} if "total" in answer.body else answer.body
            return Answer(body, answer.status)

        with pytest.raises(EndpointError):
            read(understated, settings_of("page", 5))


# Many endpoints of one resource share what is known about the server's page size.


@pytest.mark.contract("evidence.short-after-full")
@pytest.mark.contract("evidence.capped-page")
@pytest.mark.contract("evidence.capped-size-learnt")
@quickly
@given(
    kind=KINDS,
    counts=st.lists(st.integers(0, 25), min_size=1, max_size=12),
    page_size=st.integers(1, 30),
    cap=st.integers(1, 30),
    beyond=st.sampled_from([200, 404, 416]),
)
def test_requests_are_pages_plus_full_last_pages_plus_records(
    kind: Any, counts: list[int], page_size: int, cap: int, beyond: int
) -> None:
    """One after the other: a page each, one more where the last page is full, and, while no page
    was full yet, one more for each last page that is longer than all before it; of those as long
    as the longest, eight and then a logarithmic number."""
    assume(cap >= page_size or cap not in counts)
    settings_ = settings_of(kind, page_size)
    sizes = PageSizes(page_size)
    size = min(page_size, cap)
    pages = full = records = longest = requests = 0
    equals: Counter[int] = Counter()
    knows = False
    for count in counts:
        done = read(Numbered(numbered(count), cap, by=kind, beyond=beyond), settings_, sizes)
        assert done.ids == list(range(count))
        requests += done.requests
        pages += max(1, math.ceil(count / size))
        knows = knows or count > size or (count == size == page_size)
        if knows:
            full += bool(count) and count % size == 0
        elif count > longest:
            records, longest = records + 1, count
        elif count:
            equals[count] += count == longest
    asked = sum(min(n, 8) + max(0, n.bit_length() - 4) for n in equals.values())
    assert requests <= pages + full + records + asked


@pytest.mark.contract("evidence.capped-few")
@pytest.mark.parametrize("endpoints, asked", [(1, 1), (9, 9), (16, 9), (17, 10), (5000, 18)])
def test_of_many_endpoints_as_long_as_each_other_few_are_asked_about(
    endpoints: int, asked: int
) -> None:
    sizes = PageSizes(100)
    api = Numbered(numbered(3), 100)
    reads = [read(api, settings_of("page", 100), sizes) for _ in range(endpoints)]
    assert sum(done.extra for done in reads) == asked


@pytest.mark.contract("evidence.capped-page")
@pytest.mark.parametrize("before", range(9))
def test_an_endpoint_after_some_of_just_one_capped_page_is_read_to_its_end(before: int) -> None:
    sizes = PageSizes(100)
    for _ in range(before):
        read(Numbered(numbered(50), 50), settings_of("page", 100), sizes)
    done = read(Numbered(numbered(120), 50), settings_of("page", 100), sizes)
    assert len(done.items) == 120


@pytest.mark.contract("evidence.capped-page")
def test_an_endpoint_of_exactly_one_capped_page_hides_nothing_from_the_others() -> None:
    """Fifty items, where the server caps pages at fifty, are no proof that fifty are all."""
    sizes = PageSizes(100)
    counts = [50, 120]
    reads = [read(Numbered(numbered(n), 50), settings_of("page", 100), sizes) for n in counts]
    assert [len(done.items) for done in reads] == counts


@pytest.mark.contract("evidence.capped-few")
@pytest.mark.parametrize("endpoints", [10, 40, 80])
def test_extra_requests_grow_with_the_logarithm_of_the_endpoints(endpoints: int) -> None:
    """In random order the n-th last page is the longest so far once in n: a harmonic number."""
    extra = []
    for seed in range(10):
        sizes = PageSizes(100)
        counts = random.Random(seed).sample(range(1, 90), endpoints)
        reads = [read(Numbered(numbered(n), 95), settings_of("page", 100), sizes) for n in counts]
        extra.append(sum(done.extra for done in reads))
        assert sum(done.requests for done in reads) == endpoints + extra[-1]
    assert sum(extra) / len(extra) <= 2 * (math.log(endpoints) + 1)


@quickly
@given(
    counts=st.lists(st.integers(0, 20), min_size=2, max_size=6),
    page_size=st.integers(1, 8),
    cap=st.integers(1, 8),
    kind=KINDS,
    order=st.lists(st.integers(0, 5), max_size=60),
)
def test_endpoints_read_at_the_same_time_lose_nothing(
    counts: list[int], page_size: int, cap: int, kind: Any, order: list[int]
) -> None:
    assume(cap >= page_size or cap not in counts)
    sizes = PageSizes(page_size)
    settings_ = settings_of(kind, page_size)
    reads = [EndpointRead(Numbered(numbered(n), cap, by=kind), settings_, sizes) for n in counts]
    for index in itertools.chain(order, itertools.cycle(range(len(reads)))):
        if reads[index % len(reads)].next is not None:
            reads[index % len(reads)].step()
        elif not any(one.next for one in reads):
            break
    assert [one.ids for one in reads] == [list(range(n)) for n in counts]
    assert sum(one.requests for one in reads) <= sum(
        max(1, math.ceil(n / min(cap, page_size))) + 1 for n in counts
    )


@pytest.mark.parametrize(
    "beside",
    [{"total": 3}, {"total": 0, "total_count": 3}, {"meta": {"total": -1}, "totalItems": "3"}],
)
def test_a_short_page_that_reaches_a_total_needs_no_question(beside: dict[str, Any]) -> None:
    done = read(lambda _: Answer({"items": numbered(3), **beside}), settings_of("page"))
    assert (done.requests, done.reason) == (1, "total of 3 items reached")


def test_a_total_of_the_first_page_alone_is_remembered() -> None:
    def api(request: Any) -> Answer:
        number = int(request.url.params["page"])
        total = {"total": 12} if number == 1 else {}
        return Answer({"items": numbered(12)[5 * number - 5 : 5 * number], **total})

    sizes = PageSizes(100, longest_final=5)
    assert read(api, settings_of("page", 100), sizes).ids == list(range(12))


def test_a_total_of_pages_outweighs_what_may_be_the_length_of_the_page() -> None:
    def api(request: Any) -> Answer:
        number = int(request.url.params["page"])
        part = numbered(12)[5 * number - 5 : 5 * number]
        return Answer({"items": part, "total": len(part), "totalPages": 3})

    assert read(api, settings_of("page", 100)).ids == list(range(12))


@pytest.mark.contract("evidence.capped-size-learnt")
def test_the_length_of_the_short_page_is_what_is_learnt() -> None:
    lengths = [4, 6, 5, 5]
    sizes = PageSizes(10)
    done = read(Numbered(numbered(20), lengths=lengths), settings_of("page", 10), sizes)
    assert sizes.page_size == 4
    assert done.ids == list(range(20))


def test_a_learnt_page_size_never_grows() -> None:
    sizes = PageSizes(100)
    slow, quick = (
        EndpointRead(Numbered(numbered(count), cap), settings_of("page", 100), sizes)
        for count, cap in ((160, 80), (100, 30))
    )
    slow.step()
    quick.step()
    quick.step()
    slow.step()
    assert quick.run().ids == list(range(100))
    assert slow.run().ids == list(range(160))


def test_a_total_of_absurd_length_is_ignored() -> None:
    answer = Answer({"items": [], "total": "9" * 5000})
    assert read(lambda request: answer, settings_of("page")).requests == 1


@pytest.mark.parametrize("total", [1.5, True, {"sum": 3}, [3], "many", -1, None, "²"])
def test_a_total_that_is_none_is_ignored(total: Any) -> None:
    done = read(lambda request: Answer({"items": [], "total": total}), settings_of("page"))
    assert done.requests == 1


@pytest.mark.contract("evidence.capped-page")
def test_endpoints_trusted_before_a_cap_shows_are_a_loud_failure() -> None:
    """Of so many endpoints of fifty, not all are asked about; one more shows that it is the cap."""
    sizes = PageSizes(100)
    for _ in range(16):
        read(Numbered(numbered(50), 50), settings_of("page", 100), sizes)
    with pytest.raises(PaginationError, match="at most 50 items per page"):
        read(Numbered(numbered(120), 50), settings_of("page", 100), sizes)


@pytest.mark.contract("pagination.offset.start")
@given(st.integers(0, 40), st.integers(1, 7), st.booleans())
def test_an_offset_may_count_from_one(count: int, cap: int, has_total: bool) -> None:
    """SCIM: the first item is 1, and the next page begins behind what came."""

    def api(request: ApiRequest) -> Answer:
        start = int(request.url.params["startIndex"])
        assert start >= 1
        found = numbered(count)[start - 1 : start - 1 + cap]
        return Answer({"items": found, **({"totalResults": count} if has_total else {})})

    done = read(api, settings_of("offset", param="startIndex", start_offset=1))
    assert (done.ids, done.doubts) == (list(range(count)), [])
    assert done.asked[0].url.params["startIndex"] == "1"


@pytest.mark.contract("pagination.offset.start")
def test_a_page_before_the_first_one_is_a_doubt() -> None:
    def api(request: ApiRequest) -> Answer:
        return Answer({"items": numbered(2, 1), "previous": "/things?offset=0", "total": 2})

    (doubt,) = read(api, settings_of("offset", start_offset=1)).doubts
    assert doubt.seen.startswith("previous is set on offset 1, the first that was asked for")
    assert "startOffset: 0" in doubt.advice
