"""`data_path` and the other JQ expressions of a selector: compiled once, then applied to bodies.

A simple path such as `.data.users[]` is walked in Python; everything else runs through jq. Every
output counts, so `.data[]` and `.data` mean the same.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any

import jq
from port_ocean.context.ocean import ocean

from errors import ResponseError, SelectorError
from expressions.worker import JqWorker, JqWorkerError
from formats.format import ListPart
from formats.json_text import Body, json_text, parse
from formats.json_values import kind_of
from formats.messages import Part
from formats.paths import Step, leading_path, walk
from settings import environment

# A single quote that begins or ends a text.
_SINGLE_QUOTE = re.compile(r"""(?<!\S)'(?![\s"])|(?<![\s"])'(?!\S)""")
# What is done with each element of a list for itself: `[] | EACH`, `| map(EACH)`.
_EACH = re.compile(r"\s*(?:\[\]\s*\|\s*(?P<piped>.+)|\|\s*map\((?P<mapped>.+)\)\s*)", re.DOTALL)
# Each element is gone through, and its own path goes on: `.results[].series`.
_THEN_EACH = re.compile(r"\[\]\??\s*\|?\s*(?=\.\w|\.[\[\"])")
# So many objects on the way to a list are looked at.
_MOST_PARTS = 1000
# What gives one item for each element of a list, such as GraphQL's `.edges[].node`.
_ONE_FOR_EACH = re.compile(r"\[\]\??(?:\.[A-Za-z_]\w*)+")
# jq holds the interpreter while it runs; larger texts go to a process of their own.
_LARGE = 400_000
# An expression that takes longer on one text will not come to an end.
_MOST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Extraction:
    """The items that a data_path found in one body.

    `received` is how many records the API sent, before any filter in the expression: pagination
    counts these. None when the answer is a single object. `matched` is false when the path leads
    to nothing at all, as opposed to null or an empty list; `is_null` tells null from an empty list.
    """

    items: list[Any]
    received: int | None
    matched: bool
    is_null: bool = False
    beside: Any = None


class DataPath:
    """A compiled data_path.

    Sample: `.members` finds two items in `{"members": [{"id": 1}, {"id": 2}], "next": null}`.

    Raises:
        SelectorError: on construction, when the expression is no valid JQ.
    """

    def __init__(self, expression: str, setting: str = "data_path") -> None:
        self.expression = expression.strip() or "."
        self._program = compile_jq(self.expression, setting)
        self._steps, self._rest = leading_path(self.expression)
        is_plain = self._rest in ("", "[]", "[]?", "?")
        self._is_path = is_plain and self.expression.startswith(".")
        self._each = _EachItem.of(self._rest) if self.expression.startswith(".") else None
        self._way = _way_to_list(self.expression)

    @property
    def path(self) -> tuple[Step, ...]:
        """The path that the expression starts with."""
        return tuple(self._steps)

    @property
    def is_plain(self) -> bool:
        """True where it gives what is at a path, one item for each record there."""
        return self._is_path or _ONE_FOR_EACH.fullmatch(self._rest) is not None

    @property
    def list_path(self) -> list[Step] | None:
        """The path of the list whose elements can be looked at one by one; None if they cannot."""
        if any(isinstance(step, int) and step < 0 for step in self._steps):
            return None
        return self._steps if self._is_path or self._each else None

    async def extract_part(self, part: ListPart, worker: JqWorker) -> Extraction:
        """Find the items in a part of the list at `list_path`.

        Raises:
            ResponseError: the expression fails on an element.
        """
        elements = part.elements
        if self._each is None:
            return Extraction(list(elements), len(elements), matched=True)
        try:
            outputs = await run_apart(self._each.program, part.text, worker)
        except (ValueError, TimeoutError, JqWorkerError) as error:
            raise self._failure(error) from None
        items = outputs
        if self._each.is_piped:
            items = [item for output in outputs for item in _elements(output)]
        return Extraction(items, len(elements), not outputs or any(o is not None for o in outputs))

    async def extract(self, body: Body, worker: JqWorker) -> Extraction:
        """Find the items in a decoded body; `worker` runs jq where the body is large.

        Raises:
            ResponseError: the expression fails on this body.
        """
        present, source = _reached(body.value, self._steps)
        found = await self._find(body, present, source, worker)
        is_null = found.matched and source is None and not found.items
        return replace(found, is_null=is_null, beside=self.beside(body.value))

    def beside(self, value: Any) -> Any:
        """Return the object of a body that holds the items, where totals stand."""
        return walk(value, self._steps[:-1])[1]

    def parts(self, value: Any) -> list[Part]:
        """Return the objects of a body on the way to its list, the body first.

        Sample: `.data.users` finds two in `{"data": {"users": []}}`, of which the second one is
        at `.data`.
        """
        return list(islice(_along(Part("", value), self._way), _MOST_PARTS))

    def parts_without_list(self, value: Any) -> list[Part]:
        """Return the elements on the way that lack what comes next, where others may have it.

        Sample: `.results[].series[]?` finds the first one in `{"results": [{}, {"series": []}]}`.
        """
        if None not in self._way:
            return []
        last = self._way.index(None)
        present, elements = walk(value, [step for step in self._way[:last] if step is not None])
        following = self._way[last + 1]
        if not present or not isinstance(elements, list):
            return []
        return [
            Part(f"{_place(self._way[:last])}[{index}]", element)
            for index, element in enumerate(elements)
            if isinstance(element, Mapping) and element.get(following) is None
        ]

    async def _find(self, body: Body, present: bool, source: Any, worker: JqWorker) -> Extraction:
        if self._is_path and (present or self._rest == ""):
            return _from_outputs(self._iterate(source), source, matched=present)
        try:
            outputs = await self._run(body, worker)
        except ValueError as error:
            # jq fails on null where there is nothing; after `//`, there was something else.
            if source is None and not self._rest.startswith("//"):
                return Extraction([], None, matched=present)
            raise self._failure(error) from None
        except (TimeoutError, JqWorkerError) as error:
            raise self._failure(error) from None
        nothing = bool(outputs) and all(output is None for output in outputs)
        return _from_outputs(outputs, source, matched=(present and source is None) or not nothing)

    async def _run(self, body: Body, worker: JqWorker) -> list[Any]:
        """Return all outputs of the expression."""
        text = await json_text(body)
        if len(text) <= _LARGE:
            return list(self._program.input_text(text))
        return await run_apart(program_of(self.expression), text.encode(), worker)

    def _iterate(self, source: Any) -> list[Any]:
        """Return the outputs of a simple path, whose rest is nothing or an iteration."""
        if not self._rest.startswith("[]") or source is None or isinstance(source, list):
            return [source]
        if isinstance(source, Mapping):
            return list(source.values())
        if self._rest.endswith("?"):
            return []
        raise self._failure(f"Cannot iterate over {kind_of(source)}")

    def _failure(self, cause: object) -> ResponseError:
        return ResponseError(
            f"data_path {self.expression} fails on the body: {cause}", advice="look at data_path"
        )


@dataclass(frozen=True, slots=True)
class _EachItem:
    """The part of an expression that each element of a list goes through, after `.data[] |`."""

    program: str
    is_piped: bool

    @classmethod
    def of(cls, rest: str) -> "_EachItem | None":
        """Return it from the part after the path; None when that looks at several at a time."""
        match = _EACH.fullmatch(rest)
        if match is None:
            return None
        each = match["mapped"] or match["piped"]
        program = program_of(f".[] | ({each}\n)")
        try:
            # On its own it must be an expression too: `map(.a) | map(.b)` is none within.
            jq.compile(program_of(each))
            jq.compile(program)
        except ValueError:
            return None
        return cls(program, is_piped=match["mapped"] is None)


class ItemExpression:
    """A JQ expression that is applied to one item, such as a path parameter's field or filter."""

    def __init__(self, expression: str, setting: str) -> None:
        self.expression = expression
        self.setting = setting
        self._program = compile_jq(expression, setting)
        steps, rest = leading_path(expression.strip())
        self._steps = [] if rest else steps

    @classmethod
    def optional(cls, expression: str | None, setting: str) -> "ItemExpression | None":
        """Return the expression of a setting, or None where it is not set."""
        return cls(expression, setting) if expression else None

    @classmethod
    def by_name(cls, expressions: Mapping[str, str], setting: str) -> "dict[str, ItemExpression]":
        """Return the expressions of a setting such as `{id: .body.id, team: .body.team}`."""
        return {name: cls(text, f"{setting}.{name}") for name, text in expressions.items()}

    def first(self, item: Any) -> Any:
        """Return the first output; None when there is none.

        Raises:
            ValueError: the expression fails on this item.
        """
        if (plain := self._plain(item)) is not None:
            return plain
        try:
            return self._program.input_value(item).first()
        except StopIteration:
            return None

    def every(self, item: Any) -> list[Any]:
        """Return all outputs.

        Raises:
            ValueError: the expression fails on this item.
        """
        if (plain := self._plain(item)) is not None:
            return [plain]
        return list(self._program.input_value(item).all())

    def _plain(self, item: Any) -> str | int | None:
        """Return the text, number or truth at the end of a path; None where jq has to tell."""
        if not self._steps:
            return None
        # Most expressions are a path, for which a run of jq would cost a hundred times as much.
        present, value = walk(item, self._steps)
        return value if present and isinstance(value, str | int) else None


@lru_cache(maxsize=1024)
def compile_jq(expression: str, setting: str) -> Any:
    """Compile an expression to the program that Ocean makes of it.

    Raises:
        SelectorError: names the setting and says what jq says.
    """
    try:
        return jq.compile(program_of(expression))
    except ValueError as error:
        raise SelectorError(f"{setting}: {expression!r} is not valid JQ: {error}") from None


def keys_of(body: Any, depth: int = 1) -> str:
    """Return the keys of a body for an error message, such as `data.users, next`."""
    if isinstance(body, Mapping):
        return ", ".join(_key_paths(body, depth)) or "no keys"
    return kind_of(body)


def _reached(value: Any, steps: list[Step]) -> tuple[bool, Any]:
    """Return whether a path is there, and its value; what is below a null is not there."""
    present, found = walk(value, steps)
    if found is None and present and steps:
        present = walk(value, steps[:-1])[1] is not None
    return present, found


def _way_to_list(expression: str) -> list[Step | None]:
    """Return the steps to the list of items, None for each element of a list on the way."""
    steps, rest = leading_path(expression)
    way: list[Step | None] = [*steps]
    while each := _THEN_EACH.match(rest):
        steps, rest = leading_path(rest[each.end() :])
        way += [None, *steps] if steps else []
    return way


def _along(part: Part, way: Sequence[Step | None]) -> Iterator[Part]:
    """Yield the objects that a way leads through; its last step is the list itself."""
    place, value = part
    if isinstance(value, Mapping):
        yield part
    for position, step in enumerate(way[:-1]):
        if step is None:
            for index, element in enumerate(_list(value)):
                yield from _along(Part(f"{place}[{index}]", element), way[position + 1 :])
            return
        value = walk(value, [step])[1]
        place += _place_of(step)
        if isinstance(value, Mapping):
            yield Part(place, value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@lru_cache(maxsize=1024)
def _place_of(step: Step) -> str:
    is_name = isinstance(step, str) and step.isidentifier()
    return f".{step}" if is_name else f"[{json.dumps(step)}]"


def _place(steps: Iterable[Step | None]) -> str:
    """Return a path as jq writes it, such as `.data[0]`."""
    return "".join(_place_of(step) for step in steps if step is not None)


def _from_outputs(outputs: list[Any], source: Any, *, matched: bool) -> Extraction:
    items = [item for output in outputs for item in _elements(output)]
    if isinstance(source, list):
        return Extraction(items, len(source), matched)
    if isinstance(source, Mapping) and len(outputs) != 1:
        return Extraction(items, len(items), matched)
    single = len(outputs) == 1 and not isinstance(outputs[0], list)
    return Extraction(items, None if single or not outputs else len(items), matched)


def _elements(output: Any) -> Iterable[Any]:
    if output is None:
        return ()
    return output if isinstance(output, list) else (output,)


def _key_paths(body: Mapping[str, Any], depth: int) -> list[str]:
    paths = []
    for key, item in body.items():
        nested = _key_paths(item, depth - 1) if depth and isinstance(item, Mapping) else []
        paths += [f"{key}.{path}" for path in nested] or [str(key)]
    return paths


def program_of(expression: str) -> str:
    """Return the program that Ocean makes of an expression.

    Texts may stand in single quotes, and the environment is hidden unless the operator allows it:
    `.kind == 'team'` is `def env: {}; {} as $ENV | .kind == "team"`.
    """
    program = _SINGLE_QUOTE.sub('"', expression)
    return program if environment_is_allowed() else environment.hidden_from(program)


def environment_is_allowed() -> bool:
    """Tell whether the operator lets JQ see environment variables."""
    return ocean.initialized and bool(ocean.config.allow_environment_variables_jq_access)


async def run_apart(program: str, text: bytes, worker: JqWorker) -> list[Any]:
    """Return all outputs of a program that runs in another process.

    Raises:
        ValueError: the program fails on this text.
        TimeoutError: it does not come to an end.
        JqWorkerError: there is no such process.
    """
    outputs = await worker.run(program, text, _MOST_SECONDS)
    return await asyncio.to_thread(lambda: [parse(output) for output in outputs])
