"""Showing a job to the team, or taking it back."""

from django.db import transaction

from imagestudio.accounts.models import User
from imagestudio.audit.services import record
from jobs.models import Job
from jobs.states import Visibility


@transaction.atomic
def set_visibility(actor: User, job: Job, visibility: Visibility) -> None:
    changed = Job.objects.filter(pk=job.pk).exclude(visibility=visibility)
    if changed.update(visibility=visibility):
        record(actor, f"job.shown_to_{visibility}", job)
