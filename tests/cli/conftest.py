"""What the tests of `ocean-custom` need: Ocean's context, an API, nothing of the environment."""

import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from loguru import logger
from port_ocean.log.sensetive import sensitive_log_filter
from rich.console import Console

from cli.display import Terminal
from cli.surroundings import Surroundings, surroundings
from probe import recording
from tests.support.fake_api import FakeApi
from transport import rate_limits

GOLDEN = Path(__file__).parent / "golden"
SECRET = "s3cr3t-token-of-the-test"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty working directory, no settings, no proxy, no patience."""
    for name in list(os.environ):
        if name.upper().startswith("OCEAN__") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(
        sensitive_log_filter, "compiled_patterns", list(sensitive_log_filter.compiled_patterns)
    )
    monkeypatch.setattr(rate_limits, "_FIRST_BACKOFF", 0.002)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    logger.remove()


@pytest.fixture
def around() -> Iterator[Surroundings]:
    with surroundings() as found:
        yield found


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with FakeApi().running() as running:
        yield running


def write_json(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), "utf-8")
    return path


@pytest.fixture
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request takes any time."""
    monkeypatch.setattr(recording, "clock", lambda: 0.0)


class Screen:
    """A terminal that keeps what is shown: 100 columns, no colours."""

    def __init__(self) -> None:
        self._out, self._err = StringIO(), StringIO()
        self.terminal = Terminal(self._console(self._out), self._console(self._err))

    @staticmethod
    def _console(file: StringIO) -> Console:
        return Console(
            file=file, width=100, color_system=None, force_terminal=False, highlight=False
        )

    @property
    def text(self) -> str:
        return self._out.getvalue()

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@pytest.fixture
def screen() -> Screen:
    return Screen()


def check_golden(name: str, text: str) -> None:
    """Compare with a file of golden/; `GOLDEN=update` writes it instead."""
    text = re.sub(r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:PORT", text)
    text = re.sub(r"port \d{5}\b", "port PORT", text)
    lines = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "update":
        path.write_text(lines, "utf-8")
    assert lines == path.read_text("utf-8")
