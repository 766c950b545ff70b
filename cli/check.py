"""`check`: settings and mapping offline, then the connection, then each resource's first page."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from cli.inputs import GivenSettings, Problem
from cli.mapping_file import MappingSource, parse_mapping
from errors import SettingsError
from mapping.resources import CustomPortAppConfig
from outcomes import Standing
from probe.connection import Step, reach
from probe.recording import Notes, RecordingClient
from probe.resource_reading import impatient
from probe.verdicts import ResourceVerdict, judge_resources
from settings.connection import ConnectionSettings

# Where the settings are wrong, the mapping is looked at all the same.
UNKNOWN_CONNECTION = ConnectionSettings(base_url="https://unknown.invalid")

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
    offline: bool = False,
    progress: Progress = lambda text: None,
) -> CheckReport:
    """Return everything that can be said without waiting for a resync."""
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
    if report.settings_problems:
        return report
    report.base_url = settings.base_url
    if offline:
        report.skipped = "--offline was given"
        return report
    await _online(report, impatient(settings), config, notes, progress)
    return report


async def _online(
    report: CheckReport,
    settings: ConnectionSettings,
    config: CustomPortAppConfig | None,
    notes: Notes,
    progress: Progress,
) -> None:
    client = RecordingClient(settings, lambda exchange: progress(str(exchange)))
    try:
        progress(f"reaching {settings.base_url}")
        async with aclosing(reach(settings, client)) as steps:
            async for step in steps:
                report.steps.append(step)
        notes.take()
        if not all(step.ok for step in report.steps):
            report.skipped = "the API cannot be used"
        elif config:
            report.verdicts = await judge_resources(config.resources, client, settings, notes)
    finally:
        await client.aclose()
