"""`data_path`: where the items of a body are.

A simple path such as `.data.users[]` is walked in Python; everything else runs through jq, in
another process. Every output counts, so `.data[]` and `.data` mean the same.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import Any, NamedTuple

from errors import ResponseError
from expressions.evaluator import Evaluator, shown
from expressions.programs import check_jq, check_program, program_of
from expressions.streams import has_alternative, may_give_several
from formats.format import ListPart
from formats.json_text import Body, json_text
from formats.json_values import kind_of
from formats.lists import lists_in, longest_in
from formats.messages import Part
from formats.paths import Step, leading_path, unwrapped, walk

# What is done with each element of a list for itself: `[] | EACH`, `| map(EACH)`.
_EACH = re.compile(r"\s*(?:\[\]\s*\|\s*(?P<piped>.+)|\|\s*map\((?P<mapped>.+)\)\s*)", re.DOTALL)
# An expression of which each element is left as it is, or left out: `select(.id > 1)`.
_SELECTION = re.compile(r"\s*select\((?P<condition>.+)\)\s*", re.DOTALL)
# Each element is gone through, and its own path goes on: `.results[].series`.
_THEN_EACH = re.compile(r"\[\]\??\s*\|?\s*(?=\.\w|\.[\[\"])")
# What goes through the values of an object.
_THROUGH_VALUES = re.compile(r"\[\]|\|\s*(?:map\(|to_entries\b|with_entries\()")
# So many objects on the way to a list are looked at.
_MOST_PARTS = 1000
# What gives one item for each element of a list, such as GraphQL's `.edges[].node`.
_ONE_FOR_EACH = re.compile(r"\[\]\??(?:\.[A-Za-z_]\w*)+")
# A path that may lead to nothing: `.users // []`, `(.users // [])[]`.
_OR_NOTHING = re.compile(
    r"\??\s*//\s*(?:(?:\[\s*\]|empty)(?:\s*\|\s*\.\[\]\??)?"
    r"|\([\w.]+\s*//\s*(?:\[\s*\]|empty)\)\s*\[\]\??)"
)


class Extraction(NamedTuple):
    """The items that a data_path found in one body.

    `received` is how many records the API sent, before any filter in the expression: pagination
    counts these. None when the answer is a single object. `matched` is false when the path leads
    to nothing at all, as opposed to null or an empty list; `is_null` tells null from an empty list.
    Where an expression may leave records out or change them, `sent` are these: the list whose path
    it begins with, or else a guess, which is the longest list of the body.
    """

    items: list[Any]
    received: int | None
    matched: bool
    is_null: bool = False
    beside: Any = None
    sent: Sequence[Any] = ()
    is_guess: bool = False


class DataPath:
    """A compiled data_path.

    Sample: `.members` finds two items in `{"members": [{"id": 1}, {"id": 2}], "next": null}`.

    Raises:
        SelectorError: on construction, when the expression is no valid JQ.
    """

    def __init__(self, expression: str, setting: str = "data_path") -> None:
        self.expression = expression.strip() or "."
        check_jq(self.expression, setting)
        self._name = f"{setting} {shown(self.expression)}"
        self._unwrapped = unwrapped(self.expression)
        self._steps, self._rest = leading_path(self._unwrapped)
        begins_with_path = self._unwrapped.startswith(".")
        self._is_path = self._rest in ("", "[]", "[]?", "?") and begins_with_path
        self._is_plain = self._is_path or any(
            form.fullmatch(self._rest) for form in (_ONE_FOR_EACH, _OR_NOTHING)
        )
        self._each = _EachItem.of(self._rest) if begins_with_path else None
        self._way = _way_to_list(self._unwrapped)
        self._gives_several = may_give_several(self.expression)
        self._has_alternative = has_alternative(self.expression)
        is_collected = self.expression.startswith("[") and self.expression.endswith("]")
        inner = self.expression[1:-1] if is_collected else self.expression
        self._goes_through = may_give_several(inner)

    @property
    def path(self) -> tuple[Step, ...]:
        """The path that the expression starts with."""
        return tuple(self._steps)

    @property
    def is_plain(self) -> bool:
        """True where it gives what is at a path, one item for each record there."""
        return self._is_plain

    @property
    def way_within(self) -> tuple[Step | None, ...]:
        """The keys from each element at `path` to a list of items within it, if there is one.

        None stands for each element of a list between. Sample: `("issues", "nodes")` for
        `.repos[].issues.nodes[]`.
        """
        if None not in self._way or self.is_plain:
            return ()
        return tuple(self._way[self._way.index(None) + 1 :])

    @property
    def has_alternative(self) -> bool:
        """True where it says what is meant when the path leads to nothing: `.users // []`."""
        return self._rest.removeprefix("?").lstrip().startswith("//")

    @property
    def list_path(self) -> list[Step] | None:
        """The path of the list whose elements can be looked at one by one; None if they cannot."""
        if any(isinstance(step, int) and step < 0 for step in self._steps):
            return None
        return self._steps if self._is_path or self._each else None

    async def extract_part(self, part: ListPart, evaluator: Evaluator) -> Extraction:
        """Find the items in a part of the list at `list_path`.

        Raises:
            ResponseError: the expression fails on an element.
            ExpressionLimitError: it takes more than it may.
        """
        elements = part.elements
        if self._each is None:
            return Extraction(list(elements), len(elements), matched=True)
        try:
            outputs = await self._each_of(".", elements, part.text, evaluator)
        except ValueError as error:
            raise self._failure(error) from None
        items = outputs
        if self._each.is_piped:
            items = list(chain.from_iterable(map(_elements, outputs)))
        return Extraction(items, len(elements), not outputs or any(o is not None for o in outputs))

    async def extract(self, body: Body, evaluator: Evaluator) -> Extraction:
        """Find the items in a decoded body.

        Raises:
            ResponseError: the expression fails on this body.
            ExpressionLimitError: it takes more than it may.
        """
        present, source = _reached(body.value, self._steps)
        found = await self._find(body, present, source, evaluator)
        is_null = found.matched and source is None and not found.items
        found = found._replace(is_null=is_null, beside=self.beside(body.value))
        if self._is_path:
            return found
        records = self._records_of(source)
        if records is not None:
            return found._replace(sent=records)
        # Several items may be made of one record.
        longest = longest_in(source)
        is_more = bool(longest) and len(longest) < (found.received or 0)
        received = len(longest) if is_more else found.received
        return found._replace(received=received, sent=longest, is_guess=True)

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
            if isinstance(element, dict) and element.get(following) is None
        ]

    async def _find(
        self, body: Body, present: bool, source: Any, evaluator: Evaluator
    ) -> Extraction:
        if self._is_path and (present or self._rest == ""):
            return self._from_outputs(self._iterate(source), source, matched=present)
        try:
            outputs = await self._run(body, source, evaluator)
        except ValueError as error:
            # jq fails on null where there is nothing; after `//`, there was something else.
            if source is None and not self.has_alternative:
                return Extraction([], None, matched=present)
            raise self._failure(error) from None
        matched = self._is_matched(outputs, present, source)
        return self._from_outputs(outputs, source, matched=matched)

    def _is_matched(self, outputs: list[Any], present: bool, source: Any) -> bool:
        """Return whether there was something at what the expression goes through.

        Where it gives nothing, what it begins with must be there, or any list where it begins with
        none: what has `?` behind it, as in `(.users[]? | select(.ok))`, only does not fail.
        """
        is_null = present and source is None
        if is_null or any(output not in (None, []) for output in outputs):
            return True
        if outputs and all(output is None for output in outputs):
            return False
        if self._has_alternative:
            return True
        is_barren = isinstance(source, dict) and self._goes_through and not lists_in(source)
        return present and not is_barren

    def _from_outputs(self, outputs: list[Any], source: Any, *, matched: bool) -> Extraction:
        items = list(chain.from_iterable(map(_elements, outputs)))
        records = self._records_of(source)
        if records is not None:
            return Extraction(items, len(records), matched)
        if isinstance(source, dict) and len(outputs) != 1:
            return Extraction(items, len(items), matched)
        is_one = len(outputs) == 1 and not isinstance(outputs[0], list)
        is_object = not outputs or (is_one and not self._gives_several)
        return Extraction(items, None if is_object else len(items), matched)

    async def _run(self, body: Body, source: Any, evaluator: Evaluator) -> list[Any]:
        """Return all outputs of the expression, whose path leads to this source."""
        text = body.text if body.text is not None else (await json_text(body)).encode()
        if self._each and self._each.counting and isinstance(source, list):
            path = self._unwrapped.removesuffix(self._rest)
            outputs = await self._each_of(path, source, text, evaluator)
            return outputs if self._each.is_piped else [outputs]
        return await evaluator.outputs(program_of(self.expression), text, self._name)

    async def _each_of(
        self, path: str, elements: Sequence[Any], text: bytes, evaluator: Evaluator
    ) -> list[Any]:
        """Return what the elements at a path of a text become, one after the other."""
        assert self._each is not None  # noqa: S101 (its callers have asked)
        if not self._each.counting:
            return await evaluator.outputs(self._each.program, text, self._name)
        # The elements are here already: jq need not write them, nor are they read again.
        program = program_of(f"{path} | {self._each.counting}")
        [counts] = await evaluator.outputs(program, text, self._name)
        return [
            element for element, count in zip(elements, counts, strict=True) for _ in range(count)
        ]

    def _records_of(self, source: Any) -> Sequence[Any] | None:
        """Return the records at the path: a list, or the values of an object it goes through."""
        is_map = isinstance(source, dict) and _THROUGH_VALUES.match(self._rest)
        return list(source.values()) if is_map else source if isinstance(source, list) else None

    def _iterate(self, source: Any) -> list[Any]:
        """Return the outputs of a simple path, whose rest is nothing or an iteration."""
        if not self._rest.startswith("[]") or source is None or isinstance(source, list):
            return [source]
        if isinstance(source, dict):
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
    """The part of an expression that each element of a list goes through, after `.data[] |`.

    `program` gives what becomes of a list. `counting`, where that is no more than a selection,
    gives a list of how often each element is selected.
    """

    program: str
    is_piped: bool
    counting: str = ""

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
            check_program(program_of(each))
            check_program(program)
        except ValueError:
            return None
        return cls(program, match["mapped"] is None, _counting(each))


def _counting(each: str) -> str:
    """Return the expression that counts how often each element is selected; empty where none is."""
    match = _SELECTION.fullmatch(each)
    if match is None:
        return ""
    condition = f"({match['condition']}\n)"
    try:
        # `select(.a) | select(.b)` is none.
        check_program(program_of(condition))
    except ValueError:
        return ""
    return f"[.[] | [{condition} | select(.)] | length]"


def keys_of(body: Any, depth: int = 1) -> str:
    """Return the keys of a body for an error message, such as `data.users, next`."""
    if isinstance(body, dict):
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
    if isinstance(value, dict):
        yield part
    for position, step in enumerate(way[:-1]):
        if step is None:
            for index, element in enumerate(_list(value)):
                yield from _along(Part(f"{place}[{index}]", element), way[position + 1 :])
            return
        value = walk(value, [step])[1]
        place += _place_of(step)
        if isinstance(value, dict):
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


def _elements(output: Any) -> Iterable[Any]:
    if output is None:
        return ()
    return output if isinstance(output, list) else (output,)


def _key_paths(body: Mapping[str, Any], depth: int) -> list[str]:
    paths = []
    for key, item in body.items():
        nested = _key_paths(item, depth - 1) if depth and isinstance(item, dict) else []
        paths += [f"{key}.{path}" for path in nested] or [str(key)]
    return paths
