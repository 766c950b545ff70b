"""Ends the process in good order with an exit code that tells a failure, as jobs expect."""

import atexit
import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

SUCCESS, FAILURE = 0, 1
# Seconds for the last log lines to reach Port, and between two looks.
_PATIENCE, _TICK = 3.0, 0.01
# Threads are named after what they run. This is what sends log lines in port_ocean.log.handlers.
_SENDER = "(_wrap_event_loop)"


def end_in_good_order(exit_code: Callable[[], int | None]) -> None:
    """Exit with this code when an interrupt ends the process, and keep the code whatever ends it.

    Ocean ends a `ONCE` run by an interrupt, and `interrupt` does the same; the web server then
    shuts down in good order and raises it again for the handler that was there before: this one.

    Args:
        exit_code: None while an interrupt is one like any other, which stops what goes on.
    """

    def exit_with_outcome(_signal: int, _frame: FrameType | None) -> NoReturn:
        code = exit_code()
        if code is None:
            raise KeyboardInterrupt
        raise SystemExit(code)

    signal.signal(signal.SIGINT, exit_with_outcome)
    # Where the web server did not come to configure logging, this would ask Ocean's handler for the
    # last lines. It can start no thread for them any more; and when a line that came late has made
    # it try, the thread that failed has left a lock behind for which the end waits forever.
    atexit.unregister(logging.shutdown)
    atexit.register(_wait_for_senders)


def interrupt() -> None:
    """Ask the web server to shut down."""
    signal.raise_signal(signal.SIGINT)


def _wait_for_senders() -> None:
    """Wait for the threads in which Ocean sends log lines to Port.

    Ocean waits when it shuts down, but for a line that comes through its queues later it may start
    one more, as a daemon, which the interpreter does not wait for. That thread loads certificates
    while OpenSSL frees its memory at the very end: the process crashes now and then, and the exit
    code of a run that succeeded is that of a signal. From here on no thread can be started.
    """
    deadline = time.monotonic() + _PATIENCE
    while _senders() and time.monotonic() < deadline:
        time.sleep(_TICK)


def _senders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.endswith(_SENDER)]
