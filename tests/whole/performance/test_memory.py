"""Memory has limits, whatever is read; measured in a process of its own."""

import pytest

from tools.benchmarks.bench import Bench, Task
from tools.benchmarks.workloads.jobs import paged

pytestmark = pytest.mark.process


def test_memory_does_not_grow_with_the_number_of_pages() -> None:
    bench = Bench(quick=True, runs=1)
    with bench.api() as api:
        job = paged(api.at(0), "cursor", "/pages/cursor/1000/100", page_size=100)
        figures = bench.run(Task("ours", job | {"mark_at": 10_000}))
    assert figures["items"] == 100_000
    assert figures["last"] - figures["marked"] <= 10
