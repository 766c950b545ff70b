"""Whatever an API sends is masked, quoted and looked at in time that is linear in its length."""

import time
from collections.abc import Callable
from contextlib import suppress

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from auth.challenges import schemes_in
from formats import texts
from formats.messages import Lack, Part, message_in, says_success
from pagination.link_headers import parse_link_header
from redaction import MASK, Redactor
from transport.rate_limits import parse_wait

LENGTH = 64_000
# Seconds of CPU for one text of that length.
MOST = 0.05
# So often, times are taken that are not as they should be: a busy machine makes some of them long.
TIMES = 10
REDACTOR = Redactor(["s3cr3t-value", "aaaaaaaab", "----KEY----\nabc"])
BASE = ApiRequest("GET", "https://api.example.test/a")

WAYS: dict[str, Callable[[str], object]] = {
    "text": REDACTOR.text,
    "excerpt": lambda text: REDACTOR.excerpt(text.encode()),
    "path": lambda text: REDACTOR.url(f"https://api.example.test/{text[:30_000]}"),
    "query": lambda text: REDACTOR.url(f"https://api.example.test/?{text[:30_000]}"),
    "link": lambda text: BASE.following(f"/x?{text[:30_000]}").url,
    "Link": lambda text: list(parse_link_header(f"<https://a.test/b>; rel=next{text}")),
    "message": lambda text: message_in([Part("", {"error": text, "code": text})], Lack.LIST),
    "success": lambda text: says_success({"code": text, "message": text}),
    "start": lambda text: (texts.is_markup(text), texts.is_json(text)),
    "declaration": lambda text: texts.encoding_of(f"<?xml {text}".encode(), wanted="", charset=""),
    "Content-Type": lambda text: texts._parse.__wrapped__(f"text/plain; {text}"),
    "WWW-Authenticate": schemes_in,
    "Retry-After": lambda text: parse_wait(text, 0),
}
PIECES = (
    *("-eyJ", "eyJ.", "eyJaaaaaa.", "a", "a.", '"', '"token', "token", '"a":', '"token":"', "\\"),
    *('\\"', "<", "<>;", "; ", "= ;", " ", ';a="', "a=b&", "&", "%", "%2f", "/", "../", "?", "#"),
    *(
        "=",
        "{",
        "[ ",
        "\n",
        "no error ",
        "ok ",
        "not ",
        "_",
        "1",
        "-",
        "aaaaaaaa",
        "é",
        "\x01",
        ";",
    ),
)


def seconds(way: Callable[[str], object], text: str) -> float:
    """The CPU time that a way takes, of the best of three runs; an error is an end as well."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        with suppress(ValueError, httpx.InvalidURL):
            way(text)
        best = min(best, time.process_time() - start)
        if best < MOST / 5:
            break
    return best


@pytest.mark.contract("bounds.linear")
@pytest.mark.parametrize("name", WAYS)
@given(
    start=st.sampled_from(("", *PIECES)),
    parts=st.lists(st.sampled_from(PIECES), min_size=1, max_size=3),
)
@example(start='"', parts=["token"])
@example(start="", parts=["-eyJ"])
@example(start=";b", parts=[" "])
@example(start='"', parts=["; "])
@settings(max_examples=10, deadline=None)
def test_twice_the_text_takes_twice_the_time(name: str, start: str, parts: list[str]) -> None:
    piece = "".join(parts)
    text = (start + piece * (LENGTH // len(piece)))[:LENGTH]
    taken = half = float("inf")
    for _ in range(TIMES):
        taken = min(taken, seconds(WAYS[name], text))
        # What takes no time at all need not be compared.
        if taken < MOST / 5:
            return
        half = min(half, seconds(WAYS[name], text[: LENGTH // 2]))
        if taken < min(3 * half + MOST / 10, 4 * MOST):
            return
    pytest.fail(f"{taken:.3f} s for all of the text, {half:.3f} s for half of it")


@pytest.mark.contract("secrets.errors")
@pytest.mark.parametrize(
    "text, shown",
    [
        ("eyJhbGciOi.eyJzdWIi.c2ln", MASK),
        ("a eyJhbGciOi.eyJzdWIi. b", f"a {MASK} b"),
        ("x-eyJhbGciOi.eyJzdWIi.c2ln.rest", f"x-{MASK}.rest"),
        ("a.b.eyJhbGciOi.eyJzdWIi.c2ln", f"a.b.{MASK}"),
        ("eyJaaaaaa.eyJhbGciOi.eyJzdWIi.c2ln", f"{MASK}.c2ln"),
        ("eyJhbGciOi.eyJzdWIi", "eyJhbGciOi.eyJzdWIi"),
        ("eyJhb.x.y", "eyJhb.x.y"),
        ("eyJhbGciOi..y", "eyJhbGciOi..y"),
        ("keyJhbGciOi.x.y", "keyJhbGciOi.x.y"),
    ],
)
def test_web_tokens_are_masked_wherever_they_stand(text: str, shown: str) -> None:
    assert Redactor().text(text) == shown


@pytest.mark.contract("secrets.errors")
@pytest.mark.parametrize(
    "body",
    [
        '{"access_token": "hidden"}',
        '{"a": "b", "my_passwords" : "hidden", "c": 1}',
        'it is 6" wide {"clientSecret":"hidden"}',
        '{"cookie_token_x":"hidden',
        '{"token": "hid\\"den"}',
    ],
)
def test_values_under_telling_names_are_masked_in_an_excerpt(body: str) -> None:
    shown = Redactor().excerpt(body.encode())
    assert MASK in shown
    assert "hid" not in shown
    assert "den" not in shown


def test_a_long_address_is_shown_in_part() -> None:
    shown = Redactor(["s3cr3t"]).url("https://api.example.test/x?a=s3cr3t&b=" + "x" * 5000)
    assert shown.startswith(f"https://api.example.test/x?a={MASK}&b=xxx")
    assert len(shown) == 2001
