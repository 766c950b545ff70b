"""What attacks on the command line need; see tests/cli/conftest.py."""

from tests.cli.conftest import _alone, api, around, screen, steady_clock

__all__ = ["_alone", "api", "around", "screen", "steady_clock"]
