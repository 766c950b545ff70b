"""A harbour for each test: an empty Port organization that the integration can sail to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.whole.process.sailing import Harbour
from tools.sandbox.port.app import create_app
from tools.sandbox.port.state import PortState
from tools.sandbox.server import serve


@contextmanager
def open_harbour(directory: Path) -> Iterator[Harbour]:
    """A harbour of its own below `directory`, which must exist."""
    state = PortState()
    with serve(create_app(state)) as server:
        yield Harbour(state, server.url, directory)
        assert state.unknown_requests == []


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Harbour]:
    with open_harbour(tmp_path) as opened:
        yield opened
