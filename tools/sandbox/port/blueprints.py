"""Creating and changing blueprints, with the checks that Port makes."""

from typing import Any

from tools.sandbox.port.errors import Conflict, InvalidRequest, required_text
from tools.sandbox.port.records import now, timestamp
from tools.sandbox.port.state import PortState

PROPERTY_TYPES = ("string", "number", "boolean", "object", "array")
_RELATION_DEFAULTS = {"many": False, "required": False}


def create_blueprint(state: PortState, body: dict[str, Any], *, by: str) -> dict[str, Any]:
    """Add a blueprint. `Conflict` when its identifier is taken, `InvalidRequest` when it is bad."""
    identifier = required_text(body, "identifier")
    if identifier in state.blueprints:
        raise Conflict(
            f'Another blueprint with the identifier "{identifier}" already exists',
            code="identifier_taken",
        )
    moment = timestamp(now())
    body = {**body, "createdAt": moment, "createdBy": by}
    return _store(state, body, by=by, moment=moment)


def replace_blueprint(
    state: PortState, identifier: str, body: dict[str, Any], *, by: str
) -> dict[str, Any]:
    """Put a blueprint in the place of another, which must exist."""
    old = state.blueprint(identifier)
    kept: dict[str, Any] = {key: old[key] for key in ("createdAt", "createdBy") if key in old}
    return _store(state, {**body, "identifier": identifier, **kept}, by=by)


def patch_blueprint(
    state: PortState, identifier: str, body: dict[str, Any], *, by: str
) -> dict[str, Any]:
    """Replace the top-level keys that `body` names."""
    merged = {**state.blueprint(identifier), **body, "identifier": identifier}
    return _store(state, merged, by=by)


def delete_blueprint(state: PortState, identifier: str) -> None:
    """Delete an empty blueprint that no relation points to; `Conflict` otherwise."""
    state.blueprint(identifier)
    if state.entities.get(identifier):
        raise Conflict(f'Blueprint "{identifier}" has entities', code="blueprint_has_entities")
    for other in state.blueprints.values():
        targets = [relation["target"] for relation in other["relations"].values()]
        if identifier in targets and other["identifier"] != identifier:
            raise Conflict(
                f'Blueprint "{other["identifier"]}" has a relation to "{identifier}"',
                code="blueprint_has_dependents",
            )
    del state.blueprints[identifier]
    state.entities.pop(identifier, None)


def _store(
    state: PortState, body: dict[str, Any], *, by: str, moment: str | None = None
) -> dict[str, Any]:
    schema = body.get("schema") or {}
    relations = body.get("relations") or {}
    blueprint = {
        "title": body["identifier"],
        "mirrorProperties": {},
        "calculationProperties": {},
        "aggregationProperties": {},
        **body,
        "schema": {"required": [], **schema, "properties": schema.get("properties") or {}},
        "relations": {
            name: {**_RELATION_DEFAULTS, **definition} for name, definition in relations.items()
        },
        "updatedAt": moment or timestamp(now()),
        "updatedBy": by,
    }
    _check(state, blueprint)
    state.blueprints[blueprint["identifier"]] = blueprint
    return blueprint


def _check(state: PortState, blueprint: dict[str, Any]) -> None:
    properties = blueprint["schema"]["properties"]
    for name, definition in properties.items():
        if definition.get("type") not in PROPERTY_TYPES:
            raise InvalidRequest(
                f"schema/properties/{name}/type must be equal to one of the allowed values: "
                + ", ".join(PROPERTY_TYPES)
            )
    for name in blueprint["schema"]["required"]:
        if name not in properties:
            raise InvalidRequest(f"schema/required names the unknown property '{name}'")
    for name, definition in blueprint["relations"].items():
        target = definition.get("target")
        if target != blueprint["identifier"] and target not in state.blueprints:
            raise InvalidRequest(
                f"relations/{name}: the target blueprint '{target}' does not exist"
            )
