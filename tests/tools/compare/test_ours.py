"""The fifteen tasks of docs/compare.md, as this project reads them: every item, exactly once."""

import pytest

from tools.benchmarks.compare import ours
from tools.benchmarks.compare.apis import application
from tools.benchmarks.compare.tasks import FILES, TASKS, Outcome, Task
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

every_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
fragile = pytest.mark.parametrize(
    "task", [task for task in TASKS if task.fault], ids=lambda task: task.name
)


async def run(task: Task, file: str, *, broken: bool) -> Outcome:
    with serve(application(broken=broken)) as server:
        text = (task.folder / file).read_text(encoding="utf-8")
        return await ours.read(text, f"{server.url}/{task.name}")


@every_task
async def test_all_items(task: Task) -> None:
    outcome = await run(task, FILES["ours"], broken=False)
    assert task.verdict("ours", outcome) == "right", outcome.error


@fragile
async def test_what_is_broken_fails_and_the_rest_arrives(task: Task) -> None:
    outcome = await run(task, FILES["ours"], broken=True)
    assert task.verdict_when_broken("ours", outcome) == "right", outcome.error


async def test_what_the_page_says_of_a_rule_that_skips() -> None:
    (task,) = (task for task in TASKS if task.name == "parents")
    outcome = await run(task, "ours_skip.yml", broken=True)
    assert not outcome.failed
    assert len(outcome.items) == 12
