"""`check`: settings and mapping offline, then the connection, then each resource's first page."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cli.blueprint_fit import fit_of
from cli.entities import map_items
from cli.inputs import GivenSettings, Problem
from cli.mapping_file import MappingSource, parse_mapping
from cli.preview import Blueprints
from errors import SettingsError
from framework.entity_processor import FusedEntityProcessor
from mapping.resources import CustomPortAppConfig, CustomResourceConfig
from outcomes import Standing
from probe.connection import Step, reach
from probe.recording import Notes, RecordingClient
from probe.resource_reading import impatient
from probe.verdicts import ProblemOf, ResourceVerdict, judge_resources
from settings.connection import ConnectionSettings

# Where the settings are wrong, the mapping is looked at all the same.
UNKNOWN_CONNECTION = ConnectionSettings(base_url="https://unknown.invalid")

# So many of the first page are mapped, to see whether any gets an identifier.
_MOST_ITEMS = 50

type Progress = Callable[[str], None]


@dataclass(slots=True)
class CheckReport:
    """The findings of `check`; `skipped` says why there was nothing online to check."""

    settings_problems: list[Problem] = field(default_factory=list)
    mapping_problems: list[Problem] = field(default_factory=list)
    mapping_name: str = ""
    base_url: str = ""
    steps: list[Step] = field(default_factory=list)
    verdicts: list[ResourceVerdict] = field(default_factory=list)
    skipped: str = ""
    settings_warnings: list[Problem] = field(default_factory=list)
    mapping_warnings: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        offline = not (self.settings_problems or self.mapping_problems)
        online = all(step.ok for step in self.steps) and all(item.ok for item in self.verdicts)
        return offline and online

    @property
    def kept(self) -> list[str]:
        """The kinds of which a sync would delete nothing."""
        return [item.kind for item in self.verdicts if item.outcome is Standing.KEPT]


async def check(
    given: GivenSettings,
    source: MappingSource | None,
    *,
    notes: Notes,
    processor: FusedEntityProcessor,
    blueprints: Blueprints | None = None,
    offline: bool = False,
    progress: Progress = lambda text: None,
) -> CheckReport:
    """Return everything that can be said without waiting for a resync.

    Inputs: `processor` maps the items of first pages; `blueprints` are those in Port, if known.
    """
    report = CheckReport(mapping_name=source.name if source else "")
    config = None
    settings = UNKNOWN_CONNECTION
    try:
        settings = given.parse()
        report.settings_warnings = given.placed(settings.warnings)
    except SettingsError as error:
        report.settings_problems = given.problems(error)
        report.skipped = "the settings are wrong"
    if source:
        config, problems = parse_mapping(source, settings)
        # Which variables a mapping may use is not known where the settings are wrong.
        known = not report.settings_problems
        report.mapping_problems = [
            each for each in problems if known or "not in exposedVariables" not in each.message
        ]
    if source and config and blueprints is not None:
        fit = fit_of(source, config.resources, blueprints)
        report.mapping_problems += fit.problems
        report.mapping_warnings = fit.warnings
    if report.settings_problems:
        return report
    report.base_url = settings.base_url
    if offline:
        report.skipped = "--offline was given"
        return report
    processor.engine = settings.mapping_engine
    look = partial(_nameless, processor=processor)
    await _online(report, impatient(settings), config, Observing(notes, progress, look))
    return report


@dataclass(frozen=True, slots=True)
class Observing:
    """What watches the questions to the API: notes of the log, progress, a look at the items."""

    notes: Notes
    progress: Progress
    problem_of: ProblemOf


async def _nameless(
    resource: CustomResourceConfig, items: list[dict[str, Any]], *, processor: FusedEntityProcessor
) -> str:
    """Return why no item at all becomes an entity; empty where one does, or none is meant to."""
    mapped = await map_items(resource, items[:_MOST_ITEMS], processor)
    if mapped.entities or not mapped.refused:
        return ""
    why = mapped.refused[0].why
    return f"none of {len(mapped.refused)} items gets an identifier and a blueprint: {why}"


async def _online(
    report: CheckReport,
    settings: ConnectionSettings,
    config: CustomPortAppConfig | None,
    watch: Observing,
) -> None:
    progress, notes = watch.progress, watch.notes
    client = RecordingClient(settings, lambda exchange: progress(str(exchange)))
    try:
        progress(f"reaching {settings.base_url}")
        async with aclosing(reach(settings, client)) as steps:
            async for step in steps:
                report.steps.append(step)
        notes.take()
        if not all(step.ok or (step.is_of_root and config) for step in report.steps):
            report.skipped = "the API cannot be used"
        elif config:
            report.verdicts = await judge_resources(
                config.resources, client, settings, notes, watch.problem_of
            )
        if any(verdict.ok for verdict in report.verdicts):
            report.steps = [step if step.ok else step.refuted() for step in report.steps]
    finally:
        await client.aclose()
