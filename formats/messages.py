"""Bodies that are a message in place of data: how APIs say "error" under a status of success.

    {"ok": false, "error": "invalid_auth"}              a message
    {"code": 50011, "msg": "Too Many Requests"}         a message, where a list should be
    {"code": "LHR", "terminals": []}                    an airport without terminals

`MESSAGE_SIGNS` is the table of what counts, which docs/safety.md shows. Where items are, nothing is
a message; beside an empty list fewer signs count than where no list is.
"""

import json
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import Any, NamedTuple


class Lack(Enum):
    """The two ways in which an answer is without items: no list (or null), or an empty one."""

    LIST = auto()
    ITEMS = auto()


class Kind(Enum):
    """The values under which a name says "error", in the words of the documentation."""

    TRUTHY = "anything that is not null, false, empty or a success"
    FALSE = 'false, also the text "false"'
    ZERO = "0, also as text"
    CODE = "a number or text that is no success"
    WORD = "error, fail or failed"
    DENIAL = "failure, exception, unauthorized, unauthenticated, forbidden or denied"
    HTTP_STATUS = "400 to 599"
    NUMBER = "a number that is no success"
    OUTCOME = "OperationOutcome"


class Needs(Enum):
    """The condition under which a name counts as a sign of an error."""

    NOTHING = "nothing"
    TEXT_IF_EMPTY = "an error text, where an empty list is"
    TEXT = "an error text"
    NO_LIST = "an error text, and no list"
    NO_SUCCESS = "nothing that says success"


class Sign(NamedTuple):
    """Names under which APIs say "error": `seen_in` are APIs that do so."""

    names: tuple[str, ...]
    kind: Kind
    needs: Needs
    seen_in: str


# Names are compared without case, "_", "-", blanks, and "is" in front: `isSuccess` is `success`.
MESSAGE_SIGNS: Sequence[Sign] = (
    Sign(
        (
            *("error", "errors", "fault", "exception"),
            *("error_message", "error_messages", "error_response", "has_error", "has_errors"),
        ),
        Kind.TRUTHY,
        Needs.NOTHING,
        "Slack, OData, Elasticsearch, InfluxDB, SonarQube, Google Maps, Apigee, Taobao",
    ),
    Sign(
        ("ok", "success", "successful", "succeeded"),
        Kind.FALSE,
        Needs.NOTHING,
        "Slack, Telegram, Cloudflare, The Movie Database",
    ),
    Sign(("ok", "success"), Kind.ZERO, Needs.TEXT, "MongoDB, CouchDB, PHP services"),
    Sign(
        ("error_code", "err_code", "errno", "error_no", "error_number"),
        Kind.CODE,
        Needs.NOTHING,
        "WeChat, DingTalk, Weibo, Phabricator Conduit, Okta, Rundeck, Baidu",
    ),
    Sign(
        (
            *("code", "cod", "ret", "ret_code", "status_code"),
            *("result_code", "return_code", "response_code", "resp_code"),
        ),
        Kind.CODE,
        Needs.TEXT,
        "Lark, Alipay, WordPress, Zoho, OpenWeather, Flickr, Confluence",
    ),
    Sign(
        ("status", "result", "stat", "outcome"),
        Kind.WORD,
        Needs.TEXT_IF_EMPTY,
        "JSend, Prometheus, HubSpot, Flickr, WildFly",
    ),
    Sign(("status", "result"), Kind.DENIAL, Needs.TEXT, "Kubernetes, ServiceNow"),
    Sign(("status",), Kind.HTTP_STATUS, Needs.TEXT, "problem details (RFC 9457), Spring Boot"),
    Sign(("result",), Kind.NUMBER, Needs.NO_LIST, "Kea"),
    Sign(("resource_type",), Kind.OUTCOME, Needs.NOTHING, "FHIR"),
    Sign(("err", "error_msg", "err_msg"), Kind.TRUTHY, Needs.NO_SUCCESS, "Node and Java services"),
)
# Names of texts that explain an error, those that say most first.
ERROR_TEXTS = (
    *("error_description", "error_message", "error_messages", "error_msg", "error_summary"),
    *("error_info", "error_detail", "err_msg", "status_message", "result_message", "result_msg"),
    *("ret_msg", "return_msg", "return_message", "resp_msg", "message", "msg", "sub_msg", "reason"),
    *("failure_description", "fault_string"),
    *("errors", "error", "fault", "exception", "error_response", "err"),
)
# Records have these as well: they count beside a number, and where no list is.
RECORD_TEXTS = ("detail", "description", "text")
# These are quoted only.
QUOTED_TEXTS = ("details", "diagnostics", "note", "information")
# What a job says of itself until it is done, and under which names.
PROGRESS_NAMES = ("status", "state", "phase", "job_status", "job_state", "run_state")
PENDING_WORDS = (
    *("pending", "queued", "accepted", "scheduled", "waiting", "created", "submitted"),
    *("started", "running", "processing", "in_progress", "working", "generating", "not_ready"),
)
# Objects beside the list, or beside what holds it, in which an answer says how it went.
HEADS = ("header", "head", "meta", "status", "response_header", "response_status", "base_resp")
# Beside these alone, an error is all that an object says; with others it may be a record.
_COMPANIONS = ("fields", "type", "title", "timestamp", "path", "request_id", "trace_id", "ref")
_SUCCESS_TEXTS = frozenset({"", "ok", "success", "succeeded", "successful", "none", "null"})
_SUCCESS_NUMBERS = frozenset({0, 10000, *range(200, 300)})
_QUIET_TEXTS = frozenset({"false", "no", "0"}) | _SUCCESS_TEXTS
_FALSE_TEXTS = frozenset({"false", "no"})
_EVIDENT = frozenset({Kind.TRUTHY, Kind.FALSE})
# Kinds whose values may be codes of success after all.
_CODES = frozenset({Kind.CODE, Kind.WORD, Kind.DENIAL, Kind.HTTP_STATUS, Kind.NUMBER})
_ERROR_WORDS = frozenset({"error", "fail", "failed"})
_DENIAL_WORDS = frozenset(
    {"failure", "exception", "unauthorized", "unauthenticated", "forbidden", "denied"}
)
_SAYS_SUCCESS = re.compile(r"\b(?:success\w*|succeed\w*|ok|okay)\b|成功", re.IGNORECASE)
_NO_ERROR = re.compile(r"\bno[ _-]errors?\b", re.IGNORECASE)
_SAYS_NOTHING = re.compile(
    r"\b(?:no|not|0|without)\b.*\b(?:data|records?|results?|rows?|items?|entries|match(?:es)?|found)\b"
    r"|^\W*(?:n/?a|done|completed?|finished)?\W*$",
    re.IGNORECASE,
)
_SAYS_OTHERWISE = re.compile(
    r"\b(?:not?|without|never|but|too|unsuccess\w*|unable|unauthori\w*|unknown|fail\w*|errors?|"
    r"denied|invalid|exceed\w*|expire[ds]?|forbidden|refused?|rejected|limit\w*)\b|n't\b|"
    r"[不未]成功|失败",
    re.IGNORECASE,
)
_NO_LETTERS = re.compile(r"[^a-z0-9]+")
# So many objects of a body are looked at for a text, so deep, and of so long lists.
_MOST_OBJECTS = 200
_MOST_ELEMENTS = 20
_LONGEST_CODE = 60
_LONGEST_TEXT = 64 * 1024
# So many codes beside items of one resource are no codes of success.
_MOST_CODES = 1000


class Part(NamedTuple):
    """An object of a body on the way to its list, such as `data` at the place `.data`."""

    place: str
    value: Mapping[str, Any]


class Code(NamedTuple):
    """A name and the value under it, such as `code` and 50011."""

    name: str
    value: str | int | float | bool

    @property
    def is_word(self) -> bool:
        """Return whether it is a word, as names of things are: `LHR`."""
        return isinstance(self.value, str) and not self.value.strip().lstrip("-").isdecimal()


@dataclass(frozen=True, slots=True)
class Message:
    """An error that a body speaks of.

    `text` says it, wherever it stands in the body; it may hold secrets. `code` is what it is known
    by, `place` where that stands: `.data.code`; `sign` is the row of the table.
    """

    text: str
    code: Code
    place: str
    sign: Sign

    @property
    def rests_on_code(self) -> bool:
        """Return whether the same code beside items would make it none."""
        return self.sign.kind in _CODES

    @property
    def rule(self) -> str:
        """Return the condition of a rule for this answer, such as `.body.code == 50011`."""
        return f".body{self.place} == {json.dumps(self.code.value, ensure_ascii=False)}"


@dataclass(slots=True)
class KnownCodes:
    """The codes that stood beside items in one resource: they are no errors.

    Where words differ from one answer with items to the next, such as `LHR` and `CDG`, they name
    things, and none of that name is an error.
    """

    _codes: set[Code] = field(default_factory=set)

    def learn(self, parts: Iterable[Part]) -> None:
        """Take note of the codes in the objects that items stood in."""
        for part in _with_heads(parts):
            for name in filter(_is_learnt, part.value):
                value = part.value[name]
                if _is_scalar(value) and len(self._codes) < _MOST_CODES:
                    self._codes.add(Code(_plain(name), value))

    def excuse(self, code: Code, sign: Sign) -> bool:
        """Return whether answers with items show that a code is none of an error."""
        if sign.kind not in _CODES:
            return False
        is_name = sign.needs is not Needs.NOTHING and code.is_word
        plain = code._replace(name=_plain(code.name))
        return plain in self._codes or (is_name and self._names_things(plain.name))

    def always_succeed(self, name: str) -> bool:
        """Return whether a key stood beside items, and said nothing but success there."""
        found = [each.value for each in self._codes if each.name == _plain(name)]
        return bool(found) and all(map(_is_success, found))

    def _names_things(self, name: str) -> bool:
        """Return whether the words under a name differ beside items, successes left out."""
        same = [each for each in self._codes if each.name == name and each.is_word]
        return sum(not _is_success(each.value) for each in same) > 1


NO_CODES = KnownCodes()


def message_in(
    parts: Sequence[Part], lack: Lack = Lack.LIST, known: KnownCodes = NO_CODES
) -> Message | None:
    """Return the error that a body speaks of in place of items; None where it speaks of none.

    Inputs: `parts`, the objects on the way to the list, the body first; `lack`, what is in place
    of items; `known`, the codes that stood beside items.

    Sample: `message_in([Part("", {"ok": False, "error": "invalid_auth"})])` has the text
    `invalid_auth`.
    """
    for part in _with_heads(parts):
        for sign in MESSAGE_SIGNS:
            for name, value in _named(part.value, _NAMES_OF[sign]):
                code = _code_of(sign, name, value)
                if code and _counts(sign, code, part.value, lack) and not known.excuse(code, sign):
                    return _message(sign, code, part, parts[0])
    return None


def other_words_in(parts: Iterable[Part]) -> Iterator[tuple[str, Code]]:
    """Yield words that are no success where codes are, each with its place.

    Alone they say little; where other answers say success in that place, these may say that they
    are none. Sample: `{"result": "no such method", "arguments": {}}` has one at `.result`.
    """
    for part in _with_heads(parts):
        for name in filter(_is_learnt, part.value):
            value = part.value[name]
            if isinstance(value, str) and _number(value) is None and not _is_success(value):
                yield f"{part.place}{_key(name)}", Code(name, value)


def is_evident_error(value: Any) -> bool:
    """Return whether a JSON value is an object such as is hardly a record: `{"error": "no"}`."""
    if not isinstance(value, dict):
        return False
    return any(
        _says_error(sign.kind, found)
        for sign in MESSAGE_SIGNS
        if sign.kind in _EVIDENT and sign.needs is Needs.NOTHING
        for _, found in _named(value, _NAMES_OF[sign])
    )


def is_bare_message(value: Any) -> bool:
    """Return whether a JSON value is an object that speaks of an error, and of nothing else.

    Sample: `{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}`; a record has more.
    """
    return only_explains(value) and message_in([Part("", value)]) is not None


def only_explains(value: Any) -> bool:
    """Return whether a JSON value is an object without anything that a record would have.

    Sample: `{"message": "You may not see this"}`, and `{}`.
    """
    return isinstance(value, dict) and all(_plain(name) in _MESSAGE_NAMES for name in value)


def says_success(body: Any) -> bool:
    """Return whether a body says of itself that it is a success: `{"code": 0, "data": []}`."""
    if not isinstance(body, dict) or message_in([Part("", body)], Lack.ITEMS):
        return False
    return _has_success(body)


def _has_success(value: Mapping[str, Any]) -> bool:
    flags = (held for _, held in _named(value, _FLAG_NAMES))
    codes = (held for _, held in _named(value, _LEARNT_NAMES) if held not in (None, ""))
    return any(held is True or held == "true" for held in flags) or any(map(_is_success, codes))


def says_pending(value: Any) -> bool:
    """Return whether a JSON value is a job that is not done, or a message, and no record.

    Sample: `{"status": "In Progress", "id": 7}`, `{"message": "The report is being computed"}`.
    """
    if not isinstance(value, dict):
        return False
    words = (held for _, held in _named(value, _PROGRESS) if isinstance(held, str))
    return any(_plain(word) in _PENDING for word in words) or only_explains(value)


def text_of(value: Any) -> str:
    """Return the text with which a value explains an error, nested ones too; else empty.

    Lists are looked into where they have one element, are the body, or are called errors, because
    elements of others are records.
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return next(filter(None, map(text_of, value[:_MOST_ELEMENTS])), "")
    return next(filter(None, map(_own_text, _objects(value))), "")


def _own_text(value: Mapping[str, Any]) -> str:
    by_name = {_plain(name): held for name, held in value.items()}
    for name in _TEXTS:
        held = by_name.get(name)
        if isinstance(held, list) and held:
            held = held[0]
        if isinstance(held, str) and held.strip().lower() not in _QUIET_TEXTS:
            return held.strip()
    return ""


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the objects in a value that may explain it, the outer ones first."""
    waiting = deque([value])
    for _ in range(_MOST_OBJECTS):
        if not waiting:
            return
        current = waiting.popleft()
        if isinstance(current, list):
            waiting.extend(current[:_MOST_ELEMENTS])
        elif isinstance(current, dict):
            yield current
            waiting.extend(
                held
                for name, held in current.items()
                if isinstance(held, dict)
                or (isinstance(held, list) and (len(held) == 1 or _plain(name) in _ERROR_TEXTS))
            )


def _with_heads(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield the parts, and after each one the objects in it that say how an answer went."""
    for part in parts:
        yield part
        for name, held in _named(part.value, _HEADS):
            if isinstance(held, dict):
                yield Part(f"{part.place}.{name}", held)


def _message(sign: Sign, code: Code, part: Part, body: Part) -> Message:
    explained = text_of(part.value) or text_of(body.value)
    return Message(explained[:_LONGEST_TEXT], code, f"{part.place}{_key(code.name)}", sign)


def _key(name: str) -> str:
    """Return how JQ writes a key behind its object: `.code`, `["err-code"]`."""
    return f".{name}" if name.isidentifier() else f"[{json.dumps(name, ensure_ascii=False)}]"


def _counts(sign: Sign, code: Code, beside: Mapping[str, Any], lack: Lack) -> bool:
    """Return whether what stands beside a sign makes it an error."""
    is_code = sign.kind is Kind.CODE
    texts = _texts_beside(beside, is_record=lack is Lack.ITEMS or code.is_word)
    is_failure = 400 <= (_number(code.value) or 0) <= 599
    if is_code and not is_failure and any(map(_text_says_success, texts)):
        return False
    if sign.needs is Needs.NO_SUCCESS:
        return not _is_quiet(code, beside, lack)
    if sign.needs is Needs.NO_LIST:
        return lack is Lack.LIST and bool(texts)
    is_doubtful = sign.needs is Needs.TEXT_IF_EMPTY or (is_code and code.is_word)
    needs_text = sign.needs is Needs.TEXT or (lack is Lack.ITEMS and is_doubtful)
    return bool(texts) or not needs_text


def _is_quiet(code: Code, beside: Mapping[str, Any], lack: Lack) -> bool:
    """Return whether a text that is there on success too, as `errmsg`, tells of no error."""
    numbers = [held for _, held in _named(beside, _CODE_NAMES) if _is_scalar(held)]
    if numbers and all(map(_is_success, numbers)):
        return True
    if lack is Lack.LIST:
        return False
    text = str(code.value)
    is_told = _text_says_success(text) or bool(_SAYS_NOTHING.search(text))
    return is_told or _has_success(beside)


def _texts_beside(value: Mapping[str, Any], *, is_record: bool) -> list[str]:
    names = _ERROR_TEXTS if is_record else _ERROR_TEXTS | _RECORD_TEXTS
    return [text for _, held in _named(value, names) if (text := text_of(held))]


def _code_of(sign: Sign, name: str, value: Any) -> Code | None:
    if not _says_error(sign.kind, value):
        return None
    is_short = _is_scalar(value) and len(str(value)) <= _LONGEST_CODE
    return Code(name, value if is_short else True)


def _says_error(kind: Kind, value: Any) -> bool:
    match kind:
        case Kind.TRUTHY:
            return _is_said(value)
        case Kind.FALSE:
            return value is False or (isinstance(value, str) and value.lower() in _FALSE_TEXTS)
        case Kind.ZERO:
            return not isinstance(value, bool) and _number(value) == 0
        case Kind.DENIAL:
            return isinstance(value, str) and value.lower() in _DENIAL_WORDS
        case Kind.CODE:
            return _is_scalar(value) and not isinstance(value, bool) and not _is_success(value)
        case Kind.WORD:
            return isinstance(value, str) and value.lower() in _ERROR_WORDS
        case Kind.HTTP_STATUS:
            return (number := _number(value)) is not None and 400 <= number <= 599
        case Kind.NUMBER:
            return (number := _number(value)) is not None and not _is_success(number)
        case Kind.OUTCOME:
            return bool(value == Kind.OUTCOME.value)


def _is_said(value: Any) -> bool:
    """Return whether a value under a name such as `error` says that there is one.

    Some APIs send an object always, with a code of success in it.
    """
    if isinstance(value, dict):
        codes = [held for _, held in _named(value, _CODE_NAMES) if _is_scalar(held)]
        if codes and all(map(_is_success, codes)):
            return False
        return any(map(_is_said, value.values()))
    if isinstance(value, list):
        return any(map(_is_said, value[:_MOST_ELEMENTS]))
    if isinstance(value, str):
        return value.strip().lower() not in _QUIET_TEXTS and not _NO_ERROR.fullmatch(value.strip())
    return bool(value)


def _is_success(value: Any) -> bool:
    """Return whether a code is one of success: 0, "200", "00000", "ok"."""
    number = _number(value)
    if number is not None:
        return number in _SUCCESS_NUMBERS
    if isinstance(value, str):
        return value.strip().lower() in _SUCCESS_TEXTS or _text_says_success(value)
    return value is None


def _text_says_success(text: str) -> bool:
    """Return whether a text says that all went well: "ok", "query successful"; not "no success"."""
    without, denied = _NO_ERROR.subn("", text.replace("_", " "))
    return bool(denied or _SAYS_SUCCESS.search(without)) and not _SAYS_OTHERWISE.search(without)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        digits = value.strip()
        return int(digits) if digits.removeprefix("-").isdecimal() and len(digits) < 20 else None
    return value


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _named(value: Mapping[str, Any], names: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield the keys that are one of these names in some spelling, and what is there."""
    for name, held in value.items():
        if len(name) < _LONGEST_CODE and _plain(name) in names:
            yield name, held


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    """Return a name as names are compared: `isSuccess` and `Success` are `success`."""
    return _NO_LETTERS.sub("", name.lower()).removeprefix("is")


@lru_cache(maxsize=4096)
def _is_learnt(name: str) -> bool:
    """Return whether the values under a key may be codes of success."""
    return len(name) < _LONGEST_CODE and _plain(name) in _LEARNT_NAMES


def _plain_names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(_plain, names))


_NAMES_OF = {sign: _plain_names(sign.names) for sign in MESSAGE_SIGNS}
_LEARNT_NAMES = frozenset[str]().union(
    *(_NAMES_OF[sign] for sign in MESSAGE_SIGNS if sign.kind in _CODES)
)
_FLAG_NAMES = frozenset[str]().union(
    *(_NAMES_OF[sign] for sign in MESSAGE_SIGNS if sign.kind is Kind.FALSE)
)
_CODE_NAMES = frozenset[str]().union(
    *(_NAMES_OF[sign] for sign in MESSAGE_SIGNS if sign.kind is Kind.CODE)
)
_HEADS = _plain_names(HEADS)
_ERROR_TEXTS = _plain_names(ERROR_TEXTS)
_RECORD_TEXTS = _plain_names(RECORD_TEXTS)
_TEXTS = tuple(map(_plain, (*ERROR_TEXTS, *RECORD_TEXTS, *QUOTED_TEXTS)))
_MESSAGE_NAMES = _plain_names((*RECORD_TEXTS, *QUOTED_TEXTS, *_COMPANIONS)).union(
    _ERROR_TEXTS, *_NAMES_OF.values()
)
_PROGRESS = _plain_names(PROGRESS_NAMES)
_PENDING = _plain_names(PENDING_WORDS)
