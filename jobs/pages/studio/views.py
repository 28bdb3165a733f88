"""The studio's page: the composer with what was left in it, and one's own jobs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from imagestudio.accounts.http import StudioRequest
from imagestudio.accounts.models import User
from jobs.models import Job, JobInput, Upload
from jobs.pages.http import as_uuid, may_make, page
from jobs.pages.job import live
from jobs.pages.job.cards import cards_of
from jobs.pages.studio.composer import NOTHING_TO_SAY, Remarks, composer
from jobs.pages.studio.composition import Composition
from jobs.pages.studio.draft import NO_BASE, Draft
from jobs.services import drafts
from jobs.states import InputRole, Visibility

STREAM_CARDS = 20
IDEAS = (
    "A red fox asleep in fresh snow, early light, soft grain",
    "Product photo of a stoneware mug on linen, window light from the left",
    "Isometric cutaway of a tiny bookshop at night, warm lamps, paper texture",
)


@require_safe
def studio(request: StudioRequest) -> HttpResponse:
    if not may_make(request):
        return show(request, None)
    draft, left_out = _first_draft(request)
    composition, adjusted = Composition.of(draft, request.user).fitted()
    notes = (*left_out, *(each.words for each in adjusted))
    return show(request, composition, Remarks(notes=notes))


def show(
    request: StudioRequest,
    composition: Composition | None,
    remarks: Remarks = NOTHING_TO_SAY,
    status: int = 200,
) -> HttpResponse:
    """The whole page; without a composition for those who only look."""
    mine = Job.objects.visible_to(request.user).filter(owner=request.user)
    jobs = list(mine.older_than(None).for_cards()[:STREAM_CARDS])
    makes = may_make(request)
    context = {
        "heading": "Studio",
        "composer": composer(composition, request.user, remarks) if composition else None,
        "cards": cards_of(jobs, request.user, may_make=makes),
        "cursor": live.cursor(jobs),
        "ideas": IDEAS,
    }
    return page(request, "jobs/studio.html", context, status)


def earlier_job(request: StudioRequest, text: str) -> Job | None:
    job_id = as_uuid(text)
    return Job.objects.visible_to(request.user).filter(pk=job_id).first() if job_id else None


def _first_draft(request: StudioRequest) -> tuple[Draft, tuple[str, ...]]:
    """An earlier job that they may see, an idea, or what was left here; and what is missing."""
    if earlier := earlier_job(request, request.GET.get("from", "")):
        return _draft_like(request, earlier)
    kept = _kept(request.user)
    if sent := earlier_job(request, request.GET.get("sent", "")):
        return kept.continued(sent), ()
    if idea := request.GET.get("prompt", ""):
        return replace(kept, operation="generate", prompt=idea, base=NO_BASE), ()
    return kept, ()


def _kept(user: User) -> Draft:
    saved = drafts.saved(user)
    if saved is None:
        return Draft.from_values({})
    return replace(Draft.from_values(drafts.values_of(saved)), base=saved.form)


def _draft_like(request: StudioRequest, job: Job) -> tuple[Draft, tuple[str, ...]]:
    taken, missing = _usable_inputs(job, request.user)
    draft = Draft.like(job, taken, _visibility_of_copy(request, job))
    return draft, (*_not_yours(missing), *_elsewhere(len(job.image_request.references)))


def _not_yours(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    which = "One of its pictures is" if count == 1 else f"{count} of its pictures are"
    them = "it was" if count == 1 else "they were"
    return (f"{which} not yours, so {them} left out. Add your own instead.",)


def _elsewhere(count: int) -> tuple[str, ...]:
    """What a program named by its address never was in the studio."""
    if not count:
        return ()
    if count == 1:
        return ("One of its pictures lies elsewhere, so it was left out. Add it as a file.",)
    return (f"{count} of its pictures lie elsewhere, so they were left out. Add them as files.",)


def _usable_inputs(job: Job, user: User) -> tuple[Mapping[InputRole, list[Upload]], int]:
    """The pictures that may go along again, and how many may not."""
    rows = list(JobInput.objects.filter(job=job).select_related("upload"))
    taken: dict[InputRole, list[Upload]] = defaultdict(list)
    for row in rows:
        if row.upload.owner_id == user.pk:
            taken[InputRole(row.role)].append(row.upload)
    return taken, len(rows) - sum(len(uploads) for uploads in taken.values())


def _visibility_of_copy(request: StudioRequest, earlier: Job) -> Visibility:
    """As before only where it was mine and stays in its team: nobody else chose for me."""
    is_mine = earlier.owner_id == request.user.pk
    stays = request.team is not None and earlier.team_id == request.team.pk
    return Visibility(earlier.visibility) if is_mine and stays else Visibility.PRIVATE
