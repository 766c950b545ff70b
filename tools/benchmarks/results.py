"""Results of a workload, and their form on the page."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """One promise on speed or memory."""

    what: str
    measured: str
    wanted: str
    met: bool

    @classmethod
    def at_most(cls, what: str, measured: float, limit: float, unit: str = "") -> "Target":
        return cls(what, number(measured, unit), f"≤ {number(limit, unit)}", measured <= limit)

    @classmethod
    def at_least(cls, what: str, measured: float, limit: float, unit: str = "") -> "Target":
        return cls(what, number(measured, unit), f"≥ {number(limit, unit)}", measured >= limit)


@dataclass(frozen=True, slots=True)
class Table:
    """Figures as they are shown; every cell is text."""

    head: list[str]
    rows: list[list[str]]


@dataclass(slots=True)
class Section:
    """The outcome of one workload."""

    title: str
    text: str
    targets: list[Target] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add_table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.tables.append(Table(list(head), [list(row) for row in rows]))


def number(value: float, unit: str = "") -> str:
    """Write three significant digits, with thousands parted and the unit behind."""
    if abs(value) >= 100:
        text = f"{value:,.0f}"
    elif abs(value) >= 10:
        text = f"{value:.1f}"
    else:
        text = f"{value:.2f}" if abs(value) >= 1 or not value else f"{value:.3g}"
    return f"{text} {unit}".strip()
