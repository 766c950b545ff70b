"""How far it is from the producer of a resource to the wire, counted in calls of our own."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from httpcore import AsyncHTTPConnection, Request, Response

from tests.whole.performance.conftest import Read, Served
from tools.benchmarks.workloads.jobs import listing, things

ROOT = Path(__file__).parents[3]
# From the task that reads an endpoint to its connection, both counted.
MOST_FRAMES = 8
# Between that task and where path parameters are read, there are levels of combinations.
MOST_OF_DISCOVERY = 10


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


@pytest.mark.parametrize(
    "job, begin, requests",
    [
        (listing("/pages/cursor/3/50"), "ResourceReader._produce", 3),
        (things(20, 3), "ResourceReader._work", 20),
    ],
    ids=["plain", "nested"],
)
async def test_few_calls_lie_between_the_producer_and_the_wire(
    served: Served,
    read: Read,
    stacks: list[list[str]],
    job: dict[str, Any],
    begin: str,
    requests: int,
) -> None:
    await read(f"{served.url}/l0", job, pagination_type="cursor")
    counted = [stack for stack in stacks if stack[0] == f"resource_reader.{begin}"]
    assert len(counted) == requests
    for stack in counted:
        assert len(stack) <= MOST_FRAMES, "\n".join(stack)


async def test_path_parameters_are_no_long_way_either(
    served: Served, read: Read, stacks: list[list[str]]
) -> None:
    await read(f"{served.url}/l0", things(20, 3), pagination_type="none")
    (of_discovery,) = [
        stack for stack in stacks if stack[0] == "resource_reader.ResourceReader._produce"
    ]
    assert len(of_discovery) <= MOST_OF_DISCOVERY, "\n".join(of_discovery)
