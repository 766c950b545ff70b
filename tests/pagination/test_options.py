"""What only a `pagination` block can say: places of values, keyset cursors, explicit ends."""

import contextlib
from collections.abc import Callable
from functools import cached_property
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import PaginationError, SelectorError
from mapping.fields.pagination import PaginationConfig
from settings.pagination import CursorSettings, OffsetSettings, PaginationSettings
from tests.support.models import Answer, EndpointRead, Item, numbered, read, settings_of

quickly = settings(deadline=None, max_examples=60)
CONNECTION = OffsetSettings(page_size=7, total_path="total", has_more_path="more")


class Keyset:
    """Items after an id, as Stripe gives them; `at_most` is the server's own cap."""

    def __init__(self, count: int, at_most: int = 100, flag: bool = False) -> None:
        self.items = numbered(count, 1)
        self._at_most = at_most
        self._flag = flag

    def __call__(self, request: ApiRequest) -> Answer:
        after = int(request.url.params.get("after", 0))
        size = min(int(request.url.params["limit"]), self._at_most)
        left = [item for item in self.items if item["id"] > after]
        body: dict[str, Any] = {"items": left[:size]}
        if self._flag:
            body["has_more"] = len(left) > size
        return Answer(body)


class Numbered:
    """Offsets in any part of the request; a short page in the middle does not mean the end."""

    def __init__(self, lengths: list[int], where: str) -> None:
        self.items = numbered(sum(lengths))
        self._lengths = lengths
        self._where = where
        self.sizes: list[Any] = []

    def __call__(self, request: ApiRequest) -> Answer:
        start = int(self._of(request, "page.from"))
        self.sizes.append(self._of(request, "page.size"))
        begin = 0
        for length in self._lengths:
            if begin == start:
                return Answer({"items": self.items[begin : begin + length]})
            begin += length
        return Answer({"items": []})

    def _of(self, request: ApiRequest, name: str) -> Any:
        if self._where == "header":
            return request.headers[name]
        if self._where == "query":
            return request.url.params[name]
        first, second = name.split(".")
        return request.body[first][second]


@quickly
@given(count=st.integers(0, 40), at_most=st.integers(1, 9), flag=st.booleans())
def test_every_item_comes_by_the_id_of_the_last_one(count: int, at_most: int, flag: bool) -> None:
    api = Keyset(count, at_most, flag)
    done = read(api, settings_of("cursor", 6, param="after", cursor_item=".id"))
    assert done.items == api.items
    assert done.requests <= -(-count // min(6, at_most)) + 1


@pytest.mark.parametrize("expression", [".no", ".id | {a: .}", ".id | error", ".id | not", "empty"])
def test_a_last_item_without_a_cursor_is_an_error(expression: str) -> None:
    with pytest.raises(PaginationError, match="cursor_item"):
        read(Keyset(9), settings_of("cursor", param="after", cursor_item=expression))


def test_a_data_path_that_leaves_out_the_last_item_is_an_error() -> None:
    def none(items: list[Item]) -> list[Item]:
        return []

    keyset = settings_of("cursor", param="after", cursor_item=".id")
    with pytest.raises(PaginationError, match="no last item"):
        EndpointRead(Keyset(9), keyset, choose=none).run()


@quickly
@given(
    times=st.lists(st.integers(0, 3), max_size=20), limit=st.integers(1, 6), cap=st.integers(1, 6)
)
def test_a_cursor_that_items_share_loses_none_of_them(
    times: list[int], limit: int, cap: int
) -> None:
    """An API that gives items from a time on, that time included."""
    items = [{"id": number, "at": at} for number, at in enumerate(sorted(times))]

    def api(request: ApiRequest) -> Answer:
        since = int(request.url.params.get("since", 0))
        left = [item for item in items if item["at"] >= since]
        return Answer({"items": left[: min(limit, cap)]})

    with contextlib.suppress(PaginationError):
        done = read(api, settings_of("cursor", limit, param="since", cursor_item=".at"))
        assert {item["id"] for item in done.items} == {item["id"] for item in items}


@pytest.mark.parametrize("cap", [3, 100])
def test_an_api_that_gives_the_item_of_the_cursor_again_ends(cap: int) -> None:
    def api(request: ApiRequest) -> Answer:
        since = int(request.url.params.get("since", 0))
        return Answer({"items": numbered(10)[since:][:cap]})

    done = read(api, settings_of("cursor", 100, param="since", cursor_item=".id"))
    assert sorted(set(done.ids)) == list(range(10))
    assert done.reason == "an address that was already read"


def test_a_cursor_that_items_share_says_so() -> None:
    items = [{"id": number, "at": min(number, 3)} for number in range(9)]

    def api(request: ApiRequest) -> Answer:
        since = int(request.url.params.get("since", 0))
        return Answer({"items": [item for item in items if item["at"] >= since][:4]})

    with pytest.raises(PaginationError, match="give the same cursor"):
        read(api, settings_of("cursor", 100, param="since", cursor_item=".at"))


def test_an_api_that_ignores_the_keyset_parameter_is_an_error() -> None:
    with pytest.raises(PaginationError, match="ignore other"):
        read(Keyset(9), settings_of("cursor", param="other", cursor_item=".id"))


@quickly
@given(
    lengths=st.lists(st.integers(0, 5), min_size=1, max_size=7),
    end=st.sampled_from([None, "", " ", "null"]),
)
def test_a_cursor_in_a_header_is_followed(lengths: list[int], end: str | None) -> None:
    items = numbered(sum(lengths))

    def api(request: ApiRequest) -> Answer:
        page = int(request.url.params.get("locator", 0))
        begin = sum(lengths[:page])
        last = page == len(lengths) - 1
        token = end if last else str(page + 1)
        headers = {} if token is None else {"Sforce-Locator": token}
        return Answer({"items": items[begin : begin + lengths[page]]}, headers=headers)

    done = read(api, settings_of("cursor", param="locator", cursor_header="sforce-LOCATOR"))
    assert done.items == items
    assert done.requests == len(lengths)


@pytest.mark.parametrize("link", ["?n={}", "https://api.test/v1/things?n={}"])
def test_a_next_address_in_a_header_is_followed(link: str) -> None:
    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params.get("n", 0))
        headers = {"Next-Page": link.format(number + 1)} if number < 3 else {"Next-Page": ""}
        return Answer({"items": numbered(2, number * 2)}, headers=headers)

    done = read(api, settings_of("next_link", next_link_header="Next-Page"))
    assert done.ids == list(range(8))


@quickly
@given(
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=6),
    where=st.sampled_from(["query", "header", "body"]),
)
def test_only_an_empty_page_is_the_end_where_stop_says_so(lengths: list[int], where: Any) -> None:
    api = Numbered(lengths, where)
    asked = settings_of(
        "offset",
        param="page.from",
        size_param="page.size",
        where=where,
        size_where=where,
        stop="empty_page",
    )
    done = read(api, asked)
    assert done.items == api.items
    assert done.requests == len(lengths) + 1
    assert set(api.sizes) == ({5} if where == "body" else {"5"})


def test_a_short_page_is_the_end_where_stop_says_so() -> None:
    done = read(
        Numbered([5, 5, 3, 5], "query"),
        settings_of("offset", param="page.from", size_param="page.size", stop="short_page"),
    )
    assert (done.ids, done.requests) == (list(range(13)), 3)


def test_a_short_page_against_a_total_is_an_error_where_the_total_was_named() -> None:
    def api(request: ApiRequest) -> Answer:
        return Answer({"items": numbered(3), "total": 50})

    asked = settings_of("offset", stop="short_page", total_path="total")
    with pytest.raises(PaginationError, match="only 3 items arrived of a total of 50"):
        read(api, asked)
    assert read(api, settings_of("offset", stop="short_page")).requests == 1


@pytest.mark.contract("pagination.max_pages")
@quickly
@given(pages=st.integers(1, 8), most=st.integers(1, 8), kind=st.sampled_from(["page", "cursor"]))
def test_more_pages_than_allowed_are_an_error(pages: int, most: int, kind: str) -> None:
    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params.get(kind, 1))
        found = numbered(5, number * 5) if number <= pages else []
        return Answer({"items": found, "next_cursor": number + 1 if number < pages else None})

    asked = settings_of(kind, max_pages=most)
    if pages <= most:
        assert len(read(api, asked).items) == pages * 5
    else:
        with pytest.raises(PaginationError, match=f"more than {most} pages"):
            read(api, asked)


def test_a_value_cannot_be_placed_in_a_body_that_is_no_object() -> None:
    request = ApiRequest("POST", "https://api.test", body={"a": {"b": 1}, "c": [1]})
    assert request.placed("body", "a.x.y", 2).body == {"a": {"b": 1, "x": {"y": 2}}, "c": [1]}
    assert request.body == {"a": {"b": 1}, "c": [1]}
    assert request.placed("body", "c.0", 2).body == {"a": {"b": 1}, "c": [2]}
    with pytest.raises(ValueError, match="no object"):
        request.placed("body", "a.b.x", 1)
    for place in ("c.x", "c.1", "c.-1"):
        with pytest.raises(ValueError, match="is no place in a list of 1"):
            request.placed("body", place, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda request: request.with_query({"n": 2}),
        lambda request: request.placed("header", "x-n", 2),
        lambda request: request.placed("body", "n", 2),
        lambda request: request.with_url(httpx.URL("https://h.test/b")),
        lambda request: request.following("/b"),
    ],
)
def test_a_changed_request_has_nothing_of_what_was_derived_from_the_one_before(
    change: Callable[[ApiRequest], ApiRequest],
) -> None:
    request = ApiRequest("POST", "https://h.test/a?n=1", {"x-n": "1"}, {"n": 1}, is_once=True)
    derived = {n for n, one in vars(ApiRequest).items() if isinstance(one, cached_property)}
    before = {name: getattr(request, name) for name in derived}
    changed = change(request)
    assert type(changed) is ApiRequest
    assert derived.isdisjoint(vars(changed))
    assert changed != request
    assert changed.is_once
    assert changed.identity != request.identity
    assert {name: getattr(request, name) for name in derived} == before


def test_a_copy_of_settings_has_nothing_of_what_was_derived_from_others() -> None:
    before = OffsetSettings(ignore_markers=("A",), total_path="x", has_more_path="more")
    derived = [n for n, one in vars(PaginationSettings).items() if isinstance(one, cached_property)]
    assert len([getattr(before, name) for name in derived]) >= 3
    update = {"ignore_markers": ("b",), "total_path": "y", "has_more_path": None}
    copied = before.model_copy(update=update)
    fresh = OffsetSettings.model_validate(update)
    assert [getattr(copied, name) for name in derived] == [getattr(fresh, name) for name in derived]
    assert copied == fresh
    assert hash(copied) == hash(fresh)
    assert before == OffsetSettings(ignore_markers=("A",), total_path="x", has_more_path="more")


def test_a_block_replaces_what_it_says_and_keeps_the_rest() -> None:
    same = PaginationConfig.validate({"param": "skip", "in": "body"}).over(CONNECTION, "pagination")
    placed = {"param": "skip", "where": "body", "size_where": "body"}
    assert same == CONNECTION.model_copy(update=placed)
    other = PaginationConfig.validate("cursor").over(CONNECTION, "pagination")
    assert other == CursorSettings()
    ended = PaginationConfig.validate({"stop": "empty_page"}).over(CONNECTION, "pagination")
    assert ended == CONNECTION.model_copy(update={"has_more_path": None, "stop": "empty_page"})
    sized = PaginationConfig.validate({"in": "header", "size_in": "query"})
    assert sized.over(CONNECTION, "pagination") == CONNECTION.model_copy(update={"where": "header"})


@pytest.mark.parametrize(
    "block, said",
    [
        ({"cursor_path": "x"}, "pagination.cursor_path: has no effect with type offset"),
        ({"type": "none", "page_size": 5}, "page_size: has no effect with type none"),
        ({"type": "page", "header_link_rel": "next"}, "it is for header_link"),
        (
            {"type": "cursor", "cursor_path": "a", "cursor_item": ".a"},
            "cursor_path and cursor_item contradict each other",
        ),
        ({"stop": "empty_page", "has_more_path": "a"}, "has_more_path and stop contradict"),
        ({"type": "cursor", "cursor_item": ".["}, "pagination.cursor_item: '.[' is not valid JQ"),
    ],
)
def test_what_contradicts_itself_is_refused(block: dict[str, Any], said: str) -> None:
    with pytest.raises(SelectorError) as caught:
        PaginationConfig.validate(block).over(CONNECTION, "pagination")
    assert said in str(caught.value)


def test_a_path_into_a_body_may_start_with_a_dot() -> None:
    body = (
        ApiRequest("POST", "https://api.test", body={"a": {"b": 1}}).placed("body", ".a.c", 2).body
    )
    assert body == {"a": {"b": 1, "c": 2}}
