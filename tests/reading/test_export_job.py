"""Export jobs: every file of a job that is done, or an error that says why there is none."""

from typing import Any

import pytest

from errors import EndpointError, ExportError, ResponseError, SelectorError, StatusError
from expressions.evaluator import Evaluator
from expressions.item_expressions import ItemExpression
from mapping.plan.endpoint import Endpoint, PathValue
from mapping.plan.export import AnswerExpression, ExportPlan, ExportStep
from mapping.plan.path_parameter import PathParameter
from reading.export_job import ExportJob
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Reply


class Clock:
    """Time that passes only while someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def expression(text: str, setting: str = "export.poll.done") -> AnswerExpression:
    return AnswerExpression(text, setting)


def step(path: str, method: str = "GET", **fields: str) -> ExportStep:
    made = {name: expression(text, f"export.fields.{name}") for name, text in fields.items()}
    return ExportStep(Endpoint(path, method), made)


SUBMIT = step("/orgs/{org}/exports", "POST", job=".id")
POLL = step("/exports/{job}", file=".files")
PLAN = ExportPlan(
    SUBMIT, POLL, expression('.state == "done"'), expression('.state == "failed"'), 5, 60
)

ONE_EMPTY = {"state": "done", "files": ["/1", ""]}


async def downloads(
    api: FakeApi, connect: ClientFactory, plan: ExportPlan = PLAN, clock: Clock | None = None
) -> list[dict[str, Any]]:
    clock = clock or Clock()
    job = ExportJob(
        plan, connect(max_retries=0), api.url, Evaluator(), clock=clock, sleep=clock.sleep
    )
    found = job.downloads({"org": PathValue("acme")})
    return [{name: value.value for name, value in values.items()} async for values in found]


async def test_a_job_is_submitted_and_awaited(api: FakeApi, connect: ClientFactory) -> None:
    done = {"state": "done", "files": ["https://f.test/1", "/2"]}
    running = [Reply(202, b""), Reply(body={"state": "running"})]
    api.script(Reply(201, {"id": 7}), *running, Reply(body=done))
    clock = Clock()
    assert await downloads(api, connect, clock=clock) == [
        {"org": "acme", "job": 7, "file": "https://f.test/1"},
        {"org": "acme", "job": 7, "file": "/2"},
    ]
    asked = [f"{one.method} {one.path}" for one in api.received]
    assert asked == ["POST /orgs/acme/exports", *["GET /exports/7"] * 3]
    assert clock.slept == [5, 5]


async def test_a_job_without_files_gives_none(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(body={"id": 7}), Reply(body={"state": "done", "files": []}))
    assert await downloads(api, connect) == []


@pytest.mark.parametrize("several", [".parts[].url", "[.parts[].url]"])
async def test_each_of_several_outputs_is_a_file(
    api: FakeApi, connect: ClientFactory, several: str
) -> None:
    plan = ExportPlan(None, step("/exports/7", file=several), expression("true"))
    api.script(Reply(body={"parts": [{"url": "/1"}, {"url": "/2"}, {"url": "/3"}]}))
    assert [one["file"] for one in await downloads(api, connect, plan)] == ["/1", "/2", "/3"]


async def test_each_of_several_outputs_must_be_done(api: FakeApi, connect: ClientFactory) -> None:
    plan = ExportPlan(None, step("/exports/7"), expression(".parts[]"), expression(".failed[]"))
    parts: list[list[Any]] = [[], [True, False], [False, True], [1, True], [True, True]]
    api.script(*[Reply(body={"parts": each, "failed": [False]}) for each in parts])
    assert await downloads(api, connect, plan) == [{"org": "acme"}]
    assert len(api.received) == len(parts)
    api.script(Reply(body={"parts": [True], "failed": [False, True]}))
    with pytest.raises(ExportError, match="the export job failed"):
        await downloads(api, connect, plan)


async def test_status_and_headers_may_tell(api: FakeApi, connect: ClientFactory) -> None:
    plan = ExportPlan(
        step("/exports", "POST", place="$headers.location"),
        step("{place}", file="$headers.location"),
        expression("$status == 200"),
    )
    place = {"location": f"{api.url}/jobs/1"}
    api.script(Reply(202, b"", headers=place), Reply(202, b""), Reply(200, b"", headers=place))
    assert [found["file"] for found in await downloads(api, connect, plan)] == [f"{api.url}/jobs/1"]
    assert [one.path for one in api.received] == ["/exports", "/jobs/1", "/jobs/1"]


@pytest.mark.parametrize(
    "replies, kind, said",
    [
        (
            [Reply(body={"id": 7}), Reply(body={"state": "failed", "why": "quota"})],
            ExportError,
            'the export job failed: {"state": "failed", "why": "quota"}',
        ),
        (
            [Reply(body={"job": 7})],
            ExportError,
            "export.fields.job .id gives no text or number; the answer has job",
        ),
        ([Reply(body={"id": {"a": 1}})], ExportError, "gives no text or number"),
        ([Reply(body={"id": [7, None]})], ExportError, "gives no text or number"),
        ([Reply(body=[1])], ExportError, "fails on the answer"),
        ([Reply(body={"id": 7}), Reply(body=ONE_EMPTY)], ExportError, "gives no text or number"),
        ([Reply(403)], StatusError, "the API answered 403"),
        ([Reply(body={"id": 7}), Reply(404)], StatusError, "the API answered 404"),
        ([Reply(body={"id": 7}), Reply(body=b"<html>")], ResponseError, "is not JSON"),
        ([Reply(body={"id": 7}), Reply(body={"state": "done"})], ExportError, "fields.file"),
    ],
)
async def test_what_gives_no_file_is_an_error(
    api: FakeApi, connect: ClientFactory, replies: list[Reply], kind: type[EndpointError], said: str
) -> None:
    api.script(*replies)
    with pytest.raises(kind) as caught:
        await downloads(api, connect)
    assert said in str(caught.value)
    assert f"{api.received[-1].method} {api.url}{api.received[-1].path}" in str(caught.value)


async def test_a_job_that_is_never_done_ends_in_time(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(body={"id": 7}), *[Reply(body={"state": "running"})] * 20)
    clock = Clock()
    with pytest.raises(
        ExportError, match=r"not done after 13 polls in 60 s: .*running.*time_limit is 60 s"
    ):
        await downloads(api, connect, clock=clock)
    assert clock.now <= 60


def test_an_expression_is_shown_as_it_was_written() -> None:
    with pytest.raises(SelectorError, match=r"export.poll.done: '\.\[' is not valid JQ"):
        expression(".[")


@pytest.mark.contract("bounds.combinations")
async def test_fields_of_very_many_values_are_no_reason_to_run_out_of_memory(
    api: FakeApi, connect: ClientFactory
) -> None:
    many = list(range(2000))
    api.answer = lambda request: Reply(body={"a": many, "b": many, "c": many, "one": 1})
    poll = step("/x", a=".a", b=".b", c=".c")
    done = expression("true")
    plan = ExportPlan(None, poll, done, None, 5, 60)
    with pytest.raises(ExportError, match="2000 x 2000 x 2000 values make more than 100,000"):
        await downloads(api, connect, plan)
    # Of one field there may be many.
    alone = ExportPlan(None, step("/x", a=".a", one=".one"), done, None, 5, 60)
    assert len(await downloads(api, connect, alone)) == 2000


@pytest.mark.contract("bounds.combinations")
async def test_fields_of_one_item_are_bounded_as_well() -> None:
    fields = {name: ItemExpression(f".{name}", f"x.fields.{name}") for name in ("a", "b", "one")}
    many = list(range(2000))
    parameter, evaluator = PathParameter("x", fields), Evaluator()
    gifts = await parameter.gifts([{"a": many, "b": many, "one": 1}], evaluator)
    with pytest.raises(SelectorError, match=r"x.fields.a, x.fields.b, .*2000 x 2000 values"):
        list(gifts)
    (gift,) = await parameter.gifts([{"a": many, "b": 1, "one": 1}], evaluator)
    assert len(gift.values) == 2000
    evaluator.close()
