"""Extraction alone: pages into batches, against the clients of others and against limits."""

import statistics
from collections.abc import Mapping, Sequence

from benchmarks.bench import Api, Bench, Figures, Task, median, rate
from benchmarks.bodies import megabyte
from benchmarks.results import Section, Target, number

_STYLES = ("plain", "total", "cursor", "link")
_TYPES = {"plain": "page", "total": "page", "cursor": "cursor", "link": "next_link"}
_LATENCY_MS = 20
_CONNECTIONS = 10


def throughput(bench: Bench) -> Section:
    """Pages without latency: the extraction generator against a bare loop, dlt and Airbyte."""
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
            for name, limit in (("bare", 0.85), ("dlt", 1.5), ("airbyte", 8))
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
    """How many times as fast ours is; of neighbouring runs, which met the same machine."""
    pairs = zip(results["ours"], results[name], strict=True)
    return statistics.median(float(other[basis] / ours[basis]) for ours, other in pairs)


def nested(bench: Bench) -> Section:
    """Many small endpoints behind latency: the requests in flight are the only limit."""
    count = bench.size(5000, 300)
    with bench.api() as api:
        base = api.at(_LATENCY_MS)
        tasks = {
            "ours": Task("ours", {"settings": numbered(base), "resources": [things(count, 1)]}),
            "bare": Task(
                "bare",
                {
                    "url": f"{base}/pages/total/{count}/1",
                    "style": "total",
                    "pages": count,
                    "parallel": _CONNECTIONS,
                },
            ),
        }
        results = bench.rounds(tasks, api)
    ideal = count * _LATENCY_MS / 1000 / _CONNECTIONS
    ours, bare = median(results["ours"], "seconds"), median(results["bare"], "seconds")
    section = Section(
        "Nested endpoints",
        f"{count:,} endpoints behind {_LATENCY_MS} ms each, {_CONNECTIONS} requests at a time, "
        "their parents discovered in pages of 100. Ideal is endpoints by latency, by requests at "
        "a time.",
    )
    section.targets = [
        Target.at_most("wall / ideal wall", ours / ideal, 1.1),
        Target.at_most("requests in flight", _peak(results["ours"]), _CONNECTIONS),
    ]
    rows = [
        ["ideal", number(ideal, "s"), "", ""],
        ["bare loops of httpx and orjson, 10 at once", number(bare, "s"), *_asked(results["bare"])],
        ["ours", number(ours, "s"), *_asked(results["ours"])],
    ]
    section.add_table(["", "Wall", "CPU", "Requests"], rows)
    return section


def overlap(bench: Bench) -> Section:
    """Fetching goes on while what was fetched is being processed."""
    pages = bench.size(100, 20)
    path = f"/pages/cursor/{pages}/1000"
    with bench.api() as api:
        base = api.at(50)
        results = bench.rounds(
            {
                "ours": Task("ours", paged(base, "cursor", path) | {"consume_ms": 50}),
                "bare": Task("bare", {"url": base + path, "style": "cursor"}),
            }
        )
    ours, fetch = median(results["ours"], "seconds"), median(results["bare"], "seconds")
    consume = pages * 0.05
    section = Section(
        "Overlap",
        f"{pages} pages of 1,000 items behind a cursor and 50 ms each; the consumer takes 50 ms "
        "for each page.",
    )
    section.targets = [
        Target.at_most("wall / max(fetch, consume)", ours / max(fetch, consume), 1.15)
    ]
    rows = [["fetch alone (bare loop)", number(fetch, "s")]]
    rows += [["consume alone", number(consume, "s")], ["ours, both", number(ours, "s")]]
    section.add_table(["", "Wall"], rows)
    return section


def known_total(bench: Bench) -> Section:
    """Where the total is known, pages are asked for side by side."""
    pages = bench.size(100, 30)
    with bench.api() as api:
        base = api.at(50)
        total = f"/pages/total/{pages}/1000"
        tasks = {
            "page": Task("ours", paged(base, "total", total)),
            "offset": Task("ours", paged(base, "total", total, "offset")),
            "no total": Task("ours", paged(base, "plain", f"/pages/plain/{pages}/1000")),
        }
        results = bench.rounds(tasks, api)
    sequential = median(results["no total"], "seconds")
    section = Section(
        "Pages side by side",
        f"{pages} pages of 1,000 items behind 50 ms each, {_CONNECTIONS} requests at a time; "
        "sequential is the same without a total.",
    )
    rows = [["no total", number(sequential, "s"), "", number(_peak(results["no total"]))]]
    for name in ("page", "offset"):
        seconds, peak = median(results[name], "seconds"), _peak(results[name])
        faster = sequential / seconds
        section.targets += [
            Target.at_least(f"{name}: sequential / wall", faster, 5),
            Target.at_most(f"{name}: requests in flight", peak, _CONNECTIONS),
        ]
        row = [f"{name}, total known", number(seconds, "s"), f"{faster:.1f}", number(peak)]
        rows.append(row)
    section.add_table(["", "Wall", "times faster", "In flight, at most"], rows)
    return section


def large_body(bench: Bench) -> Section:
    """One body that is larger than what may be in memory."""
    megabytes = bench.size(200, 40)
    path = f"/stream/{megabytes}"
    queries: dict[str, dict[str, str]] = {"with its length": {}, "chunked": {"chunked": "1"}}
    with bench.api() as api:
        settings = {"base_url": api.at(0), "timeout": 300}
        tasks = {
            name: Task("ours", {"settings": settings, "resources": [_listing_with(path, query)]})
            for name, query in queries.items()
        }
        results = bench.rounds(tasks, api)
    size = megabytes * len(megabyte()) / 1e6
    section = Section(
        "One large body",
        f"{size:.0f} MB of JSON in one answer, the items under a plain data_path; the answer tells "
        "its length, or comes in chunks.",
    )
    for name, runs in results.items():
        section.targets += _large_body_targets(name, runs, size)
    return section


def _large_body_targets(name: str, runs: Sequence[Figures], size: float) -> list[Target]:
    extra = statistics.median(run["peak"] - run["idle"] for run in runs)
    speed = statistics.median(size / run["seconds"] for run in runs)
    lead = statistics.median(run["server"]["last_byte_at"] - run["first_at"] for run in runs)
    return [
        Target.at_most(f"{name}: peak memory above idle", extra, 150, "MB"),
        Target.at_least(f"{name}: speed", speed, 25, "MB/s"),
        Target(
            f"{name}: first items, seen from when the last byte was sent",
            f"{number(abs(lead), 's')} {'before' if lead > 0 else 'after'}",
            "before",
            lead > 0,
        ),
    ]


def _listing_with(path: str, query: dict[str, str]) -> Figures:
    return listing(path) | {"query_params": query}


def many_pages(bench: Bench) -> Section:
    """Memory does not grow with what was read."""
    pages = bench.size(10_000, 400)
    path = f"/pages/cursor/{pages}/100"
    with bench.api() as api:
        job = paged(api.at(0), "cursor", path, page_size=100) | {"mark_at": 10_000}
        runs = bench.rounds({"ours": Task("ours", job)})["ours"]
    grown = statistics.median(run["last"] - run["marked"] for run in runs)
    section = Section(
        "Many pages", f"{pages * 100:,} items over {pages:,} pages; memory in use at two moments."
    )
    section.targets = [
        Target.at_most("growth from page 100 to the last page", grown, 20, "MB"),
    ]
    moments = (("idle", "idle"), ("after page 100", "marked"), ("at the end", "last"))
    rows = [[text, number(median(runs, key), "MB")] for text, key in moments]
    rows.append(["items per second", number(rate(runs))])
    section.add_table(["", ""], rows)
    return section


def shared(bench: Bench) -> Section:
    """Resources that read the same endpoint share one reading."""
    pages = bench.size(100, 20)
    path = f"/pages/cursor/{pages}/1000"
    latencies = {20: "20 ms", 0: "no latency"}
    with bench.api() as api:
        tasks = {}
        for latency in latencies:
            job = paged(api.at(latency), "cursor", path)
            job["resources"] = job["resources"] * 5
            tasks[f"ours {latency}"] = Task("ours", job)
            url = f"{api.at(latency)}{path}"
            tasks[f"bare {latency}"] = Task("bare", {"url": url, "style": "cursor"})
        results = bench.rounds(tasks, api)
    requests = max(run["server"]["requests"] for run in results["ours 20"])
    section = Section(
        "Shared endpoints", f"Five resources on one endpoint of {pages} pages of 1,000 items."
    )
    section.targets = [Target.at_most("requests / pages", requests / pages, 1)]
    rows = []
    for latency, name in latencies.items():
        runs = results[f"ours {latency}"]
        first = statistics.median(run["reads"][0] for run in runs)
        again = statistics.median(statistics.mean(run["reads"][1:]) for run in runs)
        bare = median(results[f"bare {latency}"], "seconds")
        if latency:
            section.targets.append(
                Target.at_least("bare loop over HTTP / reading again", bare / again, 5)
            )
        figures = (number(value, "s") for value in (first, again, bare))
        rows.append([name, *figures, f"{bare / again:.1f}"])
    header = ["API", "first reading", "each further one", "bare loop over HTTP", "times faster"]
    section.add_table(header, rows)
    section.notes.append(
        "Responses are kept as received, and parsed again for each resource: as objects they would "
        "take six times the memory. Without any latency that is what remains to do."
    )
    return section


def event_loop(bench: Bench) -> Section:
    """Large pages leave room for everything else that runs in the event loop."""
    size = bench.size(66_000, 16_500)
    paths = {"plain data_path": ".items", "jq": ".items | map(select(.id >= 0))"}
    with bench.api() as api:
        tasks = {}
        for name, data_path in paths.items():
            job = paged(api.at(0), "cursor", f"/pages/cursor/3/{size}")
            job["resources"][0]["data_path"] = data_path
            tasks[name] = Task("ours", job)
        results = bench.rounds(tasks)
    megabytes = size * 300 / 1e6
    section = Section(
        "Event loop",
        f"Three pages of {megabytes:.0f} MB. A task asks every 2 ms for its turn; measured is how "
        "long the longest wait for it was, and how much of that the loop's own thread computed.",
    )
    rows = []
    for name, runs in results.items():
        block = median(runs, "longest_block") * 1000
        section.targets.append(Target.at_most(f"{name}: longest block", block, 50, "ms"))
        computed = number(median(runs, "longest_block_cpu") * 1000, "ms")
        rows.append([name, number(block, "ms"), computed, number(rate(runs))])
    section.add_table(["", "Longest block", "computing", "Items per second"], rows)
    return section


def listing(path: str) -> Figures:
    """A resource whose items are under `items`."""
    return {"kind": path, "data_path": ".items"}


def paged(base: str, style: str, path: str, pagination: str = "", page_size: int = 1000) -> Figures:
    """The job of reading one listing in pages; `style` is how the server tells of them."""
    settings = {
        "base_url": base,
        "pagination_type": pagination or _TYPES[style],
        "page_size": page_size,
        "next_link_path": "next",
        "max_concurrent_requests": _CONNECTIONS,
    }
    return {"settings": settings, "resources": [listing(path)]}


def numbered(base: str) -> Figures:
    """Settings for endpoints that are paged by number."""
    return {
        "base_url": base,
        "pagination_type": "page",
        "page_size": 100,
        "max_concurrent_requests": _CONNECTIONS,
    }


def things(parents: int, each: int) -> Figures:
    """A resource of so many nested endpoints with so many items each."""
    team = {
        "endpoint": "/teams",
        "query_params": {"count": str(parents)},
        "data_path": ".items",
        "field": ".id",
    }
    return {
        "kind": "/teams/{team}/things",
        "query_params": {"n": str(each)},
        "data_path": ".items",
        "path_parameters": {"team": team},
    }


def _peak(runs: Sequence[Figures]) -> float:
    return float(max(run["server"]["peak"] for run in runs))


def _asked(runs: Sequence[Figures]) -> list[str]:
    requests = max(run["server"]["requests"] for run in runs)
    return [number(median(runs, "cpu"), "s"), f"{requests:,}"]
