"""Each row of the table of statuses is what a real reading does with them."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from port_ocean.core.models import Entity

from cache.between_resyncs import Revalidation
from client import ApiClient
from errors import ResourceError
from expressions.item_expressions import ItemExpression
from framework.refusals import Refusal, Refusals
from mapping.fields.selector import CustomSelector
from mapping.plan.endpoint import Endpoint
from mapping.plan.export import AnswerExpression, ExportPlan, ExportStep
from mapping.plan.path_parameter import PathParameter
from mapping.plan.resource import ResourcePlan
from probe.connection import Step, reach
from probe.recording import RecordingClient
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from statuses import TABLE, Meaning, Row, Situation, advice_on
from tests.support.fake_api import FakeApi, Received, Reply
from tests.whole.histories.world import Catalog, ModelApi, open_world, resource

PLAIN = ResourcePlan("/items", Endpoint("/items"))
NESTED = ResourcePlan(
    "/teams/{team}/items",
    Endpoint("/teams/{team}/items"),
    (PathParameter("team", {"team": ItemExpression(".id", "field")}, Endpoint("/teams")),),
)
ITEMS = [{"id": 1}, {"id": 2}]
LOGIN: dict[str, Any] = {
    "auth_type": "custom",
    "custom_auth_request": {"endpoint": "/login"},
    "custom_auth_request_template": {"headers": {"X-Token": "{{.token}}"}},
}

type Read = Callable[..., Awaitable["Reading"]]

_tested: list[tuple[Situation, Meaning]] = []


def statuses(situation: Situation, *meanings: Meaning) -> pytest.MarkDecorator:
    """Run a test for each status that has one of these meanings in a situation."""
    _tested.extend((situation, meaning) for meaning in meanings)
    seen: set[int] = set()
    found = []
    for row in TABLE[situation]:
        mine = [status for status in _some(row) if status not in seen]
        seen.update(row.statuses)
        found += mine if row.meaning in meanings else []
    return pytest.mark.parametrize("status", found)


def _some(row: Row) -> list[int]:
    """The statuses of a row; of many, some; of those that have none, some that no row has."""
    if isinstance(row.statuses, range):
        return [*row.statuses[:5], row.statuses[99]]
    return list(row.statuses) or [402, 418, 451, 501, 505, 599]


class Reading:
    """What reading a resource came to: its items, and the error at the end, if there is one."""

    def __init__(self, api: FakeApi, plan: ResourcePlan = PLAIN, **config: Any) -> None:
        self._plan = plan
        config = {"base_url": api.url, "max_retries": "1", **config}
        self._settings = ConnectionSettings.parse(config)
        self.client = ApiClient(self._settings, Revalidation.for_settings(self._settings, "one"))
        self.items: list[Any] = []
        self.error = ""

    async def run(self) -> "Reading":
        self.items, self.error = [], ""
        reader = ResourceReader(self._plan, Session(self.client, self._settings))
        try:
            async for batch in reader.batches():
                self.items += batch
        except ResourceError as error:
            self.error = str(error)
        return self

    @property
    def sent_at_once(self) -> float:
        """How many requests may be in flight."""
        gauge = next(iter(self.client.traffic.collect()))
        return float(gauge.samples[0].value)


@pytest.fixture
async def read(api: FakeApi) -> AsyncIterator[Read]:
    """Reads a resource once, with the settings given."""
    readings: list[Reading] = []

    async def run(plan: ResourcePlan = PLAIN, **config: Any) -> Reading:
        readings.append(Reading(api, plan, **config))
        return await readings[-1].run()

    yield run
    for reading in readings:
        await reading.client.aclose()


def methods(api: FakeApi) -> list[str]:
    return [request.method for request in api.received]


def of(method: str) -> ResourcePlan:
    return ResourcePlan("/items", Endpoint("/items", method))


def moved(status: int) -> Any:
    def answer(request: Received) -> Reply:
        is_old = request.path == "/items"
        return Reply(status, b"", {"location": "/moved"}) if is_old else Reply(200, ITEMS)

    return answer


@statuses(Situation.REQUEST, Meaning.EMPTY)
async def test_an_empty_answer_has_no_items(api: FakeApi, read: Read, status: int) -> None:
    api.script(Reply(status, b""))
    reading = await read()
    assert (reading.items, reading.error) == ([], "")


@statuses(Situation.REQUEST, Meaning.NOT_READY)
@pytest.mark.contract("body.not-ready")
@pytest.mark.parametrize("body", [{}, [], b"", None])
async def test_what_is_not_ready_is_asked_for_again(
    api: FakeApi, read: Read, status: int, body: Any
) -> None:
    assert (await ready_at_once(api, read, status)).items == ITEMS
    api.received.clear()
    api.script(Reply(status, body, {"retry-after": "0"}), Reply(200, ITEMS))
    reading = await read()
    assert (reading.items, reading.error, len(api.received)) == (ITEMS, "", 2)
    api.script(Reply(status, body))
    assert f"the API answered {status}" in (await read()).error
    assert len(api.received) == 4


PROGRESS = [
    {"status": "pending"},
    {"status": "In Progress", "id": 7, "links": {"self": "/jobs/7"}},
    {"job_status": "QUEUED", "id": 7},
    {"message": "The report is being computed"},
]


@pytest.mark.contract("body.not-ready")
@pytest.mark.parametrize("body", PROGRESS, ids=str)
async def test_one_object_that_tells_of_a_job_is_not_ready(
    api: FakeApi, read: Read, body: Any
) -> None:
    api.script(Reply(202, body), Reply(200, ITEMS))
    reading = await read()
    assert (reading.items, reading.error, len(api.received)) == (ITEMS, "", 2)
    api.script(Reply(202, body))
    assert "the API answered 202" in (await read()).error
    # Under another status it is a record.
    api.script(Reply(200, body))
    assert ((await read()).items, (await read()).error) == ([body], "")


@pytest.mark.contract("body.not-ready")
async def test_one_object_that_may_be_a_record_is_one(api: FakeApi, read: Read) -> None:
    for record in ({"id": 7, "name": "Ada"}, {"id": 7, "status": "active"}, {"id": 7, "state": 3}):
        api.script(Reply(202, record))
        assert ((await read()).items, (await read()).error) == ([record], "")
        api.script(Reply(202, record, {"retry-after": "0"}), Reply(200, ITEMS))
        assert (await read()).items == ITEMS


async def ready_at_once(api: FakeApi, read: Read, status: int) -> Reading:
    api.script(Reply(status, ITEMS))
    return await read()


@statuses(Situation.REQUEST, Meaning.ANSWER)
async def test_the_items_of_a_success_are_read(api: FakeApi, read: Read, status: int) -> None:
    api.script(Reply(status, ITEMS))
    reading = await read()
    assert (reading.items, reading.error) == (ITEMS, "")


@statuses(Situation.REQUEST, Meaning.MOVED)
async def test_only_a_post_is_not_sent_again_where_it_moved(
    api: FakeApi, read: Read, status: int
) -> None:
    api.answer = moved(status)
    for method in ("POST", "PUT"):
        assert (await read(of(method))).items == ITEMS
    assert methods(api) == ["POST", "GET", "PUT", "PUT"]


@statuses(Situation.REQUEST, Meaning.SEE_OTHER)
async def test_what_is_elsewhere_is_got_there(api: FakeApi, read: Read, status: int) -> None:
    api.answer = moved(status)
    assert (await read(of("PUT"))).items == ITEMS
    assert methods(api) == ["PUT", "GET"]


@statuses(Situation.REQUEST, Meaning.MOVED_AS_SENT)
async def test_what_moved_is_sent_again_as_it_was(api: FakeApi, read: Read, status: int) -> None:
    api.answer = moved(status)
    assert (await read(of("POST"))).items == ITEMS
    assert methods(api) == ["POST", "POST"]


@statuses(Situation.REQUEST, Meaning.PASSING, Meaning.LIMITED)
async def test_what_passes_is_sent_again(api: FakeApi, read: Read, status: int) -> None:
    api.script(Reply(status), Reply(200, ITEMS))
    assert (await read()).items == ITEMS
    api.script(Reply(status))
    assert f"the API answered {status}" in (await read()).error
    assert len(api.received) == 4


@statuses(
    Situation.REQUEST,
    Meaning.ERROR,
    Meaning.UNAUTHENTICATED,
    Meaning.FORBIDDEN,
    Meaning.ABSENT,
    Meaning.PROXY,
)
async def test_an_error_is_told_at_once_with_advice(api: FakeApi, read: Read, status: int) -> None:
    api.script(Reply(status, ITEMS))
    reading = await read()
    assert reading.items == []
    assert f"the API answered {status}" in reading.error
    assert advice_on(status) in reading.error
    assert len(api.received) == 1


@statuses(Situation.NESTED, Meaning.GONE)
async def test_a_parent_that_vanished_has_no_items(api: FakeApi, read: Read, status: int) -> None:
    def answer(request: Received) -> Reply:
        is_gone = request.path == "/teams/1/items"
        return Reply(status) if is_gone else Reply(200, ITEMS)

    api.answer = answer
    reading = await read(NESTED)
    assert ([item["id"] for item in reading.items], reading.error) == ([1, 2], "")


@statuses(Situation.LATER_PAGE, Meaning.NO_PAGE)
async def test_no_page_after_a_full_one_is_the_end(api: FakeApi, read: Read, status: int) -> None:
    api.script(Reply(200, ITEMS), Reply(status))
    reading = await read(pagination_type="page", page_size="2")
    assert (reading.items, reading.error) == (ITEMS, "")


@statuses(Situation.LATER_PAGE, Meaning.REFUSED_PAGE)
@pytest.mark.parametrize("total", [2, None])
async def test_a_page_that_is_refused_is_an_error_unless_all_arrived(
    api: FakeApi, read: Read, status: int, total: int | None
) -> None:
    headers = {"x-total-count": str(total)} if total else {}
    api.script(Reply(200, ITEMS, headers), Reply(status, {"message": "window"}))
    reading = await read(pagination_type="page", page_size="2")
    assert reading.items == ITEMS
    assert ("to page that deep: " in reading.error) is not bool(total)
    assert ("window" in reading.error) is not bool(total)


@statuses(Situation.EXTRA_PAGE, Meaning.NO_MORE)
async def test_an_extra_request_that_is_refused_is_the_end(
    api: FakeApi, read: Read, status: int
) -> None:
    api.script(Reply(200, ITEMS), Reply(status))
    reading = await read(pagination_type="page", page_size="9")
    assert (reading.items, reading.error, len(api.received)) == (ITEMS, "", 2)


@statuses(Situation.EXPORT, Meaning.ERROR)
async def test_a_file_of_a_job_that_is_not_there_is_an_error(
    api: FakeApi, read: Read, status: int
) -> None:
    def answer(request: Received) -> Reply:
        return {"/teams": Reply(200, ITEMS), "/jobs": Reply(200, {"job": 7})}.get(
            request.path, Reply(status)
        )

    expression = AnswerExpression(".job", "export.submit.fields.job")
    submit = ExportStep(Endpoint("/jobs", "POST"), {"job": expression})
    export = ExportPlan(submit, None, None)
    endpoint = Endpoint("/teams/{team}/files/{job}")
    plan = ResourcePlan("/files", endpoint, NESTED.parameters, export=export)
    api.answer = answer
    assert f"the API answered {status}" in (await read(plan)).error


@statuses(Situation.LIVE_EVENT, Meaning.GONE)
async def test_the_item_of_an_event_is_deleted(status: int) -> None:
    entry = {"fetch": "/users/{id}", "params": {"id": ".body.id"}, "identifier": ".body.id"}
    catalog = Catalog({"a": 1, "b": 1})
    async with open_world(ModelApi(missing=status), catalog, resource(entry)) as world:
        await world.tell({"id": "a"})
        await world.settle()
    assert catalog.entities == {"b": 1}


@statuses(Situation.RENEWABLE, Meaning.EXPIRED)
async def test_credentials_are_renewed_once(api: FakeApi, read: Read, status: int) -> None:
    tokens = itertools.count(1)
    accepted = "2"

    def answer(request: Received) -> Reply:
        if request.path == "/login":
            return Reply(200, {"token": str(next(tokens))})
        return Reply(200, ITEMS) if request.headers["x-token"] == accepted else Reply(status)

    api.answer = answer
    assert (await read(**LOGIN)).items == ITEMS
    accepted = "never"
    assert f"the API answered {status}" in (await read(**LOGIN)).error
    assert [len(api.asked("/login")), len(api.asked("/items"))] == [4, 4]


@pytest.fixture
async def kept(api: FakeApi, read: Read, tmp_path: Path) -> Reading:
    """A reading whose first answer is kept, so that the next request is conditional."""
    api.script(Reply(200, ITEMS, {"etag": '"one"'}))
    reading = await read(response_directory=str(tmp_path / "kept"))
    await reading.client._revalidation._finished()  # type: ignore[union-attr] # there is one
    return reading


@statuses(Situation.KEPT, Meaning.FRESH)
async def test_an_answer_is_kept(api: FakeApi, read: Read, tmp_path: Path, status: int) -> None:
    api.script(Reply(status, ITEMS, {"etag": '"one"'}))
    for _ in range(2):
        reading = await read(response_directory=str(tmp_path / "kept"))
        await reading.client._revalidation._finished()  # type: ignore[union-attr] # there is one
    assert [request.headers.get("if-none-match") for request in api.received] == [None, '"one"']


@statuses(Situation.KEPT, Meaning.UNCHANGED)
async def test_what_was_kept_holds(api: FakeApi, kept: Reading, status: int) -> None:
    api.script(Reply(status, b""))
    assert (await kept.run()).items == ITEMS
    assert len(api.received) == 2


@statuses(Situation.KEPT, Meaning.CHANGED)
async def test_what_was_kept_is_asked_for_again(api: FakeApi, kept: Reading, status: int) -> None:
    api.script(Reply(status), Reply(200, [{"id": 3}]))
    assert (await kept.run()).items == [{"id": 3}]
    conditions = [request.headers.get("if-none-match") for request in api.received]
    assert conditions == [None, '"one"', None]


@statuses(Situation.SPENT_LIMIT, Meaning.LIMITED)
@pytest.mark.parametrize("header", ["retry-after", "x-ratelimit-remaining"])
async def test_a_spent_limit_is_waited_for(
    api: FakeApi, read: Read, status: int, header: str
) -> None:
    api.script(Reply(status, headers={header: "0"}), Reply(200, ITEMS))
    assert (await read()).items == ITEMS


async def limit_after(api: FakeApi, read: Read, *answers: int, limit: int) -> float:
    """How many requests may be in flight after these answers to one."""
    api.script(*map(Reply, answers))
    retries = str(len(answers) - 1)
    reading = await read(max_concurrent_requests=str(limit), max_retries=retries)
    return reading.sent_at_once


@statuses(Situation.DELTA, Meaning.EXPIRED)
async def test_a_token_that_is_not_valid_any_more_makes_all_be_read(
    api: FakeApi, status: int
) -> None:
    block = {"delta": {"link": "next", "removed": ".gone == true"}}
    selector = CustomSelector.validate({"query": "true", "incremental": block})
    config = {"base_url": api.url, "response_directory": "/tmp/none"}
    settings = ConnectionSettings.parse(config)
    plan = selector.plan("/things", settings)
    api.script(Reply(status), Reply(200, ITEMS))
    client = ApiClient(settings)
    since = datetime(2024, 1, 1, tzinfo=UTC)
    reader = ResourceReader(plan, Session(client, settings), since=since, token="/things?since=1")
    found = [item async for batch in reader.batches() for item in batch]
    await client.aclose()
    assert (found, [each.target for each in api.received]) == (
        ITEMS,
        ["/things?since=1", "/things"],
    )


@statuses(Situation.LOAD, Meaning.OVERLOAD)
async def test_an_overload_halves_what_is_sent(api: FakeApi, read: Read, status: int) -> None:
    assert await limit_after(api, read, status, limit=8) == 4


@statuses(Situation.LOAD_AGAIN, Meaning.OVERLOAD)
async def test_an_overload_again_halves_it_too(api: FakeApi, read: Read, status: int) -> None:
    assert await limit_after(api, read, 500, status, limit=8) == 4


@statuses(Situation.LOAD, Meaning.BROKEN)
async def test_a_fault_changes_nothing_about_what_is_sent(
    api: FakeApi, read: Read, status: int
) -> None:
    assert await limit_after(api, read, status, limit=8) == 8
    api.script(Reply(429), Reply(status), Reply(404))
    reading = await read(max_concurrent_requests="2", max_retries="0")
    limits = [reading.sent_at_once]
    for _ in range(2):
        limits.append((await reading.run()).sent_at_once)
    assert limits == [1, 1, 2]


@statuses(Situation.LOAD_AGAIN, Meaning.BROKEN)
async def test_a_fault_again_changes_nothing_either(api: FakeApi, read: Read, status: int) -> None:
    assert await limit_after(api, read, 500, status, limit=8) == 8
    assert await limit_after(api, read, 429, status, limit=2) == 1


@statuses(Situation.BASE_URL, Meaning.BROKEN)
async def test_check_tells_a_server_that_is_broken(api: FakeApi, status: int) -> None:
    api.script(Reply(status))
    settings = ConnectionSettings.parse({"base_url": api.url, "max_retries": "0"})
    client = RecordingClient(settings)
    steps = [step async for step in reach(settings, client)]
    await client.aclose()
    broken = "the server or a gateway in front of it is broken; try again later"
    seen = f"the server answers {status}"
    assert steps[-1] == Step("http", False, seen, broken, is_of_root=True)


@statuses(Situation.WRITE, Meaning.WITHHELD)
def test_what_port_says_of_all_that_is_written_withholds_deletion(status: int) -> None:
    entity = Entity(identifier="a", blueprint="item")
    refusals = Refusals()
    refusals.refuse(entity, Refusal.of(entity, status, "no", is_whole=True))
    assert advice_on(status, Situation.WRITE) in refusals.general


def test_no_row_is_left_out() -> None:
    rows = {(situation, row.meaning) for situation, rows in TABLE.items() for row in rows}
    assert sorted(_tested, key=str) == sorted(rows, key=str)
