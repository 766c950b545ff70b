"""What makes extraction fast and small: work side by side, bodies in pieces, little Python."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.whole.performance.conftest import Batch, Read, Served
from tests.whole.performance.counting import counted_calls
from tools.benchmarks.bench import Bench, Task
from tools.benchmarks.bodies import megabyte
from tools.benchmarks.workloads.jobs import listing, paged

PAGES = 40
LIMIT = 8
FEW = 4
PAGE_SIZE = 200


@pytest.mark.parametrize("pagination", ["page", "offset"])
async def test_a_known_total_fills_every_connection(
    served: Served, read: Read, pagination: str
) -> None:
    batches = await read(
        f"{served.url}/l20",
        listing(f"/pages/total/{PAGES}/50"),
        pagination_type=pagination,
        page_size=50,
        max_concurrent_requests=LIMIT,
    )
    assert [item["id"] for batch in batches for item in batch] == list(range(PAGES * 50))
    # The one more asks whether anything follows the last full page.
    assert PAGES <= served.statistics.requests <= PAGES + 1
    assert served.statistics.peak == LIMIT


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_items_are_handed_over_before_a_large_body_is_complete(
    read: Read, chunked: bool
) -> None:
    taken = asyncio.Event()

    async def take(batch: Batch) -> None:
        taken.set()

    async with asyncio.timeout(10), _withholding(taken, 20, chunked=chunked) as url:
        batches = await read(url, listing("/large"), consume=take)
    assert sum(map(len, batches)) == 20 * 3800


@pytest.mark.process
def test_a_large_body_is_never_in_memory_as_a_whole() -> None:
    bench = Bench(quick=True, runs=1)
    with bench.api() as api:
        job = {"settings": {"base_url": api.at(0)}, "resources": [listing("/stream/40")]}
        figures = bench.run(Task("ours", job))
    assert figures["items"] == 40 * 3800 + 1
    assert figures["peak"] - figures["idle"] <= 75


@pytest.mark.parametrize("style", ["total", "plain", "cursor", "link"])
async def test_an_item_costs_hardly_any_python(served: Served, read: Read, style: str) -> None:
    few = await calls_for(served, read, style)
    many = await calls_for(served, read, style, size=5 * PAGE_SIZE)
    more = many - few
    assert more.total() / (FEW * 4 * PAGE_SIZE) <= 1.5, more.most_common(5)


@pytest.mark.parametrize("style", ["plain", "cursor", "link"])
async def test_a_page_costs_a_bounded_number_of_calls(
    served: Served, read: Read, style: str
) -> None:
    few = await calls_for(served, read, style)
    many = await calls_for(served, read, style, pages=3 * FEW)
    more = many - few
    # httpx alone takes about 1,300.
    assert more.total() / (2 * FEW) <= 2000, more.most_common(8)


async def calls_for(
    served: Served, read: Read, style: str, *, size: int = PAGE_SIZE, pages: int = FEW
) -> Counter[str]:
    """The calls of reading so many pages of so many items."""
    job = paged(f"{served.url}/l0", style, f"/pages/{style}/{pages}/{size}", page_size=size)
    settings = dict(job["settings"])
    base_url = settings.pop("base_url")
    await read(base_url, *job["resources"], **settings)  # Compiles and imports, uncounted.
    with counted_calls() as calls:
        batches = await read(base_url, *job["resources"], **settings)
    assert sum(map(len, batches)) == pages * size
    return calls


@asynccontextmanager
async def _withholding(
    taken: asyncio.Event, megabytes: int, *, chunked: bool
) -> AsyncIterator[str]:
    """A server whose one body stays without its end until `taken` is set."""
    parts = [b'{"items":[', *[megabyte()] * (megabytes - 1), megabyte()[:-1] + b"]}"]
    framing = "Transfer-Encoding: chunked"
    if chunked:
        parts = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts]
        parts[-1] += b"0\r\n\r\n"
    else:
        framing = f"Content-Length: {sum(map(len, parts))}"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head.encode())
            for part in parts[:-1]:
                writer.write(part)
                await writer.drain()
            await taken.wait()
            writer.write(parts[-1])
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        taken.set()
        server.close()
        await server.wait_closed()
