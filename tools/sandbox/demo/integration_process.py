"""Starts the integration as its own process, watches it, and makes sure that it ends."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

GRACE_SECONDS = 10.0
POLL_SECONDS = 0.2


class DemoError(Exception):
    """The demonstration cannot go on; the message says why and what to do."""


def ocean_command() -> list[str]:
    """Return the command line that runs the integration of the working directory.

    Raises:
        DemoError: the `ocean` command is not installed beside this interpreter.
    """
    executable = Path(sys.executable).with_name("ocean")
    if not executable.exists():
        raise DemoError(f"{executable} does not exist: install the project's requirements first.")
    return [str(executable), "sail", "."]


@contextmanager
def integration_process(
    command: list[str], *, cwd: Path, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` with its output in `log`; on the way out the process has ended.

    It gets a process group of its own: Ctrl-C reaches this program only, which then stops the
    integration and whatever that started.

    Raises:
        DemoError: the command cannot be started.
    """
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise DemoError(f"the integration does not start: {error}") from error
        try:
            yield process
        finally:
            stop(process)


def wait(
    process: subprocess.Popen[bytes], *, seconds: float, each: Callable[[], None]
) -> int | None:
    """Call `each` a few times a second until the process ends.

    Returns:
        Its exit code, or None when it was still running after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        each()
        try:
            return process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    return None


def stop(process: subprocess.Popen[bytes], *, grace: float = GRACE_SECONDS) -> None:
    """End the process if it runs: politely first, after `grace` seconds with all it started."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        # Nobody has waited for the process yet, so its group cannot be anybody else's by now.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def last_lines(log: Path, count: int) -> list[str]:
    """Return the end of a log file; nothing when there is none."""
    if not log.exists():
        return []
    with log.open(encoding="utf-8", errors="replace") as lines:
        return [line.rstrip("\n") for line in deque(lines, maxlen=count)]
