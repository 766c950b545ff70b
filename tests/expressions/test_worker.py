"""The kept jq process: what it answers, and that nothing lasting comes of its death."""

import asyncio
import gc
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jq
import pytest

from expressions import process as jq_process
from expressions import worker as jq_worker
from expressions.worker import InvalidProgramError, JqWorker, JqWorkerError

ROOT = Path(__file__).resolve().parents[2]
ENDLESS = "def f: f; f"
# Takes half a second or more, then gives its input.
SLOW = "(last(range(2000000)) | empty), ."


@pytest.fixture
def worker() -> Iterator[JqWorker]:
    started = JqWorker()
    yield started
    started.close()


def is_running(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def ends(process_id: int) -> bool:
    for _ in range(100):
        if not is_running(process_id):
            return True
        time.sleep(0.05)
    return False


def is_reaped(process_id: int) -> bool:
    try:
        os.waitpid(process_id, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


async def working(worker: JqWorker, other_than: int | None = None) -> int:
    """The id of the process, as soon as there is one that had time to begin."""
    for _ in range(1000):
        if worker.process_id not in (None, other_than):
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    return the_id(worker)


def in_a_fork(worker: JqWorker) -> list[bytes]:
    """The output of `1 + 1`, and the id of the process that said so."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        assert worker.process_id is None
        asyncio._set_running_loop(None)
        output = asyncio.SelectorEventLoop().run_until_complete(worker.run(". + 1", b"1"))
        os.write(writing, b"%s %d" % (output[0], the_id(worker)))
        worker.close()
        os._exit(0)
    answer = os.read(reading, 100)
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)
    return answer.split()


def the_id(worker: JqWorker) -> int:
    assert worker.process_id is not None
    return worker.process_id


@pytest.mark.parametrize(
    "program, text, outputs",
    [
        (".", b"", []),
        (".", b'{"a": [1, "\xc3\xa9", null]}', [b'{"a":[1,"\xc3\xa9",null]}']),
        (".a", b'{"a": 1}\n{"a": "x\\ny"} {}', [b"1", b'"x\\ny"', b"null"]),
        (".[]", b"[1, 2, []]", [b"1", b"2", b"[]"]),
        ("empty", b"1", []),
        ("halt", b"1 2", []),
        ("1, input, 2", b"0", ValueError),
        ('"a" | debug, stderr', b"1", [b'"a"', b'"a"']),
        ("1.0, 1e1000, -0, nan", b"1", [b"1", b"1.7976931348623157e+308", b"0", b"null"]),
        (".a", b"[1", ValueError),
        (".a", b"\xff", ValueError),
        (".[", b"1", InvalidProgramError),
        ('"' + "x" * 200_000 + '" | length', b" " * 300_000 + b"1", [b"200000"]),
    ],
)
async def test_answers(
    worker: JqWorker, program: str, text: bytes, outputs: list[bytes] | type[ValueError]
) -> None:
    if isinstance(outputs, list):
        assert await worker.run(program, text) == outputs
    else:
        with pytest.raises(outputs) as caught:
            await worker.run(program, text)
        assert type(caught.value) is outputs
    assert await worker.run(".", b"1") == [b"1"]


@pytest.mark.parametrize("program", ["nothing", 'error("no\\nway")', "error({a: 1})", ".a.b.c"])
async def test_says_what_jq_says(worker: JqWorker, program: str) -> None:
    with pytest.raises(ValueError) as expected:  # noqa: PT011  # jq's message
        jq.compile(program).input_value({"a": 1}).first()
    with pytest.raises(ValueError) as found:  # noqa: PT011  # the same
        await worker.run(program, b'{"a": 1}')
    assert str(found.value) == str(expected.value)


async def test_one_process_for_all_calls_started_by_the_first(worker: JqWorker) -> None:
    assert worker.process_id is None
    results = await asyncio.gather(
        *(worker.run(f". + {n}", f"{n} {'1' * (n * 900)}".encode()) for n in range(40))
    )
    assert [result[0] for result in results] == [str(2 * n).encode() for n in range(40)]
    process_id = worker.process_id
    await worker.run(".", b"1")
    assert worker.process_id == process_id


def test_several_event_loops_share_it(worker: JqWorker) -> None:
    first = asyncio.run(worker.run(".", b"1"))
    process_id = worker.process_id
    assert first == asyncio.run(worker.run(".", b"1")) == [b"1"]
    assert worker.process_id == process_id


async def test_the_event_loop_goes_on_meanwhile(worker: JqWorker) -> None:
    await worker.run(".", b"1")
    job = asyncio.create_task(worker.run(SLOW, b"1"))
    turns = 0
    while not job.done():
        turns += 1
        await asyncio.sleep(0.01)
    assert turns > 10


async def test_an_endless_program_is_ended_and_the_next_call_gets_a_new_process(
    worker: JqWorker,
) -> None:
    await worker.run(".", b"1")
    process_id = the_id(worker)
    started = time.monotonic()
    with pytest.raises(TimeoutError, match=r"longer than 0\.3 seconds"):
        await worker.run(ENDLESS, b"1", 0.3)
    assert time.monotonic() - started < 5
    assert not is_running(process_id)
    assert await worker.run(".", b"1", 5) == [b"1"]
    assert worker.process_id != process_id


async def test_a_process_that_stands_still_is_replaced(worker: JqWorker) -> None:
    await worker.run(".", b"1")
    process_id = the_id(worker)
    os.kill(process_id, signal.SIGSTOP)
    assert await worker.run(".", b"2", 0.2) == [b"2"]
    assert not is_running(process_id)


async def test_closing_it_amid_a_call(worker: JqWorker) -> None:
    job = asyncio.create_task(worker.run(ENDLESS, b"1"))
    process_id = await working(worker)
    started = time.monotonic()
    worker.close()
    assert time.monotonic() - started < 0.5
    with pytest.raises(JqWorkerError, match="closed"):
        await job
    assert not is_running(process_id)
    assert worker.process_id is None
    assert await worker.run(".", b"2") == [b"2"]


async def test_waiting_for_other_calls_takes_no_allowed_time(worker: JqWorker) -> None:
    slow = asyncio.create_task(worker.run(SLOW, b"1"))
    await asyncio.sleep(0.1)
    assert await worker.run(".", b"2", 0.25) == [b"2"]
    assert await slow == [b"1"]


async def test_a_process_that_died_is_replaced(worker: JqWorker) -> None:
    await worker.run(".", b"1")
    process_id = the_id(worker)
    os.kill(process_id, signal.SIGKILL)
    assert await worker.run(".", b"2") == [b"2"]
    assert worker.process_id != process_id


async def test_a_call_whose_process_dies_is_repeated_once(worker: JqWorker) -> None:
    job = asyncio.create_task(worker.run(SLOW, b"1"))
    os.kill(await working(worker), signal.SIGKILL)
    assert await job == [b"1"]

    job = asyncio.create_task(worker.run(ENDLESS, b"1"))
    first = await working(worker)
    os.kill(first, signal.SIGKILL)
    os.kill(await working(worker, other_than=first), signal.SIGKILL)
    with pytest.raises(JqWorkerError, match="died twice"):
        await job
    assert await worker.run(".", b"2") == [b"2"]


@pytest.mark.parametrize(
    "name, value", [("_SCRIPT", "/nowhere.py"), ("sys.executable", "/nowhere/python")]
)
async def test_a_process_that_cannot_start_is_an_error(
    worker: JqWorker, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setattr(f"expressions.worker.{name}", value)
    with pytest.raises(JqWorkerError):
        await worker.run(".", b"1")
    monkeypatch.undo()
    assert await worker.run(".", b"1") == [b"1"]


async def test_ctrl_c_does_not_end_it(worker: JqWorker) -> None:
    await worker.run(".", b"1")
    process_id = the_id(worker)
    os.kill(process_id, signal.SIGINT)
    assert await worker.run(".", b"1") == [b"1"]
    assert worker.process_id == process_id


async def test_a_cancelled_call_does_not_disturb_the_others(worker: JqWorker) -> None:
    running = asyncio.create_task(worker.run(SLOW, b"1"))
    await working(worker)
    waiting = [asyncio.create_task(worker.run(ENDLESS, b"2")) for _ in range(3)]
    await asyncio.sleep(0.05)
    for job in (running, *waiting):
        job.cancel()
    await asyncio.gather(running, *waiting, return_exceptions=True)
    assert await asyncio.wait_for(worker.run(".", b"3"), 20) == [b"3"]


async def test_what_nobody_waits_for_any_more_is_ended(worker: JqWorker) -> None:
    job = asyncio.create_task(worker.run(ENDLESS, b"1", 60))
    process_id = await working(worker)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert ends(process_id)
    assert await worker.run(".", b"2", 5) == [b"2"]


async def test_calls_share_a_limit_of_time(worker: JqWorker) -> None:
    limit = jq_worker.TimeLimit(60)
    for _ in range(2):
        before = limit.left
        assert await worker.run(".", b"1", limit) == [b"1"]
        assert limit.left < before
    limit.left = 0.2
    with pytest.raises(TimeoutError):
        await worker.run(ENDLESS, b"1", limit)
    assert limit.left < 0.05


async def test_each_program_on_each_text(worker: JqWorker) -> None:
    programs = [(".a", False), (".b[]", True), ("error", False), ("halt", True), ("empty", False)]
    found = await worker.run_each(programs, [b'{"a": 1, "b": [2, 3]}', b"{}", b"[1"])
    first, every, raised, *none = json.loads(found[0])
    assert (first, every, none) == ([1], [2, 3], [[], []])
    assert json.loads(raised["error"]) == {"a": 1, "b": [2, 3]}
    assert json.loads(found[1])[:2] == [[None], {"error": "Cannot iterate over null (null)"}]
    assert all("error" in each for each in json.loads(found[2])[:2])
    with pytest.raises(InvalidProgramError):
        await worker.run_each([(".[", False)], [b"1"])


@pytest.mark.parametrize(
    "odd, given",
    [("error", "fails"), (".n.x", "fails"), ("input", "fails"), ("halt", []), ("[inputs]", [[]])],
)
async def test_a_text_on_which_a_program_fails_is_one_of_many(
    worker: JqWorker, odd: str, given: Any
) -> None:
    program = f"if .n == 3 then ({odd} # odd\n) else .n, .n end"
    programs = [(".n", False), (program, False), (program, True)]
    texts = [b'{"n": %d}' % n for n in range(6)]
    rows = [json.loads(row) for row in await worker.run_each(programs, texts)]
    told = [["fails" if isinstance(each, dict) else each for each in row] for row in rows]
    usual = [[[n], [n], [n, n]] for n in range(6)]
    assert told == [*usual[:3], [[3], given, given], *usual[4:]]


async def test_a_program_among_others_is_what_it_is_alone(worker: JqWorker) -> None:
    programs = [(".n # n", False), ("$__loc__.line", False), ("def f: .n; f, f", True)]
    [row] = await worker.run_each(programs, [b'{"n": 7}'])
    assert json.loads(row) == [[7], [1], [7, 7]]


async def test_a_text_that_is_no_json_is_one_of_many(worker: JqWorker) -> None:
    texts = [b'{"n": %d}' % n for n in range(6)]
    texts[3] = b'{"n": '
    rows = [json.loads(row) for row in await worker.run_each([(".n", True), (".", False)], texts)]
    assert all("error" in each for each in rows.pop(3))
    assert rows == [[[n], [{"n": n}]] for n in (0, 1, 2, 4, 5)]


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_nothing_grows_with_failing_calls() -> None:
    async def fail() -> None:
        worker = JqWorker()
        with pytest.raises(TimeoutError):
            await worker.run(ENDLESS, b"1", 0.05)
        await worker.run(".", b"1", 5)
        worker.close()

    await fail()
    descriptors, threads = open_descriptors(), threading.active_count()
    for _ in range(5):
        await fail()
    assert open_descriptors() == descriptors
    assert threading.active_count() <= threads


async def test_nothing_is_left_after_it_is_closed_or_forgotten(worker: JqWorker) -> None:
    for forget in (False, True):
        some = JqWorker()
        await some.run(".", b"1")
        process_id = the_id(some)
        if not forget:
            some.close()
            some.close()
        del some
        gc.collect()
        assert ends(process_id)
        assert is_reaped(process_id)


async def test_it_sees_the_environment_of_its_start(
    worker: JqWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEN_BY_JQ", "yes")
    assert await worker.run("env.SEEN_BY_JQ, $ENV.SEEN_BY_JQ", b"1") == [b'"yes"', b'"yes"']


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
async def test_a_fork_gets_a_process_of_its_own(worker: JqWorker) -> None:
    """Also where a call of the parent's is under way and holds the parent's process."""
    job = asyncio.create_task(worker.run(SLOW, b"1"))
    process_id = await working(worker)
    output, own = in_a_fork(worker)
    assert output == b"2"
    assert int(own) != process_id
    assert await job == [b"1"]
    assert worker.process_id == process_id


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "pass", "sys.exit(3)"])
@pytest.mark.parametrize("job", ["", "asyncio.ensure_future(worker.run('def f: f; f', b'1', 60))"])
def test_it_ends_with_its_parent(end: str, job: str) -> None:
    code = f"""
        import asyncio, os, sys
        from expressions.worker import JqWorker
        worker = JqWorker()
        async def main():
            await worker.run(".", b"1")
            print(worker.process_id, flush=True)
            {job or "pass"}
            await asyncio.sleep(0.2)
            {end}
        asyncio.run(main())
    """
    parent = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert parent.returncode == {"pass": 0, "sys.exit(3)": 3}.get(end, -9)
    assert ends(int(parent.stdout))


async def test_a_process_that_holds_much_memory_is_replaced(
    worker: JqWorker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "frugal.py"
    script.write_text(
        f"import sys\nsys.path.append({str(ROOT)!r})\n"
        "from expressions import process as jq_process\n"
        "jq_process._MOST_MEMORY = 0\njq_process.main()\n"
    )
    monkeypatch.setattr(jq_worker, "_SCRIPT", script)
    assert await worker.run(".", b"1") == [b"1"]
    assert worker.process_id is None
    assert await worker.run(".", b"2") == [b"2"]


@pytest.mark.parametrize("cut", [1, jq_process.REQUEST.size, -1])
def test_half_a_request_is_the_end(cut: int) -> None:
    request = jq_process.REQUEST.pack(0, False, 1, 1) + b".1"
    replies = io.BytesIO()
    jq_process.serve(io.BytesIO(request + request[:cut]), replies)
    assert replies.getvalue() == jq_process.REPLY.pack(jq_process.DONE, False, 1) + b"1"


def test_outputs_that_are_no_json_are_said_to_be() -> None:
    state, content = jq_process.answer("reduce range(20000) as $i (0; [.])", b"1")
    assert state == jq_process.BROKEN
    assert b"RecursionError" in content
