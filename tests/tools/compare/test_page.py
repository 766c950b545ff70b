"""The page of the comparison, its verdicts and its line counts."""

import json
from pathlib import Path

import pytest

from tools.benchmarks.compare.results import RESULTS, Lines, count, digest
from tools.benchmarks.compare.tasks import FILES, TASKS, Fault, Outcome, Task
from tools.scripts import compare_page

ROOT = Path(__file__).resolve().parents[3]
ITEMS = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
TASK = Task("some", "Some", "text", ITEMS, Fault("one is gone", ITEMS[:1]))


@pytest.mark.parametrize(
    "items, failed, verdict",
    [
        (ITEMS, False, "right"),
        ([*reversed(ITEMS)], False, "right"),
        ([{**each, "more": 1} for each in ITEMS], False, "right"),
        (ITEMS, True, "fails"),
        (ITEMS[:1], False, "reports success, 1 of 2 items missing, 0 too many"),
        ([*ITEMS, ITEMS[0]], False, "reports success, 0 of 2 items missing, 1 too many"),
        ([{"id": 1, "name": "b"}], False, "reports success, 2 of 2 items missing, 1 too many"),
    ],
)
def test_verdicts(items: list[dict[str, object]], failed: bool, verdict: str) -> None:
    assert TASK.verdict("ours", Outcome(items, failed)) == verdict


@pytest.mark.parametrize(
    "items, failed, verdict",
    [
        (ITEMS[:1], True, "right"),
        (ITEMS, True, "right"),
        ([], True, "fails, 1 of 1 items missing"),
        (ITEMS[:1], False, "reports success"),
    ],
)
def test_verdicts_when_broken(items: list[dict[str, object]], failed: bool, verdict: str) -> None:
    assert TASK.verdict_when_broken("ours", Outcome(items, failed)) == verdict


def test_names_of_a_tool_are_translated() -> None:
    task = Task("some", "Some", "text", ITEMS, names={"dlt": {"name": "_name"}})
    renamed = [{"id": each["id"], "_name": each["name"]} for each in ITEMS]
    assert task.verdict("dlt", Outcome(renamed, failed=False)) == "right"
    assert task.verdict("ours", Outcome(renamed, failed=False)) != "right"


def test_lines_of_a_mapping(tmp_path: Path) -> None:
    file = tmp_path / "ours.yml"
    file.write_text("# a comment\nresources:\n\n  - kind: /a\n    # another\n    selector: {}\n")
    assert count(file) == Lines(3)


def test_lines_of_a_source_in_python(tmp_path: Path) -> None:
    file = tmp_path / "source.py"
    file.write_text(
        "from typing import (\n    Any,\n)\n\nimport dlt\n\nSIZE = 1\n\n\n"
        "def source(url):\n    # why\n    return dlt.resource(items)\n\n\n"
        "@decorated\nclass Items:\n    def __call__(self):\n\n        return SIZE\n"
    )
    assert count(file) == Lines(configuration=3, code=4)


def test_components_beside_a_manifest_are_code_and_belong_to_its_result(tmp_path: Path) -> None:
    file = tmp_path / "airbyte.yml"
    file.write_text("streams:\n  - name: a\n")
    (tmp_path / "airbyte_other.py").write_text("class Other:\n    pass\n")
    before = digest(TASK, file)
    assert count(file) == Lines(2)
    (tmp_path / "airbyte_components.py").write_text("import requests\n\n\nclass A:\n    pass\n")
    assert count(file) == Lines(2, code=2)
    assert digest(TASK, file) != before


def test_a_result_is_of_one_state_of_its_source(tmp_path: Path) -> None:
    file = tmp_path / "ours.yml"
    file.write_text("a: 1\n")
    before = digest(TASK, file)
    assert digest(TASK, file) == before
    file.write_text("a: 2\n")
    assert digest(TASK, file) != before
    other = Task("some", "Some", "text", ITEMS[:1], TASK.fault)
    assert digest(other, file) != digest(TASK, file)


def test_the_page_is_up_to_date() -> None:
    assert compare_page.problems() == []
    assert compare_page.render(ROOT) == (ROOT / compare_page.PAGE).read_text(encoding="utf-8")


def test_ours_is_right_in_all_kept_results() -> None:
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))["tasks"]
    assert list(kept) == [task.name for task in TASKS]
    for task in TASKS:
        found = kept[task.name][FILES["ours"]]
        assert {found["whole"], found.get("broken", "right")} == {"right"}
