"""Writing to the audit log, and proving that nobody rewrote it."""

import hashlib
import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction

from imagestudio.audit.models import Entry

if TYPE_CHECKING:
    from imagestudio.accounts.models import User

logger = logging.getLogger(__name__)

GENESIS = "0" * 64
LOCK = 0x617564  # "aud": one writer at a time, so that the chain has no forks.


@transaction.atomic
def record(
    actor: "User | None",
    verb: str,
    subject: models.Model | None,
    details: dict[str, Any] | None = None,
) -> Entry:
    """Append one entry in the caller's transaction: what is rolled back was never done."""
    entry = Entry(
        at=_lock_and_clock(),
        actor=actor,
        actor_label=actor.email if actor else "system",
        verb=verb,
        subject_kind=(subject._meta.model_name or "") if subject else "",
        subject_id=str(subject.pk) if subject else "",
        details=details or {},
        previous_hash=Entry.objects.order_by("-id").values_list("hash", flat=True).first()
        or GENESIS,
    )
    entry.hash = _hash(entry)
    entry.save(force_insert=True)
    # A second witness, where the database's own keys don't reach.
    transaction.on_commit(lambda: logger.info("audit entry %s is %s", entry.pk, entry.hash))
    return entry


def broken_entries() -> Iterator[Entry]:
    """Entries whose content no longer fits their hash, or whose predecessor is missing."""
    previous_hash = GENESIS
    for entry in Entry.objects.order_by("id").iterator(chunk_size=2000):
        if entry.previous_hash != previous_hash or entry.hash != _hash(entry):
            yield entry
        previous_hash = entry.hash


def _lock_and_clock() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def _hash(entry: Entry) -> str:
    content = [
        entry.previous_hash,
        entry.at.isoformat(),
        str(entry.actor_id or ""),
        entry.actor_label,
        entry.verb,
        entry.subject_kind,
        entry.subject_id,
        entry.details,
    ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
