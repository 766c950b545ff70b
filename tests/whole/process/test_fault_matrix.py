"""Whatever goes wrong, wherever, in every pagination family: nothing is lost, leaked or hung."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.whole.process.faults import FAMILIES
from tests.whole.process.matrix import Report, run_matrix

pytestmark = pytest.mark.process

type Reports = dict[str, Future[Report]]

# Much of a run is waiting for what hangs, so that more runs than processors do no harm.
AT_ONCE = 3


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reports]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # The longest first.
        order = sorted(FAMILIES, key=lambda family: family != "page")
        yield {each: pool.submit(run_matrix, each, tmp_path_factory.mktemp(each)) for each in order}


@pytest.mark.contract(
    "failure.resource-fails",
    "failure.keeps-what-was-read",
    "failure.others-run",
    "failure.no-deletes",
    "failure.discovery",
    "body.empty",
    "body.not-json",
    "body.undecodable",
    "body.looks-like-error",
    "retry.transient",
    "retry.after-seconds",
    "retry.truncated-body",
    "origin.redirect-refused",
    "redirects.endless",
    "run.once-exit-code",
    "secrets.log-headers",
)
@pytest.mark.timeout(200)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_cell_keeps_its_promise(
    family: str, reports: Reports, record_property: Callable[[str, object], None]
) -> None:
    report = reports[family].result()
    record_property("fault cells", report.cells)
    record_property("broken cells", len(report.broken))
    assert report.broken == {}
