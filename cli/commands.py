"""The three commands, between the command line and the reports."""

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.as_json import check_as_json, init_as_json, preview_as_json, write_json
from cli.check import Progress, check
from cli.display import Terminal
from cli.from_port import read_from_port
from cli.init.addresses import split_endpoints
from cli.init.asking import Asker, Assuming, Interactive, Unattended
from cli.init.files import BLUEPRINTS
from cli.init.from_document import request_from_document
from cli.init.initialise import Request, initialise
from cli.init.show_init import show_init
from cli.inputs import GivenSettings, Problem, gather
from cli.mapping_file import (
    MappingSource,
    default_mapping_file,
    parse_mapping,
    read_mapping,
    read_text,
    to_plain,
)
from cli.preview import Blueprints, PreviewReport, by_identifier, preview
from cli.saved import Recording, ReplayClient, load, save, stand_in_for_variables
from cli.show_check import show_check
from cli.show_preview import show_preview
from cli.studio.serve import announce, serve
from cli.studio.start import Start
from cli.surroundings import Surroundings
from errors import ConfigurationError, SettingsError
from probe.recording import RecordingClient
from probe.resource_reading import impatient
from reading.session import Limits
from settings.connection import ConnectionSettings
from settings.secrets import redactor_for

_WRONG_SETTINGS = "The settings cannot be used"
_NO_MAPPING = (
    "there is no mapping: give --mapping FILE or --from-port, or make one with `ocean-custom init`"
)

OK = 0
PROBLEMS = 1
USAGE = 2


@dataclass(frozen=True, slots=True)
class Inputs:
    """The sources of settings and mapping, and the form of the output."""

    flags: Mapping[str, Any] = field(default_factory=dict, repr=False)
    env_places: Mapping[str, str] = field(default_factory=dict)
    mapping: Path | None = None
    from_port: bool = False
    as_json: bool = False

    @property
    def given(self) -> GivenSettings:
        return gather(self.flags, self.env_places)


@dataclass(frozen=True, slots=True)
class PreviewOptions:
    """The options of `preview` beyond its inputs."""

    limits: Limits
    blueprints: Path | None = None
    save: Path | None = None
    replay: Path | None = None
    rows: int = 10


@dataclass(frozen=True, slots=True)
class InitOptions:
    """The options of `init` beyond its inputs; `endpoints` are URLs, or paths below baseUrl."""

    endpoints: tuple[str, ...]
    out: Path
    yes: bool = False
    openapi: str = ""
    select: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StudioOptions:
    """The options of `studio` beyond its inputs; `url` is where to begin."""

    out: Path
    url: str = ""
    replay: Path | None = None
    port: int = 0
    opens: bool = False


class WrongInput(Exception):
    """Settings or mapping are wrong, with every problem; the command ends with PROBLEMS."""

    def __init__(self, title: str, problems: list[Problem]) -> None:
        self.title = title
        self.problems = problems
        super().__init__(title)


async def run_check(
    inputs: Inputs,
    around: Surroundings,
    terminal: Terminal,
    *,
    offline: bool,
    blueprints: Path | None = None,
) -> int:
    """Run `check`; returns the exit code."""
    given = inputs.given
    with suppress(SettingsError):
        terminal.mask = redactor_for(given.parse()).text
    source, known = await _mapping(inputs, around)
    path = blueprints or (_beside(source) if source else None)
    with terminal.working(quiet=inputs.as_json) as progress:
        report = await check(
            given,
            source,
            notes=around.notes,
            processor=around.processor,
            blueprints=_blueprints(path) or known,
            offline=offline,
            progress=progress,
        )
    if inputs.as_json:
        terminal.out.out(write_json(check_as_json(report), terminal.mask), highlight=False)
    else:
        show_check(report, terminal)
    return OK if report.ok else PROBLEMS


async def run_preview(
    inputs: Inputs, options: PreviewOptions, around: Surroundings, terminal: Terminal
) -> int:
    """Run `preview`; returns the exit code.

    Raises:
        WrongInput: settings or mapping cannot be used.
        ConfigurationError: a file cannot be read or written.
    """
    recording = load(options.replay) if options.replay else None
    given = _given(inputs, recording)
    settings = _settings(given, recording, terminal)
    source, blueprints = await _mapping(inputs, around, recording)
    if source is None:
        raise ConfigurationError(_NO_MAPPING)
    config, problems = parse_mapping(source, settings)
    if config is None:
        raise WrongInput(f"The mapping cannot be used: {source.name}", problems)
    path = options.blueprints or _beside(source)
    blueprints = _blueprints(path) or blueprints
    with terminal.working(quiet=inputs.as_json) as progress:
        client = _client(settings, recording, progress)
        terminal.mask = client.redactor.text
        try:
            report = await preview(
                config,
                client=client,
                settings=settings,
                around=around,
                mapping_name=source.name,
                problems=problems,
                warnings=given.placed(settings.warnings),
                limits=options.limits,
                blueprints=blueprints,
            )
        finally:
            await client.aclose()
    if options.save:
        save(options.save, settings, to_plain(source.data), client)
    _show(report, inputs, options, terminal)
    return OK if report.ok else PROBLEMS


async def run_init(
    inputs: Inputs, options: InitOptions, around: Surroundings, terminal: Terminal
) -> int:
    """Run `init`; returns the exit code.

    Raises:
        WrongInput: the settings cannot be used.
        ConfigurationError: no endpoint can be used, or a file cannot be read or written.
    """
    given = inputs.given
    asker = _asker(options, inputs, terminal)
    try:
        request = _init_request(given, options, asker)
        if not request.missing:
            settings = ConnectionSettings.parse(request.values)
            terminal.mask = redactor_for(settings).text
        with terminal.working(quiet=inputs.as_json or not options.yes) as progress:
            report = await initialise(
                request, around, asker, progress, lambda client: _adopt(client, terminal)
            )
    except SettingsError as error:
        raise WrongInput(_WRONG_SETTINGS, given.problems(error)) from None
    if inputs.as_json:
        terminal.out.out(write_json(init_as_json(report), terminal.mask), highlight=False)
    else:
        show_init(report, terminal)
    return OK if report.ok else PROBLEMS


def _init_request(given: GivenSettings, options: InitOptions, asker: Asker) -> Request:
    base_url = str(given.values.get("base_url") or "")
    if options.openapi:
        return request_from_document(
            given, options.openapi, base_url, options.select, options.out, asker
        )
    base_url, wanted = split_endpoints(options.endpoints, base_url)
    return Request(given, base_url, wanted, options.out)


async def run_studio(
    inputs: Inputs, options: StudioOptions, around: Surroundings, terminal: Terminal
) -> int:
    """Run `studio` until it is interrupted; returns the exit code.

    Raises:
        ConfigurationError: a file cannot be read, or the port is taken.
    """
    recording = load(options.replay) if options.replay else None
    source = MappingSource("the recording", recording.mapping) if recording else None
    given = _given(inputs, recording)
    start = Start(given, options.out, options.url, source, recording=recording)
    await serve(start, around, options.port, announce(terminal, opens=options.opens))
    return OK


def _adopt(client: RecordingClient, terminal: Terminal) -> None:
    """Mask what a client knows, tokens that it fetches included."""
    terminal.mask = client.redactor.text


def _asker(options: InitOptions, inputs: Inputs, terminal: Terminal) -> Asker:
    if options.yes:
        return Assuming()
    can_ask = sys.stdin.isatty() and not inputs.as_json
    return Interactive(terminal) if can_ask else Unattended()


def _given(inputs: Inputs, recording: Recording | None) -> GivenSettings:
    if recording is None:
        return inputs.given
    stand_in_for_variables(recording)
    flags = {name: value for name, value in inputs.flags.items() if value is not None}
    return GivenSettings({**recording.settings, **flags}, {})


def _settings(
    given: GivenSettings, recording: Recording | None, terminal: Terminal
) -> ConnectionSettings:
    try:
        settings = given.parse()
    except SettingsError as error:
        raise WrongInput(_WRONG_SETTINGS, given.problems(error)) from None
    terminal.mask = redactor_for(settings).text
    return settings if recording else impatient(settings)


def _client(
    settings: ConnectionSettings, recording: Recording | None, progress: Progress
) -> RecordingClient:
    if recording:
        return ReplayClient(settings, recording)
    return RecordingClient(settings, lambda exchange: progress(str(exchange)))


def _show(
    report: PreviewReport, inputs: Inputs, options: PreviewOptions, terminal: Terminal
) -> None:
    if inputs.as_json:
        terminal.out.out(write_json(preview_as_json(report), terminal.mask), highlight=False)
        return
    show_preview(report, terminal, rows=options.rows)
    if options.save:
        terminal.line(
            f"Saved to {options.save}: what the API sent, without secrets. Look at it "
            "before you pass it on."
        )


async def _mapping(
    inputs: Inputs, around: Surroundings, recording: Recording | None = None
) -> tuple[MappingSource | None, Blueprints | None]:
    if inputs.from_port:
        source, blueprints = await read_from_port(around)
        return source, by_identifier(blueprints)
    path = inputs.mapping or (None if recording else default_mapping_file())
    if path:
        return read_mapping(path), None
    return MappingSource("the recording", recording.mapping) if recording else None, None


def _beside(source: MappingSource) -> Path | None:
    """Return the blueprints that `init` wrote together with a mapping."""
    path = Path(source.name).parent / BLUEPRINTS
    return path if source.text and path.is_file() else None


def _blueprints(path: Path | None) -> Blueprints | None:
    if path is None:
        return None
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        raise ConfigurationError(f"{path} is no JSON: {error}") from None
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise ConfigurationError(f"{path} must hold a list of blueprints")
    return by_identifier(content)
