"""Signs of life of the processes that have no port to ask."""

from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now

from imagestudio.web.health import Unwell
from jobs.models import Pulse

SWEEPER = "sweeper"
STALE_S = 60

BEAT = """
    INSERT INTO jobs_pulse (name, at) VALUES (%s, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""


def beat(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BEAT, [name])


def assert_sweeper_alive() -> None:
    """Raise Unwell when jobs would be left lying if a worker died now."""
    recent = Pulse.objects.filter(name=SWEEPER, at__gt=Now() - timedelta(seconds=STALE_S))
    if not recent.exists():
        raise Unwell(f"no sign of life for more than {STALE_S} s")
