"""Makes a one-shot run whose resync failed end with a failure, as a CronJob or CI job expects."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from port_ocean.core.models import EventListenerType

FAILURE = 1


def report_failure_of_one_shot_run(
    listener: EventListenerType, has_failed: Callable[[], bool]
) -> None:
    """Exit with 1 when a `ONCE` run ends and `has_failed` says so.

    Ocean ends such a run by an interrupt; the web server shuts down in good order and then raises
    it again for the handler that was there before, which is this one.
    """
    if listener != EventListenerType.ONCE:
        return

    def exit_with_outcome(_signal: int, _frame: FrameType | None) -> NoReturn:
        if has_failed():
            raise SystemExit(FAILURE)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, exit_with_outcome)
