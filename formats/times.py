"""Moments from the texts in which APIs give them; naive where a text names no time zone."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def iso_time(text: str) -> datetime | None:
    """Return the moment of `2024-05-01T10:00:00+02:00` or `2024-05-01`; None where it is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def http_date(text: str) -> datetime | None:
    """Return the moment of `Wed, 01 May 2024 10:00:00 GMT`, as HTTP and e-mail have it, or None."""
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def in_utc(moment: datetime) -> datetime:
    """Return a moment with a time zone: its own, or UTC where it has none."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
