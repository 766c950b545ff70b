"""Ends the process in good order with an exit code that tells a failure, as jobs expect."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

FAILURE = 1
# Seconds for the last log lines to reach Port.
_PATIENCE = 10.0


def exit_with_failure_if(has_failed: Callable[[], bool]) -> None:
    """Exit with 1 instead of 0 when an interrupt ends the process and `has_failed` says so.

    Ocean ends a `ONCE` run by an interrupt, and `interrupt` does the same; the web server then
    shuts down in good order and raises it again for the handler that was there before: this one.
    """

    def exit_with_outcome(_signal: int, _frame: FrameType | None) -> NoReturn:
        if has_failed():
            atexit.register(_leave)
            raise SystemExit(FAILURE)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, exit_with_outcome)


def _leave() -> None:
    """End the process when all that was registered for its end is done, with nothing after it.

    Threads of Ocean's that send log lines may still be running, and native libraries free their
    memory, while the interpreter is taken apart. That crashes now and then, and the exit code would
    be that of a signal.
    """
    atexit.unregister(_leave)
    atexit._run_exitfuncs()
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join(_PATIENCE)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(FAILURE)


def interrupt() -> None:
    """Ask the web server to shut down."""
    signal.raise_signal(signal.SIGINT)
