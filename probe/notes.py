"""The warnings of the engine while it works."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Notes:
    """Lines that the engine logged as a warning or worse, in order, each text once."""

    lines: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        """Return the lines since the last call."""
        taken, self.lines = list(dict.fromkeys(self.lines)), []
        return taken
