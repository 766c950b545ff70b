"""Conditional requests: what is read is always what the API has now."""

import asyncio
import errno
import gzip
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from port_ocean.helpers.metric.metric import Metrics, _metrics_registry

from api_messages import ApiResponse
from cache.between_resyncs import BYTES_METRIC, REQUESTS_METRIC, Revalidation, Savings, instance_of
from client import ApiClient
from errors import StatusError
from expressions.jq_expressions import DataPath
from mapping.plan.endpoint import Endpoint
from mapping.plan.resource import ResourcePlan
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.support.fake_api import FakeApi, Received, Reply
from transport import complete_responses, connections, spool

PLAN = ResourcePlan("/items", Endpoint("/items", data_path=DataPath(".")))


class Instance:
    """A client with a directory of kept responses, as one process of an instance has it."""

    def __init__(self, api: FakeApi, place: Path, identifier: str = "one", **config: Any) -> None:
        self.config = {
            "base_url": api.url,
            "pagination_type": "header_link",
            "max_retries": "1",
            "response_directory": str(place),
            **config,
        }
        parsed = ConnectionSettings.parse(self.config)
        revalidation = Revalidation.for_settings(parsed, identifier)
        assert revalidation
        self.revalidation = revalidation
        self.client = ApiClient(parsed, revalidation)

    @property
    def savings(self) -> Savings:
        return self.revalidation.savings

    async def items(self) -> list[dict[str, Any]]:
        settings = ConnectionSettings.parse(self.config)
        reader = ResourceReader(PLAN, Session(self.client, settings))
        found = [item async for batch in reader.batches() for item in batch]
        await self.revalidation._finished()
        return found

    async def get(self, path: str = "/x", **parts: Any) -> ApiResponse:
        request = Endpoint(path, **parts).request(self.config["base_url"], {})
        response = await self.client.send(request)
        await response.read()
        await self.revalidation._finished()
        return response

    async def __aenter__(self) -> "Instance":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()


def small_is_large(monkeypatch: pytest.MonkeyPatch, size: int = 1000) -> None:
    monkeypatch.setattr(connections, "SMALL", size)
    monkeypatch.setattr(complete_responses, "SMALL", size)


def tagged(request: Received, body: bytes, **headers: str) -> Reply:
    """What a server answers that honours If-None-Match."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": tag, **headers}
    if request.headers.get("if-none-match") == tag:
        return Reply(304, b"", headers)
    return Reply(200, body, headers)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "kept"


async def test_what_did_not_change_is_not_sent_again(api: FakeApi, place: Path) -> None:
    api.answer = lambda request: tagged(request, b'[{"id": 1}]')
    async with Instance(api, place) as one:
        assert await one.items() == [{"id": 1}]
    async with Instance(api, place) as again:
        assert await again.items() == [{"id": 1}]
        assert again.savings == Savings(1, 0, 11, 0)
    assert [request.headers.get("if-none-match") is None for request in api.received] == [
        True,
        False,
    ]


async def test_links_lead_on_from_a_page_that_is_unchanged(api: FakeApi, place: Path) -> None:
    def answer(request: Received) -> Reply:
        page = int(request.query.get("page", 1))
        more = {"Link": f'<{api.url}/items?page={page + 1}>; rel="next"'} if page < 3 else {}
        reply = tagged(request, json.dumps([{"id": page}]).encode(), **more)
        if reply.status == 304:
            return Reply(304, b"", {"ETag": dict(reply.headers)["ETag"]})
        return reply

    api.answer = answer
    async with Instance(api, place) as one:
        first = await one.items()
        assert await one.items() == first == [{"id": 1}, {"id": 2}, {"id": 3}]
        assert one.savings.unchanged == 3


async def test_a_link_that_the_304_says_anew_is_followed_then_and_later(
    api: FakeApi, place: Path
) -> None:
    links = iter(["/a", "/b", None])

    def answer(request: Received) -> Reply:
        if request.path != "/items":
            return Reply(200, [{"id": request.path}])
        link = next(links)
        return tagged(
            request, b'[{"id": 0}]', **({"Link": f'<{link}>; rel="next"'} if link else {})
        )

    api.answer = answer
    async with Instance(api, place) as one:
        assert await one.items() == [{"id": 0}, {"id": "/a"}]
        assert await one.items() == [{"id": 0}, {"id": "/b"}]
        assert await one.items() == [{"id": 0}, {"id": "/b"}]
        assert one.savings.unchanged == 2


async def test_large_bodies_are_kept_as_well(
    api: FakeApi, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_is_large(monkeypatch)
    monkeypatch.setattr(spool, "CHUNK", 512)
    items = [{"id": number} for number in range(2000)]
    api.answer = lambda request: tagged(request, json.dumps(items).encode())
    async with Instance(api, place) as one:
        assert await one.items() == items
        assert await one.items() == items
        assert one.savings == Savings(1, 0, len(json.dumps(items)), 0)
        served = await one.get("/items")
        assert served.large
        assert served.content.startswith(b'[{"id": 0}')
        items.append({"id": -1})
        assert await one.items() == items
        assert await one.items() == items
        assert one.savings.changed == 1
        assert one.savings.changed_bytes == len(json.dumps(items))


async def test_compressed_bodies(api: FakeApi, place: Path) -> None:
    body = gzip.compress(b'[{"id": 1}]')
    api.answer = lambda request: tagged(request, body, **{"Content-Encoding": "gzip"})
    async with Instance(api, place) as one:
        assert await one.items() == await one.items() == [{"id": 1}]
        assert one.savings.unchanged == 1


async def test_a_304_may_tell_the_length_that_the_body_would_have(
    api: FakeApi, place: Path
) -> None:
    head = b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5000000\r\n'
    api.script(
        Reply(200, [{"id": 1}], {"ETag": '"a"'}),
        Reply(raw=head + b"Content-Encoding: gzip\r\n\r\n"),
    )
    async with Instance(api, place) as one:
        assert await one.items() == await one.items() == [{"id": 1}]
        assert one.savings.unchanged == 1


async def test_cookies_are_set_but_never_kept(api: FakeApi, place: Path) -> None:
    api.answer = lambda request: tagged(request, b"{}", **{"Set-Cookie": "session=hush"})
    async with Instance(api, place) as one:
        await one.get()
        response = await one.get()
    assert "set-cookie" not in response.headers
    assert api.received[1].headers["cookie"] == "session=hush"
    kept = b"".join(file.read_bytes() for file in place.rglob("*") if file.is_file())
    assert b"hush" not in kept
    assert b"etag" in kept.lower()


async def test_an_old_date_does_not_pass_for_the_time_now(api: FakeApi, place: Path) -> None:
    old = {"ETag": '"a"', "Date": "Tue, 15 Nov 1994 12:45:26 GMT"}
    api.script(Reply(200, {}, old), Reply(304, b"", {"ETag": '"a"'}))
    async with Instance(api, place) as one:
        assert "date" in (await one.get()).headers
        assert "date" not in (await one.get()).headers
        assert one.savings.unchanged == 1


async def test_names_and_files_do_not_tell_what_was_asked_for(api: FakeApi, place: Path) -> None:
    api.answer = lambda request: tagged(request, b"{}")
    async with Instance(api, place, auth_type="bearer_token", api_token="hush-token") as one:
        await one.get("/secret-path?key=hush-key", headers={"X-Key": "hush-header"})
    for file in place.rglob("*"):
        content = file.name.encode() + (file.read_bytes() if file.is_file() else b"")
        assert b"hush" not in content
        assert b"secret-path" not in content


@pytest.mark.parametrize(
    "identifier, config",
    [
        ("other", {}),
        ("one", {"api_token": "another"}),
        ("one", {"auth_type": "api_key", "api_key": "first", "api_key_header": "Authorization"}),
        ("one", {"custom_headers": {"X-Tenant": "b"}}),
    ],
)
async def test_an_instance_never_gets_what_another_one_kept(
    api: FakeApi, place: Path, identifier: str, config: dict[str, Any]
) -> None:
    api.answer = lambda request: tagged(request, b'"secret of one"')
    mine = {"auth_type": "bearer_token", "api_token": "first"}
    async with Instance(api, place, **mine) as one:
        await one.get()
    async with Instance(api, place, identifier, **{**mine, **config}) as other:
        await other.get()
        assert other.savings == Savings()
    assert "if-none-match" not in api.received[-1].headers
    async with Instance(api, place, **mine, page_size="7", timeout="9") as same:
        await same.get()
        assert same.savings.unchanged == 1


@pytest.mark.parametrize(
    "parts",
    [
        {"method": "POST", "body": {"q": 1}},
        {"headers": {"If-None-Match": '"mine"'}},
        {"headers": {"Range": "bytes=0-5"}},
    ],
)
async def test_other_requests_are_left_alone(
    api: FakeApi, place: Path, parts: dict[str, Any]
) -> None:
    api.answer = lambda request: Reply(200, {}, {"ETag": '"a"'})
    async with Instance(api, place) as one:
        await one.get(**parts)
        await one.get(**parts)
    assert [request.headers.get("if-none-match") for request in api.received] == [
        parts.get("headers", {}).get("If-None-Match")
    ] * 2
    assert not place.exists()


async def test_headers_and_bodies_make_different_requests(api: FakeApi, place: Path) -> None:
    def answer(request: Received) -> Reply:
        return tagged(request, json.dumps(request.headers["accept"]).encode())

    api.answer = answer
    async with Instance(api, place) as one:
        for accept in ("text/a", "text/b", "text/a", "text/b"):
            response = await one.get(headers={"Accept": accept})
            assert json.loads(response.content) == accept
        assert one.savings.unchanged == 2


async def test_an_answer_that_varies_with_a_cookie_is_for_that_cookie(
    api: FakeApi, place: Path
) -> None:
    api.answer = lambda request: Reply(200, {}, {"ETag": '"a"', "Vary": "Cookie, Accept"})
    async with Instance(api, place) as one:
        await one.get()
        one.client._http.cookies.set("who", "b", domain="127.0.0.1")
        await one.get()
        await one.get()
    asked = [request.headers.get("if-none-match") for request in api.received]
    assert asked == [None, None, '"a"']


@pytest.mark.parametrize(
    "headers",
    [{"ETag": '"a"', "Cache-Control": "no-store"}, {"ETag": '"a"', "Vary": "*"}, {}],
)
async def test_what_must_not_be_kept_is_forgotten(
    api: FakeApi, place: Path, headers: dict[str, str]
) -> None:
    api.script(Reply(200, {"n": 1}, {"ETag": '"a"'}), Reply(200, {"n": 2}, headers))
    async with Instance(api, place) as one:
        for _ in range(3):
            await one.get()
    asked = [request.headers.get("if-none-match") for request in api.received]
    assert asked == [None, '"a"', None]
    assert [file.name for file in place.rglob("*") if file.is_file()] == ["key"]


async def test_a_304_that_says_no_store_is_the_last_one(api: FakeApi, place: Path) -> None:
    api.answer = lambda request: (
        Reply(304, b"", {"Cache-Control": "no-store"})
        if "if-none-match" in request.headers
        else Reply(200, {"n": 1}, {"ETag": '"a"'})
    )
    async with Instance(api, place) as one:
        for _ in range(3):
            assert (await one.get()).content == b'{"n": 1}'
    asked = [request.headers.get("if-none-match") for request in api.received]
    assert asked == [None, '"a"', None]


def _damage(place: Path) -> None:
    for file in place.rglob("*"):
        if file.is_file() and file.name != "key":
            content = file.read_bytes()
            file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(304, b"", {"ETag": '"other"'}), id="about something else"),
        pytest.param(Reply(412, b""), id="a condition it mistakes for another"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_asked_for_without_condition(
    api: FakeApi, place: Path, reply: Reply
) -> None:
    api.answer = lambda request: (
        reply if "if-none-match" in request.headers else Reply(200, {}, {"ETag": '"a"'})
    )
    async with Instance(api, place) as one:
        await one.get()
        assert (await one.get()).content == b"{}"
    assert ["if-none-match" in request.headers for request in api.received] == [False, True, False]


async def test_a_body_that_is_damaged_is_asked_for_again(api: FakeApi, place: Path) -> None:
    api.answer = lambda request: tagged(request, b'{"n": 1}')
    async with Instance(api, place) as one:
        await one.get()
        _damage(place)
        assert (await one.get()).content == b'{"n": 1}'
        assert (await one.get()).content == b'{"n": 1}'
    asked = ["if-none-match" in request.headers for request in api.received]
    assert asked == [False, True, False, True]


async def test_an_entry_that_vanishes_meanwhile_is_served_all_the_same(
    api: FakeApi, place: Path
) -> None:
    def answer(request: Received) -> Reply:
        if "if-none-match" in request.headers:
            for file in place.rglob("*"):
                if file.is_file():
                    file.unlink()
        return tagged(request, b'{"n": 1}')

    api.answer = answer
    async with Instance(api, place) as one:
        await one.get()
        assert (await one.get()).content == b'{"n": 1}'
        assert (await one.get()).content == b'{"n": 1}'


async def test_a_304_that_nobody_asked_for_is_an_error(api: FakeApi, place: Path) -> None:
    api.answer = lambda request: Reply(304, b"")
    async with Instance(api, place) as one:
        with pytest.raises(StatusError, match="304"):
            await one.get()


async def test_errors_leave_what_was_kept(api: FakeApi, place: Path) -> None:
    api.script(
        Reply(200, {}, {"ETag": '"a"'}), Reply(500), Reply(404), Reply(304, b"", {"ETag": '"a"'})
    )
    async with Instance(api, place) as one:
        await one.get()
        with pytest.raises(StatusError, match="404"):
            await one.get()
        assert (await one.get()).content == b"{}"


async def test_a_server_that_ignores_conditions_costs_no_writing(api: FakeApi, place: Path) -> None:
    api.answer = lambda request: Reply(200, [{"id": 1}], {"ETag": '"a"'})
    async with Instance(api, place) as one:
        await one.items()
        (before,) = (f.stat() for f in place.rglob("*") if f.is_file() and f.name != "key")
        await one.items()
        (after,) = (f.stat() for f in place.rglob("*") if f.is_file() and f.name != "key")
        assert after.st_ino == before.st_ino
        assert one.savings == Savings(0, 1, 0, 11)


async def test_the_same_request_by_many_at_once(api: FakeApi, place: Path) -> None:
    api.answer = lambda request: tagged(request, b'{"n": 1}')
    async with Instance(api, place) as one, Instance(api, place) as two:
        for _ in range(3):
            found = await asyncio.gather(*(which.get() for which in [one, two] * 10))
            assert {response.content for response in found} == {b'{"n": 1}'}


@pytest.mark.parametrize("failing", ["mkdir", "open", "replace", "write"])
async def test_a_directory_that_cannot_be_used_costs_one_warning(
    api: FakeApi,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    logs: list[str],
    failing: str,
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    if failing in ("mkdir", "replace"):
        monkeypatch.setattr(Path, failing, refuse)
    elif failing == "write":
        monkeypatch.setattr(os, "write", refuse)
    else:
        place.mkdir()
        place.joinpath("ocean-custom-responses").write_bytes(b"a file")
    api.answer = lambda request: tagged(request, b'[{"id": 1}]')
    async with Instance(api, place) as one:
        for _ in range(4):
            assert await one.items() == [{"id": 1}]
    warnings = [line for line in logs if "responseDirectory" in line]
    assert len(warnings) == 1, warnings


async def test_a_large_body_that_cannot_be_kept_is_read_all_the_same(
    api: FakeApi, place: Path, monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    small_is_large(monkeypatch)
    items = [{"id": number} for number in range(2000)]
    api.answer = lambda request: tagged(request, json.dumps(items).encode())
    async with Instance(api, place) as one:
        await one.get("/small")
        monkeypatch.setattr(Path, "replace", _refuse)
        assert await one.items() == items
        assert len([line for line in logs if "responseDirectory" in line]) == 1
        monkeypatch.undo()
        assert [file.name for file in place.rglob("new-*")] == []


def _refuse(*_: Any) -> Any:
    raise OSError(errno.EROFS, "Read-only file system")


def test_metrics_are_published() -> None:
    registered = {REQUESTS_METRIC, BYTES_METRIC} & set(_metrics_registry)
    assert registered == {REQUESTS_METRIC, BYTES_METRIC}
    metrics: Any = Metrics.__new__(Metrics)
    found: dict[tuple[str, str], float] = {}
    metrics.set_metric = lambda name, labels, value: found.update({(name, labels[0]): value})
    Savings(3, 1, 1000, 50).publish(metrics)
    assert found == {
        (REQUESTS_METRIC, "unchanged"): 3,
        (REQUESTS_METRIC, "changed"): 1,
        (BYTES_METRIC, "unchanged"): 1000,
        (BYTES_METRIC, "changed"): 50,
    }


async def test_a_resync_says_what_it_saved(api: FakeApi, place: Path, logs: list[str]) -> None:
    api.answer = lambda request: tagged(request, b'[{"id": 1}]')
    metrics: Any = type("NoMetrics", (), {"set_metric": lambda *_: None})()
    async with Instance(api, place) as one:
        await one.items()
        await one.revalidation.report(metrics)
        assert not any("conditional requests" in line for line in logs)
        await one.items()
        await one.revalidation.report(metrics)
        await one.revalidation.report(metrics)
    (line,) = [line for line in logs if "conditional requests" in line]
    assert "1 of 1 conditional requests were answered 304" in line


def test_credentials_are_part_of_the_instance() -> None:
    base = {"base_url": "https://api.test"}
    plain = instance_of(ConnectionSettings.parse(base), "one")
    custom = {
        "auth_type": "custom",
        "custom_auth_request": {"endpoint": "/token", "body": {"client_secret": "hush"}},
        "custom_auth_request_template": {"headers": {"A": "{{.t}}"}},
    }
    authenticated = instance_of(ConnectionSettings.parse(base | custom), "one")
    assert plain != authenticated
    assert b"hush" in authenticated


class Changing:
    """A server whose items change, with validators that are right; two tenants by their token."""

    def __init__(self, validator: str, size: int) -> None:
        self.items: dict[str, list[int]] = {"a": [1, 2, 3], "b": [7]}
        self.now = datetime(2024, 1, 1, tzinfo=UTC)
        self.modified = {"a": self.now, "b": self.now}
        self._validator = validator
        self._size = size
        self.url = ""

    def change(self, tenant: str, items: list[int], seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.items[tenant] = items
        self.modified[tenant] = self.now

    def answer(self, request: Received) -> Reply:
        tenant = request.headers["authorization"].removeprefix("Bearer token-")
        page = int(request.query.get("page", 0))
        items = self.items[tenant]
        start = page * self._size
        body = json.dumps([{"id": n} for n in items[start : start + self._size]]).encode()
        headers = {"Date": format_datetime(self.now, usegmt=True), "Set-Cookie": "a=b"}
        more = start + self._size < len(items)
        if more:
            headers["Link"] = f'<{self.url}/items?page={page + 1}>; rel="next"'
        modified = format_datetime(self.modified[tenant], usegmt=True)
        digest = hashlib.sha256(body + bytes([more])).hexdigest()
        tag = f'"{digest}"' if self._validator == "strong" else f'W/"{digest}"'
        asked = request.headers
        match self._validator:
            case "strong" | "weak":
                headers["ETag"] = tag
                is_current = asked.get("if-none-match") == tag
            case "date":
                headers["Last-Modified"] = modified
                is_current = asked.get("if-modified-since") == modified
            case "ignored":
                headers["ETag"] = tag
                is_current = False
            case _:
                is_current = False
        return Reply(304, b"", headers) if is_current else Reply(200, body, headers)


async def take(
    step: tuple[Any, ...], server: Changing, instances: dict[str, Instance], place: Path
) -> None:
    """One step of a history."""
    match step:
        case ("change", tenant, items, seconds):
            server.change(tenant, items, seconds)
        case ("read", tenant):
            found = await instances[tenant].items()
            assert [item["id"] for item in found] == server.items[tenant]
        case ("damage",):
            _damage(place)
        case ("remove", index):
            files = sorted(place.rglob("?" * 64))
            if files:
                files[index % len(files)].unlink()
        case ("wait", seconds):
            server.now += timedelta(seconds=seconds)


STEPS = st.one_of(
    st.tuples(
        st.just("change"),
        st.sampled_from("ab"),
        st.lists(st.integers(0, 9), max_size=5, unique=True),
        st.sampled_from([0, 1, 59, 60, 3600]),
    ),
    st.tuples(st.just("read"), st.sampled_from("ab")),
    st.tuples(st.just("damage")),
    st.tuples(st.just("remove"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(0, 100)),
)


@given(
    validator=st.sampled_from(["strong", "weak", "date", "ignored", "none"]),
    is_large=st.booleans(),
    steps=st.lists(STEPS, min_size=1, max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_the_items_read_are_always_the_current_ones(
    tmp_path_factory: pytest.TempPathFactory,
    validator: str,
    is_large: bool,
    steps: list[tuple[Any, ...]],
) -> None:
    place = tmp_path_factory.mktemp("kept")
    server = Changing(validator, size=2)

    async def run() -> None:
        async with FakeApi().running() as api:
            api.answer, server.url = server.answer, api.url
            instances = {
                tenant: Instance(api, place, auth_type="bearer_token", api_token=f"token-{tenant}")
                for tenant in "ab"
            }
            for step in [*steps, ("read", "a"), ("read", "b"), ("read", "a")]:
                await take(step, server, instances, place)
            saved = sum(instance.savings.unchanged for instance in instances.values())
            # The two reads of "a" at the end, with nothing in between.
            assert saved > 0 or validator in ("date", "ignored", "none") or not server.items["a"]
            for instance in instances.values():
                await instance.client.aclose()

    with pytest.MonkeyPatch.context() as patch:
        if is_large:
            small_is_large(patch, 10)
        asyncio.run(run())
