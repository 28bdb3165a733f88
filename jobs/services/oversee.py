"""Oversight of a member's private picture: possible for an admin, with a reason, never unseen."""

from django.db import transaction
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from imagestudio.audit.services import record
from imagestudio.images_api.blank import is_blank
from jobs.models import Event, Image, Job

REVEALED = "revealed"
MIN_REASON_CHARS = 8
MAX_REASON_CHARS = 500


def reveal(actor: User, image: Image, reason: str) -> None:
    """Note who looks at whose picture and why; ValueError when the reason says nothing."""
    reason = reason.strip()
    if is_blank(reason) or not MIN_REASON_CHARS <= len(reason) <= MAX_REASON_CHARS:
        raise ValueError(
            f"Give a reason of {MIN_REASON_CHARS} to {MAX_REASON_CHARS} characters; it is recorded."
        )
    details = {"reason": reason, "job": str(image.job_id), "owner": image.job.owner.email}
    with transaction.atomic():
        record(actor, "image.revealed", image, details)
        job = image.job
        # The owner is told: among the steps of the job, and on the pages of its pictures.
        Event.objects.create(
            job=job,
            at=Now(),
            source=job.state,
            target=job.state,
            fence=job.fence,
            reason=REVEALED,
            actor=actor,
        )


def last_look(job: Job) -> Event | None:
    """When an admin last looked at a private picture of the job."""
    looks = [event for event in job.events.all() if event.reason == REVEALED]
    return looks[-1] if looks else None
