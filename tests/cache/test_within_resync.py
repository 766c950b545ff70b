"""Responses that resources share: fetched once, readable by their owner only, then gone."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api_messages import ApiRequest, ApiResponse
from cache import within_resync
from cache.within_resync import ResponseCache, remove_leftovers
from errors import ResponseError, StatusError
from transport.spool import Spool

ROOT = Path(__file__).resolve().parents[2]
REQUEST = ApiRequest("GET", httpx.URL("https://api.test/secret-path?token=hush"))
OTHER = ApiRequest("GET", httpx.URL("https://api.test/other"))
_HOLD = """
import asyncio, httpx
from errors import ResponseError
from api_messages import ApiRequest, ApiResponse
from cache import within_resync
from cache.within_resync import ResponseCache
within_resync._MEMORY = 0
async def hold():
    cache = ResponseCache()
    async def send(request):
        return ApiResponse(request.url, 200, httpx.Headers(), b"body")
    await cache.fetch(ApiRequest("GET", httpx.URL("https://api.test/")), send)
    print("ready", flush=True)
    await asyncio.sleep(60)
asyncio.run(hold())
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(within_resync, "_MEMORY", 0)
    return tmp_path


@pytest.fixture
def cache() -> Iterator[ResponseCache]:
    made = ResponseCache()
    yield made
    made.close()


class Api:
    """Counts requests and answers when `gate` opens."""

    def __init__(self, *failures: Exception) -> None:
        self.requests = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._failures = list(failures)

    async def send(self, request: ApiRequest) -> ApiResponse:
        self.requests += 1
        await self.gate.wait()
        if self._failures:
            raise self._failures.pop(0)
        content = f"{request.method} {request.url} {request.body}".encode()
        return ApiResponse(request.url, 200, httpx.Headers({"link": "</x>; rel=next"}), content)


@pytest.mark.contract("sharing.once")
@pytest.mark.contract("sharing.all-askers")
async def test_many_who_ask_at_once_share_one_request(cache: ResponseCache) -> None:
    api = Api()
    api.gate.clear()
    askers = [asyncio.create_task(cache.fetch(REQUEST, api.send)) for _ in range(20)]
    await asyncio.sleep(0.01)
    api.gate.set()
    answers = await asyncio.gather(*askers, cache.fetch(REQUEST, api.send))
    again = await cache.fetch(REQUEST, api.send)
    assert api.requests == 1
    assert all(answer == again for answer in answers)
    assert (again.url, again.status) == (REQUEST.url, 200)
    assert again.headers["Link"] == "</x>; rel=next"


@pytest.mark.contract("sharing.differs")
async def test_requests_that_differ_are_not_shared(cache: ResponseCache) -> None:
    api = Api()
    url = REQUEST.url
    requests = [
        REQUEST,
        OTHER,
        ApiRequest("POST", url),
        ApiRequest("GET", url, {"x": "1"}),
        ApiRequest("GET", url, {}, {"x": 1}),
        REQUEST.with_query({"page": 2}),
    ]
    answers = [await cache.fetch(request, api.send) for request in requests]
    assert api.requests == len(requests)
    assert [answer.url for answer in answers] == [request.url for request in requests]


@pytest.mark.contract("sharing.failure-shared")
@pytest.mark.contract("sharing.complete-only")
async def test_a_failure_is_shared_and_not_kept(cache: ResponseCache) -> None:
    api = Api(StatusError(500, "broken"))
    api.gate.clear()
    askers = [asyncio.create_task(cache.fetch(REQUEST, api.send)) for _ in range(5)]
    await asyncio.sleep(0.01)
    api.gate.set()
    errors = await asyncio.gather(*askers, return_exceptions=True)
    assert all(isinstance(error, StatusError) for error in errors)
    assert api.requests == 1
    assert (await cache.fetch(REQUEST, api.send)).status == 200
    assert api.requests == 2


async def test_who_stops_waiting_takes_nothing_from_the_others(cache: ResponseCache) -> None:
    api = Api()
    api.gate.clear()
    first, second, third = (asyncio.create_task(cache.fetch(REQUEST, api.send)) for _ in range(3))
    await asyncio.sleep(0.01)
    first.cancel()
    third.cancel()
    await asyncio.gather(first, third, return_exceptions=True)
    api.gate.set()
    assert (await second).status == 200
    assert api.requests == 1


async def test_a_failure_that_nobody_waits_for_is_not_kept(cache: ResponseCache) -> None:
    api = Api(StatusError(500, "broken"))
    api.gate.clear()
    asker = asyncio.create_task(cache.fetch(REQUEST, api.send))
    await asyncio.sleep(0.01)
    asker.cancel()
    await asyncio.gather(asker, return_exceptions=True)
    api.gate.set()
    await asyncio.sleep(0.01)
    assert (await cache.fetch(REQUEST, api.send)).status == 200


@pytest.mark.contract("cache.full-disk")
async def test_a_full_disk_costs_requests_and_one_warning(
    cache: ResponseCache, place: Path, monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    real, api = os.fdopen, Api()

    def full_disk(descriptor: int, mode: str) -> None:
        os.close(descriptor)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full_disk)
    asked = [cache.fetch(request, api.send) for request in (REQUEST, REQUEST, OTHER)]
    answers = await asyncio.gather(*asked)
    assert [b"secret-path" in answer.content for answer in answers] == [True, True, False]
    assert (await cache.fetch(REQUEST, api.send)).content == answers[0].content
    assert api.requests == 3
    (warning,) = [line for line in logs if "cannot be kept" in line]
    assert "No space left on device" in warning
    # What was begun takes no room.
    assert [file.name for file in place.glob("*/*")] == ["lock"]
    monkeypatch.setattr(os, "fdopen", real)
    for _ in range(2):
        assert (await cache.fetch(REQUEST, api.send)).status == 200
    assert api.requests == 4


@pytest.mark.contract("cache.full-disk")
async def test_no_directory_to_keep_them_in_costs_requests_only(
    cache: ResponseCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(prefix: str) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", full_disk)
    api = Api()
    for _ in range(3):
        assert (await cache.fetch(REQUEST, api.send)).status == 200
    assert api.requests == 3


@pytest.mark.contract("cache.full-disk")
async def test_a_file_that_someone_removed_is_asked_for_again(
    cache: ResponseCache, place: Path
) -> None:
    api = Api()
    answers = [await cache.fetch(REQUEST, api.send)]
    for file in place.glob("*/*-*"):
        file.unlink()
    answers += [await cache.fetch(REQUEST, api.send) for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    assert api.requests == 3


async def test_a_large_body_that_breaks_off_is_given_up_and_not_kept(cache: ResponseCache) -> None:
    async def break_off() -> None:
        await bodies[-1].append(b"a part")
        if len(bodies) == 1:
            raise ResponseError("broke off")

    async def send(request: ApiRequest) -> ApiResponse:
        bodies.append(Spool())
        bodies[-1].fill(break_off())
        return ApiResponse(request.url, 200, httpx.Headers(), b"", bodies[-1])

    bodies: list[Spool] = []
    with pytest.raises(ResponseError, match="broke off"):
        await cache.fetch(REQUEST, send)
    first, second = [await cache.fetch(REQUEST, send) for _ in range(2)]
    assert len(bodies) == 2
    assert first.large is not None
    assert second.large is not None
    first.large.abandon()
    assert await second.large.read() == await first.large.read() == b"a part"


async def test_a_large_body_is_given_up_with_the_resync(cache: ResponseCache) -> None:
    body, stuck = Spool(), asyncio.Event()

    async def wait() -> None:
        await stuck.wait()

    async def send(request: ApiRequest) -> ApiResponse:
        body.fill(wait())
        return ApiResponse(request.url, 200, httpx.Headers(), b"", body)

    asking = asyncio.create_task(cache.fetch(REQUEST, send))
    await asyncio.sleep(0.01)
    cache.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises(ResponseError, match="given up"):
        await asyncio.wait_for(body.completed(), 1)


async def test_what_fits_is_kept_in_memory(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(within_resync, "_MEMORY", 70)
    cache, api = ResponseCache(), Api()
    first = await cache.fetch(REQUEST, api.send)
    assert not list(place.iterdir())
    await cache.fetch(OTHER, api.send)
    assert len(list(place.iterdir())) == 1
    assert await cache.fetch(REQUEST, api.send) == first
    cache.close()


@pytest.mark.contract("cache.owner-only")
async def test_only_the_owner_reads_and_names_tell_nothing(
    cache: ResponseCache, place: Path
) -> None:
    before = os.umask(0)
    try:
        await cache.fetch(REQUEST, Api().send)
    finally:
        os.umask(before)
    (directory,) = place.iterdir()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for file in directory.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert not {"secret", "hush", "api"} & set(file.name.replace("-", " ").split())
    other = ResponseCache()
    await other.fetch(REQUEST, Api().send)
    names = [{file.name for file in each.iterdir()} - {"lock"} for each in place.iterdir()]
    other.close()
    assert len(names) == 2
    assert not names[0] & names[1]


@pytest.mark.contract("cache.gone")
@pytest.mark.contract("sharing.next-resync")
async def test_closing_removes_everything(cache: ResponseCache, place: Path) -> None:
    api = Api()
    await cache.fetch(REQUEST, api.send)
    api.gate.clear()
    pending = asyncio.create_task(cache.fetch(OTHER, api.send))
    await asyncio.sleep(0.01)
    cache.close()
    with pytest.raises(asyncio.CancelledError):
        await pending
    assert not list(place.iterdir())
    cache.close()


@pytest.mark.contract("cache.gone")
async def test_two_instances_do_not_disturb_each_other(cache: ResponseCache, place: Path) -> None:
    other, api = ResponseCache(), Api()
    await cache.fetch(REQUEST, api.send)
    await other.fetch(REQUEST, api.send)
    assert api.requests == 2
    assert remove_leftovers() == 0
    other.close()
    assert (await cache.fetch(REQUEST, api.send)).status == 200
    assert len(list(place.iterdir())) == 1


@pytest.mark.process
@pytest.mark.contract("cache.gone")
def test_what_a_killed_process_left_is_removed_and_what_a_live_one_has_is_not(place: Path) -> None:
    holders = [_holder(), _holder()]
    try:
        assert len(list(place.iterdir())) == 2
        assert remove_leftovers() == 0
        holders[0].send_signal(signal.SIGKILL)
        holders[0].wait()
        assert remove_leftovers() == 1
        assert len(list(place.iterdir())) == 1
    finally:
        for holder in holders:
            holder.kill()
            holder.communicate()
    assert remove_leftovers() == 1
    assert not list(place.iterdir())


def test_a_directory_that_is_just_being_made_is_left_alone(place: Path) -> None:
    young, old = (place / f"ocean-custom-responses-{name}" for name in ("young", "old"))
    young.mkdir()
    old.mkdir()
    os.utime(old, (time.time() - 3600,) * 2)
    (place / "something-else").mkdir()
    assert remove_leftovers() == 1
    assert sorted(path.name for path in place.iterdir()) == [young.name, "something-else"]


def test_a_link_to_another_directory_is_not_followed(place: Path) -> None:
    target = place / "precious"
    target.mkdir()
    (target / "file").write_text("kept")
    os.utime(target, (time.time() - 3600,) * 2)
    (place / "ocean-custom-responses-trap").symlink_to(target)
    remove_leftovers()
    assert (target / "file").read_text() == "kept"


def _holder() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process
