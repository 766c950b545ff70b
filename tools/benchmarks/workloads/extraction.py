"""Extraction alone: pages into batches, against the clients of others and against limits."""

import statistics
from collections.abc import Sequence

from tools.benchmarks.bench import Bench, Figures, Task, median, rate
from tools.benchmarks.bodies import megabyte
from tools.benchmarks.results import Section, Target, number
from tools.benchmarks.workloads.jobs import CONNECTIONS, listing, numbered, paged, things

_LATENCY_MS = 20


def nested(bench: Bench) -> Section:
    """Measure small endpoints behind latency, limited by the requests in flight alone."""
    count = bench.size(5000, 300)
    with bench.api() as api:
        base = api.at(_LATENCY_MS)
        url = f"{base}/pages/total/{count}/1"
        tasks = {
            "ours": Task("ours", {"settings": numbered(base), "resources": [things(count, 1)]}),
            "bare": Task("bare", {"url": url, "pages": count, "parallel": CONNECTIONS}),
        }
        results = bench.rounds(tasks, api)
    ideal = count * _LATENCY_MS / 1000 / CONNECTIONS
    ours, bare = median(results["ours"], "seconds"), median(results["bare"], "seconds")
    section = Section(
        "Nested endpoints",
        f"{count:,} endpoints behind {_LATENCY_MS} ms each, {CONNECTIONS} requests at a time, "
        "their parents discovered in pages of 100. Ideal is endpoints by latency, by requests at "
        "a time.",
    )
    section.targets = [
        Target.at_most("wall / ideal wall", ours / ideal, 1.1),
        Target.at_most("requests in flight", _peak(results["ours"]), CONNECTIONS),
    ]
    rows = [
        ["ideal", number(ideal, "s"), "", ""],
        ["bare loops of httpx and orjson, 10 at once", number(bare, "s"), *_asked(results["bare"])],
        ["ours", number(ours, "s"), *_asked(results["ours"])],
    ]
    section.add_table(["", "Wall", "CPU", "Requests"], rows)
    return section


def overlap(bench: Bench) -> Section:
    """Measure fetching that goes on while earlier items are processed."""
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
        "for 1,000 items.",
    )
    section.targets = [
        Target.at_most("wall / max(fetch, consume)", ours / max(fetch, consume), 1.15)
    ]
    rows = [["fetch alone (bare loop)", number(fetch, "s")]]
    rows += [["consume alone", number(consume, "s")], ["ours, both", number(ours, "s")]]
    section.add_table(["", "Wall"], rows)
    return section


def known_total(bench: Bench) -> Section:
    """Measure pages that are asked for side by side, because the total is known."""
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
        f"{pages} pages of 1,000 items behind 50 ms each, {CONNECTIONS} requests at a time; "
        "sequential is the same without a total.",
    )
    rows = [["no total", number(sequential, "s"), "", number(_peak(results["no total"]))]]
    for name in ("page", "offset"):
        seconds, peak = median(results[name], "seconds"), _peak(results[name])
        faster = sequential / seconds
        section.targets += [
            Target.at_least(f"{name}: sequential / wall", faster, 5),
            Target.at_most(f"{name}: requests in flight", peak, CONNECTIONS),
        ]
        rows.append([f"{name}, total known", number(seconds, "s"), f"{faster:.1f}", number(peak)])
    section.add_table(["", "Wall", "times faster", "In flight, at most"], rows)
    return section


def large_body(bench: Bench) -> Section:
    """Measure one body that is too large for memory."""
    megabytes = bench.size(200, 40)
    stream = listing(f"/stream/{megabytes}")
    chunked = {"query_params": {"chunked": "1"}}
    resources = {"with its length": stream, "chunked": stream | chunked}
    with bench.api() as api:
        settings = {"base_url": api.at(0), "timeout": 300}
        tasks = {
            name: Task("ours", {"settings": settings, "resources": [resource]})
            for name, resource in resources.items()
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


def many_pages(bench: Bench) -> Section:
    """Measure memory, which must not grow with the number of pages."""
    pages = bench.size(10_000, 400)
    path = f"/pages/cursor/{pages}/100"
    with bench.api() as api:
        job = paged(api.at(0), "cursor", path, page_size=100) | {"mark_at": 10_000}
        runs = bench.rounds({"ours": Task("ours", job)})["ours"]
    grown = statistics.median(run["last"] - run["marked"] for run in runs)
    section = Section(
        "Many pages", f"{pages * 100:,} items over {pages:,} pages; memory in use at two moments."
    )
    section.targets = [Target.at_most("growth from page 100 to the last page", grown, 20, "MB")]
    moments = (("idle", "idle"), ("after page 100", "marked"), ("at the end", "last"))
    rows = [[text, number(median(runs, key), "MB")] for text, key in moments]
    rows.append(["items per second", number(rate(runs))])
    section.add_table(["", ""], rows)
    return section


def shared(bench: Bench) -> Section:
    """Measure resources that share one reading of an endpoint."""
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
    """Measure the blocks of the event loop while large pages are read."""
    size = bench.size(66_000, 16_500)
    paths = {"plain data_path": ".items", "jq": ".items | map(select(.id >= 0))"}
    with bench.api() as api:
        tasks = {}
        for name, data_path in paths.items():
            job = paged(api.at(0), "cursor", f"/pages/cursor/3/{size}")
            job["resources"][0]["data_path"] = data_path
            job["watch"] = True
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


def _peak(runs: Sequence[Figures]) -> float:
    return float(max(run["server"]["peak"] for run in runs))


def _asked(runs: Sequence[Figures]) -> list[str]:
    requests = max(run["server"]["requests"] for run in runs)
    return [number(median(runs, "cpu"), "s"), f"{requests:,}"]
