"""Everything that the stand-in for Port remembers."""

import re
import secrets
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from tools.sandbox.port.errors import NotFound, found
from tools.sandbox.port.records import Actor, EntityRecord, Integration, UnknownRequest, now
from tools.sandbox.port.syncs import ABORTED, Sync

LOG_LINES_KEPT = 2000
LINES_KEPT_WITH_SYNC = 50
# What the integration says of what its resources came to.
_OUTCOME = re.compile(r"^(?!Failed )(Resources: |Not deleting |.+? (is|are) kept, so )")


def _system_blueprint(identifier: str, title: str, icon: str) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "title": title,
        "icon": icon,
        "schema": {"properties": {}, "required": []},
        "relations": {},
    }


def _system_blueprints() -> dict[str, dict[str, Any]]:
    """Return the blueprints of users and teams, which every organization has."""
    return {
        "_user": _system_blueprint("_user", "User", "User"),
        "_team": _system_blueprint("_team", "Team", "Team"),
    }


@dataclass
class Refusal:
    """Requests with this part in their path get this status, so many times."""

    part: str
    status: int
    left: int = 1


@dataclass
class PortState:
    """One organization's catalog, in memory.

    `blueprints`        blueprint by identifier, as created, with Port's defaults filled in
    `entities`          blueprint identifier → entity identifier → entity
    `integrations`      integration by identifier
    `syncs`             every resync so far, oldest first
    `unknown_requests`  requests that got a 404 because nothing here answers them
    `logs`              the last log lines that integrations sent
    `refusals`          requests that are refused whatever they say, as Port may be away
    `actions`, `pages`, `scorecards`, `secrets`   what Ocean creates beside the catalog
    `signing_key`       signs the access tokens; a new state refuses the tokens of an old one
    """

    blueprints: dict[str, dict[str, Any]] = field(default_factory=_system_blueprints)
    entities: dict[str, dict[str, EntityRecord]] = field(default_factory=dict)
    integrations: dict[str, Integration] = field(default_factory=dict)
    syncs: list[Sync] = field(default_factory=list)
    unknown_requests: list[UnknownRequest] = field(default_factory=list)
    logs: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOG_LINES_KEPT))
    actions: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    scorecards: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    signing_key: str = field(default_factory=lambda: secrets.token_hex(32))

    def reset(self) -> None:
        """Forget everything but the signing key: running clients stay signed in."""
        fresh = PortState(signing_key=self.signing_key)
        self.__dict__.update(fresh.__dict__)

    def refusal_of(self, path: str) -> Refusal | None:
        """Take the refusal that waits for a path, if any."""
        for refusal in self.refusals:
            if refusal.left and refusal.part in path:
                refusal.left -= 1
                return refusal
        return None

    def blueprint(self, identifier: str) -> dict[str, Any]:
        """Return the blueprint, or `NotFound`."""
        return found(self.blueprints, "Blueprint", identifier)

    def entity(self, blueprint: str, identifier: str) -> EntityRecord:
        """Return the entity, or `NotFound` for it or for its blueprint."""
        self.blueprint(blueprint)
        record = self.find_entity(blueprint, identifier)
        if record is None:
            raise NotFound.of("Entity", identifier, blueprint=blueprint)
        return record

    def find_entity(self, blueprint: str, identifier: str) -> EntityRecord | None:
        return self.entities.get(blueprint, {}).get(identifier)

    def integration(self, identifier: str) -> Integration:
        """Return the integration, or `NotFound`."""
        return found(self.integrations, "Integration", identifier)

    def owned_counts(self, integration: str) -> dict[str, int]:
        """Count the entities that the integration has written, by blueprint."""
        return Counter(
            record.blueprint
            for records in self.entities.values()
            for record in records.values()
            if Actor.from_user_agent(record.datasource).integration == integration
        )

    def open_sync(self, integration: str | None) -> Sync | None:
        """Return the running sync of the integration, if there is one."""
        last = self.last_sync(integration)
        return last if last and last.is_open else None

    def last_sync(self, integration: str | None) -> Sync | None:
        return next(
            (sync for sync in reversed(self.syncs) if sync.integration == integration), None
        )

    def begin_sync(self, integration: str) -> Sync:
        """Start recording; a sync that never said how it ended is aborted."""
        self.end_sync(integration, ABORTED)
        sync = Sync(number=len(self.syncs) + 1, integration=integration, started_at=now())
        self.syncs.append(sync)
        return sync

    def end_sync(self, integration: str, status: str) -> None:
        if sync := self.open_sync(integration):
            sync.close(status, self.owned_counts(integration))

    def recent_syncs(self, limit: int | None = None) -> list[Sync]:
        """Return syncs, newest first, with the counts of running ones up to date."""
        recent = self.syncs[::-1][:limit]
        for sync in recent:
            if sync.is_open:
                sync.count_unchanged(self.owned_counts(sync.integration))
        return recent

    def add_logs(self, integration: str, lines: list[dict[str, Any]]) -> None:
        """Keep log lines; errors, and what says why entities stay, are told with the last sync."""
        self.logs.extend({**line, "integration": integration} for line in lines)
        sync = self.last_sync(integration)
        if sync is None:
            return
        errors = [str(line.get("message", "")) for line in lines if line.get("level") == "ERROR"]
        _extend(sync.logged_errors, errors)
        messages = [str(line.get("message", "")) for line in lines]
        _extend(sync.outcomes, [each for each in messages if _OUTCOME.search(each)])

    def as_json(self) -> dict[str, Any]:
        """Return the whole state, as `GET /sandbox/api/state` answers it."""
        integrations = [integration.as_json() for integration in self.integrations.values()]
        return {
            "blueprints": self.blueprints,
            "entities": {
                blueprint: [records[key].as_json() for key in sorted(records)]
                for blueprint, records in self.entities.items()
                if records
            },
            "syncs": [sync.as_json() for sync in reversed(self.recent_syncs())],
            "integration": integrations[0] if integrations else None,
            "integrations": integrations,
            "unknownRequests": [request.as_json() for request in self.unknown_requests],
            "actions": list(self.actions.values()),
            "pages": list(self.pages.values()),
            "scorecards": {
                blueprint: list(cards.values()) for blueprint, cards in self.scorecards.items()
            },
        }


def _extend(kept: list[str], lines: list[str]) -> None:
    """Add lines to those that are kept, as far as there is room."""
    kept.extend(lines[: max(0, LINES_KEPT_WITH_SYNC - len(kept))])
