"""Secrets in whatever spelling a text gives them, and where they stand in it.

A secret may be percent-encoded, escaped as JSON within JSON, written as HTML, broken over lines,
and part of something in base64 or hexadecimal, all at once. Texts and secrets are therefore both
reduced to what is left without any of that, and compared there. All of it takes time in proportion
to the text.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple
from urllib.parse import quote, quote_plus

type Span = tuple[int, int]

# Shorter ones would mask parts of ordinary words.
SHORTEST = 4
# Of base64 whose place among others is not known; of lines that may be quoted alone.
_SHORTEST_CORE = 8
_SHORTEST_LINE = 20
# What only breaks a text into pieces, in UTF-8 and as characters.
_BREAK = re.compile(
    rb"(?:[\x00-\x20\x7f]|\xc2[\x80-\xa0\xad]|\xe2\x80[\x80-\x8f\xa8-\xaf]|\xe2\x81\xa0"
    rb"|\xef\xbb\xbf)++"
)
_PIECES = re.compile("[\x00-\x20\x7f-\xa0\xad\u2000-\u200f\u2028-\u202f\u2060\ufeff]")
# An escape, however often it was escaped again; in a form, blanks that begin a line are pluses.
_ESCAPE = re.compile(
    rb"\\++u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\++u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\++u(?P<unit>[0-9a-fA-F]{4})"
    rb"|\\++x(?P<code>[0-9a-fA-F]{2})"
    rb"|\\++(?P<blank>[nrtbf])?"
    rb"|%(?:25)*0[aAdD](?:\+|%(?:25)*2[bB]){2,}"
    rb"|%(?:25)*(?P<byte>[0-9a-fA-F]{2})"
    rb"|&(?:amp;)*(?P<entity>#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z]{2,8});"
)
# What is undone may make another escape: so often it is looked again.
_ROUNDS = 5
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_IN_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")


class Reduced(NamedTuple):
    """A text without escapes and breaks; `starts` and `ends` are places in the text, by byte."""

    content: bytes
    starts: list[int]
    ends: list[int]


class Disguises:
    """Some secrets, which are found in a text in all of their spellings.

    `spellings` are the usual ones, as texts.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self.forms = frozenset(form for secret in secrets for form in _forms_of(secret))
        self.spellings = frozenset(each for form in self.forms for each in _spellings_of(form))
        reduced = {form: reduce(_bytes(form)).content for form in self.forms}
        self._plain = sorted(map(_bytes, self.spellings))
        self._reduced = sorted({each for each in reduced.values() if len(each) >= SHORTEST})
        self._cores = sorted({core for form in self.forms for core in _cores_of(_bytes(form))})
        self._reduced_joined = _without_pluses(self._reduced)
        self._cores_joined = _without_pluses(self._cores)
        self._have_pluses = any(b"+" in each for each in (*self._reduced, *self._cores))
        short = sorted(form for form, each in reduced.items() if len(each) < SHORTEST)
        self._short = re.compile(b"(?=(" + b"|".join(map(_spelt, short)) + b"))") if short else None

    def spans(self, data: bytes) -> Iterator[Span]:
        """Yield where a secret stands in a text in UTF-8, by byte; spans may overlap."""
        if not self.forms:
            return
        for needle in self._plain:
            yield from _found(needle, data)
        if self._short:
            yield from (match.span(1) for match in self._short.finditer(data))
        yield from self._spans_reduced(data, reduce(data))

    def _spans_reduced(self, data: bytes, reduced: Reduced) -> Iterator[Span]:
        standard = reduced._replace(content=reduced.content.translate(_URL_SAFE))
        yield from _places(self._reduced, reduced)
        yield from _widened(_places(self._cores, standard), data)
        # A blank is a plus in forms, and may break any text, so that neither counts.
        if self._have_pluses or b"+" in standard.content:
            yield from _places(self._reduced_joined, _joined(reduced))
            yield from _widened(_places(self._cores_joined, _joined(standard)), data)


def reduce(data: bytes) -> Reduced:
    r"""Return a text without escapes and breaks: `a%2Fb\u0063 d` is `a/bcd`."""
    # Breaks first, because they may stand within an escape.
    reduced = _replaced(_BREAK, data)
    for _ in range(_ROUNDS):
        again = _after(reduced, _ESCAPE)
        if again.content == reduced.content:
            break
        reduced = _after(again, _BREAK)
    return reduced


def _after(reduced: Reduced, pattern: re.Pattern[bytes]) -> Reduced:
    """Return what is left of a text that was reduced before; places stay those of the first."""
    content, starts, ends = _replaced(pattern, reduced.content)
    return Reduced(
        content,
        [reduced.starts[place] for place in starts],
        [reduced.ends[place - 1] for place in ends],
    )


def _replaced(pattern: re.Pattern[bytes], data: bytes) -> Reduced:
    """Return a text with each match replaced by what it means."""
    parts: list[bytes] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for match in pattern.finditer(data):
        begin, end = match.span()
        meaning = _meaning(match)
        parts += (data[position:begin], meaning)
        starts.extend(range(position, begin))
        starts.extend([begin] * len(meaning))
        ends.extend(range(position + 1, begin + 1))
        ends.extend([end] * len(meaning))
        position = end
    parts.append(data[position:])
    starts.extend(range(position, len(data)))
    ends.extend(range(position + 1, len(data) + 1))
    return Reduced(b"".join(parts), starts, ends)


def _meaning(match: re.Match[bytes]) -> bytes:
    """Return what an escape stands for; nothing for what only breaks a text."""
    kind = match.lastgroup
    if kind is None or kind == "blank":
        return b""
    if kind in ("byte", "code"):
        byte = bytes.fromhex(match[kind].decode())
        return b"" if byte[0] <= 32 or byte[0] == 127 else byte
    if kind == "low":
        units = bytes.fromhex((match["high"] + match["low"]).decode())
        text = units.decode("utf-16-be")
    elif kind == "unit":
        text = chr(int(match["unit"], 16))
    else:
        text = html.unescape(f"&{match['entity'].decode()};")
    return _bytes(_PIECES.sub("", text))


def _places(needles: Iterable[bytes], reduced: Reduced) -> Iterator[Span]:
    """Yield where the needles stand, by the places of the text that was reduced."""
    for needle in needles:
        for begin, end in _found(needle, reduced.content):
            yield reduced.starts[begin], reduced.ends[end - 1]


def _joined(reduced: Reduced) -> Reduced:
    """Return a text without its pluses."""
    kept = [place for place, byte in enumerate(reduced.content) if byte != ord("+")]
    return Reduced(
        reduced.content.replace(b"+", b""),
        [reduced.starts[place] for place in kept],
        [reduced.ends[place] for place in kept],
    )


def _without_pluses(needles: Iterable[bytes]) -> list[bytes]:
    joined = {needle.replace(b"+", b"") for needle in needles}
    return sorted(each for each in joined if len(each) >= _SHORTEST_CORE)


def _found(needle: bytes, data: bytes) -> Iterator[Span]:
    at = data.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = data.find(needle, at + 1)


def _widened(spans: Iterable[Span], data: bytes) -> Iterator[Span]:
    """Yield spans with the characters around them that share a byte with what they encode."""
    for begin, end in spans:
        for _ in range(2):
            if begin and data[begin - 1] in _IN_BASE64:
                begin -= 1
            if end < len(data) and data[end] in _IN_BASE64:
                end += 1
        yield begin, end


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _forms_of(secret: str) -> set[str]:
    stripped = secret.strip()
    lines = {line.strip() for line in stripped.splitlines()[1:]} if "\n" in stripped else set()
    candidates = {
        stripped,
        # "Bearer abc": the part behind the scheme is the secret.
        stripped.rpartition(" ")[2],
        # Of a private key, one line tells enough.
        *(line for line in lines if len(line) >= _SHORTEST_LINE and not line.startswith("-----")),
    }
    long_enough = {form for form in candidates if len(form) >= SHORTEST}
    encoded = (_bytes(form) for form in long_enough)
    others = {
        other
        for content in encoded
        for other in (
            base64.b64encode(content).decode(),
            content.hex(),
            content.hex().upper(),
        )
    }
    return long_enough | others


def _cores_of(content: bytes) -> Iterator[bytes]:
    """Yield the part of base64 that is the same whatever stands before and after the secret."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + content)
        core = encoded[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]
        if len(core) >= _SHORTEST_CORE:
            yield core


def _spellings_of(form: str) -> set[str]:
    """Return how a secret is usually spelt in URLs and JSON."""
    form = form.encode("utf-8", "replace").decode()
    return {
        form,
        quote(form, safe=""),
        quote_plus(form),
        quote(form),
        json.dumps(form)[1:-1],
        json.dumps(form)[1:-1].replace("/", "\\/"),
        json.dumps(form, ensure_ascii=False)[1:-1],
    }


def _spelt(form: str) -> bytes:
    return b"".join(map(_spelt_character, form))


@cache
def _spelt_character(character: str) -> bytes:
    """Return a pattern for a character however an API escapes it in URLs, HTML and JSON."""
    plain = {character, f"\\{character}", html.escape(character), json.dumps(character)[1:-1]}
    units = character.encode("utf-16-be", "surrogatepass")
    coded = {
        "".join(f"%{byte:02x}" for byte in _bytes(character)),
        "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)),
        f"&#x{ord(character):x};",
        f"&#{ord(character)};",
    }
    if character == " ":
        plain.add("+")
    one_of = "|".join(map(re.escape, sorted(plain, key=len, reverse=True)))
    return _bytes(f"(?:{one_of}|(?i:{'|'.join(map(re.escape, coded))}))")
