"""The process that a `JqWorker` keeps: runs jq programs over JSON texts until its input ends.

One request and one reply at a time. A request is `REQUEST` (seconds allowed, 0 for any; length of
the program; length of the text), the program and the text. A reply is `REPLY` (a state, whether
the process ends after it, length of the content) and the content: the outputs as JSON, one a line,
or what went wrong. Run as a script, with nothing of the integration in it.
"""

import contextlib
import json
import os
import signal
import struct
import sys
from functools import lru_cache
from typing import Any, BinaryIO

import jq

REQUEST = struct.Struct("!dQQ")
REPLY = struct.Struct("!B?Q")

DONE, FAILED, INVALID, BROKEN = range(4)

# jq's memory does not go back to the system after a large text; a fresh process begins small.
_MOST_MEMORY = 512 * 2**20
_PROGRAMS = 64


def answer(program: str, text: bytes) -> tuple[int, bytes]:
    """Return the state and content of a reply: all outputs, over all texts of the input."""
    try:
        compiled = _compile(program)
    except ValueError as error:
        return INVALID, _bytes(error)
    try:
        outputs = compiled.input_text(text.decode())
        return DONE, b"\n".join(json.dumps(output).encode() for output in outputs)
    except ValueError as error:
        return FAILED, _bytes(error)
    except (RecursionError, MemoryError) as error:
        return BROKEN, repr(error).encode()


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until there are no more, or until too much memory is held."""
    is_last = False
    while not is_last and len(header := requests.read(REQUEST.size)) == REQUEST.size:
        seconds, program_length, text_length = REQUEST.unpack(header)
        program = requests.read(program_length).decode()
        text = requests.read(text_length)
        if len(text) < text_length:
            return
        # The alarm ends the process, whatever jq is doing, also when nobody waits any more.
        signal.setitimer(signal.ITIMER_REAL, seconds)
        state, content = answer(program, text)
        signal.setitimer(signal.ITIMER_REAL, 0)
        is_last = _resident() > _MOST_MEMORY
        replies.write(REPLY.pack(state, is_last, len(content)) + content)
        replies.flush()


def main() -> None:
    # Ctrl-C goes to the whole process group; the end of the input is what ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    replies = os.fdopen(os.dup(1), "wb")
    # Whatever else writes to the standard output must not end up between two replies.
    os.dup2(2, 1)
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, replies)


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
