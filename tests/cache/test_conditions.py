"""Which responses can be asked about, and what a 304 may change of them."""

import httpx
import pytest

from cache import conditions

TUESDAY = "Tue, 15 Nov 1994 12:45:26 GMT"
A_MINUTE_LATER = "Tue, 15 Nov 1994 12:46:26 GMT"
A_SECOND_LATER = "Tue, 15 Nov 1994 12:45:27 GMT"


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, {}),
        ({"ETag": '"a"'}, {"If-None-Match": '"a"'}),
        ({"ETag": 'W/"a"'}, {"If-None-Match": 'W/"a"'}),
        ({"Last-Modified": TUESDAY}, {}),
        ({"Last-Modified": TUESDAY, "Date": A_SECOND_LATER}, {}),
        ({"Last-Modified": TUESDAY, "Date": A_MINUTE_LATER}, {"If-Modified-Since": TUESDAY}),
        ({"Last-Modified": "yesterday", "Date": A_MINUTE_LATER}, {}),
        ({"ETag": '"a"', "Last-Modified": TUESDAY}, {"If-None-Match": '"a"'}),
        (
            {"ETag": '"a"', "Last-Modified": TUESDAY, "Date": A_MINUTE_LATER},
            {"If-None-Match": '"a"', "If-Modified-Since": TUESDAY},
        ),
    ],
)
def test_only_validators_that_can_be_relied_on_become_conditions(
    headers: dict[str, str], expected: dict[str, str]
) -> None:
    assert conditions.conditions_of(httpx.Headers(headers)) == expected


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({"Cache-Control": "private, max-age=0"}, True),
        ({"Cache-Control": "no-cache"}, True),
        ({"Cache-Control": "private, No-Store"}, False),
        ({"Vary": "Accept, Cookie"}, True),
        ({"Vary": "Accept, *"}, False),
    ],
)
def test_what_may_be_kept(headers: dict[str, str], expected: bool) -> None:
    assert conditions.may_be_kept(httpx.Headers(headers)) is expected


@pytest.mark.parametrize(
    "told, expected",
    [
        (None, True),
        ('"a"', True),
        ('W/"a"', True),
        ('"a-gzip"', True),
        ('"a;br"', True),
        ('"b"', False),
    ],
)
def test_a_304_with_another_etag_is_about_something_else(told: str | None, expected: bool) -> None:
    answer = httpx.Headers({"ETag": told} if told else {})
    assert conditions.is_about(httpx.Headers({"ETag": '"a"'}), answer) is expected


def test_cookies_and_what_belongs_to_the_connection_are_not_kept() -> None:
    headers = httpx.Headers(
        [
            ("Set-Cookie", "session=hush"),
            ("Connection", "close, X-Hop"),
            ("X-Hop", "1"),
            ("Content-Encoding", "gzip"),
            ("Content-Length", "7"),
            ("Link", "<a>; rel=next"),
            ("Link", "<b>; rel=last"),
            ("X-Total-Count", "9"),
        ]
    )
    assert conditions.to_keep(headers).multi_items() == [
        ("link", "<a>; rel=next"),
        ("link", "<b>; rel=last"),
        ("x-total-count", "9"),
    ]


def test_a_304_replaces_whole_headers_and_says_nothing_about_the_body() -> None:
    kept = httpx.Headers(
        [
            ("Content-Type", "application/json"),
            ("Link", "<a>; rel=next"),
            ("Link", "<b>; rel=last"),
            ("ETag", '"a"'),
        ]
    )
    answer = httpx.Headers(
        {"Content-Type": "text/html", "Content-Length": "0", "Link": "<c>", "Set-Cookie": "s=1"}
    )
    assert conditions.merged(kept, answer).multi_items() == [
        ("content-type", "application/json"),
        ("etag", '"a"'),
        ("link", "<c>"),
    ]


def test_what_differs_in_each_answer_is_no_difference() -> None:
    kept = httpx.Headers({"Date": TUESDAY, "X-RateLimit-Remaining": "8", "Link": "<a>"})
    later = {"Date": A_MINUTE_LATER, "X-RateLimit-Remaining": "7", "Link": "<a>"}
    assert not conditions.differs(kept, httpx.Headers(later))
    assert conditions.differs(kept, httpx.Headers({**later, "Link": "<b>"}))
