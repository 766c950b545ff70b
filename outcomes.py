"""The outcome of reading a resource: whether what was not read may be taken for gone.

    proven    every endpoint was read to an end that nothing speaks against; what is gone is deleted
    kept      read as told, but something speaks of more, or of other; nothing of it is deleted
    failed    what was asked for did not come; the run is failed, and nothing is deleted anywhere

Log, metrics, `check`, `preview` and the documentation say it in these words. Only
`reading/resource_reader.py` may say that something is proven.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Standing(StrEnum):
    """The three outcomes."""

    PROVEN = "proven"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that speaks against an end: what was seen, and the setting that answers it.

    Sample: `Doubt("has_more is true, and paginationType is none", "set paginationType")`. `seen` is
    equal for equal causes, so that those of many endpoints can be told together; `place` is the
    endpoint, method and redacted URL, of which any one is as good as another.
    """

    seen: str
    advice: str = ""
    place: str = ""

    def at(self, place: str) -> "Doubt":
        """Return the same doubt about an endpoint, unless it names one already."""
        return self if self.place else Doubt(self.seen, self.advice, place)

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        hint = f" ({self.advice})" if self.advice else ""
        return f"{where}{self.seen}{hint}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one resource in one run, with its reasons; see this module for the words.

    `is_denied` is true where the answers themselves said of every end that there is no more: then
    a proof holds also where much would be deleted.
    """

    standing: Standing
    reasons: tuple[str, ...] = ()
    is_denied: bool = False

    @classmethod
    def of(
        cls, errors: Iterable[Exception], doubts: Iterable[Doubt], *, is_denied: bool = False
    ) -> "Outcome":
        """Return what errors and doubts make of a resource that was read; proven without any."""
        if failures := tuple(f"{error}" for error in errors):
            return cls(Standing.FAILED, failures)
        told = together(doubts)
        return cls(Standing.KEPT if told else Standing.PROVEN, told, is_denied)

    def narrowed(self) -> "Outcome":
        """Return the same where the mapping left out some of what came.

        Then the answers say that there is no more, but not that what was left out is gone.
        """
        return replace(self, is_denied=False)

    def doubted(self, doubt: Doubt) -> "Outcome":
        """Return the same outcome with a doubt that came up after the reading: never proven."""
        standing = Standing.KEPT if self.is_proven else self.standing
        return Outcome(standing, (*self.reasons, f"{doubt}"))

    @property
    def is_proven(self) -> bool:
        """Return whether what was not read may be deleted."""
        return self.standing is Standing.PROVEN

    @property
    def doubts(self) -> tuple[str, ...]:
        """Return the reasons of one that is kept: lines for people, such as for a warning each."""
        return self.reasons if self.standing is Standing.KEPT else ()

    @property
    def is_kept(self) -> bool:
        """Return whether all was upserted, and nothing may be deleted."""
        return self.standing is Standing.KEPT

    def __str__(self) -> str:
        return f"{self.standing}: {'; '.join(self.reasons)}" if self.reasons else f"{self.standing}"


def together(doubts: Iterable[Doubt]) -> tuple[str, ...]:
    """Return a line for each kind of doubt, with how many endpoints had it."""
    groups: dict[tuple[str, str], list[Doubt]] = {}
    for doubt in doubts:
        groups.setdefault((doubt.seen, doubt.advice), []).append(doubt)
    return tuple(
        f"{same[0]}" if len(same) == 1 else f"{len(same)} times, first {same[0]}"
        for same in groups.values()
    )


def kept_line(kinds: Sequence[str], reasons: Iterable[str]) -> str:
    """Return the line of the log about resources that are kept.

    Sample: `/users is kept, so nothing of it is deleted: has_more is true (set paginationType)`.
    """
    them = "it" if len(kinds) == 1 else "them"
    return f"{are_kept(kinds)}, so nothing of {them} is deleted: {'; '.join(reasons)}"


def are_kept(kinds: Sequence[str]) -> str:
    """Return which resources are kept: `/users is kept`, `/users, /teams are kept`."""
    return f"{', '.join(kinds)} {'is' if len(kinds) == 1 else 'are'} {Standing.KEPT}"
