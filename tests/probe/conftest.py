"""The probe is tried as the command line is."""

from tests.cli.conftest import _alone, api, around

__all__ = ["_alone", "api", "around"]
