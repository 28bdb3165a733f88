"""What the composer's buttons do: renew it after a choice, or send it."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from imagestudio.accounts.http import StudioRequest
from imagestudio.images_api.capabilities import Problem
from jobs.models import Job
from jobs.pages.http import may_make, page, wants_fragment
from jobs.pages.job.cards import card
from jobs.pages.studio.composer import Remarks, composer
from jobs.pages.studio.composition import Composition, changed_settings
from jobs.pages.studio.draft import Draft
from jobs.pages.studio.uploads import AWAY
from jobs.pages.studio.views import earlier_job, show
from jobs.services import drafts, uploads
from jobs.services.refusals import NotAllowed, SubmitRefused
from jobs.services.submit import submit as submit_job
from jobs.states import Visibility

logger = logging.getLogger(__name__)

PRESSED_TWICE = "Pressed twice within a second, so it was ordered once. Press again for another."


@require_POST
def refresh(request: StudioRequest) -> HttpResponse:
    """The composer again, after a choice that opens or closes others. Nothing is sent."""
    draft, problems = draft_of(request)
    if wish := request.POST.get("aside"):
        return _with_aside(request, draft, wish)
    return renewed(request, draft, Remarks(problems=problems))


@require_POST
def submit(request: StudioRequest) -> HttpResponse:
    draft, problems = draft_of(request)
    composition = Composition.of(draft, request.user)
    lost = composition.lost if draft.operation != "generate" else ()
    try:
        faults = [*problems, *lost, *_other_team(request)]
        if faults:
            raise SubmitRefused(faults)
        job = _submit(request, composition)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except SubmitRefused as refused:
        return _refused(request, composition, refused.problems)
    return _accepted(request, composition, job)


def draft_of(request: StudioRequest) -> tuple[Draft, tuple[Problem, ...]]:
    """The form with what its small buttons ask for, and the files of browsers without script."""
    if request.team is None or not may_make(request):
        raise PermissionDenied
    draft = _with_buttons(Draft.read(request.POST), request.POST)
    return _with_files(request, draft)


def renewed(request: StudioRequest, draft: Draft, remarks: Remarks) -> HttpResponse:
    """Keep the draft as it fits now, and show what that opened, closed and put back."""
    composition, adjusted = Composition.of(draft, request.user).fitted()
    _keep(request, composition.draft)
    if adjusted:
        words = tuple(each.words for each in adjusted)
        undo = remarks.undo or _settings_before(request, draft, composition.draft)
        remarks = replace(remarks, notes=(*remarks.notes, *words), undo=undo)
    if not wants_fragment(request):
        return show(request, composition, remarks)
    view = composer(composition, request.user, remarks)
    return page(request, "jobs/_refreshed.html", {"composer": view})


def _settings_before(request: StudioRequest, asked: Draft, fitted: Draft) -> str:
    """What the last answer showed, with what was put back now: it may be chosen since then."""
    settled = request.POST.get("settled", "")
    put_back = {name: asked.settings[name] for name in changed_settings(asked, fitted)}
    before = asked.with_settings_of(settled).with_changed(**put_back)
    _, adjusted = Composition.of(before, request.user).fitted()
    return settled if adjusted else json.dumps(before.preset_values())


def _keep(request: StudioRequest, draft: Draft) -> None:
    drafts.keep(request.user, draft.to_values(), form=draft.form, base=draft.base)


def _with_aside(request: StudioRequest, draft: Draft, wish: str) -> HttpResponse:
    """Bring back the draft that was set aside, in exchange for this one, or let it go."""
    _keep(request, draft)
    if wish != "back":
        drafts.drop_aside(request.user)
        return renewed(request, draft, Remarks())
    back = Draft.from_values(drafts.bring_back(request.user) or draft.to_values())
    back = replace(back, key=draft.key, base=draft.base).renewed()
    composition, adjusted = Composition.of(back, request.user).fitted()
    remarks = Remarks(notes=tuple(each.words for each in adjusted))
    if not wants_fragment(request):
        return show(request, composition, remarks)
    view = composer(composition, request.user, remarks)
    return page(request, "jobs/_brought_back.html", {"composer": view})


def _submit(request: StudioRequest, composition: Composition) -> Job:
    draft = composition.draft
    if request.team is None:
        raise PermissionDenied
    return submit_job(
        request.user,
        request.team,
        draft.request,
        composition.going,
        provider=draft.settings["provider"],
        visibility=Visibility(draft.visibility),
        idempotency_key=draft.key,
        form=draft.form,
        parent=earlier_job(request, draft.parent),
        keeps_outside=draft.keeps_outside,
    )


def _accepted(request: StudioRequest, composition: Composition, job: Job) -> HttpResponse:
    draft = replace(composition.draft.renewed(), parent="")
    _keep(request, draft)
    was_pressed_twice = job.idempotency_key != composition.draft.key
    if not wants_fragment(request):
        if was_pressed_twice:
            messages.info(request, PRESSED_TWICE)
        # The page that comes back is the same form to the person in front of it.
        return redirect(f"{reverse('jobs:studio')}?sent={job.pk}#job-{job.pk}")
    remarks = Remarks(notes=(PRESSED_TWICE,) if was_pressed_twice else ())
    context = {
        "card": card(job, request.user, may_make=True),
        "composer": composer(composition.with_draft(draft), request.user, remarks),
    }
    return page(request, "jobs/_submitted.html", context)


def _refused(
    request: StudioRequest, composition: Composition, problems: list[Problem]
) -> HttpResponse:
    again = composition.with_draft(composition.draft.renewed())
    _keep(request, again.draft)
    remarks = Remarks(problems=tuple(problems))
    if not wants_fragment(request):
        return show(request, again, remarks, status=422)
    context = {"composer": composer(again, request.user, remarks)}
    return page(request, "jobs/_composer.html", context, status=422)


def _other_team(request: StudioRequest) -> list[Problem]:
    """Another tab may have switched the team since: then others would see it, and pay for it."""
    shown = request.POST.get("team", "")
    if not shown or request.team is None or shown == str(request.team.pk):
        return []
    message = f"You work in {request.team} now. If it is to be made there, send it again."
    return [Problem("team", message)]


def _with_buttons(draft: Draft, data: QueryDict) -> Draft:
    """Undo, and what is done to single pictures where no script does it."""
    if undo := data.get("undo"):
        draft = draft.with_settings_of(undo)
    removed = data.get("remove")
    if removed in (draft.mask, draft.markup):
        draft = replace(draft, mask="", markup="")
    kept = tuple(each for each in draft.images if each != removed)
    return draft.with_images(_moved(kept, data.get("move", "")))


def _moved(images: tuple[str, ...], wish: str) -> tuple[str, ...]:
    """`wish` is an id and "earlier" or "later"."""
    moving, _, way = wish.partition(" ")
    if moving not in images:
        return images
    others = [each for each in images if each != moving]
    place = images.index(moving) + (-1 if way == "earlier" else 1)
    others.insert(max(0, place), moving)
    return tuple(others)


def _with_files(request: StudioRequest, draft: Draft) -> tuple[Draft, tuple[Problem, ...]]:
    """Take the form's files in; one that is refused leaves everything else as it was."""
    problems: list[Problem] = []
    taken = list(draft.images)
    for file in request.FILES.getlist("files"):
        if isinstance(file, UploadedFile):
            try:
                taken.append(str(uploads.accept(request.user, file).pk))
            except SubmitRefused as refused:
                problems += refused.problems
            except OSError:
                logger.exception("a picture could not be stored")
                problems.append(Problem("inputs", f"{file.name}: {AWAY}"))
    if len(taken) == len(draft.images):
        return draft, tuple(problems)
    operation = "edit" if draft.operation == "generate" else draft.operation
    return replace(draft, operation=operation, images=tuple(taken)), tuple(problems)
