"""Whether the blueprints of a mapping exist, with the properties and relations that it fills."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.inputs import Problem
from cli.mapping_file import MappingSource
from cli.preview import Blueprints
from errors import SelectorError
from mapping.plan.live_events import blueprint_of
from mapping.resources import CustomResourceConfig

_GROUPS = {"property": "properties", "relation": "relations"}


@dataclass(slots=True)
class Fit:
    """What does not fit: Port refuses entities for the one, and leaves out the other."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def fit_of(
    source: MappingSource, resources: Iterable[CustomResourceConfig], blueprints: Blueprints
) -> Fit:
    """Compare a mapping with blueprints; those that depend on the item are left to `preview`."""
    fit = Fit()
    for index, resource in enumerate(resources):
        mappings = resource.port.entity.mappings
        here = ("resources", index, "port", "entity", "mappings")
        name = _constant(mappings.blueprint)
        if name is None:
            continue
        if name not in blueprints:
            there = ", ".join(sorted(blueprints)) or "none"
            said = f"blueprint {name} does not exist; there are {there}"
            fit.problems.append(Problem(said, source.place((*here, "blueprint"))))
            continue
        for group, key in _unknown(resource, blueprints[name]):
            said = f"blueprint {name} has no {group} {key}; Port leaves it out"
            fit.warnings.append(Problem(said, source.place((*here, _GROUPS[group], key))))
    return fit


def _constant(expression: str) -> str | None:
    try:
        return blueprint_of(expression)
    except SelectorError:
        # Told as what it is: no JQ.
        return None


def _unknown(
    resource: CustomResourceConfig, blueprint: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield the properties and relations that a resource fills and the blueprint lacks."""
    mappings = resource.port.entity.mappings
    declared = {
        "property": blueprint.get("schema", {}).get("properties", {}),
        "relation": blueprint.get("relations", {}),
    }
    for group, filled in (("property", mappings.properties), ("relation", mappings.relations)):
        for key in filled:
            if key not in declared[group]:
                yield group, key
