"""A sample REST API over real data: the Python packages installed in this environment."""

from tools.sandbox.sample.app import DEFAULT_TOKEN, create_app
from tools.sandbox.sample.auth import IDENTITY, AuthStyle
from tools.sandbox.sample.environment import installed_packages
from tools.sandbox.sample.models import Package

__all__ = [
    "DEFAULT_TOKEN",
    "IDENTITY",
    "AuthStyle",
    "Package",
    "create_app",
    "installed_packages",
]
