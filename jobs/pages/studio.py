"""The studio: write, choose, send, watch."""

from dataclasses import replace
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from imagestudio.accounts.http import StudioRequest
from imagestudio.images_api.capabilities import Problem
from jobs.models import Job
from jobs.pages import live
from jobs.pages.cards import card
from jobs.pages.composer import composer
from jobs.pages.draft import Draft
from jobs.pages.gallery import as_uuid
from jobs.pages.http import may_make, page, wants_fragment
from jobs.services.refusals import NotAllowed, SubmitRefused
from jobs.services.submit import submit as submit_job
from jobs.states import Visibility

STREAM_CARDS = 20
IDEAS = (
    "A red fox asleep in fresh snow, early light, soft grain",
    "Product photo of a stoneware mug on linen, window light from the left",
    "Isometric cutaway of a tiny bookshop at night, warm lamps, paper texture",
)


@require_safe
def studio(request: StudioRequest) -> HttpResponse:
    return _studio(request, _first_draft(request))


@require_POST
def options(request: StudioRequest) -> HttpResponse:
    """The composer again, after a choice that opens or closes others. Nothing is sent."""
    draft, adjusted = Draft.read(request.POST).fitted()
    if not wants_fragment(request):
        return _studio(request, draft, adjusted=adjusted)
    return page(request, "jobs/_refreshed.html", {"composer": composer(draft, adjusted=adjusted)})


@require_POST
def submit(request: StudioRequest) -> HttpResponse:
    draft = Draft.read(request.POST)
    if request.team is None:
        raise PermissionDenied
    try:
        job = submit_job(
            request.user,
            request.team,
            draft.request,
            visibility=draft.visibility,
            idempotency_key=draft.key,
            parent=_parent(request, draft.parent),
        )
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except SubmitRefused as refused:
        return _refused(request, draft, refused.problems)
    return _accepted(request, draft, job)


def _accepted(request: StudioRequest, draft: Draft, job: Job) -> HttpResponse:
    if not wants_fragment(request):
        return redirect(f"{reverse('jobs:studio')}#job-{job.pk}")
    context = {
        "card": card(job, request.user, may_make=True),
        "composer": composer(replace(draft.renewed(), parent="")),
    }
    return page(request, "jobs/_submitted.html", context)


def _refused(request: StudioRequest, draft: Draft, problems: list[Problem]) -> HttpResponse:
    if not wants_fragment(request):
        return _studio(request, draft.renewed(), problems=problems, status=422)
    view = composer(draft.renewed(), problems)
    return page(request, "jobs/_composer.html", {"composer": view}, status=422)


def _studio(
    request: StudioRequest,
    draft: Draft,
    *,
    problems: list[Problem] | None = None,
    adjusted: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:
    mine = Job.objects.visible_to(request.user).filter(owner=request.user)
    jobs = list(mine.older_than(None).for_cards()[:STREAM_CARDS])
    makes = may_make(request)
    context = {
        "heading": "Studio",
        "composer": composer(draft, problems or (), adjusted) if makes else None,
        "cards": [card(job, request.user, may_make=makes) for job in jobs],
        "cursor": live.cursor(jobs),
        "ideas": IDEAS,
    }
    return page(request, "jobs/studio.html", context, status)


def _first_draft(request: StudioRequest) -> Draft:
    """A blank form, an idea, or the settings of an earlier job that this person may see."""
    earlier = _parent(request, request.GET.get("from", ""))
    if earlier is not None:
        return Draft.like(earlier, _visibility_of_copy(request, earlier)).fitted()[0]
    return Draft(prompt=request.GET.get("prompt", "")).renewed()


def _visibility_of_copy(request: StudioRequest, earlier: Job) -> Visibility:
    """As before only where it was mine and stays in its team: nobody else chose for me."""
    is_mine = earlier.owner_id == request.user.pk
    stays = request.team is not None and earlier.team_id == request.team.pk
    return Visibility(earlier.visibility) if is_mine and stays else Visibility.PRIVATE


def _parent(request: StudioRequest, text: str) -> Job | None:
    job_id: UUID | None = as_uuid(text)
    return Job.objects.visible_to(request.user).filter(pk=job_id).first() if job_id else None
