"""Judges whether the answers of a resource are data: is the list there, or an error in its place?

What one answer cannot tell alone is told by the others, whatever their order: a code that stood
beside items is no error, and an answer without the list is empty where it has nothing but keys
that answers with the list have.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from api_messages import ApiRequest
from errors import ResourceError, ResponseError
from expressions.jq_expressions import DataPath, keys_of
from formats.json_values import kind_of
from formats.messages import (
    KnownCodes,
    Lack,
    Message,
    Part,
    is_bare_message,
    is_evident_error,
    message_in,
    other_words_in,
    text_of,
)
from formats.paths import walk
from mapping.plan.endpoint import Endpoint
from outcomes import Doubt
from pagination.page import Page
from reading.lone_objects import LoneObjects
from redaction import Redactor

SAYS_ERROR = "the status says success, but the body says error"
# So many ways of lacking the list are told apart, so many messages kept, and keys remembered.
_MOST_LACKING = 500
_MOST_SUSPECTS = 100
_MOST_KEYS = 10_000
_EXAMPLES = 3
_MOST_NAMES = 10
# So much of a text is looked for in the start of a body.
_COMPARED = 100
_INDEX = re.compile(r"\[\d+\]")
_PACKED = (b"\x1f\x8b", b"PK")


@dataclass(frozen=True, slots=True)
class Quote:
    """A way to quote an answer to a request; `content` is how it starts."""

    request: ApiRequest
    content: bytes
    redactor: Redactor

    @property
    def place(self) -> str:
        """The method and redacted URL."""
        return f"{self.request.method} {self.redactor.url(self.request.url)}"

    def text(self, text: str) -> str:
        """Return a text of the answer, redacted, on one line."""
        return self.redactor.excerpt(text.encode())

    @property
    def start(self) -> str:
        """The start of the answer, redacted; empty where it is packed."""
        return "" if self.content.startswith(_PACKED) else self.redactor.excerpt(self.content)

    def body(self, text: str) -> str:
        """Return the start of the answer, after a text of it that is not seen there."""
        start, spoken = self.start, self.text(text)
        head = spoken[:_COMPARED]
        if not spoken or head in start or json.dumps(head)[1:-1] in start:
            return start
        return f"{spoken}: {start}" if start else spoken


class _Word(NamedTuple):
    """A word beside a list that is not there, and the doubt that it is if others say success."""

    name: str
    doubt: Doubt


type Key = tuple[str, str]
"""A key of an object on the way to a list, with the place of that object."""


@dataclass(frozen=True, slots=True)
class _Lacking:
    """The first of some answers without the list that have the same keys."""

    place: str
    keys: str
    said: str
    obstacle: str


class _Suspect(NamedTuple):
    """A message that other answers may yet excuse, and the error that it is if they do not."""

    message: Message
    error: ResponseError


@dataclass(slots=True)
class DataPathFit:
    """The fit of a data_path to the answers of all endpoints that share it.

    `is_graphql` and `asks_graphql` tell that a request is GraphQL's by the mapping, or as it looks;
    `has_rules`, that the mapping may have rules of `on_error` for it, which discovery has not.
    """

    data_path: DataPath = field(default_factory=lambda: DataPath("."))
    is_graphql: bool = False
    asks_graphql: bool = False
    has_rules: bool = True
    _known: KnownCodes = field(default_factory=KnownCodes)
    _keys: set[Key] = field(default_factory=set)
    _shape: tuple[tuple[str, ...], ...] = ()
    _matched: int = 0
    _unmatched: int = 0
    _has_items: bool = False
    _has_lists: bool = False
    _has_listed: bool = False
    _has_records: bool = False
    _lacking: dict[frozenset[Key], _Lacking] = field(default_factory=dict)
    # Words in answers without the list, by their places: doubts, if others say success there.
    _words: dict[str, _Word] = field(default_factory=dict)
    # Messages that are none if their code stands beside items, or if no answer is a list.
    _suspects: list[_Suspect] = field(default_factory=list)
    _objects: list[ResponseError] = field(default_factory=list)
    # Lists of one item that says nothing but an error: messages, if others hold records.
    _lone: list[ResponseError] = field(default_factory=list)
    # Records that are errors at the end of others: a stream of lines tells what broke it off.
    _broken_off: list[ResponseError] = field(default_factory=list)
    # Objects that are no lists, by their keys, and the keys of items that stood in lists.
    _strangers: dict[frozenset[str], ResponseError] = field(default_factory=dict)
    _item_keys: set[str] = field(default_factory=set)
    _lone_objects: LoneObjects = field(default_factory=LoneObjects)
    # The first answer of what looks like GraphQL that has errors beside data.
    _beside_data: Doubt | None = None

    @classmethod
    def of(cls, endpoint: Endpoint) -> "DataPathFit":
        """Return one that has seen no answer yet."""
        return cls(
            endpoint.data_path,
            is_graphql=endpoint.body_format == "graphql",
            asks_graphql=endpoint.asks_graphql,
        )

    def has_sign(self, page: Page, *, is_of_item: bool = True) -> bool:
        """Return whether an answer has a sign of an error, be it beside items.

        Inputs: `is_of_item` tells that what an item says that is all of the answer counts, too.
        """
        parts = self.data_path.parts(page.body)
        if not is_of_item:
            parts = [part for part in parts if part.value is not page.first_item]
        return bool(parts) and message_in(parts, Lack.LIST, self._known) is not None

    def judge(self, page: Page, quote: Quote) -> None:
        """Note whether data_path fits an answer, and what it has beside the list.

        Raises:
            ResponseError: it speaks of an error in place of items; GraphQL's `errors` are one even
                beside data.
        """
        parts = self.data_path.parts(page.body)
        self._refuse_errors(page, quote)
        if page.count or page.received:
            self._take_items(page, parts, quote)
        elif message := message_in(parts, _lack(page), self._known):
            self._take_message(message, quote)
        elif _lack(page) is Lack.LIST and not self.data_path.has_alternative:
            self._take_words(parts, quote)
        obstacle = "" if self.data_path.has_alternative else _obstacle_in(page)
        if (page.matched or page.count) and not obstacle:
            self._matched += 1
            self._has_lists |= page.received is not None
            if page.received:
                self._has_listed = True
            elif page.received == 0:
                self._lone_objects.take_empty(quote.place)
            self._learn_keys(parts)
        else:
            self._take_lack(page, parts, quote, obstacle)

    @property
    def messages(self) -> list[ResponseError]:
        """The errors that answers speak of, as no other answer excuses them."""
        found = [
            suspect.error
            for suspect in self._suspects
            if not self._known.excuse(suspect.message.code, suspect.message.sign)
        ]
        found += self._objects if self._has_lists else []
        found += self._lone if self._has_records else []
        found += self._broken_off
        if not self._has_lists:
            found += self._lone_objects.messages
        return found + [
            error
            for names, error in self._strangers.items()
            if self._item_keys and self._item_keys.isdisjoint(names)
        ]

    def doubts(self) -> Iterator[Doubt]:
        """Yield what speaks against believing that each answer is data."""
        for name, doubt in self._words.values():
            if self._known.always_succeed(name):
                yield doubt
        if self._beside_data:
            yield self._beside_data
        if not self._has_listed:
            yield from self._lone_objects.doubts(self.data_path)

    def check(self, setting: str, *, may_lack: bool = False) -> None:
        """Judge all answers together; `setting` is where the data_path stands.

        With `may_lack`, no answer need have the list, as where nothing has changed.

        Raises:
            ResourceError: an answer speaks of an error, or data_path does not fit.
        """
        if messages := self.messages:
            raise ResourceError("; ".join(f"{error}" for error in messages[:_EXAMPLES]))
        if self._matched:
            self._check_lacking(setting)
        elif self._unmatched and not may_lack:
            raise self._matches_nothing(setting)

    def _refuse_errors(self, page: Page, quote: Quote) -> None:
        """Refuse what is an error even beside items."""
        body = page.body
        if self.asks_graphql and isinstance(body, dict) and (errors := body.get("errors")):
            if self.is_graphql or not page.count:
                raise _said_error(text_of(errors), quote)
            if self._beside_data is None:
                self._beside_data = Doubt(
                    f"errors stands beside data, which lacks what they are about: "
                    f"{quote.text(text_of(errors))}",
                    "mend what they say; with `body_format: graphql`, the resource fails instead",
                    quote.place,
                )
        for part in self.data_path.parts_without_list(body):
            if is_evident_error(part.value):
                raise _said_error(text_of(part.value), quote)

    def _take_items(self, page: Page, parts: list[Part], quote: Quote) -> None:
        self._has_items = True
        if page.received is None:
            self._take_object(page, quote)
        elif not is_bare_message(page.first_item):
            self._has_records = True
            if isinstance(page.first_item, dict) and len(self._item_keys) < _MOST_KEYS:
                self._item_keys.update(page.first_item)
            if len(self._broken_off) < _EXAMPLES and is_bare_message(page.last_item):
                error = _said_error(text_of(page.last_item), quote)
                self._broken_off.append(error.at(quote.place))
        elif page.received == 1:
            self._take_lone_item(page, quote)
        # What the body itself says as an item, it does not say beside items.
        self._known.learn(part for part in parts if part.value is not page.first_item)

    def _take_object(self, page: Page, quote: Quote) -> None:
        """Look at an item that is no list: where other answers are lists, it may be a message."""
        item = page.first_item
        if not isinstance(item, dict):
            return
        error = _said_error(text_of(item), quote).at(quote.place)
        self._lone_objects.take(item, quote.place, error)
        message = message_in([Part("", item)])
        if message is None:
            self._take_stranger(item, quote)
            return
        error = _said_error(message.text, quote).at(quote.place)
        if self._has_lists:
            raise error
        if len(self._objects) < _MOST_SUSPECTS:
            self._objects.append(error)

    def refuse_among_lists(self, page: Page, error: ResponseError, place: str) -> None:
        """Note an object in place of a whole list, which is an error where others are lists.

        Raises:
            ResponseError: there was a list already.
        """
        if page.path or not page.is_object:
            return
        if self._has_lists:
            raise error
        if len(self._objects) < _MOST_SUSPECTS:
            self._objects.append(error.at(place))

    def _take_stranger(self, item: Mapping[str, Any], quote: Quote) -> None:
        """Keep an object for the end: where others are lists, it may be no item of such a list."""
        names = frozenset(item)
        if len(self._strangers) < _MOST_SUSPECTS and names not in self._strangers:
            keys = keys_of(item)
            error = ResponseError(
                f"the answer is one object with {keys}, where others are lists, and no item of "
                "those has any of that",
                said=quote.body(text_of(item)),
                advice="look at data_path",
            )
            self._strangers[names] = error.at(quote.place)

    def _take_lone_item(self, page: Page, quote: Quote) -> None:
        """Look at the only item of a list: where others are records, it is a message."""
        error = _said_error(text_of(page.first_item), quote).at(quote.place)
        if self._has_records:
            raise error
        if len(self._lone) < _MOST_SUSPECTS:
            self._lone.append(error)

    def _take_message(self, message: Message, quote: Quote) -> None:
        """Refuse an answer, unless its code may yet be found beside items."""
        advice = ""
        if message.rests_on_code and self.has_rules:
            rule = f"{{when: '{quote.text(message.rule)}', then: skip}}"
            advice = f"if it is no error, say so: on_error: [{rule}]"
        error = _said_error(message.text, quote, advice)
        is_open = message.rests_on_code and not self._has_items
        if not is_open or len(self._suspects) >= _MOST_SUSPECTS:
            raise error
        self._suspects.append(_Suspect(message, error.at(quote.place)))

    def _take_words(self, parts: list[Part], quote: Quote) -> None:
        """Keep what is said in place of a list: a word where other answers may say success."""
        for place, code in other_words_in(parts):
            if place not in self._words and len(self._words) < _MOST_SUSPECTS:
                seen = (
                    f'the list is missing, and {place} says "{quote.text(str(code.value))}", '
                    "where it says success beside items"
                )
                doubt = Doubt(seen, self._hint(speaks=self.has_rules), quote.place)
                self._words[place] = _Word(code.name, doubt)

    def _learn_keys(self, parts: list[Part]) -> None:
        # Most answers have the same keys as the one before.
        shape = tuple((part.place, *part.value) for part in parts)
        if shape != self._shape and len(self._keys) < _MOST_KEYS:
            self._shape = shape
            self._keys |= _keys_in(parts)

    def _take_lack(self, page: Page, parts: list[Part], quote: Quote, obstacle: str) -> None:
        if self.asks_graphql and page.is_cut:
            raise ResponseError(
                f"data_path {self.data_path.expression} leads through a null, which GraphQL gives "
                "for what is not there, and for what may not be read",
                said=quote.body(""),
                advice=self._hint(speaks=True),
            )
        self._unmatched += 1
        keys = frozenset(_keys_in(parts) | ({(obstacle, "")} if obstacle else set()))
        if not keys:
            self._lone_objects.take_empty(quote.place)
        if keys not in self._lacking and len(self._lacking) < _MOST_LACKING:
            said = quote.text(text_of(page.body))
            self._lacking[keys] = _Lacking(quote.place, keys_of(page.body), said, obstacle)

    def _matches_nothing(self, setting: str) -> ResourceError:
        path, lacking = self.data_path.expression, list(self._lacking.values())
        speaking = next((each for each in lacking if each.said), lacking[-1])
        end = f"If nothing is right, write `{path} // []`"
        if speaking.said:
            end = f"It says: {speaking.said}"
        return ResourceError(
            f"{setting} {path} matches nothing in any of {self._unmatched} responses; "
            f"a body has {speaking.keys}. {end}"
        )

    def _check_lacking(self, setting: str) -> None:
        path = self.data_path.expression
        for keys, lacking in self._lacking.items():
            names = sorted({name for _, name in keys - self._keys})[:_MOST_NAMES]
            if lacking.obstacle:
                strange = f"{lacking.obstacle}, where others lead to the list"
            elif names:
                strange = f"the body has {', '.join(names)}, which none has where the list is"
            else:
                continue
            said = f", and says: {lacking.said}" if lacking.said else ""
            hint = self._hint(speaks=bool(lacking.said))
            raise ResourceError(
                f"{lacking.place}: {setting} {path} matches nothing; {strange}{said}"
                f"{hint and f' ({hint})'}"
            )

    def _hint(self, *, speaks: bool) -> str:
        """Return how a mapping says that an answer without the list means no items."""
        if not speaks:
            return f"if it means no items, write `{self.data_path.expression} // []`"
        return "if it means no items, a rule of on_error can say so" if self.has_rules else ""


def _said_error(text: str, quote: Quote, advice: str = "") -> ResponseError:
    return ResponseError(SAYS_ERROR, said=quote.body(text), advice=advice)


def _lack(page: Page) -> Lack:
    return Lack.LIST if page.is_null or not page.matched else Lack.ITEMS


def _obstacle_in(page: Page) -> str:
    """Return what stands in the way to a list, where neither an object nor nothing is.

    Sample: `the body is a text` for `"Rate limit exceeded"`. PHP writes an object without keys as
    `[]`.
    """
    if page.count or page.received:
        return ""
    value, place = page.body, ""
    for step in (*page.path, None):
        if value in (None, [], {}, ""):
            return ""
        fits = isinstance(value, list if isinstance(step, int) else dict)
        if step is None or not fits:
            is_held = isinstance(value, dict) or (isinstance(value, list) and step is None)
            return "" if is_held else f"{place or 'the body'} is {kind_of(value)}"
        present, value = walk(value, [step])
        if not present:
            return ""
        place += f"[{step}]" if isinstance(step, int) else f".{step}"
    return ""


def _keys_in(parts: list[Part]) -> set[Key]:
    """Return the keys of the objects on the way to a list; elements of a list count as one."""
    return {(_INDEX.sub("[]", part.place), key) for part in parts for key in part.value}
