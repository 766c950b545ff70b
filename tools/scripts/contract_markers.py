"""Statements and the tests that prove them, read from their `contract` markers."""

import contextlib
import io
import json
import subprocess
import sys
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
    """Collect, without running, the tests below a directory, in a process of their own.

    Raises:
        CollectionError: when a test module cannot be imported.
    """
    # Apart from this process, where modules that pytest wants to rewrite are already imported.
    command = [sys.executable, "-m", "tools.scripts.contract_markers", str(tests)]
    done = subprocess.run(command, cwd=tests.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CollectionError(done.stderr)
    collected: Mapping[str, Sequence[str]] = json.loads(done.stdout)
    return collected


def main(tests: str) -> int:
    """Print what was collected as JSON; returns the exit status."""
    collector = MarkerCollector()
    report = io.StringIO()
    with contextlib.redirect_stdout(report), contextlib.redirect_stderr(report):
        options = ["--collect-only", "-q", "-p", "no:cacheprovider"]
        status = pytest.main([*options, tests], plugins=[collector])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        sys.stderr.write(report.getvalue())
        return 1
    sys.stdout.write(json.dumps(collector.tests))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
