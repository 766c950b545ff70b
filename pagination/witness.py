"""The witness: what an answer itself says of further pages, in the words of `dialects.py`.

It looks beside the items, beside the object that holds them, at the top of the body, in the usual
objects there, and in headers; never into an item.

    {"items": [...], "has_more": true}              a marker says more
    {"items": [...], "links": {"next": null}}       a link denies that there is more
    Link: </v1?page=2>; rel="next"                  a link says more

Of these, markers count before links, links before tokens, and those before bare tokens, which may
be something else. A denial silences what comes after it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from formats.lists import ADDRESS_NAMES, RELATION_NAMES
from pagination import dialects
from pagination.holders import Holder
from pagination.link_headers import parse_link_header
from pagination.lookup import show, truth
from pagination.page import Page
from pagination.spellings import every_spelling, spellings

LINK_HEADER = "Link"
# As in `https://…`, `/v1/things`, `?page=2`.
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//\S+|[/?&]\S+", re.IGNORECASE)
_MOST_WORDS = re.compile(r"\s")
# A number, several words, or a word of truth.
_NO_TOKEN = re.compile(r"|[+-]?[\d.,]+|.*\s.*|true|yes", re.IGNORECASE | re.DOTALL)


class Rank(IntEnum):
    """The order in which signs count; nothing that is said of pages silences a partial list."""

    PARTIAL = 0
    CUT = 1
    MARKER = 2
    LINK = 3
    TOKEN = 4
    BARE_TOKEN = 5
    TOTAL = 6


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that an answer says: `place` says that there is `more`, or that there is not.

    `way` are the settings that would follow it, where there are some.
    """

    rank: Rank
    place: str
    more: bool
    said: str
    way: str = ""

    @property
    def is_promise(self) -> bool:
        """Return whether it says that there is more, and not only where."""
        return self.more and self.rank in (Rank.MARKER, Rank.TOTAL)

    @property
    def denies_all(self) -> bool:
        """Return whether it is a marker that says that there is no more."""
        return not self.more and self.rank is Rank.MARKER

    def __str__(self) -> str:
        return f"{self.place} {self.said}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that one answer says; `partial` is the sign that its list is not whole.

    `cut` is one that counts only where no page follows.
    """

    signs: tuple[Sign, ...] = ()
    partial: Sign | None = None
    cut: Sign | None = None

    def outranking_more(self) -> Sign | None:
        """Return the marker that says more, where none denies it."""
        markers = [sign for sign in self.signs if sign.rank is Rank.MARKER]
        return markers[0] if markers and all(sign.more for sign in markers) else None

    def leading(
        self,
        denied: Rank | None = None,
        followed: frozenset[str] = frozenset(),
        judged: frozenset[str] = frozenset(),
    ) -> Sign | None:
        """Return the sign that counts: of the highest rank, and more before no more.

        Inputs: `denied`, a rank at which it was denied otherwise; `followed`, places whose signs
        are obeyed already; `judged`, places that may say more and are known to mean something else.
        """
        if not self.signs:
            return None
        signs = [
            sign
            for sign in self.signs
            if sign.place not in followed and not (sign.more and sign.place in judged)
        ]
        for rank in (Rank.MARKER, Rank.LINK, Rank.TOKEN, Rank.BARE_TOKEN):
            said = [sign for sign in signs if sign.rank is rank]
            if found := next((sign for sign in said if sign.more), said[0] if said else None):
                return self._with_way(found)
            if rank is denied:
                return None
        return None

    def _with_way(self, found: Sign) -> Sign:
        """Return a marker that says more with the way on that a link or token beside it shows."""
        if found.rank is not Rank.MARKER or not found.more:
            return found
        ways = [sign for sign in self.signs if sign.rank in (Rank.LINK, Rank.TOKEN) and sign.more]
        return replace(found, way=ways[0].way) if ways else found


_SILENCE = Evidence()


class Witness:
    """Hears the answers of one endpoint, and remembers what spoke.

    Inputs: `ignored`, places that do not speak of pages, in the user's word; `spoke`, the places
    that said more in answers before, of all endpoints of a resource: an API may leave out a field
    instead of denying, and then its absence denies.
    """

    def __init__(self, ignored: Iterable[str], spoke: dict[str, Rank]) -> None:
        self._ignored = tuple(ignored)
        self._spoke = spoke

    def hear(self, page: Page) -> Evidence:
        """Return what an answer says; nothing where it is one object and no list."""
        if page.is_object:
            return _SILENCE
        heard = [sign for sign in _signs(page) if not self._ignored or not self._ignores(sign)]
        if not heard and not self._spoke:
            return _SILENCE
        partial = next((sign for sign in heard if sign.rank is Rank.PARTIAL), None)
        cut = next((sign for sign in heard if sign.rank is Rank.CUT), None)
        signs = [sign for sign in heard if sign.rank > Rank.CUT]
        here = {sign.place for sign in signs}
        gone = [
            Sign(rank, place, more=False, said="is gone")
            for place, rank in self._spoke.items()
            if place not in here
        ]
        self._spoke.update((sign.place, sign.rank) for sign in signs if sign.more)
        return Evidence((*signs, *gone), partial, cut)

    def _ignores(self, sign: Sign) -> bool:
        return is_below(sign.place, self._ignored)


def is_below(place: str, ignored: Iterable[str]) -> bool:
    """Return whether a place is one of these, in lower case, or inside of one."""
    place = place.lower()
    return any(place == each or place.startswith(f"{each}.") for each in ignored)


def sign_of_page_before(page: Page) -> Sign | None:
    """Return what says that there is a page before this one; None where nothing does."""
    for holder in page.holders:
        for read, place, value in holder.words(_BACK_READERS):
            if sign := next(read(place, value), None):
                return sign
    targets = _targets_of(page.headers.get("link", ""))
    if any(targets.get(name) for name in dialects.BACK_RELATIONS):
        return Sign(Rank.LINK, LINK_HEADER, more=True, said="has a link back")
    return None


def signs_beside(holder: Holder) -> Iterator[Sign]:
    """Yield what an object says that holds a list, or stands beside one."""
    for read, place, value in holder.words(_READERS_IN.get(holder.name, _READERS)):
        for sign in read(place, value):
            yield replace(sign, way="") if holder.is_header else sign


def signs_of_inner_list(holder: Holder) -> Iterator[Sign]:
    """Yield what an object says of a list that it holds within an element.

    It may be an invoice, a course or a schedule, so that fewer words count, and `next` where it is
    an address.
    """
    for sign in signs_beside(holder):
        is_vague = sign.rank is Rank.BARE_TOKEN or sign.place.endswith(_VAGUE_WITHIN)
        if not is_vague or sign.rank is Rank.LINK:
            yield sign


def signs_of_record(holder: Holder) -> Iterator[Sign]:
    """Yield what a record says of a list in it: other words are about the record itself."""
    for read, place, value in holder.words(_RECORD_READERS):
        if isinstance(value, bool):
            yield from read(place, value)


def _signs(page: Page) -> Iterator[Sign]:
    for holder in page.holders:
        yield from signs_beside(holder)
    if not page.headers.keys().isdisjoint(_HEADERS.keys()):
        for name, text in page.headers.items():
            if name in _HEADERS:
                yield from _HEADERS[name](name, text)


# What a word says, by its value.


def _marker(place: str, value: Any) -> Iterator[Sign]:
    if value is None or isinstance(value, bool | int | str):
        is_word = not isinstance(value, str) or value.strip().lower() in _BOOLEAN_TEXTS
        if is_word or _is_address(value):
            yield Sign(Rank.MARKER, place, truth(value), f"is {show(value)}", _has_more(place))


def _last(place: str, value: Any) -> Iterator[Sign]:
    # A number may be that of the last page, and a text its address.
    is_word = isinstance(value, str) and value.strip().lower() in _WORDS_OF_TRUTH
    if isinstance(value, bool) or is_word:
        way = f"lastPagePath: {place}, with paginationType: page"
        yield Sign(Rank.MARKER, place, not truth(value), f"is {show(value)}", way)


def _is_last(place: str, value: Any) -> Iterator[Sign]:
    if value in (0, 1, "0", "1") and not isinstance(value, bool):
        value = truth(value)
    yield from _last(place, value)


def _partial(place: str, value: Any) -> Iterator[Sign]:
    if isinstance(value, bool | str) and str(value).strip().lower() in ("true", "yes"):
        yield Sign(Rank.PARTIAL, place, more=True, said=f"is {show(value)}")


def _cut(place: str, value: Any) -> Iterator[Sign]:
    for sign in _partial(place, value):
        yield replace(sign, rank=Rank.CUT)


def _unreached(place: str, value: Any) -> Iterator[Sign]:
    if isinstance(value, list) and value:
        said = f"names {len(value)} that did not answer"
        yield Sign(Rank.PARTIAL, place, more=True, said=said)


def _failed_parts(place: str, value: Any) -> Iterator[Sign]:
    """Read an object such as `_shards`, which counts the parts of a search."""
    counts = dialects.PARTIAL_COUNTS[place.rpartition(".")[2]]
    for name in counts if isinstance(value, dict) else ():
        number = value.get(name)
        if isinstance(number, int) and number > 0:
            yield Sign(Rank.PARTIAL, f"{place}.{name}", more=True, said=f"is {int(number)}")


def _status(place: str, value: Any) -> Iterator[Sign]:
    if isinstance(value, dict) and value.get("type") in dialects.PARTIAL_TYPES:
        yield Sign(Rank.PARTIAL, f"{place}.type", more=True, said=f"is {value['type']}")


def _partial_word(place: str, value: Any) -> Iterator[Sign]:
    if isinstance(value, str) and value.lower() in dialects.PARTIAL_WORDS:
        yield Sign(Rank.PARTIAL, place, more=True, said=f"is {value}")


def _token(place: str, value: Any) -> Iterator[Sign]:
    if isinstance(value, dict) and value and all(key[:1] in ("@", "#") for key in value):
        # An element of XML with attributes: OAI-PMH's last `resumptionToken` has nothing else.
        value = value.get("#text")
    if isinstance(value, bool) and value:
        yield Sign(Rank.MARKER, place, more=True, said="is true", way=_has_more(place))
        return
    more = value > 0 if isinstance(value, int | float) else truth(value)
    said = "is set" if more else f"is {show(value)}"
    yield Sign(Rank.TOKEN, place, more, said, f"paginationType: cursor, cursorPath: {place}")


def _bare_token(place: str, value: Any) -> Iterator[Sign]:
    # One word that is no number; a word of truth is about something else.
    if isinstance(value, str) and not _NO_TOKEN.fullmatch(value.strip()) and truth(value):
        for sign in _token(place, value):
            yield replace(sign, rank=Rank.BARE_TOKEN)


def _next(place: str, value: Any) -> Iterator[Sign]:
    """Read what may be an address, a token, a number or an object with one of them."""
    if isinstance(value, dict):
        yield from _next_object(place, value)
    elif isinstance(value, str) and not _is_address(value) and truth(value):
        # A text of several words is about something else.
        if not _MOST_WORDS.search(value):
            yield from _token(place, value)
    elif isinstance(value, int | float):
        yield from _token(place, value)
    elif isinstance(value, list):
        yield from _first_of_links(place, value)
    else:
        yield _link(place, value)


def _first_of_links(place: str, value: list[Any]) -> Iterator[Sign]:
    """Read a list of links of one relation, as HAL has it."""
    if value and isinstance(value[0], dict):
        yield from _next_object(f"{place}.0", value[0])


def _next_object(place: str, value: Mapping[str, Any]) -> Iterator[Sign]:
    for name in ADDRESS_NAMES:
        if name in value:
            yield _link(f"{place}.{name}", value[name])
            return
    for name in dialects.TOKEN_NAMES:
        if name in value:
            yield from _token(f"{place}.{name}", value[name])
            return
    if not value:
        yield _link(place, None)


def _address(place: str, value: Any) -> Iterator[Sign]:
    if isinstance(value, dict):
        yield from _next_object(place, value)
    elif value is None or isinstance(value, str | bool):
        yield _link(place, value)


def _link(place: str, value: Any) -> Sign:
    more = isinstance(value, str) and bool(value.strip()) and truth(value)
    said = "is set" if more else f"is {show(value) if not isinstance(value, str) else 'empty'}"
    way = "" if place == _ODATA_LINK else f", nextLinkPath: {place}"
    return Sign(Rank.LINK, place, more, said, f"paginationType: next_link{way}")


def _links(place: str, value: Any) -> Iterator[Sign]:
    """Read an object of links by name, or a list of links by relation."""
    if is_link(value):
        value = [value]
    if isinstance(value, list):
        yield from _by_relation(place, next_link_in(value), relations_in(value))
    elif isinstance(value, dict):
        following = [each for key, each in value.items() if key in _LINK_WORDS]
        for key, each in value.items():
            if key in _LINK_WORDS:
                yield from _LINK_WORDS[key](f"{place}.{key}", each)
        if not following:
            yield from _by_relation(place, None, {str(key).lower(): value[key] for key in value})


def _by_relation(place: str, link: Any, relations: Mapping[str, Any]) -> Iterator[Sign]:
    if link:
        way = f"paginationType: next_link, nextLinkPath: {place}"
        yield Sign(Rank.LINK, place, more=True, said="has a next link", way=way)
    elif _leads_only_back(relations):
        yield Sign(Rank.LINK, place, more=False, said="has no next link")


def _leads_only_back(relations: Mapping[str, Any]) -> bool:
    """Return whether there are links to other pages, and only to those before, or to the one."""
    if relations.keys() & dialects.BACK_RELATIONS:
        return any(relations[name] for name in relations.keys() & dialects.BACK_RELATIONS)
    first = relations.get(dialects.FIRST_RELATION)
    return bool(first) and first == relations.get(dialects.LAST_RELATION)


def relations_in(links: Iterable[Any]) -> dict[str, Any]:
    """Return the addresses of a list of links by their relations, in lower case.

    Sample: `[{"relation": "next", "url": "/v1?page=2"}]` gives `{"next": "/v1?page=2"}`.
    """
    found: dict[str, Any] = {}
    for link in links:
        if isinstance(link, dict):
            relation = next((link[n] for n in RELATION_NAMES if n in link), None)
            address = next((link[n] for n in ADDRESS_NAMES if n in link), None)
            # Siren gives a list of relations.
            for name in relation if isinstance(relation, list) else [relation]:
                if isinstance(name, str):
                    found.setdefault(name.lower(), address)
    return found


def is_link(value: Any) -> bool:
    """Return whether a value is one link by relation, as a list of one is in XML."""
    return isinstance(value, dict) and any(name in value for name in RELATION_NAMES)


def next_link_in(links: Iterable[Any]) -> Any:
    """Return the next address in a list of links by relation; None without one."""
    return relations_in(links).get(dialects.NEXT_RELATION)


def _link_in_header(name: str, text: str) -> Iterator[Sign]:
    way = f"pagination: {{type: next_link, next_link_header: {name}}}"
    yield _of_header(Rank.LINK, name, text, way)


def _token_in_header(name: str, text: str) -> Iterator[Sign]:
    way = f"pagination: {{type: cursor, cursor_header: {name}}}"
    yield _of_header(Rank.TOKEN, name, text, way)


def _marker_in_header(name: str, text: str) -> Iterator[Sign]:
    for sign in _marker(name, text):
        yield replace(sign, way="")


def _of_header(rank: Rank, name: str, text: str, way: str) -> Sign:
    more = truth(text) and text.strip().lower() != "null"
    return Sign(rank, name, more, "is set" if more else "is empty", way)


def _targets_of(text: str) -> dict[str, str]:
    """Return the targets of a `Link` header by their relations."""
    targets: dict[str, str] = {}
    for target, relations in parse_link_header(text):
        targets.update(dict.fromkeys(relations, target))
    return targets


def _in_link_header(_: str, text: str) -> Iterator[Sign]:
    targets = _targets_of(text)
    following = next((name for name in targets if name.startswith(dialects.NEXT_RELATION)), None)
    if following:
        rel = "" if following == dialects.NEXT_RELATION else f", headerLinkRel: {following}"
        way = f"paginationType: header_link{rel}"
        yield Sign(Rank.LINK, LINK_HEADER, more=True, said=f'has rel="{following}"', way=way)
    elif 'results="false"' in text or _leads_only_back(targets):
        yield Sign(Rank.LINK, LINK_HEADER, more=False, said="has no next link")


# What speaks of a page before.


def _not_first(place: str, value: Any) -> Iterator[Sign]:
    if value is False:
        yield Sign(Rank.MARKER, place, more=True, said="is false")


def _has_back(place: str, value: Any) -> Iterator[Sign]:
    if value is True:
        yield Sign(Rank.MARKER, place, more=True, said="is true")


def _back_link(place: str, value: Any) -> Iterator[Sign]:
    # A number is that of the page before by a count of the API's own.
    if isinstance(value, dict):
        value = next((value[name] for name in ADDRESS_NAMES if name in value), None)
    if _is_address(value):
        yield Sign(Rank.LINK, place, more=True, said="is set")


def _links_back(place: str, value: Any) -> Iterator[Sign]:
    links = relations_in(value) if isinstance(value, list) else value
    for name, link in links.items() if isinstance(links, dict) else ():
        if str(name).lower() in dialects.BACK_RELATIONS:
            yield from _back_link(f"{place}.{name}", link)


def _has_more(place: str) -> str:
    return f"hasMorePath: {place}, with paginationType: offset, page or cursor"


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and bool(_ADDRESS.fullmatch(value.strip()))


# The words in all their spellings.

type _Reader = Callable[[str, Any], Iterator[Sign]]


_BOOLEAN_TEXTS = dialects.TRUE_TEXTS | dialects.FALSE_TEXTS | {""}
_WORDS_OF_TRUTH = frozenset(word for word in _BOOLEAN_TEXTS if word.isalpha())
_ODATA_LINK = "@odata.nextLink"
_NEXT_WORDS = ("next", "next_page")
_LINK_WORDS: dict[str, _Reader] = {
    **every_spelling(dialects.NEXT_LINKS, _address),
    **every_spelling(_NEXT_WORDS, _next),
}
_READERS: dict[str, _Reader] = {
    **every_spelling(dialects.MORE_MARKERS, _marker),
    **every_spelling(dialects.LAST_MARKERS, _last),
    **every_spelling((w for w in dialects.LAST_MARKERS if w.startswith("is_")), _is_last),
    **every_spelling(dialects.PARTIAL_MARKERS, _partial),
    **every_spelling(dialects.PARTIAL_STATUS, _status),
    **every_spelling(dialects.CUT_MARKERS, _cut),
    **every_spelling(dialects.PARTIAL_LISTS, _unreached),
    **dict.fromkeys(dialects.PARTIAL_COUNTS, _failed_parts),
    **every_spelling(dialects.BARE_TOKENS, _bare_token),
    **every_spelling(dialects.NEXT_TOKENS, _token),
    **every_spelling(dialects.CONTINUE, _token),
    **every_spelling(dialects.LINK_CONTAINERS, _links),
    **_LINK_WORDS,
}
_VAGUE_WITHIN = tuple(f".{word}" for word in ("next", "last", "done", "Next", "Last", "Done"))
# A text that is cut off is a record's own, as that of a post.
_RECORD_READERS: dict[str, _Reader] = {
    **every_spelling(dialects.MORE_MARKERS, _marker),
    **every_spelling(dialects.PARTIAL_MARKERS, _partial),
    **every_spelling((w for w in dialects.CUT_MARKERS if w != "truncated"), _cut),
}
_BACK_READERS: dict[str, _Reader] = {
    **every_spelling(dialects.FIRST_MARKERS, _not_first),
    **every_spelling(dialects.BACK_MARKERS, _has_back),
    **every_spelling(dialects.BACK_LINKS, _back_link),
    **every_spelling(dialects.LINK_CONTAINERS, _links_back),
}
_READERS_IN: dict[str, dict[str, _Reader]] = {
    spelt: {**_READERS, **every_spelling(words, read)}
    for table, read in (
        (dialects.TOKENS_IN, _token),
        (dialects.PARTIAL_WORDS_IN, _partial_word),
    )
    for container, words in table.items()
    for spelt in spellings(container)
}
_HEADERS: dict[str, _Reader] = {
    **dict.fromkeys(dialects.NEXT_LINK_HEADERS, _link_in_header),
    **dict.fromkeys(dialects.NEXT_TOKEN_HEADERS, _token_in_header),
    **dict.fromkeys(dialects.MORE_HEADERS, _marker_in_header),
    "link": _in_link_header,
}
