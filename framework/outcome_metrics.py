"""The metric of what became of resources: how many runs of each were proven, kept or failed."""

from port_ocean.helpers.metric.metric import Metrics, register_metric

from framework.runs import Run

_METRIC = "resource_outcome_count"

# At import, because Ocean creates its metrics once.
register_metric(_METRIC, "Resources of runs by their outcome", ["kind", "outcome"])


def report(run: Run, metrics: Metrics) -> None:
    """Count the outcomes of a run that has ended."""
    for part in run.parts.values():
        metrics.inc_metric(_METRIC, [part.kind, f"{part.standing}"], 1)
