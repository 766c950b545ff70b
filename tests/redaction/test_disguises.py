"""A secret is found in whatever spelling an API, a program or a log gives it."""

import base64
import html
import json
import textwrap
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disguises import Disguises, reduce
from redaction import MASK, Redactor

SECRET = 'T0k3n/with+signs=&é"\\ünd blank'
PEM = "\n".join(["-----BEGIN KEY-----", *textwrap.wrap("Ab3+/" * 40, 64), "-----END KEY-----"])


def wholly(pattern: str) -> Callable[[str], str]:
    return lambda text: "".join(pattern.format(byte) for byte in text.encode())


def pieces(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent": quote,
    "percent, all of it": wholly("%{:02X}"),
    "percent, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "json": lambda text: json.dumps(text)[1:-1],
    "json in json in json": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "json, readable": lambda text: json.dumps(json.dumps(text, ensure_ascii=False)),
    "json, all of it": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "json with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "html": html.escape,
    "html, all of it": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "html, twice": lambda text: html.escape(html.escape(text)),
    "json in html": lambda text: html.escape(json.dumps(text)),
    "percent in json": lambda text: json.dumps(quote(text, safe="") + "\n"),
    "over lines": lambda text: "\n    ".join(textwrap.wrap(text, 5, drop_whitespace=False)),
    "over lines in json": lambda text: json.dumps(
        "\r\n".join(text[at : at + 4] for at in range(0, len(text), 4))
    ),
    "zero width": "\u200b".join,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 behind another": lambda text: base64.b64encode(f"u:{text}:x".encode()).decode(),
    "base64 behind two": lambda text: base64.b64encode(f"ab{text}".encode()).decode(),
    "base64 over lines": lambda text: base64.encodebytes(f"user:{text * 4}".encode()).decode(),
    "base64 in an address": lambda text: quote(base64.b64encode(b"user:" + text.encode()), safe=""),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal, large": lambda text: text.encode().hex().upper(),
    "bytes of Python": lambda text: repr(text.encode()),
    "lines in a form": lambda text: quote_plus(
        "\n    ".join(text[at : at + 7] for at in range(0, len(text), 7))
    ),
}


@pytest.mark.contract("secrets.disguises")
@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize(
    "before, after", [("", ""), ("a", "b"), ("error: ", " (x)"), ('{"m":"', '"}')]
)
def test_every_spelling_of_a_secret_is_masked(name: str, before: str, after: str) -> None:
    spelt = SPELLINGS[name](SECRET)
    shown = Redactor([SECRET]).text(f"{before}{spelt}{after}")
    left = shown.removeprefix(before).removesuffix(after)
    # A few signs beside it may be left, such as quotes or the ends of base64.
    assert MASK in left
    assert len(left.replace(MASK, "")) <= len(spelt) // 4 + 8
    for at in range(len(spelt) - 12):
        assert spelt[at : at + 12] not in left


@pytest.mark.contract("secrets.disguises")
@given(st.lists(st.sampled_from(list(SPELLINGS)), min_size=1, max_size=2), st.data())
def test_spellings_of_spellings(names: list[str], data: st.DataObject) -> None:
    secret = data.draw(
        st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=40)
    )
    text = secret
    for name in names:
        text = SPELLINGS[name](text)
    coded = [name for name in names if name.startswith(("base64", "hexadecimal"))]
    if len(coded) > 1 or (coded and names[0] not in coded):
        return
    # An escaped break within an escape is nothing that a program writes.
    if names[-1] == "over lines in json" and names[0] not in ("as it is", "over lines"):
        return
    shown = Redactor([secret]).text(f"a {text} b")
    assert MASK in shown
    assert secret not in reduce(shown.encode()).content.decode()


@pytest.mark.contract("secrets.disguises")
def test_a_line_of_a_private_key_is_masked() -> None:
    redactor = Redactor([PEM])
    for line in PEM.splitlines()[1:-2]:
        assert redactor.text(f"cannot parse {line}!") == f"cannot parse {MASK}!"
    assert "Ab3" not in redactor.text(json.dumps(json.dumps({"key": PEM})))


@given(st.text())
def test_what_holds_no_secret_stays_as_it_is(text: str) -> None:
    redactor = Redactor(["0therw1se-unkn0wn"])
    assert redactor.text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "the status is 400",
        "a%20b",
        "C:\\new\\table",
        "&amp; more &lt;b&gt;",
        "x=1&y=2",
        "Zm9vYmFyYmF6",
    ],
)
def test_ordinary_text_is_kept(text: str) -> None:
    assert Redactor(["s3cret-0ne", "an0ther+0ne", "with blank 0ne"]).text(text) == text


@given(st.binary(max_size=300))
def test_places_are_those_of_the_text(data: bytes) -> None:
    reduced = reduce(data)
    assert len(reduced.content) == len(reduced.starts) == len(reduced.ends)
    assert list(reduced.starts) == sorted(reduced.starts)
    assert all(
        begin < end <= len(data) for begin, end in zip(reduced.starts, reduced.ends, strict=True)
    )
    assert (
        reduce(reduced.content).content == reduced.content
        or b"%" in data
        or b"\\" in data
        or b"&" in data
    )


HOSTILE = {
    "backslashes": "\\",
    "percents": "%25",
    "entities": "&amp;",
    "open entities": "&",
    "words": "word ",
    "blanks": " ",
    "units": "\\u0041",
    "signs of tokens": "eyJ",
    "the start of a secret": "s3cret-",
    "base64": "c2Vj",
    "names": '"',
}


@pytest.mark.contract("secrets.linear")
@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_twice_as_much_text_takes_about_twice_as_long(piece: str) -> None:
    known = Disguises([f"s3cret-number-{number}-of+many" for number in range(50)])

    def seconds(size: int) -> float:
        data = (piece * (size // len(piece))).encode()
        began = time.process_time()
        for _ in known.spans(data):
            pass
        return time.process_time() - began

    small = min(seconds(50_000) for _ in range(3))
    large = min(seconds(200_000) for _ in range(3))
    assert large < small * 8 + 0.05
    assert large < 3
