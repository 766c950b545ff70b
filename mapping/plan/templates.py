"""Texts and JSON values of a mapping with `{placeholders}` and `${VARIABLES}` in them.

Both are looked up once, when the mapping is read: filling in what a request needs is then cheap.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol

from errors import SelectorError

_NAME = r"[A-Za-z_][\w-]*"
# `{name}`, and `{{name}}`, which stands for the text `{name}`.
_PLACEHOLDER = re.compile(rf"\{{\{{(?P<text>{_NAME})\}}\}}|\{{(?P<name>{_NAME})\}}")
# `${NAME}`, and `$${NAME}`, which stands for the text `${NAME}`.
_VARIABLE = re.compile(r"(?P<escaped>\$?)\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")


class Filled(Protocol):
    """A value for a placeholder: its text, and for a JSON body itself with its type."""

    text: str
    value: Any


@dataclass(frozen=True, slots=True)
class Template:
    """A text or JSON value in which placeholders may stand.

    `names` are the placeholders, each once; `known` has also the names that are only quoted.
    """

    value: Any
    names: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()

    @classmethod
    def of(cls, value: Any, names: Set[str]) -> "Template":
        """Return the template of a mapping's value; only what is in `names` is a placeholder."""
        matches = [match for text in texts_in(value) for match in _PLACEHOLDER.finditer(text)]
        used = dict.fromkeys(match["name"] for match in matches if match["name"] in names)
        quoted = {match["text"] for match in matches} & names
        return cls(value, tuple(used), frozenset(quoted | used.keys()))

    def fill(
        self, values: Mapping[str, Filled], *, is_typed: bool = False, has_typed_lists: bool = False
    ) -> Any:
        """Return the value with texts in place of placeholders.

        If `is_typed`, one that is a whole text becomes the value with its type; if
        `has_typed_lists`, where that text is in a list.
        """
        # Most have none: nothing is copied then.
        if not self.known:
            return self.value
        texts = {name: values[name].text for name in self.names}

        def fill(text: str) -> str:
            return fill_text(text, texts, self.known)

        def fill_typed(text: str) -> Any:
            whole = _PLACEHOLDER.fullmatch(text)
            is_known = whole is not None and whole["name"] in texts
            return values[whole["name"]].value if whole and is_known else fill(text)

        in_lists = fill_typed if is_typed or has_typed_lists else fill
        return _map_texts(self.value, fill_typed if is_typed else fill, in_lists)


def fill_text(text: str, texts: Mapping[str, str], known: Set[str]) -> str:
    """Return the text with `{name}` replaced by its text, and `{{name}}` by `{name}` if known."""

    def fill(match: re.Match[str]) -> str:
        quoted = match["text"]
        if quoted is not None:
            return f"{{{quoted}}}" if quoted in known else match[0]
        return texts.get(match["name"], match[0])

    return _PLACEHOLDER.sub(fill, text)


def placeholders_in(text: str) -> list[str]:
    """Return the names in single braces, each once, in their order."""
    names = (match["name"] for match in _PLACEHOLDER.finditer(text))
    return list(dict.fromkeys(name for name in names if name))


def with_variables(value: Any, exposed: Mapping[str, str], setting: str) -> Any:
    """Return a value with each `${NAME}` in it replaced; `exposed` are the variables that may be.

    Raises:
        SelectorError: names a variable that is not exposed, and those that are.
    """
    # Most have none: nothing is copied then.
    if not any("${" in text for text in texts_in(value)):
        return value
    return _map_texts(value, lambda text: _with_variables(text, exposed, setting))


def variables_in(value: Any) -> frozenset[str]:
    """Return the names of the variables that a value refers to, as `${NAME}`."""
    matches = (match for text in texts_in(value) for match in _VARIABLE.finditer(text))
    return frozenset(match["name"] for match in matches if not match["escaped"])


def without_variables(text: str) -> str:
    """Return a text without its `${NAME}` and `$${NAME}`, whose braces are no placeholders."""
    return _VARIABLE.sub("", text)


def misspelt_in(value: Any, names: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that looks like a placeholder but is none, and the one probably meant."""
    for text in texts_in(value):
        for name in placeholders_in(text):
            if name not in names:
                yield from ((name, close) for close in get_close_matches(name, sorted(names), 1))


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, except keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(item)


def _map_texts(
    value: Any, change: Callable[[str], Any], in_lists: Callable[[str], Any] | None = None
) -> Any:
    """Return a value with each text changed; those in lists by `in_lists`, if that is given."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _map_texts(item, change, in_lists) for name, item in value.items()}
    if isinstance(value, list):
        return [_map_texts(item, in_lists or change, in_lists) for item in value]
    return value


def _with_variables(text: str, exposed: Mapping[str, str], setting: str) -> str:
    def replace(match: re.Match[str]) -> str:
        if match["escaped"]:
            return match[0][1:]
        if match["name"] not in exposed:
            raise SelectorError(
                f"{setting}: ${{{match['name']}}} is not in exposedVariables, which has "
                f"{', '.join(exposed) or 'none'}; add it there, or write $${{{match['name']}}} for "
                "this text"
            )
        return exposed[match["name"]]

    return _VARIABLE.sub(replace, text)
