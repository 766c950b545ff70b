"""What all tests of the comparison need."""

from collections.abc import Iterator

import pytest

from tools.benchmarks.clients.ours import stand_in_for_ocean


@pytest.fixture(autouse=True)
def _without_ocean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
    with stand_in_for_ocean():
        yield
