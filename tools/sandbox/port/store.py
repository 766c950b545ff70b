"""Writing entities: create, update, delete, with what follows from their relations."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tools.sandbox.port.errors import Conflict, InvalidRequest, NotFound, PortError
from tools.sandbox.port.records import Actor, EntityRecord, now
from tools.sandbox.port.search import search
from tools.sandbox.port.state import PortState
from tools.sandbox.port.validation import check_entity, check_identifier

UNKNOWN_IDENTIFIER = "unknown"


@dataclass(frozen=True)
class WriteOptions:
    """The query parameters of Port's entity routes.

    Without `upsert`, an entity that exists is a conflict. With it, the entity is replaced, or, with
    `merge`, keeps what the request does not name.
    """

    upsert: bool = False
    merge: bool = False
    create_missing_related_entities: bool = False
    validation_only: bool = False


@dataclass(frozen=True)
class Written:
    entity: EntityRecord
    created: bool


class EntityStore:
    """Writes on behalf of one actor, and tells that actor's running sync what changed."""

    def __init__(self, state: PortState, actor: Actor) -> None:
        self._state = state
        self._actor = actor
        self._sync = state.open_sync(actor.integration)

    def write(self, blueprint_id: str, body: Any, options: WriteOptions) -> Written:
        """Create or update one entity.

        Raises `NotFound` for an unknown blueprint or related entity, `Conflict` without `upsert`,
        `InvalidRequest` when the entity does not fit the blueprint.
        """
        try:
            return self._write(blueprint_id, body, options)
        except PortError as error:
            self.refuse(blueprint_id, body, error)
            raise

    def refuse(self, blueprint_id: str, body: Any, error: PortError) -> None:
        """Tell the running sync that an entity could not be written."""
        if self._sync:
            key = (blueprint_id, described_identifier(body))
            self._sync.entity_refused(key, error.message)

    def _write(self, blueprint_id: str, body: Any, options: WriteOptions) -> Written:
        blueprint = self._state.blueprint(blueprint_id)
        if not isinstance(body, dict):
            raise InvalidRequest("an entity must be object")
        identifier = self._resolve_identifier(blueprint_id, body.get("identifier"))
        existing = self._state.find_entity(blueprint_id, identifier)
        if existing and not options.upsert:
            raise Conflict(f'Entity with identifier "{identifier}" already exists', code="conflict")
        draft = self._draft(blueprint, identifier, body, existing if options.merge else None)
        check_entity(blueprint, draft)
        missing = list(self._missing_targets(blueprint, draft))
        if missing and not options.create_missing_related_entities:
            target, absent = missing[0]
            raise NotFound.of("Entity", absent, blueprint=target)
        if not options.validation_only:
            for target, absent in missing:
                self._create_bare(target, absent)
            draft = self._commit(draft, existing)
        return Written(draft, created=existing is None)

    def delete(self, blueprint_id: str, identifier: str, *, delete_dependents: bool) -> None:
        """Delete one entity, and unlink it from those that point to it.

        Entities that *require* it are its dependents: they are deleted with it, or, without
        `delete_dependents`, `Conflict` is raised. Raises `NotFound` when there is no such entity.
        """
        self._state.entity(blueprint_id, identifier)
        dependents, references = self._incoming(blueprint_id, identifier)
        if dependents and not delete_dependents:
            first = dependents[0]
            raise Conflict(
                f'Entity "{identifier}" of blueprint "{blueprint_id}" has dependents: '
                f'"{first.identifier}" of blueprint "{first.blueprint}" requires it',
                code="has_dependents",
            )
        self._state.entities[blueprint_id].pop(identifier)
        for entity, relation in references:
            entity.unlink(relation, identifier)
        if self._sync:
            self._sync.entity_deleted((blueprint_id, identifier))
        for entity in dependents:
            if self._state.find_entity(entity.blueprint, entity.identifier):
                self.delete(entity.blueprint, entity.identifier, delete_dependents=True)

    def _resolve_identifier(self, blueprint_id: str, value: Any) -> str:
        if not isinstance(value, dict):
            return check_identifier(value)
        found = search(self._state, value, blueprint_id)
        if len(found) != 1:
            problem = "No entity was" if not found else f"{len(found)} entities were"
            raise NotFound(f'{problem} found by the search identifier in "{blueprint_id}"')
        return found[0].identifier

    def _draft(
        self,
        blueprint: dict[str, Any],
        identifier: str,
        body: dict[str, Any],
        base: EntityRecord | None,
    ) -> EntityRecord:
        moment = now()
        start = base or EntityRecord(
            blueprint=blueprint["identifier"],
            identifier=identifier,
            datasource=self._actor.datasource,
            created_at=moment,
            created_by=self._actor.datasource,
            updated_at=moment,
            updated_by=self._actor.datasource,
        )
        relations = self._resolve_relations(blueprint, _mapping(body, "relations"))
        return replace(
            start,
            title=_text(body, "title", start.title),
            icon=_text(body, "icon", start.icon),
            team=self._teams(body["team"]) if "team" in body else start.team,
            properties={**start.properties, **_mapping(body, "properties")},
            relations={**start.relations, **relations},
        )

    def _teams(self, value: Any) -> list[str]:
        if value is None or value == "":
            return []
        if isinstance(value, dict):
            return [team.identifier for team in search(self._state, value, "_team")]
        teams = value if isinstance(value, list) else [value]
        if not all(isinstance(team, str) for team in teams):
            raise InvalidRequest("team must be a string or an array of strings")
        return teams

    def _resolve_relations(
        self, blueprint: dict[str, Any], relations: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            name: self._search_relation(blueprint, name, value)
            if isinstance(value, dict)
            else value
            for name, value in relations.items()
        }

    def _search_relation(self, blueprint: dict[str, Any], name: str, query: dict[str, Any]) -> Any:
        definition = blueprint["relations"].get(name)
        if definition is None:
            return None
        found = [item.identifier for item in search(self._state, query, definition["target"])]
        if definition.get("many"):
            return found
        if len(found) > 1:
            raise InvalidRequest(f"relations/{name}: the search found {len(found)} entities")
        return found[0] if found else None

    def _missing_targets(
        self, blueprint: dict[str, Any], entity: EntityRecord
    ) -> Iterator[tuple[str, str]]:
        own_key = (entity.blueprint, entity.identifier)
        for name, definition in blueprint["relations"].items():
            for identifier in entity.related(name):
                key = (str(definition["target"]), identifier)
                if key != own_key and self._state.find_entity(*key) is None:
                    yield key

    def _create_bare(self, blueprint_id: str, identifier: str) -> None:
        if self._state.find_entity(blueprint_id, identifier):
            return
        blueprint = self._state.blueprint(blueprint_id)
        check_identifier(identifier)
        bare = self._draft(blueprint, identifier, {}, None)
        check_entity(blueprint, bare)
        self._commit(bare, None)

    def _commit(self, draft: EntityRecord, existing: EntityRecord | None) -> EntityRecord:
        """Store the draft. An upsert that changes nothing leaves the time of the last change."""
        key = (draft.blueprint, draft.identifier)
        unchanged = existing is not None and existing.content() == draft.content()
        # Until a change, an entity was updated when it was created.
        draft.updated_at, draft.updated_by = draft.created_at, self._actor.datasource
        if existing is not None:
            draft.created_at, draft.created_by = existing.created_at, existing.created_by
            draft.updated_at, draft.updated_by = (
                (existing.updated_at, existing.updated_by)
                if unchanged
                else (now(), self._actor.datasource)
            )
        draft.datasource = self._actor.datasource
        self._state.entities.setdefault(draft.blueprint, {})[draft.identifier] = draft
        if self._sync and existing is None:
            self._sync.entity_created(key)
        elif self._sync and unchanged:
            self._sync.entity_kept(key)
        elif self._sync:
            self._sync.entity_updated(key)
        return draft

    def _incoming(
        self, blueprint_id: str, identifier: str
    ) -> tuple[list[EntityRecord], list[tuple[EntityRecord, str]]]:
        dependents: list[EntityRecord] = []
        references: list[tuple[EntityRecord, str]] = []
        for entity, relation, required in incoming_relations(self._state, blueprint_id, identifier):
            if entity.blueprint == blueprint_id and entity.identifier == identifier:
                continue
            if required and entity.related(relation) == [identifier]:
                dependents.append(entity)
            else:
                references.append((entity, relation))
        return dependents, references


def incoming_relations(
    state: PortState, blueprint_id: str, identifier: str
) -> Iterator[tuple[EntityRecord, str, bool]]:
    """Entities that point to the given one: `(entity, relation name, relation is required)`."""
    for source_id, source in state.blueprints.items():
        for name, definition in source["relations"].items():
            if definition["target"] != blueprint_id:
                continue
            for entity in state.entities.get(source_id, {}).values():
                if identifier in entity.related(name):
                    yield entity, name, bool(definition.get("required"))


def described_identifier(body: Any) -> str:
    """Return the identifier that an error is told with; a search identifier has none yet."""
    identifier = body.get("identifier") if isinstance(body, dict) else None
    return identifier if isinstance(identifier, str) and identifier else UNKNOWN_IDENTIFIER


def _mapping(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest(f"{name} must be object")
    return value


def _text(body: dict[str, Any], name: str, default: str | None) -> str | None:
    if name not in body:
        return default
    value = body[name]
    if value is not None and not isinstance(value, str):
        raise InvalidRequest(f"{name} must be string")
    return value
