"""The page of figures says what was measured."""

import json
from dataclasses import asdict

from tools.benchmarks import page
from tools.benchmarks.__main__ import WORKLOADS
from tools.benchmarks.results import Section, Target


def test_the_page_shows_the_kept_results() -> None:
    kept = json.loads(page.RESULTS.read_text(encoding="utf-8"))
    assert page.rendered(page.from_results(kept)) == page.PAGE.read_text(encoding="utf-8")
    assert kept["sections"].keys() <= WORKLOADS.keys()


def test_a_missed_target_is_shown_as_missed() -> None:
    section = Section("Title", "text.")
    section.targets = [
        Target.at_most("seconds", 2, 1),
        Target.at_least("speed", 2, 1, "MB/s"),
    ]
    rows = [line for line in page.body({"name": section}, {}).splitlines() if "| name" in line]
    assert [row.split(" | ")[-1].rstrip(" |") for row in rows] == ["**missed**", "met"]
    assert "2.00 MB/s | \u2265 1.00 MB/s" in rows[1]


def test_results_survive_being_kept() -> None:
    section = Section("Title", "text.", [Target("a", "1", "2", False)], notes=["a note"])
    section.add_table(["a", "b"], [["1", "2"]])
    kept = json.loads(json.dumps({"machine": {}, "sections": {"name": asdict(section)}}))
    assert page.from_results(kept) == page.body({"name": section}, {})
