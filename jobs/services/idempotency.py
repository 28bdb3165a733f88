"""One order for one Idempotency-Key: the job itself is the record of it."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db.models.functions import Now

from imagestudio.accounts.models import ApiKey
from jobs.models import Job

KEPT_FOR = timedelta(hours=24)


def name_of(key: ApiKey, text: str) -> str:
    """What a job keeps of it: each API key has its own, and none meets that of a form."""
    return f"api:{key.pk}:{hashlib.sha256(text.encode()).hexdigest()}"


def earlier(key: ApiKey, name: str) -> Job | None:
    """The job that this made in the last 24 hours; after that the name is free again."""
    mine = Job.objects.filter(owner=key.owner, idempotency_key=name)
    mine.filter(created_at__lt=Now() - KEPT_FOR).update(idempotency_key=None)
    return mine.first()
