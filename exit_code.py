"""Ends the process in good order with an exit code that tells a failure, as jobs expect."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

FAILURE = 1


def exit_with_failure_if(has_failed: Callable[[], bool]) -> None:
    """Exit with 1 instead of 0 when an interrupt ends the process and `has_failed` says so.

    Ocean ends a `ONCE` run by an interrupt, and `interrupt` does the same; the web server then
    shuts down in good order and raises it again for the handler that was there before: this one.
    """

    def exit_with_outcome(_signal: int, _frame: FrameType | None) -> NoReturn:
        if has_failed():
            raise SystemExit(FAILURE)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, exit_with_outcome)


def interrupt() -> None:
    """Ask the web server to shut down."""
    signal.raise_signal(signal.SIGINT)
