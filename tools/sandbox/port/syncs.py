"""Real changes of each resync, counted from the catalog and not from the requests.

Ocean leaves out entities that did not change and may write one entity several times. So a sync
records which entities came, changed and went; what its integration owns beyond those is unchanged.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, field
from datetime import datetime
from typing import Any

from tools.sandbox.port.records import now, timestamp

RUNNING = "running"
COMPLETED = "completed"
FAILED = "failed"
ABORTED = "aborted"

EntityKey = tuple[str, str]


@dataclass
class BlueprintCounts:
    """Entities of one blueprint, by what one sync did to them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0


@dataclass
class Sync:
    """One resync of one integration, from its start to its end.

    `errors` holds the last refusal of every entity that could not be written; an entity that is
    written on a later attempt is no error. `logged_errors` are the ERROR lines sent by the run,
    `outcomes` the lines that say what its resources came to, and what stays because of it.
    """

    number: int
    integration: str
    started_at: datetime
    ended_at: datetime | None = None
    status: str = RUNNING
    created: set[EntityKey] = field(default_factory=set)
    updated: set[EntityKey] = field(default_factory=set)
    deleted: set[EntityKey] = field(default_factory=set)
    errors: dict[EntityKey, str] = field(default_factory=dict)
    logged_errors: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    unchanged: dict[str, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def error_count(self) -> int:
        return len(self.errors)

    @property
    def seconds(self) -> float:
        return ((self.ended_at or now()) - self.started_at).total_seconds()

    def entity_created(self, key: EntityKey) -> None:
        self.errors.pop(key, None)
        if key in self.deleted:
            self.deleted.discard(key)
            self.updated.add(key)
        else:
            self.created.add(key)

    def entity_updated(self, key: EntityKey) -> None:
        self.errors.pop(key, None)
        if key not in self.created:
            self.updated.add(key)

    def entity_kept(self, key: EntityKey) -> None:
        self.errors.pop(key, None)

    def entity_deleted(self, key: EntityKey) -> None:
        self.updated.discard(key)
        if key in self.created:
            self.created.discard(key)
        else:
            self.deleted.add(key)

    def entity_refused(self, key: EntityKey, message: str) -> None:
        self.errors[key] = message

    def close(self, status: str, owned: Mapping[str, int]) -> None:
        """End the sync; `owned` is the number of entities that its integration has by blueprint."""
        self.status = status
        self.ended_at = now()
        self.count_unchanged(owned)

    def count_unchanged(self, owned: Mapping[str, int]) -> None:
        touched = _by_blueprint(self.created | self.updated)
        self.unchanged = {
            blueprint: max(0, total - touched[blueprint]) for blueprint, total in owned.items()
        }

    def counts(self) -> dict[str, BlueprintCounts]:
        """Return counts by blueprint, for every blueprint that the sync concerns."""
        columns = (
            _by_blueprint(self.created),
            _by_blueprint(self.updated),
            +Counter(self.unchanged),
            _by_blueprint(self.deleted),
        )
        names = sorted(set().union(*columns))
        return {name: BlueprintCounts(*(column[name] for column in columns)) for name in names}

    def total(self) -> BlueprintCounts:
        columns = zip(*map(astuple, self.counts().values()), strict=True)
        return BlueprintCounts(*map(sum, columns))

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "integration": self.integration,
            "status": self.status,
            "start": timestamp(self.started_at),
            "end": timestamp(self.ended_at) if self.ended_at else None,
            "seconds": round(self.seconds, 3),
            "blueprints": {name: asdict(counts) for name, counts in self.counts().items()},
            "total": asdict(self.total()),
            "errorCount": self.error_count,
            "errors": [
                {"blueprint": blueprint, "identifier": identifier, "message": message}
                for (blueprint, identifier), message in self.errors.items()
            ],
            "loggedErrors": self.logged_errors,
            "outcomes": self.outcomes,
        }


def _by_blueprint(keys: set[EntityKey]) -> Counter[str]:
    return Counter(blueprint for blueprint, _ in keys)
