"""What scenarios share: an empty Port organization to sail to."""

from tests.process.conftest import harbour

__all__ = ["harbour"]
