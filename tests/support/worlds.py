"""Strategies of hypothesis for model APIs, and for settings that read them well or badly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from expressions.jq_expressions import DataPath
from formats.messages import MESSAGE_SIGNS, Kind, Needs
from formats.messages import Sign as MessageSign
from pagination import dialects
from pagination.spellings import spellings
from settings.pagination import OPTIONS, PAGINATION_TYPES, PaginationSettings
from tests.support.speaking_api import (
    TEAMS,
    THINGS,
    TOTALS,
    Fault,
    Move,
    Speech,
    Word,
    World,
)


def _spelt(words: Iterable[str]) -> list[str]:
    return sorted({each for word in words for each in spellings(word)})


_NAMES: dict[Speech, list[str]] = {
    Speech.MORE: _spelt(dialects.MORE_MARKERS),
    Speech.LAST: _spelt(dialects.LAST_MARKERS),
    Speech.TOKEN: _spelt([*dialects.NEXT_TOKENS, *dialects.CONTINUE, "next", "next_page"]),
    Speech.LINK: _spelt(dialects.NEXT_LINKS),
    Speech.RELATIONS: _spelt(["links", "link"]),
    Speech.TOTAL: _spelt(dialects.TOTAL_NAMES),
    Speech.PAGES: _spelt(dialects.PAGE_TOTALS),
}
_HEADERS: dict[Speech, list[str]] = {
    Speech.LINK: ["Link", *dialects.NEXT_LINK_HEADERS],
    Speech.TOKEN: [*dialects.NEXT_TOKEN_HEADERS],
    Speech.TOTAL: [*dialects.TOTAL_HEADERS, "Content-Range"],
    Speech.PAGES: [*dialects.PAGE_TOTAL_HEADERS],
}
_CONTAINERS = _spelt(dialects.CONTAINERS)
_LINK_CONTAINERS = _spelt(["links", "_links"])
_LIST_PATHS = [("items",), ("data", "items"), ()]
_BESIDE: list[Mapping[str, Any]] = [
    {},
    {"code": 0, "msg": "success"},
    {"ok": True, "error": None, "errors": []},
    {"message": "12 records", "count": 3},
    {"took": 3, "timed_out": False, "partial": False},
    {"status": "success", "next_sync_token": "s1", "after": "x"},
    {"error": {"code": 0, "message": ""}, "next_run": "2026-12-01T00:00:00Z"},
    {"success": "true", "resultCode": "0000", "resultMessage": "no error"},
]
_TEXTS = ["message", "msg", "reason", "errorMessage", "error_description", "errmsg"]
_SAID: dict[Kind, list[Any]] = {
    Kind.TRUTHY: ["not today", {"message": "not today"}, [{"message": "not today"}], True],
    Kind.FALSE: [False, "false"],
    Kind.CODE: [50011, "50011", -1, "ERR-LIMIT"],
    Kind.ZERO: [0],
    Kind.DENIAL: ["denied", "Unauthorized"],
    Kind.WORD: ["error", "fail", "FAILED"],
    Kind.HTTP_STATUS: [401, "503"],
    Kind.NUMBER: [1],
    Kind.OUTCOME: ["OperationOutcome"],
}
# The last one needs something above a list, and the one before, something beside it.
_KINDS = (
    *("message", "not_ready", "status", "strange", "gone", "repeat", "no_way", "null_item"),
    *("partial", "cut_above"),
)
# What users leave out, in pieces and as a whole.
_FILTERS = ("{path} | map(select(.on))", "{path} | [.[] | select(.on)]")
# The same, by what does not tell which list it is.
_HIDING = ("({path}[]? | select(.on))", ". | {path} // [] | map(select(.on))")
MODES = ("right", "right", "right", "none", "other", "left_out", "misspelt", "wrong_param")


@dataclass(frozen=True)
class Reading:
    """How a world is read: the settings, right or wrong, and the data_path.

    It `is_hidden` where that does not tell which list it leaves records out of.
    """

    mode: str
    pagination: PaginationSettings
    data_path: str
    is_plain: bool = True
    is_hidden: bool = False


@st.composite
def words(draw: st.DrawFn, speech: Speech, list_path: tuple[str, ...]) -> Word:
    """A word of this kind, beside a list or in a header."""
    form, omits = draw(st.integers(0, 4)), draw(st.booleans())
    if speech in _HEADERS and (not list_path or draw(st.integers(0, 3)) == 0):
        return Word(speech, draw(st.sampled_from(_HEADERS[speech])), None, form, omits)
    name = draw(st.sampled_from(_NAMES[speech]))
    where = draw(st.integers(0, 3))
    holder: tuple[str, ...] = list_path[:-1] if where % 2 else ()
    if where > 1:
        inner = _CONTAINERS
        if speech is Speech.LINK and form % 2:
            inner = _LINK_CONTAINERS
        holder = (*holder, draw(st.sampled_from(inner)))
    return Word(speech, name, holder, form, omits)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """An API that pages in some way, and says so in some words, or in none."""
    way: Any = draw(st.sampled_from(["offset", "page", "cursor", "next_link", "header_link"]))
    if draw(st.integers(0, 9)) == 0:
        way = "single"
    list_path = draw(st.sampled_from(_LIST_PATHS))
    is_nested = draw(st.integers(0, 3)) == 0
    counts = st.lists(st.integers(0, 14), min_size=1, max_size=4)
    world = World(
        way,
        tuple(draw(counts)) if is_nested else (draw(st.integers(0, 24)),),
        is_nested,
        cap=draw(st.integers(1, 6)),
        honours_size=draw(st.booleans()),
        first_page=draw(st.sampled_from([1, 0])),
        first_offset=draw(st.sampled_from([0, 0, 1])),
        varies=draw(st.integers(0, 4)) == 0,
        list_path=list_path,
        off=draw(st.frozensets(st.integers(0, 23), max_size=8)),
        beyond=draw(st.sampled_from(["empty", "null", "absent", "404", "400"])),
        noise=draw(st.sampled_from(_BESIDE)),
        words=_apart(draw(_all_words(way, list_path)), list_path),
    )
    return draw(_troubled(world))


@st.composite
def _all_words(draw: st.DrawFn, way: str, list_path: tuple[str, ...]) -> list[Word]:
    found = []
    if way == "header_link":
        found = [Word(Speech.LINK, "Link", None)]
    elif way == "cursor":
        found = [draw(words(Speech.TOKEN, list_path))]
    elif way == "next_link":
        kinds = [Speech.LINK, Speech.LINK, Speech.RELATIONS] if list_path else [Speech.LINK]
        word = draw(words(draw(st.sampled_from(kinds)), list_path))
        is_link = word.holder is None and word.name == "Link"
        found = [replace(word, name="next-page") if is_link else word]
    usual = list(Speech) if list_path else list(_HEADERS)
    others = draw(st.lists(st.sampled_from(usual), max_size=2))
    return found + [draw(words(speech, list_path)) for speech in others]


def _apart(found: list[Word], list_path: tuple[str, ...]) -> tuple[Word, ...]:
    """Return those that do not stand in each other's place."""
    taken: list[tuple[str, ...]] = [list_path] if list_path else []
    kept = []
    for word in found:
        path = (word.name,) if word.holder is None else word.path
        is_in_place = any(path[: len(one)] == one or one[: len(path)] == path for one in taken)
        if not is_in_place:
            taken.append(path)
            kept.append(word)
    return tuple(kept)


@st.composite
def _troubled(draw: st.DrawFn, world: World) -> World:
    """The same world, or one with a lie, rows that are hidden, a fault or changes."""
    trouble = draw(st.sampled_from(["none", "none", "lie", "hidden", "fault", "fault", "moves"]))
    if trouble == "lie":
        lie = draw(st.sampled_from([1, 7, -1, -3, -30]))
        return replace(
            world,
            words=tuple(replace(w, lie=lie) if w.speech in TOTALS else w for w in world.words),
        )
    if trouble == "hidden":
        hidden = draw(st.frozensets(st.integers(0, 23), max_size=14))
        return replace(world, hidden=hidden, counts_hidden=draw(st.booleans()))
    if trouble == "fault":
        return replace(world, fault=draw(faults(world)))
    if trouble == "moves" and world.way in ("offset", "page") and not world.is_nested:
        kinds = st.sampled_from(["drop", "add", "front"])
        move = st.builds(Move, st.integers(1, 9), kinds, st.integers(0, 23))
        return replace(world, moves=tuple(draw(st.lists(move, min_size=1, max_size=3))))
    return world


@st.composite
def faults(draw: st.DrawFn, world: World) -> Fault:
    """A fault of some page of a world."""
    kinds = _KINDS if len(world.list_path) > 1 else _KINDS[:-1]
    kind = draw(st.sampled_from(kinds if world.list_path else kinds[:-1]))
    chunk = draw(st.integers(0, 3))
    path = THINGS
    if world.is_nested:
        path = draw(st.sampled_from([TEAMS, f"{TEAMS}/0/things", f"{TEAMS}/1/things"]))
    body: Any = None
    status = 200
    if kind == "message":
        body = draw(messages(world.list_path))
    elif kind == "not_ready":
        body, status = draw(st.sampled_from([{}, [], None, {"items": []}])), 202
    elif kind == "strange":
        body = draw(st.sampled_from([{"warning": "later"}, {"id": 7, "state": "queued"}]))
    elif kind == "status":
        status = draw(st.sampled_from([500, 403, 401]))
    elif kind == "gone":
        status = draw(st.sampled_from([404, 410, 416, 400, 422]))
    return Fault(kind, path, chunk, body, status)


@st.composite
def messages(draw: st.DrawFn, list_path: tuple[str, ...]) -> dict[str, Any]:
    """An answer under 200 that says that something went wrong, in one of the dialects."""
    sign: MessageSign = draw(st.sampled_from(MESSAGE_SIGNS))
    name = draw(st.sampled_from(sorted(spelling for n in sign.names for spelling in spellings(n))))
    body = {name: draw(st.sampled_from(_SAID[sign.kind]))}
    body[draw(st.sampled_from(_TEXTS))] = "not today"
    lack = draw(st.sampled_from(["no list", "null", "empty"]))
    if len(list_path) == 1 and lack == "null":
        body[list_path[0]] = None
    if len(list_path) == 1 and lack == "empty" and sign.needs is not Needs.NO_LIST:
        body[list_path[0]] = []
    return body


@st.composite
def readings(draw: st.DrawFn, world: World) -> Reading:
    """A way to read a world: as it is right for it, or as users get it wrong."""
    mode = draw(st.sampled_from(MODES))
    chosen = right_options(world, draw(st.integers(0, 3)))
    kind: str = "none" if world.way == "single" else world.way
    if mode == "none":
        kind, chosen = "none", {}
    elif mode == "other":
        kind, chosen = draw(st.sampled_from([k for k in PAGINATION_TYPES if k != kind])), {}
        chosen = {"next_request": ".body.next"} if kind == "custom" else {}
    elif mode == "left_out":
        chosen = {name: chosen[name] for name in ("start_page",) if name in chosen}
    elif mode == "misspelt":
        chosen = _misspelt(kind, chosen)
    elif mode == "wrong_param":
        chosen = {**chosen, "param": "wrong"}
    if mode in ("right", "misspelt", "wrong_param") and draw(st.booleans()):
        kind, chosen = draw(as_custom(world, kind, chosen))
    page_size = draw(st.integers(1, 8))
    is_plain = draw(st.integers(0, 9)) > 0
    path = ".".join(["", *world.list_path]) or "."
    way = "{path}" if is_plain else draw(st.sampled_from([*_FILTERS, *_HIDING]))
    pagination = _settings(kind, page_size, chosen)
    return Reading(mode, pagination, way.format(path=path), is_plain, is_hidden=way in _HIDING)


def _settings(kind: str, page_size: int, chosen: Mapping[str, Any]) -> PaginationSettings:
    own = PAGINATION_TYPES[kind]
    assert chosen.keys() <= {*OPTIONS}
    options = {name: value for name, value in chosen.items() if name in own.options()}
    return own(page_size=page_size, **options).with_plain_places()


def right_options(world: World, used: int) -> dict[str, Any]:
    """The options with which a world is read as it should be; `used` chooses of the optional."""
    found: dict[str, Any] = {"start_page": world.first_page, "start_offset": world.first_offset}
    for word in world.words:
        found = {**_options_of(word, used), **found}
    return found


def _options_of(word: Word, used: int) -> dict[str, Any]:
    is_header = word.holder is None
    match word.speech:
        case Speech.TOKEN:
            return {"cursor_header": word.name} if is_header else {"cursor_path": word.place}
        case Speech.LINK if is_header:
            return {} if word.name == "Link" else {"next_link_header": word.name}
        case Speech.LINK:
            ending = ".href" if word.form % 4 == 3 else ""
            return {"next_link_path": f"{word.place}{ending}"}
        case Speech.RELATIONS:
            return {"next_link_path": word.place}
        case Speech.MORE if used & 1:
            return {"has_more_path": word.place}
        case Speech.LAST if used & 1:
            return {"last_page_path": word.place}
        case Speech.TOTAL if used & 2 and not is_header and not word.lie:
            return {"total_path": f"{word.place}{'.value' if word.form % 3 == 2 else ''}"}
    return {}


@st.composite
def as_custom(
    draw: st.DrawFn, world: World, kind: str, chosen: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The same way on as an expression; other types as they are."""
    kept = {name: chosen[name] for name in ("total_path",) if name in chosen}
    if kind == "header_link":
        told = r'.headers.link | select(.) | capture("<(?<address>[^>]*)>; rel=.next").address'
    elif (place := _place_told(world, kind, chosen)) is None:
        return kind, chosen
    elif kind == "next_link":
        by_relation = '.[] | select(type == "object" and (.rel // .relation) == "next")'
        told = f'{place} | if type == "array" then ({by_relation} | .href // .url) else . end'
    elif draw(st.booleans()):
        return "custom", {**kept, "next_request": place, "param": chosen.get("param", "cursor")}
    else:
        param = chosen.get("param", "cursor")
        told = f'{place} | select(. and . != "") | {{query_params: {{{param}: .}}}}'
    return "custom", {**kept, "next_request": told}


def _place_told(world: World, kind: str, chosen: Mapping[str, Any]) -> str | None:
    """Return JQ for the place of a cursor or link; None where nothing names it."""
    if header := chosen.get(f"{kind}_header"):
        return f'.headers["{header.lower()}"]'
    path = chosen.get(f"{kind}_path")
    if not path:
        return None
    # A key may have dots itself, as `@odata.nextLink` has.
    word = next((word for word in world.words if f"{path}.".startswith(f"{word.place}.")), None)
    rest = path.removeprefix(word.place).strip(".") if word else path
    keys = [*(word.path if word else ()), *filter(None, rest.split("."))]
    return ".body" + "".join(f'["{key}"]' for key in keys)


def _misspelt(kind: str, chosen: dict[str, Any]) -> dict[str, Any]:
    wrong: dict[str, dict[str, Any]] = {
        "cursor": {"cursor_path": "nope.next", "has_more_path": "nope.more"},
        "next_link": {"next_link_path": "nope.next"},
        "header_link": {"header_link_rel": "nextPage"},
        "offset": {"has_more_path": "nope.more", "total_path": "nope.total"},
        "page": {"last_page_path": "nope.last"},
    }
    kept = {"start_page": chosen["start_page"]}
    return {**kept, **wrong.get(kind, {"total_path": "nope.total"})}


def data_path_of(reading: Reading) -> DataPath:
    """Return the data_path as the mapping would have it."""
    return _data_path(reading.data_path)


def _data_path(text: str) -> DataPath:
    if text not in _PATHS:
        _PATHS[text] = DataPath(text)
    return _PATHS[text]


_PATHS: dict[str, DataPath] = {}
