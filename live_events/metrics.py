"""What became of live events, in Ocean's metrics and in the log."""

from typing import Literal

from port_ocean.context.ocean import ocean
from port_ocean.helpers.metric.metric import register_metric

NAME = "live_event_count"
type Fate = Literal["updated", "deleted", "lost", "refused"]

# At import, because Ocean creates its metrics once.
register_metric(NAME, "Live events by what became of them", ["kind", "fate"])


def count(kind: str, fate: Fate) -> None:
    """One more live event of a resource's kind that ended so; `refused` ones are of no kind."""
    ocean.metrics.inc_metric(NAME, [kind, fate], 1)
