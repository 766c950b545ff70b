"""What the tests of `ocean-custom` need: Ocean's context, an API, nothing of the environment."""

import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from loguru import logger
from port_ocean.log.sensetive import sensitive_log_filter

import transport
from explore.surroundings import Surroundings, surroundings
from tests.unit.fake_api import FakeApi

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
    monkeypatch.setattr(transport, "_FIRST_BACKOFF", 0.002)
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
