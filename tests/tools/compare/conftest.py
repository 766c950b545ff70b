"""What all tests of the comparison need."""

import port_ocean.context.ocean as ocean_context
import pytest

from tools.benchmarks.clients.ours import stand_in_for_ocean


@pytest.fixture(autouse=True)
def _without_ocean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocean_context, "_port_ocean", ocean_context._port_ocean)
    stand_in_for_ocean()
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
