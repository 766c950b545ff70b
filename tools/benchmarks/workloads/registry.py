"""All workloads by the names that `--only` takes, in the order of the page."""

from collections.abc import Callable

from tools.benchmarks.bench import Bench
from tools.benchmarks.results import Section
from tools.benchmarks.workloads import extraction, pipeline, profiling, throughput

WORKLOADS: dict[str, Callable[[Bench], Section]] = {
    "throughput": throughput.throughput,
    "nested": extraction.nested,
    "overlap": extraction.overlap,
    "total": extraction.known_total,
    "large": extraction.large_body,
    "memory": extraction.many_pages,
    "shared": extraction.shared,
    "loop": extraction.event_loop,
    "coalescing": pipeline.coalescing,
    "pipeline": pipeline.engines,
    "profile": profiling.profile,
    "defaults": pipeline.defaults,
}
