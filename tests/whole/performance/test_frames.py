"""How far it is from the producer of a resource to the wire, counted in calls of our own."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from httpcore import AsyncHTTPConnection, Request, Response

from tests.whole.performance.conftest import Read, Served
from tools.benchmarks.workloads.jobs import listing

ROOT = Path(__file__).parents[3]
MOST_FRAMES = 11


def own_frames(frame: FrameType | None) -> list[str]:
    """The calls on the stack that are this project's, the outermost first.

    A task begins a stack of its own, and a generator is on it only while it runs.
    """
    found = []
    while frame:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(ROOT) and ".venv" not in file.parts and "tests" not in file.parts:
            found.append(f"{file.stem}.{frame.f_code.co_qualname}")
        frame = frame.f_back
    return found[::-1]


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """One stack for each request, as its connection is told to send it."""
    found: list[list[str]] = []
    send = AsyncHTTPConnection.handle_async_request

    async def noted(self: Any, request: Request) -> Response:
        found.append(own_frames(sys._getframe(1)))
        return await send(self, request)

    monkeypatch.setattr(AsyncHTTPConnection, "handle_async_request", noted)
    return found


async def test_few_calls_lie_between_the_producer_and_the_wire(
    served: Served, read: Read, stacks: list[list[str]]
) -> None:
    batches = await read(
        f"{served.url}/l0", listing("/pages/cursor/3/50"), pagination_type="cursor"
    )
    assert sum(map(len, batches)) == 150
    assert len(stacks) == 3
    for stack in stacks:
        begin = stack.index("resource_reader.ResourceReader._produce")
        assert len(stack[begin:]) <= MOST_FRAMES, "\n".join(stack)
