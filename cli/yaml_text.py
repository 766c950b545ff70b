"""YAML read within bounds: whatever a text holds, it is read or refused in time with its length."""

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent

DEEPEST = 200
# Counted as if what aliases stand for were written out.
MOST_NODES = 1_000_000
# What ruamel raises over values that are none of their kind, such as the date 2020-99-99.
WRONG_VALUES = (ValueError, KeyError, OverflowError)


class UnreadableYamlError(Exception):
    """A text is no YAML, or none that is read; the message says the line and the problem."""


def load_yaml(text: str, yaml: YAML | None = None) -> Any:
    """Return the content of a YAML text.

    Inputs: `yaml`, how to read it; without it, as plain values.

    Raises:
        UnreadableYamlError: it is no YAML, is nested too deep, or its aliases multiply.
    """
    reader = yaml or YAML(typ="safe", pure=True)
    reader.Composer = _BoundedComposer
    try:
        return reader.load(text)
    except YAMLError as error:
        raise UnreadableYamlError(_first_words(error)) from None
    except WRONG_VALUES as error:
        raise UnreadableYamlError(f"a value is none of its kind: {error}") from None


class _BoundedComposer(Composer):
    """Refuses a node while it is read, so that what follows it costs nothing."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader=loader)
        self._depth = 0
        self._nodes = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node, with its size remembered for aliases of it."""
        is_alias = self.parser.check_event(AliasEvent)
        mark = self.parser.peek_event().start_mark
        before = self._nodes
        self._depth += 1
        if self._depth > DEEPEST:
            raise ComposerError(None, None, f"it is nested deeper than {DEEPEST}", mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if is_alias and id(node) not in self._sizes:
            raise ComposerError(None, None, "an alias stands within what it stands for", mark)
        self._nodes += self._sizes[id(node)] if is_alias else 1
        if self._nodes > MOST_NODES:
            raise ComposerError(None, None, f"it has more than {MOST_NODES:,} values", mark)
        self._sizes[id(node)] = self._nodes - before
        return node


def _first_words(error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or next(iter(str(error).splitlines()), "")
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)
