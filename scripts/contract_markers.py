"""Which tests prove which statements, read from their `contract` markers."""

import contextlib
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest


class CollectionError(Exception):
    """The tests could not be collected; the message is pytest's report."""


class MarkerCollector:
    """A pytest plugin that notes the ids of every `@pytest.mark.contract(...)`."""

    def __init__(self) -> None:
        self._tests: defaultdict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("contract"):
                for statement in mark.args:
                    self._tests[statement].add(item.nodeid.partition("[")[0])

    @property
    def tests(self) -> Mapping[str, Sequence[str]]:
        """Test names by statement id; the cases of a parametrized test count as one."""
        return {statement: sorted(names) for statement, names in self._tests.items()}


def collect(tests: Path) -> Mapping[str, Sequence[str]]:
    """Collect, without running, the tests below a directory.

    Raises:
        CollectionError: when a test module cannot be imported.
    """
    collector = MarkerCollector()
    report = io.StringIO()
    with contextlib.redirect_stdout(report), contextlib.redirect_stderr(report):
        options = ["--collect-only", "-q", "-p", "no:cacheprovider"]
        status = pytest.main([*options, str(tests)], plugins=[collector])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise CollectionError(report.getvalue())
    return collector.tests
