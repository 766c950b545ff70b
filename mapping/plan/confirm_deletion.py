"""The `confirm_deletion` block of a selector, checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from errors import SelectorError
from expressions.evaluator import Evaluator
from expressions.item_expressions import ItemExpression
from formats.json_values import kind_of
from mapping.plan.endpoint import Endpoint, PathValue
from mapping.plan.error_rules import ErrorPolicy


@dataclass(frozen=True, slots=True)
class DeletionCheck:
    """The question to the API whether an entity is gone, before it is deleted.

    `params` fill the endpoint's placeholders from `{"identifier": "7", "blueprint": "user"}`;
    `gone` are the answers that say so beside 404 and 410; `marked`, the placeholders whose values
    items carry; `max_checks`, how many entities of a blueprint are asked about.
    """

    endpoint: Endpoint
    params: Mapping[str, ItemExpression]
    gone: ErrorPolicy
    marked: frozenset[str] = frozenset()
    max_checks: int = 20

    async def values(
        self, identifier: str, blueprint: str, evaluator: Evaluator
    ) -> dict[str, PathValue]:
        """Return the values of the request about one entity.

        Raises:
            SelectorError: an expression fails on it, or gives no text or number.
            ExpressionLimitError: an expression takes more than it may.
        """
        entity = {"identifier": identifier, "blueprint": blueprint}
        return {
            name: await _value(expression, entity, evaluator)
            for name, expression in self.params.items()
        }


async def _value(
    expression: ItemExpression, entity: Mapping[str, str], evaluator: Evaluator
) -> PathValue:
    try:
        value = await evaluator.first(expression, entity)
    except ValueError as error:
        raise SelectorError(f"{expression.setting}: fails on {entity}: {error}") from None
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        given = "nothing" if value is None else kind_of(value)
        raise SelectorError(
            f"{expression.setting}: gives {given} for {entity}; it must give a text or a number"
        )
    return PathValue(str(value), segment=True, value=value)
