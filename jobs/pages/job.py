"""A job's own page, and what may be decided about it."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from imagestudio.accounts.http import StudioRequest
from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.pages import live
from jobs.pages.details import job_details
from jobs.pages.http import card_or_page, may_make, page, to_job, wants_fragment
from jobs.services.cancel import cancel as cancel_job
from jobs.services.close import close as close_job
from jobs.services.retry import retry as retry_job
from jobs.services.share import set_visibility
from jobs.states import Visibility

TOO_LATE = "This job has moved on meanwhile; here is how it stands now."


@require_safe
def show(request: StudioRequest, job_id: UUID) -> HttpResponse:
    jobs = Job.objects.visible_to(request.user).for_cards()
    job = get_object_or_404(jobs.prefetch_related("events__actor", "attempts"), pk=job_id)
    details = job_details(job, request.user, may_make=may_make(request))
    context = {"heading": "Job", "details": details, "cursor": live.cursor([job])}
    return page(request, "jobs/job.html", context)


@require_POST
def cancel(request: StudioRequest, job_id: UUID) -> HttpResponse:
    return _decide(request, job_id, cancel_job)


@require_POST
def close(request: StudioRequest, job_id: UUID) -> HttpResponse:
    return _decide(request, job_id, close_job)


@require_POST
def retry(request: StudioRequest, job_id: UUID) -> HttpResponse:
    return _decide(request, job_id, retry_job)


@require_POST
def visibility(request: StudioRequest, job_id: UUID) -> HttpResponse:
    job = get_object_or_404(Job.objects.editable_by(request.user), pk=job_id)
    wanted = request.POST.get("visibility", "")
    if wanted in set(Visibility):
        set_visibility(request.user, job, Visibility(wanted))
        is_team = wanted == Visibility.TEAM
        messages.success(request, "Shown to the team." if is_team else "Only you see it now.")
    return to_job(job_id)


def _decide(
    request: StudioRequest, job_id: UUID, verb: Callable[[User, Job], bool]
) -> HttpResponse:
    """Get the job, call one verb, show how it stands; a verb that came too late is no error."""
    job = get_object_or_404(Job.objects.editable_by(request.user), pk=job_id)
    # With script the card that comes back says it all; a message would wait for another page.
    if not verb(request.user, job) and not wants_fragment(request):
        messages.info(request, TOO_LATE)
    return card_or_page(request, job_id)
