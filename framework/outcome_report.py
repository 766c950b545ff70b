"""The report on the outcomes of a run: a line in the log, and a metric."""

from loguru import logger
from port_ocean.helpers.metric.metric import Metrics, register_metric

from framework.runs import Run
from outcomes import Standing

_EXAMPLES = 10
_METRIC = "resource_outcome_count"
_REFUSED = "refused_entity_count"
_LABELS = ["blueprint", "status"]

# At import, because Ocean creates its metrics once.
register_metric(_METRIC, "Resources of runs by their outcome", ["kind", "outcome"])
register_metric(_REFUSED, "Entities that Port refused, by blueprint and status", _LABELS)


def report(run: Run, metrics: Metrics) -> None:
    """Count the outcomes of a run that has ended.

    Sample of the line: `Resources: 7 proven, 1 kept (/users), 1 failed (/teams)`.
    """
    for (blueprint, status), count in run.refusals.counts.items():
        metrics.inc_metric(_REFUSED, [blueprint, status], count)
    kinds: dict[Standing, list[str]] = {}
    for part in run.parts.values():
        metrics.inc_metric(_METRIC, [part.kind, f"{part.standing}"], 1)
        kinds.setdefault(part.standing, []).append(part.kind)
    if kinds:
        logger.info(
            f"Resources: {', '.join(_told(each, kinds) for each in Standing if each in kinds)}"
        )


def _told(standing: Standing, kinds: dict[Standing, list[str]]) -> str:
    found = kinds[standing]
    names = "" if standing is Standing.PROVEN else f" ({', '.join(found[:_EXAMPLES])})"
    return f"{len(found)} {standing}{names}"
