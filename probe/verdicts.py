"""Verdicts on resources, by their first pages: for `check`, and for Port's connection test.

Every instance imports this module, which therefore knows nothing of files and terminals.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from mapping.resources import CustomResourceConfig, plans_of
from outcomes import Standing
from probe.advice import advice_for
from probe.recording import Notes, RecordingClient
from probe.resource_reading import ResourceReading, read_resource
from reading.session import Limits, Session
from settings.connection import ConnectionSettings

type ProblemOf = Callable[[CustomResourceConfig, list[dict[str, Any]]], Awaitable[str]]

_FIRST_PAGE = Limits(pages=1, endpoints=1)


@dataclass(frozen=True, slots=True)
class ResourceVerdict:
    """The answer to whether a resource can be read, by its first page.

    `stop` is why its first endpoint ended, or that there is more; `items` those of the first page.
    `outcome` is what a sync would come to: `kept`, or None where the first page does not tell.
    """

    index: int
    kind: str
    ok: bool
    status: int | None
    items: int
    stop: str
    error: str = ""
    advice: str = ""
    warnings: tuple[str, ...] = ()
    outcome: Standing | None = None

    @property
    def message(self) -> str:
        """One text for places that take only one."""
        if not self.ok:
            return f"{self.error} {self.advice}".strip()
        warned = f"; {'; '.join(self.warnings)}" if self.warnings else ""
        outcome = f", {self.outcome}" if self.outcome else ""
        return f"{self.items} items on the first page, {self.stop}{outcome}{warned}"


async def judge_resources(
    resources: Sequence[CustomResourceConfig],
    client: RecordingClient,
    settings: ConnectionSettings,
    notes: Notes,
    problem_of: ProblemOf | None = None,
) -> list[ResourceVerdict]:
    """Return a verdict for each resource, in the order of the mapping.

    Inputs: `problem_of` says what else is wrong with a resource that could be read, if anything.
    """
    verdicts = []
    with closing(Session(client, settings, plans_of(resources, settings), _FIRST_PAGE)) as session:
        for index, resource in enumerate(resources):
            reading = await read_resource(resource, index, client, session)
            if problem_of and reading.items and not reading.error:
                warnings = notes.take()
                reading.error = await problem_of(resource, reading.items)
                # What the mapping logs meanwhile is told by the problem.
                notes.take()
                verdicts.append(judge(reading, settings, warnings))
            else:
                verdicts.append(judge(reading, settings, notes.take()))
    return verdicts


def judge(
    reading: ResourceReading, settings: ConnectionSettings, warnings: Sequence[str] = ()
) -> ResourceVerdict:
    """Return the verdict on a resource whose first page was read."""
    failed = reading.failed
    advice = advice_for(failed[0], settings) if failed else ""
    # What failed was logged as well.
    heard = [line for line in warnings if line not in reading.error]
    doubts = reading.told_doubts
    heard += [] if reading.is_failure else doubts
    if not reading.error and not reading.items:
        heard.append(_no_items(reading))
    return ResourceVerdict(
        reading.index,
        reading.kind,
        not reading.is_failure,
        reading.status,
        len(reading.items),
        reading.stop,
        reading.cause(advice) if reading.error else "; ".join(doubts) * reading.is_failure,
        "" if advice in reading.error else advice,
        tuple(heard),
        reading.standing,
    )


def _no_items(reading: ResourceReading) -> str:
    if reading.found:
        return "no items: items_filter and emit leave none of those on the first page"
    if reading.is_nested and not reading.endings:
        return "no items: its path_parameters have no values, so that nothing was asked"
    return "no items: the list is empty, or data_path points beside it"
