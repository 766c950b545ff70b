"""`items_filter` and `emit`, compiled to one jq program for a list of items."""

from collections.abc import Iterator, Sequence
from typing import Any

from errors import ResponseError
from expressions.evaluator import Evaluator, shown
from expressions.jq_expressions import keys_of
from expressions.programs import check_jq, program_of
from formats.json_values import element_kind_of

# Of what jq says, which may hold the whole item.
_LONGEST_CAUSE = 200


class ItemShape:
    """The compiled expressions of a resource.

    Sample: with `items_filter: .ok` and `emit: "{id, n: .tags[]}"`, the items
    `{"id": 1, "ok": true, "tags": [1, 2]}` and `{"id": 2, "ok": 1}` become `{"id": 1, "n": 1}` and
    `{"id": 1, "n": 2}`.

    Raises:
        SelectorError: on construction, when an expression is no valid JQ; names the field.
    """

    def __init__(self, items_filter: str = "", emit: str = "") -> None:
        settings = {"items_filter": items_filter, "emit": emit}
        given = {name: expression for name, expression in settings.items() if expression}
        self._names = " and ".join(given)
        self._program = ""
        for name, expression in given.items():
            check_jq(expression, name)
        if given:
            self._program = program_of(_program(items_filter, emit))
        self._shown = " and ".join(f"{name} {shown(text)}" for name, text in given.items())

    def __bool__(self) -> bool:
        return bool(self._program)

    async def results(self, text: bytes, evaluator: Evaluator) -> list[Any]:
        """Return the program's outputs for each item of a JSON list.

        Raises:
            ValueError: jq fails on the text as a whole.
            ExpressionLimitError: the program takes more than it may.
        """
        return await evaluator.outputs(self._program, text, self._shown)

    def outputs(self, items: Sequence[Any], results: Sequence[Any]) -> Iterator[Any]:
        """Yield the items made of the originals, by their results.

        Raises:
            ResponseError: an expression failed on an item, or emits what is no object.
        """
        if len(items) != len(results):
            raise self.failure("jq ended before the last item")
        for item, result in zip(items, results, strict=True):
            if isinstance(result, dict):
                raise self.failure(result["error"], item)
            if result is True:
                yield item
            elif result:
                yield from self._emitted(result, item)

    def failure(self, cause: object, item: Any = None) -> ResponseError:
        """Return the error for an expression that fails, with no more of the item than its keys."""
        place = f" that has {keys_of(item, 0)}" if item is not None else ""
        return ResponseError(
            f"{self._names} cannot be used on an item{place}: {str(cause)[:_LONGEST_CAUSE]}",
            advice=f"look at {self._names} of the selector",
        )

    def _emitted(self, outputs: list[Any], item: Any) -> Iterator[dict[str, Any]]:
        for output in outputs:
            for each in output if isinstance(output, list) else [output]:
                if not isinstance(each, dict):
                    kind = element_kind_of(each)
                    raise self.failure(f"emit gives {kind} where an object must be", item)
                yield each


def _program(items_filter: str, emit: str) -> str:
    """Return the program, which says of each item of a list: true, or `[emitted, …]`; null where
    the filter says no, false where it says neither yes nor no; `{"error": …}` where one fails.
    """
    kept = f"[{emit}\n]" if emit else "true"
    caught = 'if type == "object" then tojson else tostring end'
    if items_filter:
        dropped = "if [$passes[] | booleans, nulls] == $passes then null else false end"
        chosen = f"if $passes == [true] then {kept} else {dropped} end"
        kept = f"[first({items_filter}\n)] as $passes | {chosen}"
    return f".[] | try ({kept}) catch {{error: ({caught})}}"
