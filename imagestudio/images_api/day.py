"""The day by which models end: the one place where it is read."""

from datetime import UTC, date, datetime


def today() -> date:
    return datetime.now(UTC).date()
