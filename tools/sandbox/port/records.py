"""Records of the catalog: entities, integrations, and their writers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self


def now() -> datetime:
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Write a moment as Port does: ISO 8601 with milliseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Actor:
    """The sender of a request, from its `User-Agent`.

    Ocean sends `port-ocean/<type>/<version>/<identifier>/<exporter or gitops>`; Port keeps that
    string as the `$datasource` of what the request writes. Other clients have no integration.
    """

    datasource: str
    integration: str | None = None

    @classmethod
    def from_user_agent(cls, user_agent: str) -> Self:
        parts = user_agent.split("/")
        if parts[0] == "port-ocean" and len(parts) >= 4:
            return cls(user_agent, parts[3])
        return cls(user_agent)


@dataclass
class EntityRecord:
    """One entity and its meta-properties (`$datasource`, `$createdAt`, …)."""

    blueprint: str
    identifier: str
    datasource: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    title: str | None = None
    icon: str | None = None
    team: list[str] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    relations: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.title or self.identifier

    def content(self) -> dict[str, Any]:
        """Return the part that a writer decides about: equal contents mean that nothing changed.

        A property that is null and one that is absent are the same.
        """
        return {
            "title": self.title,
            "icon": self.icon,
            "team": sorted(self.team),
            "properties": _without_nulls(self.properties),
            "relations": _without_nulls(self.relations),
        }

    def related(self, relation: str) -> list[str]:
        """Return the identifiers that `relation` points to, also when it is a single one."""
        value = self.relations.get(relation)
        if isinstance(value, list):
            return [str(item) for item in value]
        return [] if value is None else [str(value)]

    def unlink(self, relation: str, identifier: str) -> None:
        value = self.relations.get(relation)
        if isinstance(value, list):
            self.relations[relation] = [item for item in value if item != identifier]
        elif value == identifier:
            self.relations[relation] = None

    def as_json(self) -> dict[str, Any]:
        return {
            "identifier": self.identifier,
            "title": self.title,
            "icon": self.icon,
            "blueprint": self.blueprint,
            "team": self.team,
            "properties": self.properties,
            "relations": self.relations,
            "datasource": self.datasource,
            "createdAt": timestamp(self.created_at),
            "createdBy": self.created_by,
            "updatedAt": timestamp(self.updated_at),
            "updatedBy": self.updated_by,
        }


def _without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


@dataclass
class Integration:
    """One installed integration: its mapping (`config`), its state, and the rest as sent."""

    identifier: str
    created_at: datetime
    updated_at: datetime
    config: dict[str, Any] = field(default_factory=dict)
    resync_state: dict[str, Any] = field(default_factory=dict)
    resync_requested_at: datetime | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    kind_examples: dict[str, list[Any]] = field(default_factory=dict)
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    cursors: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "arePortResourcesInitialized": False,
            "installationType": "OnPrem",
            **self.attributes,
            "identifier": self.identifier,
            "installationId": self.identifier,
            "config": self.config,
            "resyncState": self.resync_state,
            "createdAt": timestamp(self.created_at),
            "updatedAt": timestamp(self.updated_at),
        }


@dataclass(frozen=True)
class UnknownRequest:
    """A request that this stand-in has no answer for; a faithful run leaves none."""

    method: str
    path: str
    user_agent: str
    at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "path": self.path,
            "userAgent": self.user_agent,
            "at": timestamp(self.at),
        }
