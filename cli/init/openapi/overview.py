"""What a document lists, by its tags, and what is left out and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cli.init.openapi.endpoints import Found
from cli.init.plan import Guess
from escapes import one_line

_NO_TAG = "(no tag)"


@dataclass(frozen=True, slots=True)
class Overview:
    """The lists of a document: numbers by tag, and paths that are left out, with the reason."""

    tags: Mapping[str, tuple[int, int]]
    left_out: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, found: Found) -> "Overview":
        """Return the overview of what was found."""
        usable = Counter(one.tag or _NO_TAG for one in found.usable)
        lost = Counter(_tag_of(path, found) for path in found.left_out)
        tags = {tag: (usable[tag], lost[tag]) for tag in sorted(usable | lost)}
        return cls(tags, found.left_out)


def document_notes(guesses: Sequence[Guess], overview: Overview | None) -> str:
    """Return the file that says what a document alone decided, and what it did not; empty if none.

    Each guess is told with what it rests on, each list that is left out with the reason.
    """
    parts = []
    if guesses:
        head = "| Endpoint | Items at | Identifier | It rests on | Title | Pages |"
        rows = [f"| {' | '.join(_cells(one))} |" for one in guesses]
        parts += ["# Guessed from the document", "", head, f"|{' --- |' * 6}", *rows, ""]
    if overview and overview.left_out:
        lines = [f"- `{path}`: {why}" for path, why in sorted(overview.left_out.items())]
        parts += ["# Lists that are left out, and why", "", *lines, ""]
    return "\n".join(map(one_line, parts))


def _cells(one: Guess) -> list[str]:
    code = (one.kind, one.items_at, one.identifier, one.title)
    kind, place, identifier, title = (
        f"`{each}`".replace("|", "\\|") if each else "" for each in code
    )
    return [kind, place, identifier, one.rests_on, title, one.pages]


def _tag_of(path: str, found: Found) -> str:
    listed = found.listed.get(path)
    return listed.tag if listed and listed.tag else _NO_TAG
