"""`preview`: the real extraction and mapping over a bounded part of the data, and what it shows."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from typing import Any

from port_ocean.core.models import Entity

from cli.arrays import FoundArray, arrays_in
from cli.entities import MappedItems, map_items
from cli.findings import (
    Finding,
    blueprint_differences,
    collisions,
    dangling_relations,
    null_fields,
    unusable_identifiers,
)
from cli.inputs import Problem
from cli.surroundings import Surroundings
from mapping.resources import CustomPortAppConfig, CustomResourceConfig, plans_of
from outcomes import Standing
from probe.recording import RecordingClient
from probe.resource_reading import ResourceReading, read_resource
from reading.session import Limits, Session
from settings.connection import ConnectionSettings

DEFAULT_LIMITS = Limits(pages=5, endpoints=5, items=100)

type Blueprints = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class ResourcePreview:
    """One resource: how it was read, what became of its items, and what to look at.

    `arrays` are those that the first answer has, where data_path found nothing.
    """

    reading: ResourceReading
    mapped: MappedItems = field(default_factory=MappedItems)
    findings: list[Finding] = field(default_factory=list)
    arrays: list[FoundArray] = field(default_factory=list)


@dataclass(slots=True)
class PreviewReport:
    """The results of `preview`; `findings` are those about all resources together."""

    base_url: str
    mapping_name: str
    limits: Limits
    resources: list[ResourcePreview] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """No resource would fail a sync, and Port would take and keep every entity."""
        own = (finding for item in self.resources for finding in item.findings)
        wrong = any(finding.is_error for finding in [*self.findings, *own])
        failed = any(item.reading.is_failure or item.mapped.refused for item in self.resources)
        return not wrong and not failed

    @property
    def entities(self) -> list[Entity]:
        return [entity for item in self.resources for entity in item.mapped.entities]

    @property
    def kept(self) -> list[str]:
        """The kinds of which a sync would delete nothing."""
        readings = (item.reading for item in self.resources)
        return [each.kind for each in readings if each.standing is Standing.KEPT]


async def preview(
    config: CustomPortAppConfig,
    *,
    client: RecordingClient,
    settings: ConnectionSettings,
    around: Surroundings,
    mapping_name: str = "",
    problems: Sequence[Problem] = (),
    warnings: Sequence[Problem] = (),
    limits: Limits = DEFAULT_LIMITS,
    blueprints: Blueprints | None = None,
) -> PreviewReport:
    """Read and map the resources of a mapping up to the limits.

    Inputs: `problems` of the mapping and `warnings` of the settings that are known before, which
    become findings.
    """
    report = PreviewReport(settings.base_url, mapping_name, limits)
    around.processor.engine = settings.mapping_engine
    plans = plans_of(config.resources, settings)
    with closing(Session(client, settings, plans, limits)) as session:
        for index, resource in enumerate(config.resources):
            reading = await read_resource(resource, index, client, session)
            report.resources.append(await map_reading(resource, reading, around))
    report.findings = [
        *(Finding("settings", str(warning)) for warning in warnings),
        *(Finding("mapping", str(problem), is_error=True) for problem in problems),
        *findings_of_all(report, blueprints),
    ]
    return report


async def map_reading(
    resource: CustomResourceConfig, reading: ResourceReading, around: Surroundings
) -> ResourcePreview:
    """Map what was read of a resource, and return what there is to look at."""
    reading.notes = [line for line in around.notes.take() if line not in reading.error]
    shown = ResourcePreview(reading)
    doubts = [Finding("evidence", told, is_error=reading.is_strict) for told in reading.told_doubts]
    if reading.items:
        shown.mapped = await map_items(resource, reading.items, around.processor)
        # What the mapping logs about missing fields is told by the findings, by name and number.
        around.notes.take()
        entities = shown.mapped.entities
        shown.findings = [*null_fields(entities), *unusable_identifiers(entities)]
    elif left_out := reading.found:
        message = f"items_filter and emit leave nothing of {left_out} items"
        shown.findings = [Finding("no-items", message)]
    else:
        shown.arrays = await _arrays_instead(reading)
        if shown.arrays and not reading.error:
            message = f"data_path {reading.data_path} finds no items"
            shown.findings = [Finding("data-path", message)]
    shown.findings = [*doubts, *shown.findings]
    return shown


async def _arrays_instead(reading: ResourceReading) -> list[FoundArray]:
    async with aclosing(reading.bodies()) as bodies:
        async for body in bodies:
            found = [array for array in arrays_in(body) if array.elements]
            if found:
                return [array for array in found if array.data_path != reading.data_path]
    return []


def findings_of_all(report: PreviewReport, blueprints: Blueprints | None) -> list[Finding]:
    """Return what there is to look at in all resources together."""
    entities = report.entities
    is_partial = any(item.reading.is_partial for item in report.resources)
    targets = _targets(blueprints or {})
    found = [*collisions(entities), *dangling_relations(entities, targets, is_partial=is_partial)]
    if blueprints is not None:
        found += blueprint_differences(entities, blueprints)
    return found


def _targets(blueprints: Blueprints) -> dict[tuple[str, str], str]:
    return {
        (identifier, name): str(relation.get("target"))
        for identifier, blueprint in blueprints.items()
        for name, relation in blueprint.get("relations", {}).items()
    }


def by_identifier(blueprints: Sequence[Mapping[str, Any]]) -> Blueprints:
    """Return the blueprints of a file by their identifiers."""
    return {str(blueprint.get("identifier")): blueprint for blueprint in blueprints}
