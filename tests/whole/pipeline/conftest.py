"""`sync`: one resync from settings, resources and routes."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pytest

from tests.whole.pipeline.support import ROOT, Outcome, Route, pipeline


class Sync(Protocol):
    """Boots the integration, resyncs once and shuts it down."""

    async def __call__(
        self,
        settings: Mapping[str, Any],
        resources: Sequence[Any],
        routes: Mapping[str, Route],
        existing: Sequence[str] = (),
        **of_port: Mapping[str, Any],
    ) -> Outcome: ...


@pytest.fixture(autouse=True)
def _at_home_and_direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")


@pytest.fixture
def sync() -> Sync:
    async def run(
        settings: Mapping[str, Any],
        resources: Sequence[Any],
        routes: Mapping[str, Route],
        existing: Sequence[str] = (),
        **of_port: Mapping[str, Any],
    ) -> Outcome:
        async with pipeline(settings, resources, routes, existing, **of_port) as booted:
            return await booted.resync()

    return run
