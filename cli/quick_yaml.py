"""YAML as most documents are written, read by libyaml some fifty times as fast as by ruamel.

A text means here what it means to ruamel, which follows YAML 1.2: `no` is a word, `200` a number.
What is unusual or wrong is left to ruamel, which reads it or says what is wrong with it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError as RuamelError
from ruamel.yaml.nodes import ScalarNode
from yaml import YAMLError as LibyamlError
from yaml import events

from cli.mapping_file import to_plain
from cli.yaml_text import DEEPEST, WRONG_VALUES, UnreadableYamlError

try:
    from yaml._yaml import CParser
except ImportError:  # A PyYAML that was built without libyaml.
    CParser = None  # type: ignore[assignment, misc]

_MERGE = "<<"
# Counted as if what aliases stand for were written out. The largest documents have about a million.
MOST_NODES = 2_000_000
# Breaks of lines and marks of YAML 1.1, which libyaml and ruamel see in different places.
_OF_OLD = re.compile("[\x85\u2028\u2029\ufeff]")
# Plain scalars whose meaning is remembered: the keys and words of a document come again and again.
_KEPT = 4096
# With what a plain scalar begins that may be no text: a truth, a number, a date, nothing, a sign.
_TELLING = frozenset("tTfFnN~+-.0123456789<=")


class UnusualYamlError(Exception):
    """A text is left to ruamel: it is no YAML, or has what few documents have."""


def load_quickly(text: str) -> Any:
    """Return the content of a YAML text as plain dicts, lists and scalars, all keys being texts.

    `200: {ok: no}` gives `{"200": {"ok": "no"}}`. What an alias stands for is the same object.

    Raises:
        UnreadableYamlError: it is nested too deep, or its aliases multiply.
        UnusualYamlError: it has tags, directives, keys that are no scalars or are there twice, or
            several documents; it is a scalar, or has an error; or this PyYAML has no libyaml.
    """
    if CParser is None or _OF_OLD.search(text):
        raise UnusualYamlError
    try:
        return _Reader(text).document()
    except LibyamlError:
        raise UnusualYamlError from None


class _Reader:
    """Composes values of libyaml's events, which come one at a time and cost no memory."""

    def __init__(self, text: str) -> None:
        self._next = CParser(text).get_event
        ruamel = YAML(typ="safe", pure=True)
        self._resolve, self._constructor = ruamel.resolver.resolve, ruamel.constructor
        self._meaning = lru_cache(_KEPT)(self._meaning_of)
        self._anchored: dict[str, tuple[Any, int]] = {}
        self._keys: dict[str, str] = {}
        self._nodes = 0

    def document(self) -> Any:
        """Return the only document of the text."""
        self._take(events.StreamStartEvent)
        start = self._take(events.DocumentStartEvent)
        if start.version or start.tags:
            raise UnusualYamlError
        value = self._node(self._next(), 1)
        if not isinstance(value, dict | list):
            raise UnusualYamlError
        self._take(events.DocumentEndEvent)
        self._take(events.StreamEndEvent)
        return value

    def _take(self, kind: type) -> Any:
        event = self._next()
        if not isinstance(event, kind):
            raise UnusualYamlError
        return event

    def _node(self, event: Any, depth: int) -> Any:
        """Return the value that begins with an event, counted against the limits."""
        if depth > DEEPEST:
            raise _refused(event, f"it is nested deeper than {DEEPEST}")
        if isinstance(event, events.AliasEvent):
            return self._repeated(event)
        if event.tag is not None or event.anchor in self._anchored:
            raise UnusualYamlError
        before = self._nodes
        self._count(event, 1)
        value = self._value(event, depth)
        if event.anchor is not None:
            self._anchored[event.anchor] = value, self._nodes - before
        return value

    def _repeated(self, event: Any) -> Any:
        # An alias of what has not ended stands within it; ruamel refuses that, as one of nothing.
        if event.anchor not in self._anchored:
            raise UnusualYamlError
        value, size = self._anchored[event.anchor]
        self._count(event, size)
        return value

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise _refused(event, f"it has more than {MOST_NODES:,} values")

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, events.ScalarEvent):
            return self._meaning(event.value) if event.implicit[0] else event.value
        if isinstance(event, events.SequenceStartEvent):
            return [self._node(inner, depth + 1) for inner in self._until(events.SequenceEndEvent)]
        return self._mapping(depth)

    def _mapping(self, depth: int) -> dict[str, Any]:
        merged: dict[str, Any] | None = None
        own: dict[str, Any] = {}
        for event in self._until(events.MappingEndEvent):
            if _is_merge(event):
                if merged is not None:
                    raise UnusualYamlError
                self._count(event, 1)
                merged = _all_of(self._node(self._next(), depth + 1))
                continue
            key = self._key(event, depth)
            if key in own:
                raise UnusualYamlError
            own[key] = self._node(self._next(), depth + 1)
        return {**merged, **own} if merged else own

    def _key(self, event: Any, depth: int) -> str:
        """Return a key as a text, the same object for all that are equal."""
        value = self._node(event, depth + 1)
        if isinstance(value, dict | list):
            raise UnusualYamlError
        key = str(value)
        return self._keys.setdefault(key, key)

    def _until(self, end: type) -> Iterator[Any]:
        while not isinstance(event := self._next(), end):
            yield event

    def _meaning_of(self, text: str) -> Any:
        """Return what a plain scalar stands for: `200`, `1e3`, `true`, `2020-01-01`, or its text.

        Ruamel is asked, so that it means here and there the same.
        """
        if text and text[0] not in _TELLING:
            return text
        node = ScalarNode(self._resolve(ScalarNode, text, (True, False)), text)
        try:
            return to_plain(self._constructor.construct_non_recursive_object(node))
        except (RuamelError, *WRONG_VALUES):
            raise UnusualYamlError from None


def _is_merge(event: Any) -> bool:
    is_plain = isinstance(event, events.ScalarEvent) and event.implicit[0]
    return is_plain and event.value == _MERGE and event.anchor is None


def _all_of(value: Any) -> dict[str, Any]:
    """Return what `<<` merges: a mapping, or several, of which the earlier ones win."""
    merged: dict[str, Any] = {}
    for one in reversed(value if isinstance(value, list) else [value]):
        if not isinstance(one, dict):
            raise UnusualYamlError
        merged |= one
    return merged


def _refused(event: Any, problem: str) -> UnreadableYamlError:
    return UnreadableYamlError(f"line {event.start_mark.line + 1}: {problem}")
