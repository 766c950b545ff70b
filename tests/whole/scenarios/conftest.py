"""What scenarios share: an empty Port organization to sail to."""

from tests.whole.process.conftest import harbour

__all__ = ["harbour"]
