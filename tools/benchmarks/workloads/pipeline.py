"""The whole product: from the API into a catalog, as `ocean sail`."""

import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tools.benchmarks.bench import Api, Bench, Task
from tools.benchmarks.results import Section, Target, number
from tools.benchmarks.sailing import BLUEPRINT, Voyage, sail
from tools.benchmarks.workloads.jobs import listing, numbered, things

_EACH = 4
_PAGE = 1000
_MANY_PAGES = 250
# Milliseconds of CPU for an item, from the API into the catalog.
_MOST_CPU = 0.22
_TOO_MANY_RUNS = 3
_SMALLER = "ocean, batches of 250 (one run)"

# What may be set from the environment or by an integration, and what it does.
_DEFAULTS = {
    "OCEAN__UPSERT_ENTITIES_BATCH_MAX_LENGTH=100": "entities in one request to Port (20)",
    "OCEAN__PROCESS_IN_QUEUE_MAX_WORKERS=1": "processes that map one batch (the cores)",
    "OCEAN__PROCESS_IN_QUEUE_MAX_WORKERS=4": "the same, more than there are cores",
    "OCEAN__SEND_RAW_DATA_EXAMPLES=false": "five raw items of each kind go to Port (true)",
    "OCEAN__LAKEHOUSE_ENABLED=false": "raw items also go to Port's lake where it has one (true)",
    "APPLICATION__ENABLE_HTTP_LOGGING=false": "the log is sent to Port (true)",
    "APPLICATION__LOG_LEVEL=WARNING": "what is logged (INFO)",
    "APPLICATION__LOG_LEVEL=DEBUG": "what is logged (INFO)",
    "OCEAN__CACHING_STORAGE_MODE=disk": "where Ocean keeps its cache (disk; memory here)",
    "OCEAN__METRICS__ENABLED=true": "Ocean's metrics (false)",
}


def coalescing(bench: Bench) -> Section:
    """Measure small endpoints that are handed to Ocean together."""
    endpoints = bench.size(5000, 600)
    with bench.api() as api:
        resource = things(endpoints, _EACH)
        handed = bench.run(Task("ours", {"settings": numbered(api.at(0)), "resources": [resource]}))
        voyage = sail(resource, _settings(api))
        start = sail(things(0, _EACH), _settings(api))
    assert len(voyage.entities) == endpoints * _EACH, len(voyage.entities)
    smallest = min(handed["batches"][:-1] or handed["batches"])
    alone = _per_item(bench, "ocean", alone=True)
    together = {engine: _per_item(bench, engine) for engine in ("ocean", "fused")}
    section = Section(
        "Small endpoints through Ocean",
        f"{endpoints:,} nested endpoints with {_EACH} items each, mapped to ten properties, from "
        "the API into the catalog.",
    )
    section.targets = [
        Target.at_least("smallest batch handed to Ocean, but the last", smallest, 200, "items"),
        Target.at_most(
            "CPU per item / one batch per endpoint, Ocean's mapping",
            together["ocean"] / alone,
            1 / 8,
        ),
        Target.at_most(
            "CPU per item / one batch per endpoint, as it is", together["fused"] / alone, 1 / 8
        ),
    ]
    whole = (voyage.cpu - start.cpu) / len(voyage.entities)
    rows = [
        ["one batch per endpoint and Ocean's mapping, on a sample", number(alone * 1000, "ms")],
        ["our batches, Ocean's mapping, on a sample", number(together["ocean"] * 1000, "ms")],
        ["our batches, fused mapping, on a sample", number(together["fused"] * 1000, "ms")],
        ["our batches, the whole `ocean sail`", number(whole * 1000, "ms")],
    ]
    section.add_table(["", "CPU per item"], rows)
    section.notes.append(
        "The samples are read by Ocean's test harness at two sizes; CPU per item is the "
        "difference, so that starting costs nothing. Of the whole run, that of a run without "
        "items is taken off."
    )
    return section


def engines(bench: Bench) -> Section:
    """Measure the cost of mapping, and compare the entities."""
    items = bench.size(20_000, 2_000)
    names = ("fused", "ocean")
    with bench.api() as api:
        found: dict[str, list[Voyage]] = {name: [] for name in names}
        starts: dict[str, list[Voyage]] = {name: [] for name in names}
        for _ in range(min(bench.runs, _TOO_MANY_RUNS)):
            for name in names:
                starts[name].append(_read(api, 0, name))
                found[name].append(_read(api, items, name))
        found[_SMALLER], starts[_SMALLER] = [_read(api, items, "ocean", 250)], starts["ocean"]
    for voyages in found.values():
        assert all(len(voyage.entities) == items for voyage in voyages)
    section = Section(
        "The whole pipeline",
        f"{items:,} items with ten mapped properties each, from the API into the catalog; CPU of "
        f"the process and its children, median of {min(bench.runs, _TOO_MANY_RUNS)} runs.",
    )
    net = {
        name: (_median(found[name], "cpu") - _median(starts[name], "cpu")) / items for name in found
    }
    best = min(net["ocean"], net[_SMALLER])
    bare = {name: _per_item(bench, name, each=200) for name in names}
    same = all(
        voyage.entities == found["ocean"][0].entities
        for voyages in found.values()
        for voyage in voyages
    )
    section.targets = [
        Target.at_most("CPU per item in all, fused", net["fused"] * 1000, _MOST_CPU, "ms"),
        Target.at_most("CPU per item in all, fused / ocean", net["fused"] / best, 1),
        Target("the same entities", "yes" if same else "no", "yes", same),
    ]
    rows = [
        [
            name,
            number(net[name] * 1000, "ms"),
            number(_median(starts[name], "cpu"), "s"),
            number(_median(found[name], "cpu"), "s"),
            number(_median(found[name], "seconds"), "s"),
        ]
        for name in found
    ]
    head = ["Mapping", "CPU per item", "CPU of a run without items", "CPU in all", "Wall in all"]
    section.add_table(head, rows)
    section.add_table(
        ["Mapping", "CPU per item without the requests to Port"],
        [[name, number(bare[name] * 1000, "ms")] for name in bare],
    )
    section.notes.append(
        "What both have in common is Ocean's own: its entities, and its requests to Port."
    )
    return section


def many_entities(bench: Bench) -> Section:
    """Measure the memory that a large catalog takes."""
    count = bench.size(1_000_000, 20_000)
    # More pages would repeat entities of the first ones.
    page_size = count // _MANY_PAGES
    mappings = {
        "identifier": ".key",
        "title": ".name",
        "blueprint": f'"{BLUEPRINT}"',
        "properties": {"number": ".id", "language": ".language"},
    }
    with bench.api() as api:
        settings = _settings(api) | {"paginationType": "cursor", "pageSize": str(page_size)}
        start = sail(listing(f"/pages/cursor/0/{page_size}"), settings, mappings=mappings)
        pages = listing(f"/pages/cursor/{_MANY_PAGES}/{page_size}")
        voyage = sail(pages, settings, mappings=mappings)
    assert len(voyage.entities) == count, len(voyage.entities)
    section = Section(
        "A large catalog",
        f"{count:,} entities with two properties each, from the API into the catalog, by one "
        "`ocean sail`; memory of its process, at most. That of the process of expressions is "
        "bounded by itself.",
    )
    section.targets = [Target.at_most("peak memory", voyage.peak, 450, "MB")]
    rows = [
        ["memory without items", number(start.peak, "MB")],
        ["memory, at most", number(voyage.peak, "MB")],
        ["CPU per item", number((voyage.cpu - start.cpu) / count * 1000, "ms")],
        ["wall in all", number(voyage.seconds, "s")],
    ]
    section.add_table(["", ""], rows)
    return section


def defaults(bench: Bench) -> Section:
    """Measure the cost of Ocean's defaults."""
    items = bench.size(5_000, 1_000)
    cases: dict[str, dict[str, str]] = {"as it is": {}}
    cases |= {text: dict([text.split("=", 1)]) for text in _DEFAULTS}
    cases = dict(list(cases.items())[:3]) if bench.quick else cases
    with bench.api() as api:
        found: dict[str, list[Voyage]] = {name: [] for name in cases}
        for _ in range(min(bench.runs, _TOO_MANY_RUNS)):
            for name, variables in cases.items():
                print(f"  {name}", file=sys.stderr, flush=True)
                found[name].append(_read(api, items, variables=variables))
    section = Section(
        "Ocean's settings",
        f"{items:,} items through the whole pipeline, one setting changed at a time; median of "
        f"{min(bench.runs, _TOO_MANY_RUNS)} runs.",
    )
    base = found["as it is"]
    rows = []
    for name, voyages in found.items():
        cpu, seconds = _median(voyages, "cpu"), _median(voyages, "seconds")
        changes = [
            f"{value:.1f} s ({value / _median(base, key) - 1:+.0%})"
            for key, value in (("cpu", cpu), ("seconds", seconds))
        ]
        rows.append([name, _DEFAULTS.get(name, ""), *changes])
    section.add_table(["Setting", "What it is (default)", "CPU", "Wall"], rows)
    return section


def _read(
    api: Api,
    items: int,
    engine: str = "",
    page: int = _PAGE,
    variables: Mapping[str, str] | None = None,
) -> Voyage:
    """Bring so many items into the catalog, in pages, and so in batches, of `page`."""
    settings = _settings(api) | {"paginationType": "cursor", "pageSize": str(page)}
    if engine:
        settings["mappingEngine"] = engine
    return sail(listing(f"/pages/cursor/{items // page}/{page}"), settings, variables=variables)


def _settings(api: Api) -> dict[str, Any]:
    return {"baseUrl": api.at(0), "paginationType": "page", "pageSize": "100"}


def _per_item(bench: Bench, engine: str, *, alone: bool = False, each: int = _EACH) -> float:
    """Return CPU seconds per item, from two sizes; nothing goes to a Port."""
    sizes = (40, 120) if alone else (1000 // each, 5000 // each)
    if bench.quick:
        sizes = (10, 30) if alone else (400 // each, 2000 // each)
    slopes: list[float] = []
    job = {"each": each, "engine": engine, "alone": alone}
    for _ in range(min(bench.runs, _TOO_MANY_RUNS)):
        small, large = (bench.run(Task("coalescing", {"endpoints": size, **job})) for size in sizes)
        slopes.append((large["cpu"] - small["cpu"]) / (large["items"] - small["items"]))
    return statistics.median(slopes)


def _median(voyages: Sequence[Voyage], key: str) -> float:
    return statistics.median(float(getattr(voyage, key)) for voyage in voyages)
