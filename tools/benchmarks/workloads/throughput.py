"""Extraction against the clients of others, page by page without latency."""

import statistics
from typing import NamedTuple

from tools.benchmarks.bench import Api, Bench, Figures, Task, rate
from tools.benchmarks.results import Section, Target, number
from tools.benchmarks.workloads.jobs import listing, paged

# As near as the bare loop is, the machine's own ups and downs would decide.
_MORE_OFTEN = 3


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
        found = {style: _throughput_of(bench, api, style, pages) for style in _DESCRIPTION}
    for style, results in found.items():
        section.targets += [
            Target.at_least(f"{style}: ours / {_OTHERS[name]}", results[name].ratio(), limit)
            for name, limit in (("bare", 0.95), ("dlt", 1.5), ("airbyte", 8))
        ]
    best = {name: max(rate(results[name].theirs) for results in found.values()) for name in _OTHERS}
    ours = max(rate(results["bare"].ours) for results in found.values())
    section.notes += [
        "In brackets: how many times as fast ours is, as the median over neighbouring runs.",
        "Each at whatever pagination suits it best, ours is "
        + ", ".join(f"{ours / best[name]:.2f} times {_OTHERS[name]}" for name in _OTHERS)
        + ".",
    ]
    for title, basis in (("Items per second", "seconds"), ("Items per second of CPU", "cpu")):
        rows = []
        for style, results in found.items():
            others = [
                f"{number(rate(pair.theirs, basis))} ({pair.ratio(basis):.2f})"
                for pair in (results[name] for name in _OTHERS)
            ]
            own = number(rate(results["bare"].ours, basis))
            rows.append([_DESCRIPTION[style], own, *others])
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


class _Pair(NamedTuple):
    """The figures of both sides; runs at the same place were neighbours, on the same machine."""

    ours: list[Figures]
    theirs: list[Figures]

    def ratio(self, basis: str = "seconds") -> float:
        """Return how many times as fast ours is."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return statistics.median(float(other[basis] / own[basis]) for own, other in pairs)


def _throughput_of(bench: Bench, api: Api, style: str, pages: int) -> dict[str, _Pair]:
    path, warm_up = f"/pages/{style}/{pages}/1000", f"/pages/{style}/10/1000"
    base = api.at(0)
    other = {"base": api.url, "path": f"/l0{path}", "style": style, "warm_up": f"/l0{warm_up}"}
    ours = Task("ours", paged(base, style, path) | {"warm_up": [listing(warm_up)]})
    bare = Task("bare", {"url": base + path, "style": style, "warm_up": f"{base}{warm_up}"})
    others = {
        "dlt": Task("dlt_rest", other),
        "dlt client": Task("dlt_rest", other | {"layer": "client"}),
        "airbyte": Task("airbyte", other),
    }
    pairs = {"bare": _Pair([], []), **{name: _Pair([], []) for name in others}}
    for tasks in [{"bare": bare}] * _MORE_OFTEN + [others]:
        # Not always ours first.
        named = {**tasks, "ours": ours} if len(pairs["bare"].ours) % 2 else {"ours": ours, **tasks}
        results = bench.rounds({f"{style} {name}": task for name, task in named.items()})
        for name in tasks:
            pairs[name].ours.extend(results[f"{style} ours"])
            pairs[name].theirs.extend(results[f"{style} {name}"])
            assert {run["items"] for pair in pairs[name] for run in pair} == {pages * 1000}, name
    return pairs
