"""The process that a `JqWorker` keeps: runs jq programs over JSON texts until its input ends.

One request and one reply at a time. A request is `REQUEST` (seconds allowed, 0 for any; whether
the program is a list of them; lengths of the program and of the text), the program and the text. A
reply is `REPLY` (a state, whether the process ends after it, length of the content) and the
content. Of one program these are its outputs as JSON, one a line. Of a list of programs, such as
`[[".id", false], [".tags[]", true]]`, each runs for itself on each line of the text, and gives its
first output or all: `[[1], ["a", "b"]]` is the line that comes of `{"id": 1, "tags": ["a", "b"]}`,
and `{"error": "…"}` stands for a program that failed. Run as a script, with nothing of the
integration in it; its arguments are a pipe's end and the bytes of memory that it may take.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import re
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, BinaryIO

import jq
import orjson

REQUEST = struct.Struct("!d?QQ")
REPLY = struct.Struct("!B?Q")

DONE, FAILED, INVALID, BROKEN, NO_MEMORY, TOO_LARGE = range(6)

# Bytes of one value that an expression gives; of a list, of each element.
MOST_VALUE = 16 * 2**20
# Bytes of all outputs together: so many, or so many times the input.
_MOST_OUTPUT, _MOST_GROWTH = 64 * 2**20, 4
# jq's memory does not go back to the system after a large text; a fresh process begins small.
_MOST_MEMORY = 512 * 2**20
_PROGRAMS = 64
# What glibc's malloc keeps for the next page, by mallopt(3): to give it back, and to ask for it
# again, costs a sixth of all time.
_M_TRIM_THRESHOLD, _KEPT_MEMORY = -1, 32 * 2**20
# What passes over a text or reads the ones that come next, and what sees that it is not alone.
_STANDS_ALONE = re.compile(r"\b(?:halt|input)|__loc__|__jq|\?//")


class TooLargeError(Exception):
    """Outputs beyond what is handed over; the message says what was found."""


def answer(program: str, text: bytes) -> tuple[int, bytes]:
    """Return the state and content of a reply: all outputs, over all texts of the input."""
    try:
        compiled = _compile(program)
    except ValueError as error:
        return INVALID, _bytes(error)
    return _reply(lambda: _lines(compiled.input_text(text.decode())), len(text))


def answer_each(programs: str, text: bytes) -> tuple[int, bytes]:
    """Return the same of a list of programs, each for itself on each line of the input."""
    asked = json.loads(programs)
    try:
        compiled = [(_compile(program), is_every) for program, is_every in asked]
    except ValueError as error:
        return INVALID, _bytes(error)
    together = _together(tuple(map(tuple, asked)))
    return _reply(lambda: _rows(compiled, together, text.decode()), len(text))


def _reply(make: Callable[[], Iterator[bytes]], size: int) -> tuple[int, bytes]:
    """Return the reply with all lines that are made of an input of this size."""
    most = max(_MOST_OUTPUT, _MOST_GROWTH * size)
    lines = []
    try:
        for line in make():
            lines.append(line)
            most -= len(line)
            if most < 0:
                raise TooLargeError(f"more than {_MOST_OUTPUT / 2**20:.0f} MB in all")
        return DONE, b"\n".join(lines)
    except ValueError as error:
        return FAILED, _bytes(error)
    except TooLargeError as error:
        return TOO_LARGE, str(error).encode()
    except RecursionError as error:
        return BROKEN, repr(error).encode()
    except MemoryError:
        return NO_MEMORY, b""


def _lines(outputs: Any) -> Iterator[bytes]:
    for output in outputs:
        yield _checked(output)


def _rows(compiled: list[tuple[Any, bool]], together: Any, text: str) -> Iterator[bytes]:
    """Yield a row for each line of a text: all of them in one go, up to one on which jq fails."""
    lines = text.split("\n")
    done = 0
    if together is not None:
        with contextlib.suppress(ValueError):
            for results in together.input_text(text):
                yield _row(results)
                done += 1
    for line in lines[done:]:
        yield _row([_outputs(*each, line) for each in compiled])


@lru_cache(maxsize=_PROGRAMS)
def _together(programs: tuple[tuple[str, bool], ...]) -> Any:
    """Return one program that gives a list of the outputs of several; None where that differs."""
    if any(_STANDS_ALONE.search(program) for program, _ in programs):
        return None
    parts = (f"[({text}\n)]" if every else f"[first(({text}\n))]" for text, every in programs)
    try:
        return jq.compile(f"[{', '.join(parts)}]")
    except ValueError:
        return None


def _outputs(program: Any, is_every: bool, line: str) -> Any:
    """Return the outputs of a program on one text; an object with the reason where it fails."""
    try:
        outputs = program.input_text(line)
        return list(outputs) if is_every else [outputs.first()]
    except StopIteration:
        return []
    except ValueError as error:
        return {"error": str(error)}


def _row(results: list[Any]) -> bytes:
    """Return the results of all programs as JSON; an error for those that are nested too deeply."""
    try:
        return _checked(results)
    except RecursionError:
        return b"[" + b", ".join(map(_flat, results)) + b"]"


def _flat(result: Any) -> bytes:
    try:
        return _checked([result])[1:-1]
    except RecursionError as error:
        return json.dumps({"error": str(error)}).encode()


def _checked(output: Any) -> bytes:
    """Return an output as JSON.

    Raises:
        TooLargeError: it is one very large value.
    """
    text = _json(output)
    if len(text) > MOST_VALUE:
        _refuse_large(output)
    return text


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # An integer beyond 2^64, or deep nesting.
        return json.dumps(value).encode()


def _refuse_large(output: Any) -> None:
    """Refuse a value, or one in a list of values, that is too large; lists may be long."""
    values = output if isinstance(output, list) else [output]
    for value in values:
        size = len(_json(value))
        if size > MOST_VALUE and isinstance(value, list) and len(values) == 1 < len(value):
            _refuse_large(value)
        elif size > MOST_VALUE:
            raise TooLargeError(f"a value of {size / 2**20:.0f} MB")


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until there are no more, or until too much memory is held."""
    is_last = False
    while not is_last and len(header := requests.read(REQUEST.size)) == REQUEST.size:
        seconds, is_list, program_length, text_length = REQUEST.unpack(header)
        program = requests.read(program_length).decode()
        text = requests.read(text_length)
        if len(text) < text_length:
            return
        # The alarm ends the process, whatever jq is doing, also when nobody waits any more.
        signal.setitimer(signal.ITIMER_REAL, seconds)
        state, content = (answer_each if is_list else answer)(program, text)
        signal.setitimer(signal.ITIMER_REAL, 0)
        is_last = state == NO_MEMORY or _resident() > _MOST_MEMORY
        replies.write(REPLY.pack(state, is_last, len(content)) + content)
        replies.flush()


def main() -> None:
    # Ctrl-C goes to the whole process group; the end of the input is what ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM, signal.SIGIO})
    if len(sys.argv) > 1:
        _end_with(int(sys.argv[1]))
        _limit_memory(int(sys.argv[2]))
    # Other libraries of C have no such setting.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, _KEPT_MEMORY)
    replies = os.fdopen(os.dup(1), "wb")
    # Whatever else writes to the standard output must not end up between two replies.
    os.dup2(2, 1)
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, replies)


def _end_with(pipe: int) -> None:
    """End this process, whatever jq is doing, when all who hold the other end of a pipe have ended.

    jq holds the interpreter, so that no thread could look; the signal does what it does by itself.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)


def _limit_memory(most: int) -> None:
    """Let this process fail, and no other, where an expression takes more than so many bytes."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        # jq aborts where there is no more; its memory is nothing to keep.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123  # pathlib costs start-up time
        file.write("1000")


@lru_cache(maxsize=_PROGRAMS)
def _compile(program: str) -> Any:
    return jq.compile(program)


def _bytes(error: ValueError) -> bytes:
    return str(error).encode(errors="replace")


def _resident() -> int:
    """Return the bytes of memory in use; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123  # pathlib costs start-up time
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    main()
