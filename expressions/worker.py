"""jq in a process of its own, kept from one call to the next.

jq holds the interpreter for as long as it runs, so that a large text or a slow program would stop
everything else. `JqWorker` starts a clean interpreter when it is first used, never a fork of this
one, and hands it one program and text after the other.
"""

import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO

from expressions import process as jq_process

_SCRIPT = Path(jq_process.__file__)
# Seconds for a process to do what it does of itself: to end when its input or its time ends.
_PATIENCE = 2.0


class JqWorkerError(Exception):
    """A jq process that could not be started, or died over the same text twice."""


class InvalidProgramError(ValueError):
    """A program that does not compile; the message is jq's."""


class JqWorker:
    """A kept jq process, for any number of tasks, threads and event loops at once.

    Calls wait for each other. The process ends with this object, with `close()`, or when this
    process ends in whatever way. A fork of this process gets a jq process of its own.
    """

    def __init__(self) -> None:
        self._kept = _Kept()

    @property
    def process_id(self) -> int | None:
        """The id of the jq process; None while there is none."""
        process = self._kept.process
        return process.pid if process and self._kept.owner == os.getpid() else None

    async def run(
        self,
        program: str,
        text: bytes,
        timeout: float | None = None,  # noqa: ASYNC109  # ends the process, not just the waiting
    ) -> list[bytes]:
        """Return all outputs of a program, as JSON texts.

        Args:
            program: what jq compiles, as it is.
            text: UTF-8; any number of JSON texts, each of which the program gets as its input.
            timeout: seconds that jq may take. Waiting for other calls does not count.

        Raises:
            InvalidProgramError: the program does not compile.
            ValueError: the program or the text fails, with jq's message.
            TimeoutError: jq took longer; its process was ended.
            JqWorkerError: the process cannot be started, or died over this text twice.
        """
        return await _in_thread(lambda is_wanted: self._run(program, text, timeout, is_wanted))

    def close(self) -> None:
        """End the process. A later call starts a new one."""
        self._kept.end()

    def _run(
        self, program: str, text: bytes, timeout: float | None, is_wanted: Callable[[], bool]
    ) -> list[bytes]:
        if self._kept.owner != os.getpid():
            # Forked: the process and its pipes are the parent's, and so is a lock that was held.
            self._kept = _Kept()
        kept = self._kept
        with kept.lock:
            if not is_wanted():
                return []
            encoded = program.encode()
            seconds = max(timeout, 0.001) if timeout is not None else 0
            header = jq_process.REQUEST.pack(seconds, len(encoded), len(text))
            state, content = _ask(kept, (header, encoded, text), timeout)
        match state:
            case jq_process.DONE:
                return content.split(b"\n") if content else []
            case jq_process.INVALID:
                raise InvalidProgramError(content.decode())
            case jq_process.FAILED:
                raise ValueError(content.decode())
        raise JqWorkerError(f"jq's outputs cannot be handed over: {content.decode()}")


class _Kept:
    """The process, if any, with what guards it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self._finalizer: weakref.finalize[[subprocess.Popen[bytes], int], _Kept] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Return the running process, unbuffered, so that a fork never holds half a request."""
        if self.process and self.process.poll() is not None:
            self.end()
        if self.process is None:
            self.process = subprocess.Popen(  # noqa: S603  # a script of ours, by its full path
                [sys.executable, "-P", str(_SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
            self._finalizer = weakref.finalize(self, _end, self.process, self.owner)
        return self.process

    def end(self) -> int | None:
        """End the process and return its exit code, negative for the number of a signal."""
        process, self.process = self.process, None
        if self._finalizer:
            self._finalizer()
            self._finalizer = None
        return process.returncode if process else None


def _ask(kept: _Kept, parts: tuple[bytes, ...], timeout: float | None) -> tuple[int, bytes]:
    for _ in range(2):
        try:
            process = kept.start()
        except OSError as error:
            raise JqWorkerError(f"no process for jq can be started: {error}") from None
        try:
            state, is_last, content = _exchange(process, parts, timeout)
        except (OSError, ValueError):  # Gone, or closed meanwhile.
            if kept.end() == -signal.SIGALRM:
                raise TimeoutError(f"jq took longer than {timeout:g} seconds") from None
            continue
        if is_last:
            kept.end()
        return state, content
    raise JqWorkerError("the process that runs jq died twice over the same text")


def _exchange(
    process: subprocess.Popen[bytes], parts: tuple[bytes, ...], timeout: float | None
) -> tuple[int, bool, bytes]:
    """Send a request and read the reply.

    Raises:
        OSError: the process is gone, or does not even end itself when its time is over.
    """
    if process.stdin is None or process.stdout is None:
        raise OSError("the process was started without pipes")
    for part in parts:
        view = memoryview(part)
        while view:
            view = view[process.stdin.write(view) :]
    replies = select.poll()
    replies.register(process.stdout, select.POLLIN)
    if not replies.poll(None if timeout is None else 1000 * (timeout + _PATIENCE)):
        raise OSError("the process does not answer")
    state, is_last, length = jq_process.REPLY.unpack(_read(process.stdout, jq_process.REPLY.size))
    return state, is_last, _read(process.stdout, length)


def _read(pipe: IO[bytes], length: int) -> bytes:
    content = bytearray()
    while len(content) < length:
        chunk = pipe.read(length - len(content))
        if not chunk:
            raise OSError("the process closed its output")
        content += chunk
    return bytes(content)


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() != owner:
        return
    if process.stdin:
        with suppress(OSError):
            process.stdin.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


async def _in_thread[T](job: Callable[[Callable[[], bool]], T]) -> T:
    """Run a job in a thread that neither fills up a pool nor keeps this process from ending.

    The job is told whether anybody still waits for it; once it knows so, it cannot be cancelled.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            result = job(future.set_running_or_notify_cancel)
        except BaseException as error:  # noqa: BLE001  # the waiting task raises it
            if not future.cancelled():
                future.set_exception(error)
        else:
            if not future.cancelled():
                future.set_result(result)

    try:
        threading.Thread(target=work, name="jq", daemon=True).start()
    except RuntimeError as error:
        raise JqWorkerError(f"no thread for jq can be started: {error}") from None
    return await asyncio.wrap_future(future)
