"""Settings of the whole process: how it ends, what its log may show, what it spends on itself."""

import atexit
import gc
import logging
import multiprocessing
import re
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from port_ocean.config.settings import IntegrationConfiguration
from port_ocean.helpers.monitor.monitor import get_monitor

from redaction import unmask

SUCCESS, FAILURE = 0, 1
# Seconds for the last log lines to reach Port or child processes to end, and between two looks.
_PATIENCE, _TICK = 3.0, 0.01
# Threads are named after what they run. This is what sends log lines in port_ocean.log.handlers.
_SENDER = "(_wrap_event_loop)"
# Containers made until young objects are looked at: more than the pages that wait at once hold, and
# few enough not to hold up the event loop (Python's 700 suit programs that make cycles). Then
# how many looks at the young until one at older objects, and at these until one at all.
_YOUNG, _OLDER, _ALL = 50_000, 4, 20
# Ocean looks at all processes of the machine twice a second, for its report on resources, which
# takes 6 % of a resync's time.
_MONITOR_SECONDS = 5.0


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
    end_without_ocean()
    atexit.register(_wait_for_senders)
    atexit.register(_end_children)


def end_without_ocean() -> None:
    """Have the process end without asking Ocean's handler of log lines for the last of them.

    Where the web server did not come to configure logging, that is asked. It can start no thread
    for them any more; and when a line that came late has made it try, the thread that failed has
    left a lock behind for which the end waits forever.
    """
    atexit.unregister(logging.shutdown)


def interrupt() -> None:
    """Ask the web server to shut down."""
    signal.raise_signal(signal.SIGINT)


def _end_children() -> None:
    """End the processes that Ocean forked and that are still there.

    Python would wait for them, and forever where what they wait for could not be started.
    """
    children = multiprocessing.active_children()
    for child in children:
        child.terminate()
    deadline = time.monotonic() + _PATIENCE
    for child in children:
        child.join(max(0.0, deadline - time.monotonic()))
        child.kill()


def _wait_for_senders() -> None:
    """Wait for the threads in which Ocean sends log lines to Port.

    Ocean waits when it shuts down, but for a line that comes through its queues later it may start
    one more, as a daemon, which the interpreter does not wait for. That thread loads certificates
    while OpenSSL frees its memory at the very end: the process crashes now and then, and the exit
    code of a run that succeeded is that of a signal. From here on no thread can be started.
    """
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if not any(thread.name.endswith(_SENDER) for thread in threading.enumerate()):
            return
        time.sleep(_TICK)


def hide_settings_in_errors() -> None:
    """Keep values out of Ocean's own complaints about settings.

    It checks types before this integration is asked, and quotes what it got: the whole
    configuration where baseUrl is missing, all headers where their JSON is broken.
    """
    if not IntegrationConfiguration.model_config.get("hide_input_in_errors"):
        IntegrationConfiguration.model_config["hide_input_in_errors"] = True
        IntegrationConfiguration.model_rebuild(force=True)


def keep_ordinary_words() -> None:
    """Undo that Ocean masks what its own unset secrets look like: the words None and {}."""
    unmask({re.escape(word) for word in ("None", "{}")})


def spare_the_collector() -> None:
    """Keep the garbage collector from holding up the event loop; once, when all is loaded.

    It passes over what was loaded for good: a full collection of Ocean's modules takes 60 ms or
    more, again and again while items are parsed. And it looks at young objects less often, because
    what JSON becomes has no cycles and is freed without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _ALL)


def look_around_less() -> None:
    """Let Ocean measure what the process takes of the machine every few seconds only."""
    get_monitor().interval = _MONITOR_SECONDS
