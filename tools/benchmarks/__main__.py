"""Measures, and writes what came of it into docs/performance.md.

python -m tools.benchmarks                      all workloads, at least five runs each
python -m tools.benchmarks --only nested,large  some; the page keeps the figures of the others
python -m tools.benchmarks --quick              small sizes, one run; prints, and writes nothing
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from tools.benchmarks import page
from tools.benchmarks.bench import Bench
from tools.benchmarks.environment import machine
from tools.benchmarks.results import Section
from tools.benchmarks.workloads import bounds, extraction, pipeline, profiling, throughput

# By the names that `--only` takes, in the order of the page.
WORKLOADS: dict[str, Callable[[Bench], Section]] = {
    "throughput": throughput.throughput,
    "nested": extraction.nested,
    "overlap": extraction.overlap,
    "total": extraction.known_total,
    "large": extraction.large_body,
    "memory": extraction.many_pages,
    "shared": extraction.shared,
    "loop": extraction.event_loop,
    "bounds": bounds.bounds,
    "coalescing": pipeline.coalescing,
    "pipeline": pipeline.engines,
    "entities": pipeline.many_entities,
    "profile": profiling.profile,
    "defaults": pipeline.defaults,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code is 0 when nothing broke, whatever was measured."""
    options = _parser().parse_args(arguments)
    names = options.only.split(",") if options.only else list(WORKLOADS)
    if unknown := sorted(set(names) - set(WORKLOADS)):
        print(f"not known: {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
        return 2
    bench = Bench(quick=options.quick, runs=1 if options.quick else options.runs)
    sections: dict[str, Section] = {}
    for name in names:
        print(f"{name}:", file=sys.stderr, flush=True)
        begin = time.monotonic()
        sections[name] = WORKLOADS[name](bench)
        print(f"  {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
        if not options.quick:
            page.write(page.merge(sections, machine(), order=list(WORKLOADS)))
    print(page.body(sections, {}))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks", description=__doc__)
    parser.add_argument("--only", help=f"comma-separated: {', '.join(WORKLOADS)}")
    parser.add_argument("--quick", action="store_true", help="small sizes, one run, no page")
    parser.add_argument("--runs", type=int, default=5, help="runs of each client (default 5)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
