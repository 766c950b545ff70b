"""The draft, read and mapped as `preview` does; what did not change is not read or mapped again."""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from pydantic.alias_generators import to_snake

from cli.as_json import preview_as_json
from cli.entities import label_of
from cli.init.plan import PAGING
from cli.inputs import Problem
from cli.mapping_file import MappingSource, parse_mapping
from cli.preview import (
    PreviewReport,
    ResourcePreview,
    by_identifier,
    findings_of_all,
    map_reading,
)
from cli.studio.connection import Connection
from cli.studio.draft import Draft
from cli.studio.tree import node
from cli.surroundings import Surroundings
from mapping.resources import CustomPortAppConfig, CustomResourceConfig, plans_of
from probe.recording import RecordingClient
from probe.resource_reading import ResourceReading, impatient, read_resource
from reading.session import Limits, Session
from settings.connection import ConnectionSettings

LIMITS = Limits(pages=5, endpoints=5, items=100)
_TRIED = 8
_LONGEST = 160
_NAME = "the mapping"


@dataclass(slots=True)
class _Kept:
    """A resource as it was read and mapped last; the keys tell what of it that depends on."""

    read_as: str
    reading: ResourceReading
    notes: list[str]
    mapped_as: str = ""
    shown: ResourcePreview | None = None


class Readings:
    """Reads and maps the resources of a draft, and keeps what came for the next time."""

    def __init__(self, connection: Connection, around: Surroundings) -> None:
        self._connection = connection
        self._around = around
        self._kept: dict[int, _Kept] = {}

    def start_anew(self) -> None:
        """Forget what was read."""
        self._kept.clear()

    async def preview(self, draft: Draft) -> dict[str, Any]:
        """Return what a sync would make of the draft, in the words of `preview --json`.

        Each resource has `rows` besides: an entity with the number and name of its item. With
        problems that no preview is possible with, there are these only.
        """
        settings = self._settings(draft)
        config, problems = _parsed(draft.mapping, settings)
        if config is None:
            return {"problems": [str(problem) for problem in problems]}
        self._around.processor.engine = settings.mapping_engine
        report = PreviewReport(settings.base_url, _NAME, LIMITS)
        for index, resource in enumerate(config.resources):
            report.resources.append(await self._shown(index, resource, config, settings, draft))
        report.findings = findings_of_all(report, by_identifier(draft.blueprints) or None)
        told = preview_as_json(report)
        for shown, one in zip(told["resources"], report.resources, strict=True):
            shown["rows"] = [*_rows(one)]
            shown["entityCount"] = len(shown.pop("entities"))
            shown["doubts"] = one.reading.doubts
            shown["itemCount"] = len(one.mapped.items)
        return {**told, "problems": [str(problem) for problem in problems]}

    async def attempt(self, draft: Draft, index: int, pagination: Any) -> dict[str, Any]:
        """Return how a resource would be read with another `pagination` block; keeps nothing."""
        settings = self._settings(draft)
        resource = json.loads(json.dumps(draft.mapping["resources"][index], default=str))
        resource.setdefault("selector", {})["pagination"] = pagination
        config, problems = _parsed({"resources": [resource]}, settings)
        if config is None or problems:
            return {"problems": [str(problem) for problem in problems]}
        reading = await self._read(0, config.resources[0], config, settings)
        self._around.notes.take()
        told = preview_as_json(PreviewReport("", "", LIMITS, [ResourcePreview(reading)]))
        return {**told["resources"][0], "doubts": reading.doubts, "problems": []}

    async def evaluate(self, index: int, expression: str) -> list[dict[str, Any]]:
        """Return what an expression gives on the first items of a resource, until it fails."""
        kept = self._kept.get(index)
        items = kept.shown.mapped.items if kept and kept.shown else []
        found: list[dict[str, Any]] = []
        for item in items[:_TRIED]:
            found.append(await self._value(item, expression))
            if "error" in found[-1]:
                # On the others it may take as long as it has taken on this one.
                break
        self._around.notes.take()
        return found

    def item(self, index: int, number: int) -> Any:
        """Return an item of a resource as the API sent it; None where there is none."""
        kept = self._kept.get(index)
        items = kept.shown.mapped.items if kept and kept.shown else []
        return items[number] if 0 <= number < len(items) else None

    async def _value(self, item: dict[str, Any], expression: str) -> dict[str, Any]:
        try:
            return node("", await self._around.processor.evaluate(item, expression))
        except Exception as error:  # noqa: BLE001 (jq raises whatever the expression does)
            return {"error": str(error)[:_LONGEST]}

    async def _shown(
        self,
        index: int,
        resource: CustomResourceConfig,
        config: CustomPortAppConfig,
        settings: ConnectionSettings,
        draft: Draft,
    ) -> ResourcePreview:
        written = draft.mapping["resources"][index]
        read_as = _key(
            {**written, "port": (written.get("port") or {}).get("itemsToParse")}, settings
        )
        mapped_as = _key(written, settings)
        kept = self._kept.get(index)
        if kept is None or kept.read_as != read_as:
            reading = await self._read(index, resource, config, settings)
            notes = self._around.notes.take()
            kept = self._kept[index] = _Kept(read_as, reading, notes)
        if kept.shown is None or kept.mapped_as != mapped_as:
            kept.shown = await map_reading(resource, kept.reading, self._around)
            kept.reading.notes = [line for line in kept.notes if line not in kept.reading.error]
            kept.mapped_as = mapped_as
        return kept.shown

    async def _read(
        self,
        index: int,
        resource: CustomResourceConfig,
        config: CustomPortAppConfig,
        settings: ConnectionSettings,
    ) -> ResourceReading:
        client: RecordingClient = self._connection.asks
        client.exchanges.clear()
        plans = plans_of(config.resources, settings)
        with closing(Session(client, settings, plans, LIMITS)) as session:
            return await read_resource(resource, index, client, session)

    def _settings(self, draft: Draft) -> ConnectionSettings:
        """Return the settings of a sync: where credentials go is for the connection to say."""
        drafted = {to_snake(name): value for name, value in draft.settings.items()}
        values = {**drafted, **self._connection.values, **_paging_of(drafted)}
        given = {
            name: value for name, value in values.items() if value != "" or name == "size_param"
        }
        return impatient(ConnectionSettings.parse(given))


def _paging_of(drafted: Mapping[str, Any]) -> dict[str, Any]:
    names = {to_snake(name) for name in PAGING}
    return {name: value for name, value in drafted.items() if name in names}


def _parsed(
    mapping: Mapping[str, Any], settings: ConnectionSettings
) -> tuple[CustomPortAppConfig | None, list[Problem]]:
    if not mapping.get("resources"):
        return None, []
    return parse_mapping(MappingSource(_NAME, mapping), settings)


def _key(written: Mapping[str, Any], settings: ConnectionSettings) -> str:
    """Return a text that changes with whatever a reading depends on."""
    return json.dumps([written, settings.model_dump(mode="json")], sort_keys=True, default=str)


def _rows(one: ResourcePreview) -> Any:
    """Yield the entities as the page shows them, each with its item where that is certain."""
    mapped = one.mapped
    dropped = {each.number for each in [*mapped.filtered, *mapped.refused]}
    numbers = [n for n in range(len(mapped.items)) if n + 1 not in dropped]
    is_certain = len(numbers) == len(mapped.entities)
    for place, entity in enumerate(mapped.entities):
        fields = entity.dict(exclude_unset=True)
        number = numbers[place] if is_certain else None
        groups = {
            group: {
                name: node("", value, _LONGEST) for name, value in fields.get(group, {}).items()
            }
            for group in ("properties", "relations")
        }
        plain = {
            name: node("", fields.get(name), _LONGEST)
            for name in ("identifier", "title", "blueprint")
        }
        label = "" if number is None else label_of(mapped.items[number])
        values = {name: _whole(value) for name, value in fields.get("relations", {}).items()}
        yield {**plain, **groups, "related": values, "item": number, "label": label}


def _whole(value: Any) -> list[str]:
    """Return the identifiers that a relation holds."""
    found = value if isinstance(value, list) else [value]
    return [str(each)[:_LONGEST] for each in found if isinstance(each, str | int)]
