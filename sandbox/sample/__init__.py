"""A sample REST API over real data: the Python packages installed in this environment."""

from sandbox.sample.app import DEFAULT_TOKEN, create_app
from sandbox.sample.auth import IDENTITY, AuthStyle
from sandbox.sample.environment import installed_packages
from sandbox.sample.models import Package

__all__ = [
    "DEFAULT_TOKEN",
    "IDENTITY",
    "AuthStyle",
    "Package",
    "create_app",
    "installed_packages",
]
