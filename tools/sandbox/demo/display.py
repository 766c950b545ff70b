"""Shows progress in a way that suits where the output goes: a terminal or a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from tools.sandbox.demo.report import Progress, progress_line, progress_table

SECONDS_BETWEEN_LINES = 3.0
REFRESHES_PER_SECOND = 5


def make_console(*, is_terminal: bool) -> Console:
    """Return a console that sends control characters to a terminal only."""
    if is_terminal:
        return Console(markup=False)
    return Console(
        force_terminal=False, color_system=None, highlight=False, markup=False, width=100
    )


@contextmanager
def progress_display(
    console: Console, read: Callable[[], tuple[list[Progress], int]]
) -> Iterator[Callable[[], None]]:
    """Give a function that shows the present progress, to be called again and again.

    Args:
        console: where to show it; a terminal gets a table that moves, anything else lines.
        read: the progress and the number of requests to the API so far.
    """
    start = time.monotonic()
    if not console.is_terminal or console.is_dumb_terminal:
        yield _line_printer(console, read, start)
        return

    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda: live.update(
            progress_table(*read(), seconds=time.monotonic() - start), refresh=True
        )


def _line_printer(
    console: Console, read: Callable[[], tuple[list[Progress], int]], start: float
) -> Callable[[], None]:
    next_line = start + SECONDS_BETWEEN_LINES

    def show() -> None:
        nonlocal next_line
        now = time.monotonic()
        if now >= next_line:
            next_line = now + SECONDS_BETWEEN_LINES
            console.print(progress_line(*read(), seconds=now - start), soft_wrap=True)

    return show
