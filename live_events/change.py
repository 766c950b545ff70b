"""One change that an event announced, and the metric of what became of changes."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from port_ocean.context.ocean import ocean
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.helpers.metric.metric import register_metric

from live_events.coalescing import Coalesced
from mapping.plan.live_events import EventSubject, LiveEventPlan
from mapping.plan.resource import ResourcePlan

_METRIC = "live_event_count"
type Fate = Literal["updated", "deleted", "lost", "refused"]

# At import, because Ocean creates its metrics once.
register_metric(_METRIC, "Live events by what became of them", ["kind", "fate"])


@dataclass(frozen=True, slots=True)
class Change(Coalesced):
    """A change of one item of a resource; `index` is the resource's place in the mapping.

    `times_gone` counts the answers so far that there is no such item.
    """

    resource: ResourceConfig
    index: int
    plan: ResourcePlan
    entry: LiveEventPlan
    subject: EventSubject
    times_gone: int = 0

    @property
    def key(self) -> Hashable:
        """Return a key that is equal for changes of the same item."""
        if self.subject.identifier:
            return self.index, self.resource.kind, self.subject.identifier
        values = sorted((name, value.text) for name, value in self.subject.values.items())
        return self.origin, tuple(values)

    @property
    def origin(self) -> Hashable:
        """Return a key that is equal for changes of the same entry of the mapping."""
        return self.index, self.resource.kind, self.entry.endpoint.identity

    @property
    def group(self) -> Hashable:
        """Return a key that is equal for changes that may be of the same entity."""
        return self.resource.port.entity.mappings.blueprint

    @property
    def is_exclusive(self) -> bool:
        """Tell a deletion, which waits for readings under way that would bring the entity back."""
        return self.subject.is_deletion


def count(kind: str, fate: Fate) -> None:
    """Count a live event of a resource's kind that ended so; `refused` ones are of no kind."""
    ocean.metrics.inc_metric(_METRIC, [kind, fate], 1)
