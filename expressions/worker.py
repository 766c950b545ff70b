"""jq in a process of its own, kept from one call to the next.

jq holds the interpreter for as long as it runs, so that a large text or a slow program would stop
everything else. `JqWorker` starts a clean interpreter when it is first used, never a fork of this
one, and hands it one program and text after the other.
"""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from expressions import process as jq_process

_SCRIPT = Path(jq_process.__file__)
# Seconds for a process to end itself when its time is over.
_PATIENCE = 2.0
# Bytes of memory that a jq process may take: all of the first, or half of what there is for this
# process and its children together, but not less than the second.
_MOST_MEMORY, _LEAST_MEMORY = 1024 * 2**20, 256 * 2**20
_OF_ALL = 2
# Where the limit of a container stands.
_CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class JqWorkerError(Exception):
    """A jq process that could not be started, died over the same text twice, or was closed."""


class BeyondLimitError(Exception):
    """A program that takes more memory, or gives more, than it may; the message says which."""


class InvalidProgramError(ValueError):
    """A program that does not compile; the message is jq's."""


@dataclass(slots=True)
class TimeLimit:
    """The seconds that are left to some calls together; waiting for other calls does not count."""

    left: float


class _Call:
    """One call, for as long as somebody waits for it."""

    is_wanted = True


class JqWorker:
    """A kept jq process, for any number of tasks, threads and event loops at once.

    Calls wait for each other. The process ends with this object, with `close()`, when nobody waits
    any more for what it computes, or when this process ends in whatever way. A fork of this process
    gets a jq process of its own.
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
        timeout: float | TimeLimit | None = None,  # noqa: ASYNC109  # ends the process, too
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
            BeyondLimitError: it takes too much memory, or gives too much.
            JqWorkerError: the process cannot be started, died over this text twice, or was closed.
        """
        return await self._call(False, program.encode(), text, timeout)

    async def run_each(
        self,
        programs: Sequence[tuple[str, bool]],
        texts: Sequence[bytes],
        timeout: float | TimeLimit | None = None,  # noqa: ASYNC109  # as above
    ) -> list[bytes]:
        """Return what each program gives on each text, which has no line breaks: a line for each.

        Inputs and errors as for `run`; a program goes with whether all its outputs count, or the
        first alone. What fails on one text is `{"error": "…"}` in the place of its outputs.

        Sample: `[(".id", False), (".tags[]", True)]` on `{"id": 1, "tags": [2, 3]}` gives
        `[[1], [2, 3]]`.
        """
        program = json.dumps(list(programs)).encode()
        return await self._call(True, program, b"\n".join(texts), timeout)

    def close(self) -> None:
        """End the process, whatever it does. A later call starts a new one."""
        self._kept.closings += 1
        self._kept.end()

    async def _call(
        self, is_list: bool, program: bytes, text: bytes, allowed: float | TimeLimit | None
    ) -> list[bytes]:
        limit = TimeLimit(allowed) if isinstance(allowed, int | float) else allowed
        call = _Call()
        try:
            return await _in_thread(
                lambda is_wanted: self._run(call, is_list, (program, text), limit, is_wanted)
            )
        except asyncio.CancelledError:
            # Or else it would compute on for nobody, while others wait.
            self._kept.abandon(call)
            raise

    def _run(
        self,
        call: _Call,
        is_list: bool,
        parts: tuple[bytes, bytes],
        limit: TimeLimit | None,
        is_wanted: Callable[[], bool],
    ) -> list[bytes]:
        if self._kept.owner != os.getpid():
            # Forked: the process and its pipes are the parent's, and so is a lock that was held.
            self._kept = _Kept()
        kept = self._kept
        with kept.lock:
            if not is_wanted() or not call.is_wanted:
                return []
            seconds = max(limit.left, 0.001) if limit else 0
            header = jq_process.REQUEST.pack(seconds, is_list, *map(len, parts))
            with kept.serving(call), _taking_from(limit):
                state, content = _ask(kept, call, (header, *parts), seconds)
        match state:
            case jq_process.DONE:
                return content.split(b"\n") if content else []
            case jq_process.INVALID:
                raise InvalidProgramError(content.decode())
            case jq_process.FAILED:
                raise ValueError(content.decode())
            case jq_process.NO_MEMORY:
                raise _out_of_memory()
            case jq_process.TOO_LARGE:
                raise BeyondLimitError(f"gives {content.decode()}")
        raise JqWorkerError(f"jq's outputs cannot be handed over: {content.decode()}")


class _Kept:
    """The process, if any, with what guards it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.is_fresh = True
        self.closings = 0
        self._guard = threading.Lock()
        self._served: _Call | None = None
        self._finalizer: weakref.finalize[[subprocess.Popen[bytes], int, int], _Kept] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Return the running process, unbuffered, so that a fork never holds half a request."""
        if self.process and self.process.poll() is not None:
            self.end()
        self.is_fresh = self.process is None
        if self.process is None:
            self.process, life = _started()
            self._finalizer = weakref.finalize(self, _end, self.process, life, self.owner)
        return self.process

    @contextmanager
    def serving(self, call: _Call) -> Iterator[None]:
        """Let this call end the process while it is served."""
        with self._guard:
            self._served = call
        try:
            yield
        finally:
            with self._guard:
                self._served = None

    def abandon(self, call: _Call) -> None:
        """End what is computed for a call for which nobody waits any more."""
        with self._guard:
            call.is_wanted = False
            if self._served is call and self.process and self.owner == os.getpid():
                self.process.kill()

    def end(self) -> int | None:
        """End the process and return its exit code, negative for the number of a signal."""
        process, self.process = self.process, None
        if self._finalizer:
            self._finalizer()
            self._finalizer = None
        return process.returncode if process else None


@contextmanager
def _taking_from(limit: TimeLimit | None) -> Iterator[None]:
    """Take the time that something takes from a limit, also where that is too long."""
    started = time.monotonic()
    try:
        yield
    finally:
        if limit:
            limit.left -= time.monotonic() - started


def _started() -> tuple[subprocess.Popen[bytes], int]:
    """Start a process; it ends when the descriptor that is returned beside it is closed."""
    theirs, life = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603  # a script of ours, by its full path
            [sys.executable, "-P", str(_SCRIPT), str(theirs), str(_memory_allowed())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            pass_fds=(theirs,),
        )
    except OSError:
        os.close(life)
        raise
    finally:
        os.close(theirs)
    return process, life


def _memory_allowed() -> int:
    """Return the bytes of memory that a jq process may take."""
    for place in _CONTAINER_LIMITS:
        with suppress(OSError, ValueError):
            there_is = int(Path(place).read_text())
            return min(_MOST_MEMORY, max(_LEAST_MEMORY, there_is // _OF_ALL))
    return _MOST_MEMORY


def _out_of_memory() -> BeyondLimitError:
    return BeyondLimitError(f"needs more than {_memory_allowed() // 2**20} MB of memory")


def _ask(kept: _Kept, call: _Call, parts: tuple[bytes, ...], seconds: float) -> tuple[int, bytes]:
    closings = kept.closings
    for _ in range(2):
        if kept.closings != closings:
            raise JqWorkerError("the process that runs jq was closed")
        if not call.is_wanted:
            return jq_process.DONE, b""
        try:
            process = kept.start()
        except OSError as error:
            raise JqWorkerError(f"no process for jq can be started: {error}") from None
        try:
            state, is_last, content = _exchange(process, parts, seconds or None)
        except (OSError, ValueError):  # Gone, or closed meanwhile.
            code = kept.end()
            if code == -signal.SIGALRM:
                raise TimeoutError(f"jq took longer than {seconds:g} seconds") from None
            # Where a limit makes jq end itself, what it did before may have a part in that.
            if code == -signal.SIGABRT and kept.is_fresh:
                raise _out_of_memory() from None
            continue
        if is_last:
            kept.end()
        return state, content
    if kept.closings != closings:
        raise JqWorkerError("the process that runs jq was closed")
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


def _end(process: subprocess.Popen[bytes], life: int, owner: int) -> None:
    if os.getpid() != owner:
        return
    # It has nothing to lose, and may be amid what never ends.
    process.kill()
    process.wait()
    os.close(life)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(OSError):
                pipe.close()


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
