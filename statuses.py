"""The table of what a status of the API means, read by everything that decides by a status.

    meaning_of(404, Situation.REQUEST)        Meaning.ABSENT, an error
    meaning_of(404, Situation.NESTED)         Meaning.GONE, the parent vanished
    meaning_of(404, Situation.LATER_PAGE)     Meaning.NO_PAGE, the end unless more was announced

The user's own rules (`on_error`) come before it. docs/safety.md shows it, in the words given here.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple


class Situation(Enum):
    """A question to the API, in the user's words; each is also a `REQUEST`."""

    REQUEST = "any request"
    NESTED = "a nested endpoint, for a value that was discovered"
    LATER_PAGE = "a page after the first"
    EXTRA_PAGE = "an extra request after a short page"
    EXPORT = "the download of an export job"
    LIVE_EVENT = "the endpoint that a live event is about"
    RENEWABLE = "a request with credentials that can be renewed (`custom`, `oauth2`)"
    KEPT = "a request whose answer may be kept (`responseDirectory`)"
    DELTA = "a request with a token of `incremental.delta`"
    SPENT_LIMIT = "a request beyond a limit, as headers of the answer say"
    LOAD = "any request, as to how many are sent at once"
    LOAD_AGAIN = "a request that is sent again, as to how many are sent at once"
    BASE_URL = "`baseUrl` itself, which `check` asks for"
    WRITE = "entities that are written to Port"


class Meaning(Enum):
    """The way to take an answer because of its status."""

    ANSWER = auto()
    EMPTY = auto()
    NOT_READY = auto()
    MOVED = auto()
    SEE_OTHER = auto()
    MOVED_AS_SENT = auto()
    PASSING = auto()
    LIMITED = auto()
    OVERLOAD = auto()
    BROKEN = auto()
    FRESH = auto()
    UNCHANGED = auto()
    CHANGED = auto()
    EXPIRED = auto()
    GONE = auto()
    NO_MORE = auto()
    NO_PAGE = auto()
    REFUSED_PAGE = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    ABSENT = auto()
    PROXY = auto()
    WITHHELD = auto()
    ERROR = auto()


class Row(NamedTuple):
    """The meaning of some statuses; `then` says it to users, `advice` names the setting to look at.

    The first row that has a status counts; the last one for any request is for all that none has.
    """

    statuses: Collection[int]
    meaning: Meaning
    advice: str = ""
    then: str = "an error"

    @property
    def named(self) -> str:
        """Return the statuses for a message, such as `404 or 410` or `any other 5xx`."""
        if isinstance(self.statuses, range):
            return f"any other {self.statuses.start // 100}xx"
        *others, last = map(str, self.statuses or ("any other",))
        return f"{', '.join(others)} or {last}" if others else last


TABLE: Mapping[Situation, Sequence[Row]] = {
    Situation.REQUEST: (
        Row((204, 205), Meaning.EMPTY, then="empty"),
        Row(
            (202,),
            Meaning.NOT_READY,
            then="its body is read; without items, sent again at the pace that it asks for, up to "
            "`maxRetries` times, then an error; a success in `export` and logins",
        ),
        Row(range(200, 300), Meaning.ANSWER, then="its body is read"),
        Row((301, 302), Meaning.MOVED, then="followed to its `Location`, a POST as a GET"),
        Row((303,), Meaning.SEE_OTHER, then="followed to its `Location` with a GET"),
        Row((307, 308), Meaning.MOVED_AS_SENT, then="followed to its `Location` as it was sent"),
        Row(
            (408, 425, 500, 502, 503, 504),
            Meaning.PASSING,
            then="sent again after a while, up to `maxRetries` times; then an error",
        ),
        Row(
            (429,),
            Meaning.LIMITED,
            "look at maxConcurrentRequests and maxRequestsPerSecond",
            "sent again likewise; all other requests wait for as long as it asks",
        ),
        Row((400, 422), Meaning.ERROR, "look at query_params, body and the pagination settings"),
        Row((401,), Meaning.UNAUTHENTICATED, "look at authType and its credentials"),
        Row((403,), Meaning.FORBIDDEN, "the credentials lack permission for this endpoint"),
        Row((404,), Meaning.ABSENT, "look at baseUrl and the path in kind"),
        Row((405,), Meaning.ERROR, "look at the selector's method"),
        Row((407,), Meaning.PROXY, "the proxy wants credentials; look at proxy or HTTPS_PROXY"),
        Row((410,), Meaning.ERROR, "look at baseUrl and the path in kind"),
        Row((413,), Meaning.ERROR, "look at pageSize and the selector's body"),
        Row((415,), Meaning.ERROR, "look at the selector's headers and body"),
        Row((), Meaning.ERROR),
    ),
    Situation.NESTED: (
        Row(
            (404, 410), Meaning.GONE, then="its parent vanished meanwhile: logged, counts as empty"
        ),
    ),
    Situation.LATER_PAGE: (
        Row((404, 416), Meaning.NO_PAGE, then="the end, when nothing else tells"),
        Row(
            (400, 422),
            Meaning.REFUSED_PAGE,
            then="an error, unless a total proves that all items arrived",
        ),
    ),
    Situation.EXTRA_PAGE: (Row((400, 404, 416, 422), Meaning.NO_MORE, then="the end"),),
    Situation.EXPORT: (
        Row(
            (404, 410), Meaning.ERROR, then="an error: a job that is gone is no parent that is gone"
        ),
    ),
    Situation.LIVE_EVENT: (
        Row(
            (404, 410),
            Meaning.GONE,
            then="asked again twice, in half a minute; then its item is deleted; more than three "
            "in a row are an error",
        ),
    ),
    Situation.RENEWABLE: (
        Row((401,), Meaning.EXPIRED, then="sent again with new credentials, once; then an error"),
    ),
    Situation.KEPT: (
        Row((200,), Meaning.FRESH, then="kept for the next resync, if its headers let it"),
        Row((304,), Meaning.UNCHANGED, then="the answer that was kept holds"),
        Row((400, 412, 431), Meaning.CHANGED, then="sent again without conditions"),
    ),
    Situation.DELTA: (
        Row((410,), Meaning.EXPIRED, then="the token is not valid any more: all is read"),
    ),
    Situation.SPENT_LIMIT: (Row((403,), Meaning.LIMITED, then="the same as 429"),),
    Situation.LOAD: (
        Row((429, 503), Meaning.OVERLOAD, then="fewer, until requests succeed again"),
        Row(range(500, 1000), Meaning.BROKEN, then="as many as before"),
    ),
    Situation.LOAD_AGAIN: (
        Row((429,), Meaning.OVERLOAD, then="fewer, until requests succeed again"),
        Row(range(500, 1000), Meaning.BROKEN, then="as many as before"),
    ),
    Situation.BASE_URL: (
        Row(
            range(500, 1000),
            Meaning.BROKEN,
            "the server or a gateway in front of it is broken; try again later",
        ),
    ),
    Situation.WRITE: (
        Row(
            (401, 403),
            Meaning.WITHHELD,
            "look at OCEAN__PORT__CLIENT_ID and what its credentials may do",
            "refused, and nothing is deleted anywhere; the run is failed",
        ),
        Row(
            (404,),
            Meaning.WITHHELD,
            "look at the blueprint in the mapping",
            "an unknown blueprint: the same",
        ),
        Row(range(500, 1000), Meaning.WITHHELD, "Port is broken or away", then="the same"),
    ),
}
PASSING = frozenset({Meaning.PASSING, Meaning.LIMITED})
REDIRECTS = frozenset({Meaning.MOVED, Meaning.SEE_OTHER, Meaning.MOVED_AS_SENT})

_ANY_OTHER = TABLE[Situation.REQUEST][-1]
_ROWS: Mapping[tuple[Situation, int | None], Row] = {
    (situation, status): row
    for situation, rows in TABLE.items()
    for row in reversed(rows)
    for status in row.statuses
}


def meaning_of(status: int | None, situation: Situation = Situation.REQUEST) -> Meaning:
    """Return the meaning of a status in a situation; None stands for no answer, an error."""
    return _row(status, situation).meaning


def advice_on(status: int, situation: Situation = Situation.REQUEST) -> str:
    """Return the setting to look at after an error status; empty where any may be the cause."""
    return _row(status, situation).advice


def _row(status: int | None, situation: Situation) -> Row:
    row = _ROWS.get((situation, status)) or _ROWS.get((Situation.REQUEST, status))
    return row or _ANY_OTHER
