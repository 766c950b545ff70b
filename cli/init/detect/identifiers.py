"""Fields that tell items apart, and fields that name them for people.

What documentation says counts first, then what a field is called, and never chance alone: moments,
states and measures are no names, however different they were in the items that were seen.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import combinations
from typing import Any

from cli.arrays import jq_path
from cli.init.detect.naming import words_of
from formats.times import iso_time

# The names of identifiers without case and punctuation, the likeliest first: `ID`, `_id` and `@id`
# are `id`.
_KEYS = ("id", "gid", "sid", "uid", "uuid", "guid", "sysid", "key", "kid", "identifier", "slug")
_SURE = (*_KEYS, "number", "sha", "arn", "urn")
_PEOPLE = ("login", "username", "code", "sku", "ref", "hostname", "fqdn", "domain", "email")
_LIKELY = ("fullname", "fqn", "path", "name", *_PEOPLE, "url", "uri", "self", "href", "value")
_PEOPLE_READ = ("displayname", "name", "title", "label", "fullname", "username", "headline")
_TITLES = (*_PEOPLE_READ, "subject", "summary", "login", "email", "key", "slug", "value")
# Words at the end of a name of what is no name of anything, though it may differ in all items.
_MOMENTS = frozenset(
    {"at", "on", "time", "date", "datetime", "timestamp", "created", "updated", "modified"}
    | {"changed", "started", "ended", "finished", "expires", "expiry", "expiration", "since"}
    | {"until", "seen", "age", "uptime", "duration", "ttl", "elapsed", "published", "when"}
)
_STATES = frozenset(
    {"status", "state", "phase", "health", "type", "kind", "level", "severity", "priority", "alg"}
    | {"algorithm", "enabled", "mode", "role", "visibility", "category", "tier", "color", "colour"}
    | {"language", "locale", "currency", "country", "timezone", "etag", "checksum", "version"}
    | {"description", "message", "comment", "note", "body", "content", "text", "reason", "plan"}
)
_MEASURES = frozenset(
    {"count", "total", "size", "score", "rate", "byte", "length", "percent", "ratio", "amount"}
    | {"sum", "avg", "max", "min", "limit", "weight", "value", "price", "progress", "usage"}
)
_NO_NAMES = _MOMENTS | _STATES | _MEASURES
_ID_WORDS = frozenset({"id", "gid", "sid", "uid", "uuid", "guid", "key", "number", "no", "code"})
# What a name is unique in, where it is not unique on its own.
_SCOPES = frozenset(
    {"vhost", "namespace", "tenant", "organization", "org", "project", "owner", "group"}
    | {"cluster", "region", "zone", "server", "host", "database", "schema", "parent"}
)
# Where parents count or name their own, those of a few may differ by chance.
_COUNTED_BELOW = frozenset(
    {"number", "no", "iid", "index", "seq", "name", "slug", "title", "label"}
)
_MOST_IN_PAIRS = 10
_LONGEST_NAME = 200
_NOT_LISTED = 99
_LARGE = re.compile(r"-?\d{16,}")
_ALLOWED = re.compile(r"[A-Za-z0-9@_.+:\\/=-]+")
# What an escape stands for: what Port does not allow, and the sign that begins an escape.
_ESCAPED = re.compile(r"[^A-Za-z0-9@_.+:\\/-]")
# JQ's @uri leaves the tilde, which Port does not allow.
_JQ_ESCAPED = (
    r'gsub("(?<c>[^A-Za-z0-9@_.+:\\\\/-])"; .c | @uri | gsub("%"; "=") | gsub("~"; "=7E"))'
)

_JQ_WITHOUT_SLASH = 'gsub("="; "=3D") | gsub("/"; "=2F")'

# Objects that only wrap the fields of an item.
WRAPPERS = frozenset({"attributes", "fields", "properties", "node", "resource", "spec"})
_HEADS = WRAPPERS | {"metadata", "meta"}

type Keys = tuple[str, ...]
type Columns = Mapping[Keys, list[Any]]


class Cleaning(Enum):
    """A way to turn any text into one that Port takes as an identifier, as JQ.

    Different texts stay different, those that nobody has seen yet included: `a b` gives `a=20b`.
    """

    NONE = ""
    ESCAPED = _JQ_ESCAPED

    def of(self, text: str) -> str:
        """Return a text as the JQ makes it."""
        return _ESCAPED.sub(_escape, text) if self is Cleaning.ESCAPED else text

    @classmethod
    def for_texts(cls, texts: Sequence[str]) -> "Cleaning":
        """Return the least that lets Port take these texts."""
        return cls.NONE if all(map(_ALLOWED.fullmatch, texts)) else cls.ESCAPED


def _escape(found: re.Match[str]) -> str:
    """Return the bytes of a character as `=20`."""
    return "".join(f"={byte:02X}" for byte in found[0].encode("utf-8", "replace"))


def _without_slash(text: str) -> str:
    return text.replace("=", "=3D").replace("/", "=2F")


@dataclass(frozen=True, slots=True)
class Part:
    """A field that is a part of an identifier; `is_text` unless it has to become one.

    Where it may hold the slash that joins it to the next part, it `is_escaped`: `a/b` is `a=2Fb`.
    """

    keys: Keys
    is_text: bool = True
    is_escaped: bool = False

    @property
    def expression(self) -> str:
        path = jq_path(self.keys)
        text = path if self.is_text else f"{path} | tostring"
        return f"{text} | {_JQ_WITHOUT_SLASH}" if self.is_escaped else text

    def of(self, item: Mapping[str, Any]) -> str | None:
        """Return what it is of an item; None where that has no such field."""
        value = value_of(item, self.keys)
        return None if value is None else self.text(value)

    def text(self, value: Any) -> str:
        """Return what the field's value is in the identifier, as the JQ makes it."""
        return _without_slash(str(value)) if self.is_escaped else str(value)

    @property
    def is_mark(self) -> bool:
        """True for what items carry of the endpoint that they came from."""
        return self.keys[0].startswith("__") and self.keys[0] != "__key"


@dataclass(frozen=True, slots=True)
class Identifier:
    """What tells items apart: one field, or several that do so together.

    `is_sure` where its name tells that it is made for this; `why` says what the choice rests on.
    """

    parts: tuple[Part, ...]
    is_sure: bool
    cleaning: Cleaning = Cleaning.NONE
    why: str = ""

    @property
    def keys(self) -> Keys:
        """The keys of the field that matters most, the last one."""
        return self.parts[-1].keys

    @property
    def expression(self) -> str:
        """The JQ on an item. Samples: `.id | tostring`, `.__team + "/" + (.id | tostring)`."""
        return cleaned(_joined([part.expression for part in self.parts]), self.cleaning)

    def of(self, item: Mapping[str, Any]) -> str:
        """Return the identifier that an item gets; empty where a part is missing."""
        texts = [text for part in self.parts if (text := part.of(item)) is not None]
        if len(texts) < len(self.parts):
            return ""
        return self.cleaning.of("/".join(texts))


def within(expression: str) -> str:
    """Return an expression as an operand of another one."""
    return f"({expression})" if " " in expression else expression


def cleaned(expression: str, cleaning: Cleaning) -> str:
    """Return an expression that gives a text, with what makes Port take it."""
    if cleaning is Cleaning.NONE:
        return expression
    whole = f"({expression})" if " + " in expression else expression
    return f"{whole} | {cleaning.value}"


def value_of(item: Any, keys: Sequence[str]) -> Any:
    """Return the value of an item at a path of keys; None where it holds nothing."""
    for key in keys:
        item = item.get(key) if isinstance(item, Mapping) else None
    return item


def bare(name: str) -> str:
    """Return a name without case and punctuation: `_ID` and `@id` give `id`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_sure_name(name: str) -> bool:
    """Return whether a field of this name is made to tell items apart."""
    return bare(name) in _SURE


def is_title_name(name: str) -> bool:
    """Return whether a field of this name is for people to read."""
    return bare(name) in _TITLES


def title_rank(name: str) -> int:
    """Return the place of a name among those of titles, the likeliest first."""
    return _TITLES.index(bare(name)) if is_title_name(name) else len(_TITLES)


def is_no_name(name: str) -> bool:
    """Return whether a name tells of a moment, a state or a measure, or that something is so."""
    words = words_of(name)
    return bool(words) and (words[-1] in _NO_NAMES or words[0] in ("is", "has"))


def find_identifiers(
    columns: Columns, count: int, blueprint: str, nests: Sequence[Sequence[str]] = ()
) -> list[Identifier]:
    """Return what tells all items apart, the likeliest first.

    Fields of telling names come first; where there is none, two fields together. Inputs: `nests`,
    names of what nested items carry of their parents, the least that may be needed first.
    """
    usable = {
        keys: values
        for keys, values in columns.items()
        if _are_names(keys, values, count, blueprint) and not _is_measured(keys, columns)
    }
    ranks = {keys: rank_of(keys, blueprint) for keys in usable}
    ordered = sorted(
        usable, key=lambda keys: (is_inner(keys), ranks[keys], not _ends_as_id(keys), len(keys))
    )
    named = [keys for keys in ordered if ranks[keys] < _NOT_LISTED and not is_inner(keys)]
    others = [keys for keys in ordered if keys not in named and _may_name(keys, usable[keys])]
    chances: list[tuple[Keys, ...]] = [(keys,) for keys in named]
    if named and not any(_identifier(keys, columns, nests, blueprint) for keys in chances):
        chances += _pairs(named, others, usable)
    chances += [(keys,) for keys in others]
    if not named:
        chances += _pairs(named, others, usable)
    found = (_identifier(keys, columns, nests, blueprint) for keys in chances)
    return [one for one in found if one]


def rank_of(keys: Keys, blueprint: str) -> int:
    """Return the place of a field among the usual names of identifiers of a blueprint."""
    name = keys[-1]
    if name == "__key":
        return 0
    listed = [*_own_names(blueprint), *_SURE, bare(blueprint), *_LIKELY]
    return listed.index(bare(name)) + 1 if bare(name) in listed else _NOT_LISTED


def is_listed(keys: Keys, blueprint: str) -> bool:
    """Return whether a field has one of the usual names of identifiers."""
    return rank_of(keys, blueprint) < _NOT_LISTED


def is_sure_of(keys: Keys, blueprint: str) -> bool:
    """Return whether the name of a field tells that it identifies items of a blueprint."""
    is_own = bare(keys[-1]) in _own_names(blueprint)
    return not is_inner(keys) and (is_own or is_sure_name(keys[-1]))


def is_name(value: Any) -> bool:
    """Return whether a value may tell an item apart: a text or an integer."""
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _identifier(
    fields: tuple[Keys, ...], columns: Columns, nests: Sequence[Sequence[str]], blueprint: str
) -> Identifier | None:
    """Return the identifier of these fields, with marks where they need them; None if unfit."""
    is_sure = len(fields) == 1 and is_sure_of(fields[0], blueprint)
    found = Identifier((), is_sure, why=_why(fields, is_sure=is_sure))
    # Of one parent alone, nobody can tell whether others have the same names.
    parents = _parts(_keys_of(nests[0]), columns) if nests else ()
    is_seen = not nests or len(set(_texts(parents, columns))) > 1
    is_comparable = is_seen and not (nests and bare(fields[-1][-1]) in _COUNTED_BELOW)
    for marks in [*([()] if is_comparable else []), *nests]:
        keys = (*_keys_of(marks), *fields)
        parts = _parts(keys, columns)
        texts = _texts(parts, columns)
        if len(set(texts)) == len(texts):
            return replace(found, parts=parts, cleaning=Cleaning.for_texts(texts))
    return None


def _keys_of(marks: Sequence[str]) -> tuple[Keys, ...]:
    return tuple((mark,) for mark in marks)


def _parts(fields: Sequence[Keys], columns: Columns) -> tuple[Part, ...]:
    """Return the parts of an identifier; a slash in one is enough to be careful with all."""
    has_slash = len(fields) > 1 and any("/" in str(v) for keys in fields for v in columns[keys])
    last = len(fields) - 1
    return tuple(
        Part(keys, is_text, is_escaped=has_slash and is_text and place < last)
        for place, keys in enumerate(fields)
        for is_text in [_is_text(columns[keys])]
    )


def _texts(parts: Sequence[Part], columns: Columns) -> list[str]:
    texts = (map(part.text, columns[part.keys]) for part in parts)
    return ["/".join(row) for row in zip(*texts, strict=True)]


def _pairs(named: list[Keys], others: list[Keys], usable: Columns) -> Iterator[tuple[Keys, Keys]]:
    """Yield two fields that may tell items apart together, one of them of a telling name.

    What a name is unique in comes first: `vhost` and `name`.
    """
    scopes = [keys for keys in [*named, *others] if bare(keys[-1]) in _SCOPES]
    plain = [keys for keys in usable if len(keys) == 1]
    for scope in scopes:
        yield from ((scope, keys) for keys in named if keys != scope)
    rest = [keys for keys in [*named, *plain] if keys not in scopes]
    most = list(dict.fromkeys(rest))[:_MOST_IN_PAIRS]
    for first, second in combinations(most, 2):
        if first in named or not named:
            yield second, first


def _why(fields: tuple[Keys, ...], *, is_sure: bool) -> str:
    if len(fields) > 1:
        return "no single field tells the items apart, these two do"
    return "by its name" if is_sure else "because it is different in all items that were seen"


def is_inner(keys: Keys) -> bool:
    """Return whether a field is one of something else that an item has, such as its owner."""
    return len(keys) > 1 and keys[0] not in _HEADS


def _own_names(blueprint: str) -> list[str]:
    """Return names that tell of the blueprint's own items: `userid`, `userkey`, for `team user`."""
    words = words_of(blueprint)
    starts = dict.fromkeys(["".join(words), *words[-1:]])
    return [f"{start}{key}" for key in _KEYS for start in starts if start]


def _are_names(keys: Keys, values: Sequence[Any], count: int, blueprint: str) -> bool:
    is_mark = keys[0].startswith("__") and keys[0] != "__key"
    is_whole = bool(values) and len(values) == count and all(map(is_name, values))
    if is_mark or not is_whole or all(map(_is_moment, values)):
        return False
    return bare(keys[-1]) in (*_LIKELY, bare(blueprint)) or not is_no_name(keys[-1])


def _may_name(keys: Keys, values: Sequence[Any]) -> bool:
    """Return whether a field of no usual name may tell items apart: no number, no long text."""
    return _ends_as_id(keys) or all(
        isinstance(each, str) and len(each) <= _LONGEST_NAME for each in values
    )


def _is_measured(keys: Keys, columns: Columns) -> bool:
    """Return whether a number called `value` is one of a thing that has other fields."""
    return bare(keys[-1]) == "value" and len(columns) > 2 and not _is_text(columns[keys])


def _ends_as_id(keys: Keys) -> bool:
    words = words_of(keys[-1])
    return bool(words) and words[-1] in _ID_WORDS


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and value[4:5] == "-" and iso_time(value) is not None


def _is_text(values: Sequence[Any]) -> bool:
    """Return whether values are texts; of large integers, which arrive as such, others may not."""
    return all(isinstance(value, str) and not _LARGE.fullmatch(value) for value in values)


def _joined(expressions: Sequence[str]) -> str:
    if len(expressions) == 1:
        return expressions[0]
    first, *others = expressions
    return ' + "/" + '.join([within(first), *(f"({each})" for each in others)])


def find_title(columns: Columns, identifier: Identifier | None) -> str:
    """Return the JQ of the field that names items for people, else of their identifier."""
    ranked = []
    for keys, values in columns.items():
        is_text = any(values) and all(isinstance(value, str | None) for value in values)
        if is_title_name(keys[-1]) and is_text:
            filled = sum(bool(value) for value in values) / len(values)
            ranked.append((is_inner(keys), filled < 0.9, _TITLES.index(bare(keys[-1])), keys))
    if ranked:
        return jq_path(min(ranked)[3])
    return identifier.expression if identifier else ""
