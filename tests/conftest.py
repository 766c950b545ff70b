"""What every test needs: nothing that one test's boot of Ocean leaves behind reaches the next."""

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings
from loguru import logger
from port_ocean.log.sensetive import SensitiveLogFilter

from expressions import evaluator
from expressions.worker import JqWorker

pytest_plugins = ["tests.rooms"]


class SharedJq(JqWorker):
    """The jq process of a whole test run: one for each example would take most of its time."""

    _shared = JqWorker()

    def __init__(self) -> None:
        self._kept = self._shared._kept

    def close(self) -> None:
        """Leave it to the tests that follow."""


@pytest.fixture(autouse=True)
def _share_jq(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("own_jq") is None:
        monkeypatch.setattr(evaluator, "JqWorker", SharedJq)


@pytest.fixture(autouse=True)
def _forget_masked_words() -> Iterator[None]:
    """Ocean keeps the words to mask in one list for the whole process."""
    before = list(SensitiveLogFilter.compiled_patterns)
    yield
    SensitiveLogFilter.compiled_patterns[:] = before


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How large the fault matrix was, what was measured of the image, how well `init` picks."""
    properties = [
        report.user_properties
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
    ]
    measured = [str(value) for listed in properties for name, value in listed if name == "image"]
    if measured:
        terminalreporter.write_line(f"image: {', '.join(measured)}")
    for name in ("init shapes", "init endpoints"):
        marks = [
            str(value).split("/") for listed in properties for key, value in listed if key == name
        ]
        right, all_of_them = (sum(int(mark[place]) for mark in marks) for place in (0, 1))
        if all_of_them:
            share = right / all_of_them
            terminalreporter.write_line(
                f"{name}: {right} of {all_of_them} as a person picks ({share:.0%})"
            )
    reports = [dict(listed) for listed in properties]
    cells = sum(int(str(report.get("fault cells", 0))) for report in reports)
    broken = sum(int(str(report.get("broken cells", 0))) for report in reports)
    if cells:
        terminalreporter.write_line(f"fault matrix: {cells} cells, {cells - broken} as promised")


# How long an example takes says more about the machine than about the code. Each run tries others;
# `EXAMPLES=100` tries as many as hypothesis usually does.
settings.register_profile(
    "any machine", deadline=None, max_examples=int(os.environ.get("EXAMPLES", "30"))
)
settings.load_profile("any machine")

# Writing each page that is read into the log of a test takes time.
logger.remove()
logger.add(sys.stderr, level="WARNING")
