"""Extraction against the clients of others, page by page without latency."""

import statistics
from collections.abc import Mapping, Sequence

from tools.benchmarks.bench import Api, Bench, Figures, Task, rate
from tools.benchmarks.results import Section, Target, number
from tools.benchmarks.workloads.jobs import listing, paged

_STYLES = ("plain", "total", "cursor", "link")


def throughput(bench: Bench) -> Section:
    """Measure pages without latency: our extraction, a bare loop, dlt and Airbyte."""
    pages = bench.size(200, 20)
    section = Section(
        "Throughput",
        f"{pages} pages of 1,000 items of about 300 bytes, no latency, items per second; "
        "each client follows the pages one after the other, except that ours asks for several "
        "at a time where the total is known.",
    )
    with bench.api() as api:
        found = {style: _throughput_of(bench, api, style, pages) for style in _STYLES}
    for style, results in found.items():
        section.targets += [
            Target.at_least(f"{style}: ours / {_OTHERS[name]}", _ratio(results, name), limit)
            for name, limit in (("bare", 0.95), ("dlt", 1.5), ("airbyte", 8))
        ]
    best = {name: max(rate(results[name]) for results in found.values()) for name in _OTHERS}
    ours = max(rate(results["ours"]) for results in found.values())
    section.notes += [
        "In brackets: how many times as fast ours is, as the median over the rounds.",
        "Each at whatever pagination suits it best, ours is "
        + ", ".join(f"{ours / best[name]:.2f} times {_OTHERS[name]}" for name in _OTHERS)
        + ".",
    ]
    for title, basis in (("Items per second", "seconds"), ("Items per second of CPU", "cpu")):
        rows = []
        for style, results in found.items():
            others = [
                f"{number(rate(results[name], basis))} ({_ratio(results, name, basis):.2f})"
                for name in _OTHERS
            ]
            rows.append([_DESCRIPTION[style], number(rate(results["ours"], basis)), *others])
        section.add_table([title, "ours", *_OTHERS.values()], rows)
    return section


_OTHERS = {
    "bare": "bare loop",
    "dlt": "dlt rest_api",
    "dlt client": "dlt RESTClient",
    "airbyte": "airbyte-cdk",
}
_DESCRIPTION = {
    "plain": "page number, nothing else told",
    "total": "page number, total told",
    "cursor": "cursor",
    "link": "next link in the body",
}


def _throughput_of(bench: Bench, api: Api, style: str, pages: int) -> dict[str, Sequence[Figures]]:
    path, warm_up = f"/pages/{style}/{pages}/1000", f"/pages/{style}/10/1000"
    base = api.at(0)
    other = {"base": api.url, "path": f"/l0{path}", "style": style, "warm_up": f"/l0{warm_up}"}
    tasks = {
        "ours": Task("ours", paged(base, style, path) | {"warm_up": [listing(warm_up)]}),
        "bare": Task("bare", {"url": base + path, "style": style, "warm_up": f"{base}{warm_up}"}),
        "dlt": Task("dlt_rest", other),
        "dlt client": Task("dlt_rest", other | {"layer": "client"}),
        "airbyte": Task("airbyte", other),
    }
    results = bench.rounds({f"{style} {name}": task for name, task in tasks.items()})
    for name, runs in results.items():
        assert all(run["items"] == pages * 1000 for run in runs), f"{name}: {runs[0]['items']}"
    return {name: results[f"{style} {name}"] for name in tasks}


def _ratio(results: Mapping[str, Sequence[Figures]], name: str, basis: str = "seconds") -> float:
    """Return how many times as fast ours is, over neighbouring runs, which met the same machine."""
    pairs = zip(results["ours"], results[name], strict=True)
    return statistics.median(float(other[basis] / ours[basis]) for ours, other in pairs)
