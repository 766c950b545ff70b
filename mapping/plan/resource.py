"""The plan of one resource: its selector, checked, from which reading starts."""

from dataclasses import dataclass, field

from mapping.plan.confirm_deletion import DeletionCheck
from mapping.plan.endpoint import Endpoint
from mapping.plan.error_rules import ErrorRule
from mapping.plan.export import ExportPlan
from mapping.plan.incremental import Incremental
from mapping.plan.item_shape import ItemShape
from mapping.plan.live_events import LiveEventPlan
from mapping.plan.path_parameter import PathParameter
from mapping.plan.windows import Windows


@dataclass(frozen=True, slots=True)
class ResourcePlan:
    """A resource of the mapping, checked.

    `parameters` are those that are needed, each after those that it depends on.
    """

    kind: str
    endpoint: Endpoint
    parameters: tuple[PathParameter, ...] = ()
    error_rules: tuple[ErrorRule, ...] = ()
    shape: ItemShape = field(default_factory=ItemShape)
    export: ExportPlan | None = None
    incremental: Incremental | None = None
    windows: Windows | None = None
    live_events: tuple[LiveEventPlan, ...] = ()
    confirm_deletion: DeletionCheck | None = None

    @property
    def steps(self) -> list[Endpoint]:
        """The endpoints to call for each combination of values; the last one gives the items."""
        before = [step.endpoint for step in self.export.steps] if self.export else []
        return [*before, self.endpoint]

    @property
    def placeholders(self) -> list[str]:
        """The names that the steps need values for, each once."""
        names = (name for endpoint in self.steps for name in endpoint.placeholders)
        return list(dict.fromkeys(names))

    @property
    def variables(self) -> dict[str, frozenset[str]]:
        """The placeholders whose values come from variables of the environment, with these."""
        found = (each for each in self.parameters if each.provenance)
        return {name: each.provenance for each in found for name in each.fields}

    @property
    def shareable(self) -> list[Endpoint]:
        """The endpoints whose answers are the same for each resource that asks."""
        of_parameters = (parameter.endpoint for parameter in self.parameters)
        own = [] if self.export else [self.endpoint]
        return [*own, *(endpoint for endpoint in of_parameters if endpoint)]
