"""Serves a model API to a process: in a thread of its own, with faults on the wire."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.fake_api import Answer, FakeApi, Reply

# The connection ends without a word.
CLOSED = Reply(raw=b"")


@contextmanager
def serve_model(answer: Answer) -> Iterator[FakeApi]:
    """Answer with `answer` on a free port until the block ends; `received` may be read after it."""
    api, loop = FakeApi(), asyncio.new_event_loop()
    api.answer = answer
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = api.running()
    asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(10)
    try:
        yield api
    finally:
        asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
