"""`init`: asks the chosen endpoints, plans an installation, writes its files and previews it."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_camel, to_snake

from cli.init.asking import Asker
from cli.init.files import (
    BLUEPRINTS,
    MAPPING,
    Folder,
    Written,
    credentials_of,
    docker_run,
    variables_to_set,
)
from cli.init.openapi.endpoints import Collection
from cli.init.openapi.overview import Overview, document_notes
from cli.init.openapi.unasked import describe_unasked
from cli.init.plan import SetupPlan, make_plan
from cli.init.survey import Surveyor
from cli.init.surveyed import Surveyed, Wanted
from cli.inputs import GivenSettings, secret_names, variable
from cli.mapping_file import parse_mapping, read_mapping
from cli.preview import PreviewReport, by_identifier, preview
from cli.surroundings import Surroundings
from errors import ConfigurationError, EndpointError
from probe.advice import advice_for, without_hint
from probe.recording import RecordingClient
from probe.resource_reading import impatient
from reading.session import Limits
from settings.connection import ConnectionSettings

_PREVIEW = Limits(pages=3, endpoints=3, items=100)
# While endpoints are asked, detection decides what is asked next.
_NO_PAGING = {"pagination_type": "none"}
_NO = frozenset({"false", "no", "off", "0"})


type Progress = Callable[[str], None]
type Adopt = Callable[[RecordingClient], None]


@dataclass(frozen=True, slots=True)
class FailedEndpoint:
    """An endpoint that could not be used, and what to do."""

    path: str
    error: str
    advice: str = ""


@dataclass(slots=True)
class InitReport:
    """The outcome of `init`; `assumptions` are answers that nobody was asked for."""

    base_url: str
    plan: SetupPlan
    written: Written
    folder: Path
    docker_run: str
    failures: list[FailedEndpoint] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    preview: PreviewReport | None = None
    overview: Overview | None = None
    to_set: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        fine = self.preview is None or self.preview.ok
        return fine and not self.failures


@dataclass(frozen=True, slots=True)
class Request:
    """The request to `init`: settings as given, endpoints, the directory to write to.

    From a document: `extra` settings, `secrets` placeholders for secret ones, `notes` to tell, and
    its `collections`, which stand in for endpoints that cannot be asked.
    """

    given: GivenSettings
    base_url: str
    wanted: Sequence[Wanted]
    folder: Path
    extra: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    collections: Mapping[str, Collection] = field(default_factory=dict)
    overview: Overview | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The settings that reach the API, by snake_case name; what the user gives wins."""
        documented = {to_snake(name): value for name, value in self.extra.items()}
        return {**documented, **self.given.values, "base_url": self.base_url}

    @property
    def missing(self) -> list[str]:
        """Credentials that the API wants and nobody gave; a user name may do without a password."""
        values = self.values
        wanted = credentials_of(str(values.get("auth_type", "none")))
        spared = {"password"} if values.get("username") else set()
        return [name for name in wanted if not values.get(to_snake(name)) and name not in spared]


async def initialise(
    request: Request,
    around: Surroundings,
    asker: Asker,
    progress: Progress = lambda text: None,
    adopt: Adopt = lambda client: None,
) -> InitReport:
    """Make or update an installation's files.

    Inputs: `progress` is told what is being asked, `adopt` which client asks.

    Raises:
        SettingsError: the settings that reach the API are wrong.
        ConfigurationError: no endpoint could be used, or a file cannot be written.
    """
    failures: list[FailedEndpoint] = []
    warnings: list[str] = []
    if request.collections and request.missing:
        # No client will look at the address, which may be a document's.
        ConnectionSettings.parse({"base_url": request.base_url})
        surveyed = _unasked(request)
    else:
        settings = ConnectionSettings.parse({**request.values, **_NO_PAGING})
        warnings = settings.warnings
        surveyed, failures = await _survey(request, impatient(settings), asker, progress, adopt)
    if not surveyed:
        raise ConfigurationError(_nothing(failures))
    plan = make_plan(surveyed, connection_of(request), asker)
    if not plan.mapping["resources"]:
        told = [*plan.warnings, *asker.notes]
        raise ConfigurationError("\n  ".join(["no endpoint can be used:", *told]))
    plan.notes += [*warnings, *_notes(request)]
    secrets = {**given_secrets(request.values), **request.secrets}
    notes = document_notes(plan.guesses, request.overview)
    written = Folder(request.folder).write(plan, secrets, notes)
    report = InitReport(
        request.base_url,
        plan,
        written,
        request.folder,
        docker_run(plan.settings, secrets),
        failures,
        list(asker.notes),
        overview=request.overview,
        to_set=variables_to_set(plan.settings, secrets),
    )
    around.notes.take()
    if not request.missing:
        report.preview = await _preview(request, plan, around, progress, adopt)
    return report


def _notes(request: Request) -> list[str]:
    if not request.missing:
        return list(request.notes)
    names = ", ".join(variable(name) for name in request.missing)
    return [*request.notes, f"nothing was asked of the API: set {names} and run init again"]


def _unasked(request: Request) -> list[Surveyed]:
    known = request.collections
    paths = [one.path for one in request.wanted if one.path in known]
    return [describe_unasked(known[path], known, paths) for path in paths]


async def _survey(
    request: Request, settings: ConnectionSettings, asker: Asker, progress: Progress, adopt: Adopt
) -> tuple[list[Surveyed], list[FailedEndpoint]]:
    documented = {one.path: one.wanted() for one in request.collections.values()}
    known = ({one.path: one for one in request.wanted} | documented).values()
    surveyed, failures = [], []
    async with aclosing(_client(settings, progress, adopt)) as client:
        surveyor = Surveyor(client, settings.base_url, asker, progress, known)
        # Nested endpoints ask for the lists in front of them, which may have been asked for too.
        for wanted in sorted(request.wanted, key=lambda one: len(one.placeholders)):
            try:
                surveyed.append(await surveyor.survey(wanted))
            except EndpointError as error:
                last = client.exchanges[-1] if client.exchanges else None
                advice = advice_for(last, settings) if last and last.error is error else ""
                failures.append(FailedEndpoint(wanted.path, without_hint(error, advice), advice))
            except ConfigurationError as error:
                failures.append(FailedEndpoint(wanted.path, str(error)))
    return surveyed, failures


async def _preview(
    request: Request, plan: SetupPlan, around: Surroundings, progress: Progress, adopt: Adopt
) -> PreviewReport:
    """Return the preview of what stands in the files now, which may hold the user's edits."""
    source = read_mapping(request.folder / MAPPING)
    given = {to_snake(name): value for name, value in plan.settings.items()}
    settings = impatient(ConnectionSettings.parse({**request.values, **given}))
    config, problems = parse_mapping(source, settings)
    if config is None:
        raise ConfigurationError(f"{source.name} cannot be used: {problems[0]}")
    blueprints = json.loads((request.folder / BLUEPRINTS).read_text("utf-8"))
    async with aclosing(_client(settings, progress, adopt)) as client:
        return await preview(
            config,
            client=client,
            settings=settings,
            around=around,
            mapping_name=source.name,
            limits=_PREVIEW,
            blueprints=by_identifier(blueprints),
        )


def _client(settings: ConnectionSettings, progress: Progress, adopt: Adopt) -> RecordingClient:
    client = RecordingClient(settings, lambda one: progress(f"{one.method} {one.url}"))
    adopt(client)
    return client


def connection_of(request: Request) -> dict[str, Any]:
    """Return the settings to write: without secrets, what is not set, and what is no setting.

    A new installation is strict unless it is told not to be: nobody relies on it yet.
    """
    hidden = secret_names()
    known = ConnectionSettings.names()
    named = {to_camel(name): value for name, value in request.values.items() if name in known}
    plain = {name: value for name, value in named.items() if name not in hidden and value != ""}
    strict = str(plain.get("strict", True)).lower() not in _NO
    return {"baseUrl": request.base_url, **plain, "strict": strict}


def given_secrets(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the secrets in use: they are named in the files, and have no value there."""
    return {name: "" for name in sorted(secret_names()) if values.get(to_snake(name))}


def _nothing(failures: Sequence[FailedEndpoint]) -> str:
    lines = ["no endpoint can be used:"]
    for failure in failures:
        advice = f"\n    → {failure.advice}" if failure.advice else ""
        lines.append(f"  {failure.path}: {failure.error}{advice}")
    return "\n".join(lines)
