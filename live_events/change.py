"""One change that an event announced, on its way to the catalog."""

from collections.abc import Hashable
from dataclasses import dataclass

from port_ocean.core.handlers.port_app_config.models import ResourceConfig

from mapping.plan.live_events import LiveEventPlan, Target
from mapping.plan.resource import ResourcePlan


@dataclass(frozen=True, slots=True)
class Change:
    """What to read or delete for one resource; `index` is the resource's place in the mapping."""

    resource: ResourceConfig
    index: int
    plan: ResourcePlan
    entry: LiveEventPlan
    target: Target

    @property
    def key(self) -> Hashable:
        """Equal for changes of the same item."""
        if self.target.identifier:
            return self.index, self.resource.kind, self.target.identifier
        values = sorted((name, value.text) for name, value in self.target.values.items())
        return self.origin, tuple(values)

    @property
    def origin(self) -> Hashable:
        """Equal for changes that the same entry of the mapping is responsible for."""
        return self.index, self.resource.kind, self.entry.endpoint.identity

    @property
    def group(self) -> Hashable:
        """Equal for changes that may be of the same entity."""
        return self.resource.port.entity.mappings.blueprint

    @property
    def is_exclusive(self) -> bool:
        """A deletion comes after what was being read before, which would bring the entity back."""
        return self.target.is_deletion
