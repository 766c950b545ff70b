"""What attacks need; see tests/cli/conftest.py."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.cli.conftest import _alone, api, around, screen, steady_clock
from transport import address_guard

__all__ = ["_alone", "api", "around", "screen", "steady_clock"]


@pytest.fixture
def hosted(ocean_config: SimpleNamespace) -> SimpleNamespace:
    """Ocean's settings where Port runs the instance: addresses within are guarded."""
    ocean_config.disable_ip_outbound_blocker = False
    return ocean_config


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Lets each name resolve to these addresses; gives the names that were asked for."""

    def answer(*addresses: str) -> list[str]:
        asked: list[str] = []

        async def resolved(host: str) -> list[str]:
            asked.append(host)
            return list(addresses)

        monkeypatch.setattr(address_guard, "_resolved", resolved)
        return asked

    return answer
