"""What all tests of the pages need."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _at_home_without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
