"""Cursors and links: every item exactly once, or an error, in a bounded number of requests."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import PaginationError
from tests.support.models import (
    ABSENT,
    START,
    Answer,
    EndpointRead,
    Linked,
    Server,
    numbered,
    read,
    settings_of,
)

LENGTHS = st.lists(st.integers(0, 5), min_size=1, max_size=7)
# Links are followed over three empty pages in a row, not over more.
LINKED = LENGTHS.filter(lambda lengths: "0000" not in "".join(map(str, lengths)))
NONEMPTY = st.lists(st.integers(1, 5), min_size=1, max_size=7)
CURSORS = ["next_cursor", "cursor", "meta.after_cursor", "links.next"]
LINKS = [
    lambda index: f"?cursor={index}",
    lambda index: f"/v1/things?cursor={index}",
    lambda index: f"https://api.test/v1/things?cursor={index}&flavour=a%2Cb",
    lambda index: f"things?cursor={index}#there",
    lambda index: f" ?cursor={index} ",
]
quickly = settings(deadline=None, max_examples=60)


@pytest.mark.contract("pagination.cursor.fields")
@pytest.mark.contract("evidence.cursor-until-empty")
@quickly
@given(
    lengths=LENGTHS,
    name=st.sampled_from(CURSORS),
    last=st.sampled_from([None, "", False, ABSENT]),
    has_more=st.sampled_from([None, "has_more", "hasMore", "meta.has_more"]),
    link=st.sampled_from([str, int, LINKS[1]]),
)
def test_a_cursor_is_followed_until_it_is_empty(
    lengths: list[int], name: str, last: Any, has_more: str | None, link: Any
) -> None:
    api = Linked(lengths, name, last, link, has_more=has_more)
    done = read(api, settings_of("cursor"))
    assert done.items == api.items
    assert done.requests == len(lengths)


@pytest.mark.contract("settings.cursorPath.dots")
@pytest.mark.contract("pagination.cursor.denied")
@pytest.mark.contract("settings.hasMorePath.dots")
@quickly
@given(lengths=NONEMPTY, path=st.sampled_from([None, "state.more"]))
def test_a_keyset_cursor_ends_where_has_more_denies_it(
    lengths: list[int], path: str | None
) -> None:
    api = Linked(lengths, "page.after", has_more=path or "hasMore", keyset=True)
    done = read(api, settings_of("cursor", cursor_path="page.after", has_more_path=path))
    assert done.items == api.items
    assert done.requests == len(lengths)


@quickly
@given(lengths=NONEMPTY, last=st.sampled_from([None, "", ABSENT]))
def test_a_keyset_cursor_without_has_more_is_followed_to_an_empty_page(
    lengths: list[int], last: Any
) -> None:
    api = Linked(lengths, last=last, keyset=True)
    done = read(api, settings_of("cursor"))
    assert done.items == api.items
    assert done.requests == len(lengths) + 1


@pytest.mark.contract("settings.nextLinkPath.default")
@pytest.mark.contract("settings.nextLinkPath.literal-first")
@quickly
@given(
    lengths=LINKED,
    name=st.sampled_from(["@odata.nextLink", "links.next", "next"]),
    last=st.sampled_from([None, "", ABSENT]),
    link=st.sampled_from(LINKS),
)
def test_next_links_are_followed_to_the_end(
    lengths: list[int], name: str, last: Any, link: Any
) -> None:
    api = Linked(lengths, name, last, link)
    done = read(api, settings_of("next_link", next_link_path=name))
    assert done.items == api.items
    assert done.requests == len(lengths)


@quickly
@given(lengths=LINKED, array=st.booleans())
def test_link_headers_are_followed_to_the_end(lengths: list[int], array: bool) -> None:
    """Also where two bodies are equal, as empty pages in the middle are."""
    api = Linked(lengths, None, array=array)
    done = read(api, settings_of("header_link"))
    assert done.items == api.items
    assert done.requests == len(lengths)


@pytest.mark.contract("pagination.cursor.first-none")
@pytest.mark.contract("pagination.size-always")
def test_a_cursor_is_sent_as_it_came() -> None:
    cursor = "a+b/c==&x=%2F ü"

    def api(request: ApiRequest) -> Answer:
        got = request.url.params.get("cursor")
        assert request.url.params["limit"] == "5"
        assert got in (None, cursor)
        return Answer({"items": numbered(1, bool(got)), "next_cursor": None if got else cursor})

    assert read(api, settings_of("cursor")).ids == [0, 1]


@pytest.mark.contract("pagination.next-link.as-is")
def test_a_next_link_is_followed_as_it_is() -> None:
    link = "https://api.test/v2/other?$skiptoken=a%2Bb+c%20d&x=1&x=2"

    def api(request: ApiRequest) -> Answer:
        first = request.url == START.url
        body = {"items": numbered(1, not first), "@odata.nextLink": link if first else None}
        return Answer(body)

    assert str(read(api, settings_of("next_link")).asked[1].url) == link


@pytest.mark.parametrize("cursor", [{"a": 1}, ["a"]])
def test_what_cannot_be_a_cursor_is_an_error(cursor: Any) -> None:
    with pytest.raises(PaginationError, match="next_cursor holds"):
        read(lambda _: Answer({"items": numbered(2), "next_cursor": cursor}), settings_of("cursor"))


@pytest.mark.contract("pagination.cursor.any-json")
@pytest.mark.parametrize("key", [{"id": {"N": "7"}}, ["a", 1]])
def test_in_a_body_an_object_or_a_list_is_a_cursor(key: Any) -> None:
    """DynamoDB's LastEvaluatedKey, as it came."""

    def api(request: ApiRequest) -> Answer:
        sent = (request.body or {}).get("ExclusiveStartKey")
        assert sent in (None, key)
        return Answer({"items": numbered(2, 2 * (sent is not None)), "key": None if sent else key})

    told: dict[str, Any] = {"param": "ExclusiveStartKey", "cursor_path": "key"}
    done = read(api, settings_of("cursor", where="body", size_where="body", **told))
    assert (done.ids, done.doubts) == ([0, 1, 2, 3], [])
    with pytest.raises(PaginationError, match="except with `in: body`"):
        read(api, settings_of("cursor", **told))


def test_a_boolean_cannot_be_a_cursor() -> None:
    answer = Answer({"items": numbered(2), "next_cursor": True})
    with pytest.raises(PaginationError, match="true or false"):
        read(lambda _: answer, settings_of("cursor"))


@pytest.mark.parametrize("link", [{"href": "/x"}, ["/x"], 7, True, "https://a:b/"])
def test_what_cannot_be_a_link_is_an_error(link: Any) -> None:
    with pytest.raises(PaginationError, match="the next link is"):
        read(
            lambda _: Answer({"items": numbered(2), "next": link}),
            settings_of("next_link", next_link_path="next"),
        )


@quickly
@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_cursor_and_any_link_end_or_are_an_error(value: Any) -> None:
    def api(request: ApiRequest) -> Answer:
        return Answer({"items": numbered(2, len(asked)), "next_cursor": value, "next": value})

    for kind in ("cursor", "next_link"):
        asked: list[int] = []
        reading = EndpointRead(api, settings_of(kind, next_link_path="next"))
        try:
            reading.run()
        except PaginationError:
            continue
        assert reading.requests <= 2


# Loops, and evidence that contradicts itself.


@pytest.mark.contract("loop.cursor")
@pytest.mark.contract("loop.link")
@pytest.mark.parametrize("kind", ["cursor", "next_link"])
def test_a_cursor_or_link_that_leads_back_ends_pagination(kind: str) -> None:
    def api(request: ApiRequest) -> Answer:
        index = int(request.url.params.get("cursor", 0))
        following = (index + 1) % 4 or 1
        value = following if kind == "cursor" else f"?cursor={following}"
        return Answer({"items": numbered(2, 2 * index), "next_cursor": value, "next": value})

    done = read(api, settings_of(kind, next_link_path="next"))
    assert done.ids == list(range(8))
    assert (done.requests, done.reason) == (4, "an address that was already read")


def always_the_same_cursor(**beside: Any) -> Server:
    counts = iter(range(100))

    def api(request: ApiRequest) -> Answer:
        body = {"items": numbered(3, 3 * next(counts)), "next_cursor": "x", **beside}
        return Answer(body)

    return api


@pytest.mark.contract("loop.doubt")
@pytest.mark.parametrize("beside", [{"has_more": True}, {"total": 100}])
def test_a_repeated_cursor_is_an_error_where_there_should_be_more(beside: dict[str, Any]) -> None:
    with pytest.raises(PaginationError, match="cursor"):
        read(always_the_same_cursor(**beside), settings_of("cursor"))


@pytest.mark.contract("loop.doubt")
@pytest.mark.parametrize("last, doubts", [(2, 1), (1, 0), (0, 0)])
@pytest.mark.parametrize("beside", [{}, {"has_more": False}])
@pytest.mark.parametrize("ways", [(1, 1), (1, 2, 1)])
@pytest.mark.parametrize("kind", ["cursor", "next_link", "header_link"])
def test_a_way_that_leads_back_is_no_end_of_full_pages(
    kind: str, ways: tuple[int, ...], beside: dict[str, Any], last: int, doubts: int
) -> None:
    """An API that repeats its last cursor has a last page, which is as long as others by chance."""
    counts = iter(range(100))

    def api(request: ApiRequest) -> Answer:
        page = next(counts)
        way, is_last = ways[page], page == len(ways) - 1
        items = numbered(last if is_last else 2, 2 * page)
        link = f"https://h.test/x?cursor={way}"
        body = {"items": items, **(beside if is_last else {})}
        if kind == "header_link":
            return Answer(body, headers={"Link": f'<{link}>; rel="next"'})
        return Answer({**body, **({"next": link} if kind == "next_link" else {"cursor": way})})

    done = read(api, settings_of(kind, next_link_path="next"))
    assert len(done.ids) == 2 * len(ways) - 2 + last
    assert len(done.doubts) == (0 if beside else doubts)
    assert all("is as long as the longest one" in doubt.seen for doubt in done.doubts)


@pytest.mark.contract("loop.doubt")
@quickly
@given(
    kind=st.sampled_from(["cursor", "next_link", "header_link"]),
    length=st.integers(1, 5),
    page_size=st.integers(5, 9),
    noise=st.booleans(),
)
def test_an_api_that_ignores_the_cursor_is_found_out(
    kind: str, length: int, page_size: int, noise: bool
) -> None:
    """Also where the server's own pages are shorter than pageSize, so that none looks full."""
    name = {"cursor": "next_cursor", "next_link": "next", "header_link": None}[kind]
    link = str if kind == "cursor" else LINKS[0]
    api = Linked([length] * 3, name, link=link, ignored=True, noise=noise)
    with pytest.raises(PaginationError, match="seems to ignore"):
        read(api, settings_of(kind, page_size, next_link_path="next"))
    assert api.requests == 2


@pytest.mark.contract("loop.doubt")
@pytest.mark.parametrize("kind", ["cursor", "next_link", "header_link"])
def test_equal_pages_that_lead_on_are_an_error_unless_they_are_short(kind: str) -> None:
    """A short last page that comes again, with a link to itself or beyond, is the end."""
    name = {"cursor": "next_cursor", "next_link": "next", "header_link": None}[kind]
    link = str if kind == "cursor" else LINKS[0]

    def read_pages(*pages: list[int]) -> list[int]:
        whole = Linked([1] * 4, name, link=link)

        def api(request: ApiRequest) -> Answer:
            index = int(request.url.params.get("cursor") or 0)
            said = whole(request)
            items = [{"id": number} for number in pages[index]]
            return Answer({**said.body, "items": items}, headers=said.headers)

        return read(api, settings_of(kind, next_link_path="next")).ids

    assert read_pages([1, 2], [3], [3], []) == [1, 2, 3]
    with pytest.raises(PaginationError, match="page 3 is the same as the one before"):
        read_pages([1, 2], [3, 4], [3, 4], [5])


@pytest.mark.parametrize("kind", ["none", "cursor", "next_link", "header_link"])
def test_a_total_says_when_the_way_on_was_looked_for_in_the_wrong_place(kind: str) -> None:
    api = Linked([5, 5, 3], "elsewhere", ABSENT, total="total")
    done = read(api, settings_of(kind))
    assert done.ids == [0, 1, 2, 3, 4]
    assert [doubt.seen.partition(",")[0] for doubt in done.doubts] == [
        "total counts more than what arrived"
    ]


@pytest.mark.parametrize("last", [None, ""])
def test_an_empty_cursor_outranks_a_total(last: Any) -> None:
    api = Linked([5, 5, 3], last=last)

    def overstated(request: ApiRequest) -> Answer:
        return Answer({**api(request).body, "total": 10_000})

    assert read(overstated, settings_of("cursor")).ids == list(range(13))


def test_more_without_a_cursor_is_an_error_where_there_was_one_before() -> None:
    api = Linked([3, 3], has_more="has_more", always_more=True)
    reading = EndpointRead(api, settings_of("cursor"))
    with pytest.raises(PaginationError, match="but not where"):
        reading.run()
    assert reading.ids == list(range(6))


def test_more_without_a_cursor_is_a_doubt_where_there_never_was_one() -> None:
    api = Linked([3, 3], "elsewhere", ABSENT, has_more="has_more")
    done = read(api, settings_of("cursor"))
    assert done.ids == [0, 1, 2]
    assert [doubt.seen for doubt in done.doubts] == ["has_more is true, and no cursor"]


def test_a_fragment_makes_no_other_address() -> None:
    def api(request: ApiRequest) -> Answer:
        return Answer({"items": numbered(2, int(not request.url.query)), "next": "?page=2#top"})

    done = read(api, settings_of("next_link", next_link_path="next"))
    assert [str(request.url) for request in done.asked] == [str(START.url), f"{START.url}?page=2"]


@pytest.mark.parametrize("more", [{}, {"has_more": True}])
def test_empty_pages_without_end_are_a_doubt(more: dict[str, bool]) -> None:
    def api(request: ApiRequest) -> Answer:
        following = int(request.url.params.get("cursor", 0)) + 1
        return Answer({"items": [], "next_cursor": following, **more})

    reading = EndpointRead(api, settings_of("cursor"))
    reading.run()
    assert reading.requests == 101
    assert [doubt.seen for doubt in reading.doubts] == [
        "101 empty pages in a row, and each leads to another"
    ]
    assert "`stop: empty_page`" in reading.doubts[0].advice


def test_a_cursor_is_followed_over_many_empty_pages() -> None:
    """As where an API filters while it follows the cursor; only empty pages in a row count."""

    def api(request: ApiRequest) -> Answer:
        index = int(request.url.params.get("cursor", 0))
        items = numbered(2, index) if index % 90 == 0 else []
        return Answer({"items": items, "next_cursor": index + 1 if index < 180 else None})

    assert read(api, settings_of("cursor")).ids == [0, 1, 90, 91, 180, 181]


@pytest.mark.contract("settings.paginationType.default")
@pytest.mark.contract("pagination.none.single")
def test_none_asks_once_and_adds_nothing() -> None:
    done = read(lambda request: Answer(numbered(100)), settings_of("none", next_link_path="next"))
    assert [request.url for request in done.asked] == [START.url]
    assert len(done.items) == 100
