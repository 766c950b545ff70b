"""Bodies that do not fit in memory: handed on while they arrive, whole or an error."""

import asyncio
import errno
import gc
import gzip
import itertools
import json
import os
from collections.abc import Buffer, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest, ApiResponse
from client import ApiClient
from errors import EndpointError, RequestError, ResourceError, ResponseError
from expressions.evaluator import Evaluator
from expressions.jq_expressions import DataPath
from formats.documents import Documents
from mapping.plan.endpoint import Endpoint
from mapping.plan.error_rules import ErrorRule
from mapping.plan.resource import ResourcePlan
from reading import item_stream
from reading.item_stream import ItemStream
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Received, Reply
from transport import complete_responses, connections, download, spool
from transport.spool import Spool

ITEMS = [{"id": number, "text": 'a "quoted" ]text\\'} for number in range(300)]
BODY = json.dumps({"meta": {"total": 300}, "data": {"items": ITEMS}, "next": None}).encode()


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(connections, "SMALL", 1000)
    monkeypatch.setattr(complete_responses, "SMALL", 1000)
    monkeypatch.setattr(spool, "CHUNK", 512)
    monkeypatch.setattr(download, "CHUNK", 512)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def plan(data_path: str = ".data.items", *rules: ErrorRule) -> ResourcePlan:
    return ResourcePlan("/x", Endpoint("/x", data_path=DataPath(data_path)), (), rules)


type Read = Callable[..., Any]


@pytest.fixture
def read(api: FakeApi, connect: ClientFactory) -> Read:
    async def items(chosen: ResourcePlan, **config: Any) -> list[dict[str, Any]]:
        reader = resource_reader(connect(**config), chosen, base_url=api.url, **config)
        return [item async for batch in reader.batches() for item in batch]

    return items


def resource_reader(client: ApiClient, chosen: ResourcePlan, **config: Any) -> ResourceReader:
    parsed = ConnectionSettings.parse(config)
    return ResourceReader(chosen, Session(client, parsed))


def broken_off(body: bytes, at: int) -> Reply:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return Reply(raw=head % len(body) + body[:at])


@pytest.mark.parametrize(
    "data_path, expected",
    [
        (".data.items", ITEMS),
        (".data.items[]", ITEMS),
        (".data.items[] | select(.id > 9)", ITEMS[10:]),
        (".data.items | map({id})", [{"id": item["id"]} for item in ITEMS]),
        (".data.items | map(select(.id < 3)) | map({id})", [{"id": n} for n in range(3)]),
        (".data.items | sort_by(-.id) | .[:2]", [ITEMS[299], ITEMS[298]]),
        (".data", [{"items": ITEMS}]),
        ('.data["items"]?', ITEMS),
    ],
)
async def test_any_data_path_gives_what_it_gives_on_a_small_body(
    api: FakeApi, read: Read, data_path: str, expected: Any
) -> None:
    api.script(Reply(body=BODY))
    assert await read(plan(data_path)) == expected
    assert len(api.received) == 1


@pytest.mark.parametrize(
    "body, headers",
    [
        (gzip.compress(BODY), {"content-encoding": "gzip"}),
        (BODY.decode().encode("utf-16"), {"content-type": "application/json; charset=utf-16"}),
        (b"\xef\xbb\xbf" + BODY, {}),
    ],
)
async def test_compressed_bodies_and_other_charsets(
    api: FakeApi, read: Read, body: bytes, headers: dict[str, str]
) -> None:
    api.script(Reply(body=body, headers=headers))
    assert await read(plan()) == ITEMS


async def test_lines(api: FakeApi, read: Read) -> None:
    body = "\n".join(map(json.dumps, ITEMS)).encode()
    api.script(Reply(body=body, headers={"content-type": "application/x-ndjson"}))
    assert await read(plan(".")) == ITEMS
    assert await read(plan(".[] | select(.id > 298)")) == ITEMS[299:]
    assert await read(plan(".[] | select(.id > 299)")) == []
    api.script(Reply(body=body + b"\n1,2", headers={"content-type": "application/x-ndjson"}))
    with pytest.raises(ResourceError, match="not JSON"):
        await read(plan("."))


async def test_integers_beyond_doubles_keep_every_digit(api: FakeApi, read: Read) -> None:
    items = [{"id": 2**53 + number} for number in range(1, 101)]
    api.script(Reply(body={"data": {"items": items}}))
    exact = [{"id": str(item["id"])} for item in items]
    assert await read(plan()) == exact
    assert await read(plan(".data.items[] | {id}")) == exact


async def test_items_are_handed_on_before_the_body_has_arrived(connect: ClientFactory) -> None:
    rest = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
        writer.write(head + BODY[:8000])
        await rest.wait()
        writer.write(BODY[8000:])
        writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        response = await connect(base_url=base).send(Endpoint("/x").request(base, {}))
        stream = await ItemStream.open(Documents(response), DataPath(".data.items"), Evaluator())
        assert stream
        async with aclosing(stream.pieces()) as pieces:
            found = (await asyncio.wait_for(anext(pieces), 5)).items
            rest.set()
            found += [item async for piece in pieces for item in piece.items]
    assert found == ITEMS
    assert stream.body == {"meta": {"total": 300}, "data": {"items": []}, "next": None}


@given(breaks=st.lists(st.integers(0, len(BODY) - 1), max_size=2))
@settings(max_examples=20, deadline=None)
def test_a_body_that_breaks_off_is_asked_for_again(breaks: list[int]) -> None:
    async def run() -> None:
        async with FakeApi().running() as api:
            api.script(*(broken_off(BODY, at) for at in breaks), Reply(body=BODY))
            config = {"base_url": api.url, "max_retries": 2}
            client = ApiClient(ConnectionSettings.parse(config))
            reader = resource_reader(client, plan(), **config)
            found = [item async for batch in reader.batches() for item in batch]
            await client.aclose()
            assert found == ITEMS
            assert len(api.received) == len(breaks) + 1

    asyncio.run(run())


@pytest.mark.contract("failure.keeps-what-was-read")
async def test_a_body_that_breaks_off_for_good_fails_and_what_came_is_handed_on(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(broken_off(BODY, 9000))
    found: list[Any] = []

    async def collect() -> None:
        async for batch in resource_reader(connect(), plan(), base_url=api.url).batches():
            found.extend(batch)

    with pytest.raises(ResourceError, match=r"GET http://127.*the connection broke"):
        await collect()
    assert found == ITEMS[: len(found)]
    assert len(found) > 50
    assert len(api.received) == 3


@pytest.mark.contract("outage.costs-minutes")
async def test_bodies_that_break_off_for_good_are_an_outage(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(broken_off(BODY, 9000))
    client = connect(max_retries=0, max_outage_wait=0.1)
    said = []
    for _ in range(40):
        try:
            await (await client.send(Endpoint("/x").request(api.url, {}))).read()
        except RequestError as error:
            said.append(str(error))
        await asyncio.sleep(0.005)
    assert "connection broke" in said[0]
    assert "not asked, down since" in said[-1]
    api.script(Reply(body=BODY))
    client.begin_run()
    assert await (await client.send(Endpoint("/x").request(api.url, {}))).read() == BODY


@pytest.mark.parametrize(
    "again, said",
    [
        (Reply(body=BODY.replace(b'"id": 7,', b'"id": 8,')), "another one"),
        (Reply(status=404), "then the API answered 404"),
        (Reply(status=503), "then the API answered 503"),
        (Reply(body=BODY[:5000]), "ended earlier"),
    ],
)
async def test_what_was_handed_on_must_come_again(
    api: FakeApi, read: Read, again: Reply, said: str
) -> None:
    api.script(broken_off(BODY, 9000), again)
    with pytest.raises(ResourceError, match=said):
        await read(plan())


class FullDisk:
    """A disk that has room for so many bytes more; the last write may be cut."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._write = os.write

    def write(self, descriptor: int, content: Buffer) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._write(descriptor, memoryview(content)[: self.room])
        self.room -= written
        return written


@pytest.mark.contract("disk.full")
@given(room=st.integers(0, len(BODY) + 10), sizes=st.lists(st.integers(1, 4000), min_size=1))
@settings(max_examples=30, deadline=None)
def test_a_body_of_which_a_part_is_in_memory_is_read_like_any_other(
    room: int, sizes: list[int]
) -> None:
    async def run() -> None:
        body = Spool()
        turns, position = itertools.cycle(sizes), 0
        while position < len(BODY):
            size = next(turns)
            await body.append(BODY[position : position + size])
            position += size
        await body.check(room // 2, BODY[room // 2 : room + 100])
        body.fill(asyncio.sleep(0))
        assert await body.read() == BODY
        assert b"".join([chunk async for chunk in body.chunks()]) == BODY
        file = await body.file()
        file.seek(-100, os.SEEK_END)
        assert file.read() == BODY[-100:]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("transport.spool.os.write", FullDisk(room).write)
        asyncio.run(run())


@pytest.mark.contract("disk.full")
@pytest.mark.parametrize("has_place", [True, False])
async def test_a_full_disk_costs_no_resync(
    api: FakeApi, read: Read, monkeypatch: pytest.MonkeyPatch, logs: list[str], has_place: bool
) -> None:
    monkeypatch.setattr(spool, "_ROOM", spool._Room())
    if has_place:
        monkeypatch.setattr("transport.spool.os.write", FullDisk(2000).write)
    else:
        monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    api.script(Reply(body=BODY))
    assert await read(plan()) == ITEMS
    api.script(Reply(body=BODY))
    assert await read(plan()) == ITEMS
    assert sum("are held in memory" in line for line in logs) == 1
    gc.collect()
    assert spool._ROOM._taken == 0

    monkeypatch.setattr(spool, "MOST_IN_MEMORY", 1000)
    with pytest.raises(ResourceError, match=r"neither on disk .*make room in"):
        await read(plan())


@pytest.mark.contract("bounds.item-size")
@pytest.mark.parametrize("data_path", [".data.items", ".data.items[] | select(.id >= 0)", ".data"])
async def test_one_item_beyond_the_limit_fails_its_resource(
    api: FakeApi, read: Read, data_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("formats.json_values.LARGEST_VALUE", 20_000)
    monkeypatch.setattr("formats.splitting.LARGEST_VALUE", 20_000)
    monkeypatch.setattr("reading.endpoint_reader.LARGEST_VALUE", 20_000)
    fits = data_path != ".data"
    api.script(Reply(body=BODY[:-1] + b" " * 20_000 + b"}"))
    if fits:
        assert await read(plan(data_path)) == ITEMS
    api.script(Reply(body=BODY.replace(b'"id": 7,', b'"id": 7, "long": "%s",' % (b"x" * 20_000))))
    with pytest.raises(ResourceError, match=r"GET http://127.*an item has more than 20000 bytes"):
        await read(plan(data_path))


@pytest.mark.contract("bounds.nesting")
async def test_nesting_beyond_the_limit_fails_its_resource(api: FakeApi, read: Read) -> None:
    for depth in (1200, 20_000):
        item = b'{"id": ' + b"[" * depth + b"]" * depth + b"}, "
        api.script(Reply(body=BODY.replace(b'{"id": 7,', item + b'{"id": 7,')))
        with pytest.raises(ResourceError, match="nested more than 1000 levels deep"):
            await read(plan())


@pytest.mark.contract("body.not-json")
@pytest.mark.parametrize(
    "body",
    [
        BODY[:-40],
        BODY.replace(b'"id": 250,', b'"id": 250'),
        BODY.replace(b'{"id": 250,', b',{"id": 250,'),
        BODY + b"]",
        BODY.replace(b'"next": null', b'"data": {"items": []}'),
    ],
    ids=["cut", "no comma", "two commas", "trailing", "key twice"],
)
async def test_a_body_that_is_no_json_fails(api: FakeApi, read: Read, body: bytes) -> None:
    api.script(Reply(body=body))
    with pytest.raises(ResourceError, match="not JSON"):
        await read(plan())


async def test_pages_go_on_after_a_large_one(api: FakeApi, read: Read) -> None:
    def answer(request: Received) -> Reply:
        offset = int(request.query["offset"])
        return Reply(body={"total": 300, "data": {"items": ITEMS[offset : offset + 100]}})

    api.answer = answer
    assert await read(plan(), pagination_type="offset") == ITEMS
    assert sorted(int(request.query["offset"]) for request in api.received) == [0, 100, 200, 300]


@pytest.mark.contract("pagination.custom")
@pytest.mark.parametrize(
    "told, in_pieces",
    [
        (".body.next", True),
        ("select(.page < 3) | {query_params: {page: (.page + 1)}}", True),
        (".body | .next", False),
        ("if .items == [] then null else .body.next end", False),
        ("(.body.data.items | length) as $n | select($n > 0) | .body.next", False),
    ],
)
async def test_an_expression_tells_of_large_pages_what_it_tells_of_small_ones(
    api: FakeApi, read: Read, monkeypatch: pytest.MonkeyPatch, told: str, in_pieces: bool
) -> None:
    """One that looks at the list gets all of it; for others it goes on arriving in pieces."""
    opened: list[Any] = []
    original = ItemStream.open

    async def spied(*given: Any) -> ItemStream | None:
        opened.append(await original(*given))
        return cast("ItemStream", opened[-1])

    def answer(request: Received) -> Reply:
        number = int(request.query.get("page", "1"))
        items = [{"id": 100 * number + place, "text": "x" * 20} for place in range(100)]
        following = f"?page={number + 1}" if number < 3 else None
        return Reply(body={"data": {"items": items}, "next": following})

    monkeypatch.setattr(ItemStream, "open", spied)
    api.answer = answer
    found = await read(plan(), pagination_type="custom", next_request=told)
    assert [item["id"] for item in found] == list(range(100, 400))
    assert any(opened) is in_pieces


@pytest.mark.contract("whole-list.repeated")
@pytest.mark.parametrize("data_path", [".data.items", ".data.items[] | select(.id % 2 == 0)"])
async def test_large_pages_of_a_list_that_moved_are_read_again(
    api: FakeApi, read: Read, data_path: str
) -> None:
    """Between two pages, 150 takes the place of 1, which comes again and may be left out."""
    moved = [{1: ITEMS[150], 150: ITEMS[1]}.get(n, item) for n, item in enumerate(ITEMS)]

    def answer(request: Received) -> Reply:
        offset = int(request.query["offset"])
        now = moved if len(api.received) > 1 else ITEMS
        return Reply(body={"total": 300, "data": {"items": now[offset : offset + 100]}})

    api.answer = answer
    settings = {"pagination_type": "offset", "max_concurrent_requests": "1"}
    found = {item["id"] for item in await read(plan(data_path), **settings)}
    assert found == set(range(0, 300, 1 if data_path == ".data.items" else 2))


async def test_a_large_page_that_starts_like_the_one_before_is_read_as_well(
    api: FakeApi, read: Read
) -> None:
    def answer(request: Received) -> Reply:
        number = int(request.query["page"])
        rest = ITEMS[100 * number : 100 * number + 99] if number < 4 else []
        return Reply(body={"data": {"items": [{"id": "header"}, *rest][: 1 + len(rest)]}})

    api.answer = answer
    found = await read(plan(), pagination_type="page", start_page="0")
    # The header stands on each page, so that the list is read again.
    ids = dict.fromkeys(item["id"] for item in found if item["id"] != "header")
    assert [*ids] == [
        item["id"] for number in range(3) for item in ITEMS[100 * number : 100 * number + 99]
    ]


@pytest.mark.contract("loop.page")
@pytest.mark.parametrize("stamp", [False, True])
async def test_a_large_page_that_comes_again_is_an_error(
    api: FakeApi, read: Read, stamp: bool
) -> None:
    def answer(request: Received) -> Reply:
        at = len(api.received) if stamp else 0
        return Reply(body={"at": "x" * at, "data": {"items": ITEMS[:100]}})

    api.answer = answer
    with pytest.raises(ResourceError, match="seems to ignore page"):
        await read(plan(), pagination_type="page")
    assert len(api.received) == 2


async def test_nothing_at_the_path_is_told_as_for_a_small_body(api: FakeApi, read: Read) -> None:
    api.script(Reply(body=BODY))
    with pytest.raises(ResourceError, match=r"matches nothing.*meta\.total"):
        await read(plan(".users"))
    with pytest.raises(ResourceError, match="matches nothing"):
        await read(plan(".data.items[] | .nothing"))
    api.script(Reply(body={"error": "x" * 2000, "data": {"items": []}}))
    with pytest.raises(ResourceError, match=r'the body says error: \{"error": "xxx'):
        await read(plan())


@pytest.mark.contract("on-error.skip")
async def test_rules_are_for_large_bodies_too(api: FakeApi, read: Read) -> None:
    rule = ErrorRule.parse("true", "skip", "on_error.0")
    api.script(Reply(body=BODY[:-40]))
    assert (await read(plan(".data.items", rule)))[:5] == ITEMS[:5]


@pytest.mark.contract("on-error.every-answer")
@pytest.mark.parametrize("then, items", [("skip", []), ("stop", ITEMS), ("retry", ITEMS[:5])])
async def test_a_status_counts_before_a_large_body_is_read(
    api: FakeApi, read: Read, then: Any, items: list[Any]
) -> None:
    rule = ErrorRule.parse([203], then, "on_error.0")
    api.script(Reply(203, BODY), Reply(body={"data": {"items": ITEMS[:5]}}))
    assert await read(plan(".data.items", rule)) == items


@pytest.mark.contract("on-error.without-items")
async def test_predicates_are_asked_at_the_end_of_a_large_body(api: FakeApi, read: Read) -> None:
    chosen = plan(".data.items", ErrorRule.parse(".status == 200", "skip", "on_error.0"))
    empty = {"pad": "x" * 2000, "code": 7, "msg": "nothing", "data": {"items": []}}
    api.script(Reply(body=empty))
    assert await read(chosen) == []
    with pytest.raises(ResourceError, match=r"the body says error: nothing: .*body\.code == 7"):
        await read(plan())
    api.script(Reply(body=BODY))
    assert await read(chosen) == ITEMS
    chosen = plan(".data.items", ErrorRule.parse(".status == 200", "fail", "on_error.0"))
    api.script(Reply(body=empty))
    with pytest.raises(ResourceError, match="on_error says that it is an error"):
        await read(chosen)


@pytest.mark.contract("body.not-ready")
async def test_a_large_answer_that_is_not_ready_is_asked_for_again(
    api: FakeApi, read: Read
) -> None:
    waiting = {"pad": "x" * 2000, "data": {"items": []}}
    api.script(Reply(202, waiting), Reply(200, BODY))
    assert await read(plan()) == ITEMS
    assert len(api.received) == 2
    api.script(Reply(202, BODY))
    assert await read(plan()) == ITEMS


async def test_a_large_error_answer_is_an_error_like_any_other(api: FakeApi, read: Read) -> None:
    api.script(Reply(status=400, body=b"no " * 2000))
    with pytest.raises(ResourceError, match="answered 400 Reason: no no"):
        await read(plan())


async def test_giving_up_ends_the_download_and_frees_its_turn(
    api: FakeApi, connect: ClientFactory
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
    client = connect(max_concurrent_requests="1", timeout="60")

    async def stuck(request: Received) -> Reply:
        return Reply(raw=head + BODY[:9000] + b" " * 100, drip=0)

    api.answer = stuck
    before = asyncio.all_tasks()
    response = await client.send(Endpoint("/x").request(api.url, {}))
    assert response.large
    response.large.abandon()
    with pytest.raises(EndpointError):
        await response.large.completed()
    api.script(Reply(body={"data": {"items": []}}))
    assert (await asyncio.wait_for(client.send(Endpoint("/x").request(api.url, {})), 5)).status
    await asyncio.sleep(0.05)
    assert {task for task in asyncio.all_tasks() - before if "Download" in repr(task)} == set()


async def test_the_file_has_no_name_and_ends_with_its_reader(
    api: FakeApi, connect: ClientFactory, tmp_path: Path
) -> None:
    def open_files() -> int:
        """How many open files have no name; those of others come and go."""
        descriptors = Path("/proc/self/fd").iterdir()
        return sum("deleted" in str(each.readlink()) for each in descriptors if each.is_symlink())

    api.script(Reply(body=BODY))
    client = connect()
    # What other tests left open would end meanwhile.
    gc.collect()
    before = open_files()
    response = await client.send(Endpoint("/x").request(api.url, {}))
    assert response.large
    assert await response.large.read() == BODY
    assert await response.large.read() == BODY
    assert list(tmp_path.iterdir()) == []
    assert "quoted" not in repr(response)
    assert open_files() == before + 1
    del response
    # The thread that read it may still be about to let go of it.
    async with asyncio.timeout(5):
        while open_files() > before:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)


async def test_without_a_place_for_large_bodies_the_error_says_so_and_the_turn_is_free(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client, request = connect(max_concurrent_requests=1), ApiRequest("GET", f"{api.url}/x")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    monkeypatch.setattr(spool, "MOST_IN_MEMORY", 0)
    api.script(Reply(body=BODY), Reply())
    with pytest.raises(EndpointError, match=r"on disk \(No such file.*make room in .*/gone"):
        await (await client.send(request)).read()
    assert (await client.send(request)).status == 200
    assert client.traffic.retries == 0


async def test_several_read_one_body_at_their_own_pace() -> None:
    body = Spool()
    gate = asyncio.Event()

    async def write() -> None:
        await body.append(b"a" * 700)
        await gate.wait()
        await body.append(b"b" * 10)

    body.fill(write())
    quick = asyncio.create_task(body.read())
    async with aclosing(body.chunks()) as chunks:
        assert await anext(chunks) == b"a" * 512
        gate.set()
        assert await quick == b"a" * 700 + b"b" * 10
        assert b"".join([chunk async for chunk in chunks]) == b"a" * 188 + b"b" * 10


async def test_an_error_reaches_every_reader() -> None:
    body = Spool()

    async def fail() -> None:
        await body.append(b"abc")
        raise ResponseError("it broke")

    body.fill(fail())
    for _ in range(2):
        with pytest.raises(ResponseError, match="it broke"):
            await body.read()
        with pytest.raises(ResponseError, match="it broke"):
            assert [chunk async for chunk in body.chunks()] == [b"abc"]


async def test_small_answers_and_unfit_paths_are_not_streamed() -> None:
    small = ApiResponse(httpx.URL("https://h.test"), 200, httpx.Headers(), b"[]")
    assert await item_stream.ItemStream.open(Documents(small), DataPath("."), Evaluator()) is None
    for path in (".a | sort", ".[-1]", ".a + .b", "first(.a[])"):
        assert DataPath(path).list_path is None, path
