"""A job's own page, and what may be decided about it."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from imagestudio.accounts.http import StudioRequest
from imagestudio.accounts.models import User
from imagestudio.web.media import POLICY, serve
from jobs.models import Job, LateResult, UnreadAnswer
from jobs.pages.http import may_make, page, to_job, wants_fragment
from jobs.pages.job import live
from jobs.pages.job.cards import cards_of
from jobs.pages.job.details import job_details
from jobs.services import late
from jobs.services.cancel import cancel as cancel_job
from jobs.services.close import close as close_job
from jobs.services.pictures import previews
from jobs.services.refill import refill as refill_job
from jobs.services.refusals import SubmitRefused
from jobs.services.retry import retry as retry_job
from jobs.services.share import set_visibility
from jobs.states import Visibility

TOO_LATE = "This job has moved on meanwhile; here is how it stands now."


@require_safe
def show(request: StudioRequest, job_id: UUID) -> HttpResponse:
    jobs = Job.objects.visible_to(request.user).for_cards()
    job = get_object_or_404(
        jobs.prefetch_related("events__actor", "attempts", "inputs__upload"), pk=job_id
    )
    details = job_details(job, request.user, may_make=may_make(request))
    context = {"heading": "Job", "details": details, "cursor": live.cursor([job])}
    return page(request, "jobs/job.html", context)


@require_safe
def preview(request: StudioRequest, job_id: UUID, number: int) -> HttpResponse:
    """The newest partial picture; `number` only makes each one an address of its own."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=job_id)
    content = previews.newest(job)
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type="image/webp")
    response.headers["Cache-Control"] = "private, max-age=60"
    response.headers["Content-Security-Policy"] = POLICY
    return response


@require_POST
def cancel(request: StudioRequest, job_id: UUID) -> HttpResponse:
    return _decide(request, job_id, cancel_job)


@require_POST
def close(request: StudioRequest, job_id: UUID) -> HttpResponse:
    return _decide(request, job_id, close_job)


@require_POST
def retry(request: StudioRequest, job_id: UUID) -> HttpResponse:
    seen = request.POST.get("seen", "")
    fence = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None
    return _decide(request, job_id, partial(retry_job, seen=fence))


@require_POST
def refill(request: StudioRequest, job_id: UUID) -> HttpResponse:
    """A new job for the pictures that never came; one that was asked for already is shown."""
    job = get_object_or_404(Job.objects.editable_by(request.user), pk=job_id)
    try:
        return to_job(refill_job(request.user, job).pk)
    except SubmitRefused as refused:
        messages.error(request, " ".join(problem.message for problem in refused.problems))
        return to_job(job_id)


@require_POST
def take_late(request: StudioRequest, job_id: UUID, late_id: int) -> HttpResponse:
    taken = late.take(request.user, _late(request, job_id, late_id))
    if taken is None:
        messages.info(request, TOO_LATE)
    return to_job(taken.pk if taken else job_id)


@require_POST
def dismiss_late(request: StudioRequest, job_id: UUID, late_id: int) -> HttpResponse:
    if not late.dismiss(request.user, _late(request, job_id, late_id)):
        messages.info(request, TOO_LATE)
    return _card_or_page(request, job_id)


@require_POST
def fetch_again(request: StudioRequest, job_id: UUID) -> HttpResponse:
    job = get_object_or_404(Job.objects.editable_by(request.user), pk=job_id)
    made = late.fetch_again(request.user, job)
    if made is None:
        messages.info(request, TOO_LATE)
    return to_job(made.pk if made else job_id)


@require_safe
def unread_file(request: StudioRequest, job_id: UUID, unread_id: int) -> HttpResponseBase:
    """What came and could not be read, as a file: nothing of it is ever shown in a page."""
    jobs = Job.objects.visible_to(request.user).filter(owner=request.user)
    kept = UnreadAnswer.objects.exclude(key="").filter(job__in=jobs, job_id=job_id)
    piece = get_object_or_404(kept, pk=unread_id)
    return serve(
        request,
        default_storage,
        piece.key,
        sha256=piece.sha256,
        content_type="application/octet-stream",
        filename=f"answer-{piece.job_id}-{piece.name}",
        as_attachment=True,
    )


@require_POST
def visibility(request: StudioRequest, job_id: UUID) -> HttpResponse:
    job = get_object_or_404(Job.objects.editable_by(request.user), pk=job_id)
    wanted = request.POST.get("visibility", "")
    if wanted in set(Visibility):
        set_visibility(request.user, job, Visibility(wanted))
        is_team = wanted == Visibility.TEAM
        messages.success(request, "Shown to the team." if is_team else "Only you see it now.")
    return to_job(job_id)


def _late(request: StudioRequest, job_id: UUID, late_id: int) -> LateResult:
    job = get_object_or_404(Job.objects.editable_by(request.user), pk=job_id)
    return get_object_or_404(LateResult, pk=late_id, job=job)


def _decide(
    request: StudioRequest, job_id: UUID, verb: Callable[[User, Job], bool]
) -> HttpResponse:
    """Get the job, call one verb, show how it stands; a verb that came too late is no error."""
    job = get_object_or_404(Job.objects.editable_by(request.user), pk=job_id)
    # With script the card that comes back says it all; a message would wait for another page.
    if not verb(request.user, job) and not wants_fragment(request):
        messages.info(request, TOO_LATE)
    return _card_or_page(request, job_id)


def _card_or_page(request: StudioRequest, job_id: UUID) -> HttpResponse:
    """After a verb: the card as it stands now, or without script the job's page."""
    if not wants_fragment(request):
        return to_job(job_id)
    job = Job.objects.visible_to(request.user).for_cards().get(pk=job_id)
    [view] = cards_of([job], request.user, may_make=may_make(request))
    return page(request, "jobs/_card.html", {"card": view})
