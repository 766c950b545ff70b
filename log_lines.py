"""Lines of the log that may repeat: a few of each kind, then a count."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from loguru import logger

# Lines of one kind that are told as they come; all others are told at DEBUG, and counted.
FEW = 5


class LineCounts:
    """The lines of each kind that were told while one resource was read."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what is told within, and in tasks that are started there."""
        token = _COUNTS.set(self)
        try:
            yield
        finally:
            _COUNTS.reset(token)

    def is_one_of_few(self, kind: str) -> bool:
        """Count a line, and tell whether it is one of the first of its kind."""
        self._told[kind] += 1
        return self._told[kind] <= FEW

    def conclude(self) -> None:
        """Say how many lines were left out of the log."""
        for kind, count in self._told.items():
            if count > FEW:
                logger.warning(f"{count - FEW} more lines say: {kind}")


class Lines:
    """Lines of one kind; beyond the first few, each has the level DEBUG."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def info(self, text: str) -> None:
        """Log a line at INFO, as one of a few."""
        self._log("INFO", text)

    def warning(self, text: str) -> None:
        """Log a line at WARNING, as one of a few."""
        self._log("WARNING", text)

    def error(self, text: str) -> None:
        """Log a line at ERROR, as one of a few."""
        self._log("ERROR", text)

    def _log(self, level: str, text: str) -> None:
        counts = _COUNTS.get()
        is_told = counts is None or counts.is_one_of_few(self._kind)
        # Two frames up is where the line comes from.
        logger.opt(depth=2).log(level if is_told else "DEBUG", text)


def few(kind: str) -> Lines:
    """Return a logger for lines that say the same of many requests, such as "trying again".

    Where no resource is read, nothing is counted, and each line is told.
    """
    return Lines(kind)


_COUNTS: ContextVar[LineCounts | None] = ContextVar("line counts", default=None)
