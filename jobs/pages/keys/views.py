"""API keys: made, shown once, looked after, exchanged, taken away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from imagestudio.accounts.http import StudioRequest
from imagestudio.accounts.models import ApiKey, Role
from jobs.models import Job
from jobs.pages.http import may_make, page
from jobs.pages.keys.presenters import (
    LIFETIMES,
    OVERLAPS,
    KeyForm,
    base_url,
    facts,
    figures,
    key_view,
    snippets,
)
from jobs.pages.library.gallery import tiles
from jobs.services.programs import keys as verbs
from jobs.services.programs.keys import Made
from jobs.services.refusals import NotAllowed, SubmitRefused

SHOWN_JOBS = 12


@require_safe
def index(request: StudioRequest) -> HttpResponse:
    return _index(request, KeyForm())


@require_POST
def create(request: StudioRequest) -> HttpResponse:
    """Make a key and show it, this once."""
    if request.team is None:
        raise PermissionDenied
    form = KeyForm.read(request.POST)
    make = verbs.create_for_service if form.is_for_team else verbs.create
    try:
        made = make(request.user, request.team, form.terms)
    except SubmitRefused as refused:
        return _index(request, replace(form, problems=tuple(refused.problems)), status=422)
    except NotAllowed as error:
        raise PermissionDenied from error
    return _made(request, made)


@require_safe
def show(request: StudioRequest, key_id: UUID) -> HttpResponse:
    return _show(request, _find(request, key_id))


@require_POST
def rotate(request: StudioRequest, key_id: UUID) -> HttpResponse:
    """Exchange a key for a new one; both work for a while."""
    key, hours = _find(request, key_id), request.POST.get("overlap", "24")
    overlap = timedelta(hours=int(hours) if hours in OVERLAPS else 24)
    try:
        return _made(request, verbs.rotate(request.user, key, overlap))
    except SubmitRefused as refused:
        messages.error(request, refused.problems[0].message)
        return redirect("jobs:key", key_id)
    except NotAllowed as error:
        raise PermissionDenied from error


@require_POST
def revoke(request: StudioRequest, key_id: UUID) -> HttpResponse:
    """Programs stop at once and for good, so the key's name has to be typed."""
    key = _find(request, key_id)
    if request.POST.get("name", "").strip() != key.name:
        why = f"Type the key's name, {key.name}, to revoke it. Nothing was changed."
        return _show(request, key, revoke_problem=why, status=422)
    ended = verbs.revoke(request.user, key)
    messages.info(request, f"{key.name} is revoked." if ended else "It was revoked already.")
    return redirect("jobs:keys")


@require_POST
def webhook(request: StudioRequest, key_id: UUID) -> HttpResponse:
    """Have the end of each job told to an address, or to nobody any more."""
    key, url = _find(request, key_id), request.POST.get("url", "").strip()
    try:
        verbs.set_webhook(request.user, key, url)
    except SubmitRefused as refused:
        return _show(request, key, url=url, problem=refused.problems[0].message, status=422)
    words = "Ends of jobs are told to this address." if url else "Nobody is told any more."
    messages.info(request, words)
    return redirect("jobs:key", key_id)


def _find(request: StudioRequest, key_id: UUID) -> ApiKey:
    rows = verbs.manageable(request.user)
    return get_object_or_404(
        rows.select_related("owner", "team", "created_by", "replaced_by"), pk=key_id
    )


def _index(request: StudioRequest, form: KeyForm, status: int = 200) -> HttpResponse:
    found = verbs.manageable_by(request.user, request.team) if request.team else []
    abandoned = verbs.abandoned(found)
    views = [key_view(key, is_abandoned=key.pk in abandoned) for key in found]
    context = {
        "heading": "API keys",
        "keys": sorted(views, key=lambda view: not view.is_alive),
        "form": form,
        "scope_choices": form.scope_choices(may_make=may_make(request)),
        "lifetimes": LIFETIMES,
        "is_admin": request.role == Role.ADMIN,
        "base_url": base_url(request),
    }
    return page(request, "jobs/keys.html", context, status)


def _made(request: StudioRequest, made: Made) -> HttpResponse:
    context = {
        "heading": "Your new key",
        "key": key_view(made.key),
        "secret": made.secret,
        "snippets": snippets(request, made.secret),
        "base_url": base_url(request),
    }
    return page(request, "jobs/keys_made.html", context, status=201)


def _show(
    request: StudioRequest,
    key: ApiKey,
    url: str | None = None,
    problem: str = "",
    revoke_problem: str = "",
    status: int = 200,
) -> HttpResponse:
    jobs = Job.objects.visible_to(request.user).filter(api_key=key).for_cards().order_by("-id")
    is_ours = verbs.may_rotate(request.user, key)
    view = key_view(key, is_abandoned=bool(verbs.abandoned([key])))
    context = {
        "heading": key.name,
        "key": view,
        "id": key.pk,
        "facts": tuple(facts(key)),
        "figures": figures(key),
        "tiles": [tile for job in jobs[:SHOWN_JOBS] for tile in tiles(job, show_team=False)],
        "overlaps": OVERLAPS,
        "may_rotate": is_ours and view.is_alive and not key.replaced_by_id,
        "webhook_url": key.webhook_url if url is None else url,
        # An admin looks after a member's key, and need not be able to sign in its name.
        "webhook_secret": key.webhook_secret if is_ours else "",
        "problem": problem,
        "revoke_problem": revoke_problem,
        "snippets": snippets(request),
        "base_url": base_url(request),
    }
    return page(request, "jobs/keys_one.html", context, status)
