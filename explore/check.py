"""`check`: settings and mapping offline, then the connection, then each resource's first page."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from errors import SettingsError
from explore.advice import advice_for
from explore.connection import Step, reach
from explore.inputs import GivenSettings, Problem
from explore.mapping_file import MappingSource, parse_mapping
from explore.notes import Notes
from explore.reading import ResourceReading, impatient, read_resource
from explore.recording import Exchange, RecordingClient
from mapping import CustomPortAppConfig, CustomResourceConfig, plans_of
from reading.observer import Limits
from reading.shared_responses import SharedResponses
from settings import ConnectionSettings

# Where the settings are wrong, the mapping is looked at all the same.
UNKNOWN_CONNECTION = ConnectionSettings(base_url="https://unknown.invalid")
_FIRST_PAGE = Limits(pages=1, endpoints=1)

type Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a resource can be read, by its first page.

    `stop` is why its first endpoint ended, or that there is more; `items` those of the first page.
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

    @property
    def message(self) -> str:
        """One text for places that take only one."""
        if not self.ok:
            return f"{self.error} {self.advice}".strip()
        warned = f"; {'; '.join(self.warnings)}" if self.warnings else ""
        return f"{self.items} items on the first page, {self.stop}{warned}"


@dataclass(slots=True)
class CheckReport:
    """What `check` found; `skipped` says why there was nothing online to check."""

    settings_problems: list[Problem] = field(default_factory=list)
    mapping_problems: list[Problem] = field(default_factory=list)
    mapping_name: str = ""
    base_url: str = ""
    steps: list[Step] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    skipped: str = ""

    @property
    def ok(self) -> bool:
        offline = not (self.settings_problems or self.mapping_problems)
        online = all(step.ok for step in self.steps) and all(item.ok for item in self.verdicts)
        return offline and online


async def check(
    given: GivenSettings,
    source: MappingSource | None,
    *,
    notes: Notes,
    offline: bool = False,
    progress: Progress = lambda text: None,
) -> CheckReport:
    """Everything that can be said without waiting for a resync."""
    report = CheckReport(mapping_name=source.name if source else "")
    config = None
    settings = UNKNOWN_CONNECTION
    try:
        settings = given.parse()
    except SettingsError as error:
        report.settings_problems = given.problems(error)
        report.skipped = "the settings are wrong"
    if source:
        config, report.mapping_problems = parse_mapping(source, settings)
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
    client = RecordingClient(settings, lambda exchange: progress(_describe(exchange)))
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


async def judge_resources(
    resources: Sequence[CustomResourceConfig],
    client: RecordingClient,
    settings: ConnectionSettings,
    notes: Notes,
) -> list[Verdict]:
    """A verdict for each resource, in the order of the mapping."""
    shared = SharedResponses(plans_of(resources, settings))
    verdicts = []
    try:
        for index, resource in enumerate(resources):
            reading = await read_resource(
                resource,
                index,
                client=client,
                settings=settings,
                shared=shared,
                limits=_FIRST_PAGE,
            )
            verdicts.append(judge(reading, settings, notes.take()))
    finally:
        shared.close()
    return verdicts


def judge(
    reading: ResourceReading, settings: ConnectionSettings, warnings: Sequence[str] = ()
) -> Verdict:
    """The verdict on a resource whose first page was read."""
    failed = reading.failed
    advice = advice_for(failed[0], settings) if failed else ""
    # What failed was logged as well.
    heard = [line for line in warnings if line not in reading.error]
    if not reading.error and not reading.items:
        heard.append("no items: the list is empty, or data_path points beside it")
    return Verdict(
        reading.index,
        reading.kind,
        not reading.error,
        reading.status,
        len(reading.items),
        reading.stop,
        reading.cause(advice),
        "" if advice in reading.error else advice,
        tuple(heard),
    )


def _describe(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.url}"
