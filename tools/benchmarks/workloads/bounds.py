"""The price of limits: expressions of users in a process of their own, and in none."""

import statistics
from typing import NamedTuple

from tools.benchmarks.bench import Bench, Figures, Task, rate
from tools.benchmarks.results import Section, Target, number
from tools.benchmarks.workloads.jobs import paged

# Of the rate of a loop that can be stopped by nothing, and hands nothing over.
_LEAST = 0.7


class _Case(NamedTuple):
    """A selector, and the program of jq that does the same with the items, or with a body."""

    selector: Figures
    program: str
    of_body: bool = False
    pages: int = 0
    page_size: int = 1000


_CASES = {
    "items_filter": _Case(
        {"data_path": ".items", "items_filter": ".id % 2 == 0"},
        ".[] | select(.id % 2 == 0)",
    ),
    "emit": _Case(
        {"data_path": ".items", "emit": "{id, name, twice: (.id * 2)}"},
        ".[] | {id, name, twice: (.id * 2)}",
    ),
    "data_path": _Case(
        {"data_path": ".items[] | select(.id != null)"},
        ".items[] | select(.id != null)",
        of_body=True,
    ),
    "data_path, 20 MB a page": _Case(
        {"data_path": ".items | map({id, name})"},
        ".items | map({id, name}) | .[]",
        of_body=True,
        pages=4,
        page_size=60_000,
    ),
}


def bounds(bench: Bench) -> Section:
    """Measure expressions that are limited in time and memory, against the same without a limit."""
    section = Section(
        "Limits of expressions",
        "Pages of 1,000 items of about 300 bytes behind a cursor, and larger ones, with "
        "expressions that are no plain paths. Ours evaluates them in a process that is limited in "
        "time and memory; the bare loop in its own process, which they could stop for good. "
        "When ours did so too, it was slower: today's rate is 1.05, 1.10, 1.13 and 1.14 times that "
        "of then, in the order of the table, measured side by side.",
    )
    rows = []
    with bench.api() as api:
        base = api.at(0)
        for name, case in _CASES.items():
            pages = case.pages or bench.size(200, 20)
            path = f"/pages/cursor/{pages}/{case.page_size}"
            warm_up = f"/pages/cursor/1/{case.page_size}"
            job = paged(base, "cursor", path, page_size=case.page_size)
            job["resources"] = [{"kind": path, **case.selector}]
            ours = Task("ours", job | {"warm_up": [{"kind": warm_up, **case.selector}]})
            urls = {"url": base + path, "warm_up": base + warm_up}
            bare = Task("in_process", {"program": case.program, "of_body": case.of_body, **urls})
            found = bench.rounds({f"{name}: ours": ours, f"{name}: bare loop": bare})
            own, other = found.values()
            assert {run["items"] for run in own} == {run["items"] for run in other}, name
            ratio = statistics.median(
                theirs["seconds"] / mine["seconds"] for mine, theirs in zip(own, other, strict=True)
            )
            section.targets.append(
                Target.at_least(f"{name}: ours / bare loop with jq", ratio, _LEAST)
            )
            figures = (rate(runs, basis) for basis in ("seconds", "cpu") for runs in (own, other))
            rows.append([name, *map(number, figures)])
    head = ["Items per second", "ours", "bare loop with jq", "ours, of CPU", "bare loop, of CPU"]
    section.add_table(head, rows)
    return section
