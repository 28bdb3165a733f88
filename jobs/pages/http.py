"""Small things that every page's view needs."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from imagestudio.accounts.http import StudioRequest
from imagestudio.accounts.rights import MAKERS


def may_make(request: StudioRequest) -> bool:
    """Members and admins of the current team make pictures, viewers look at them."""
    return request.role in MAKERS


def wants_fragment(request: StudioRequest) -> bool:
    return bool(request.htmx) and not request.htmx.history_restore_request


def page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page about somebody's work: never kept by anything between us and the browser."""
    response = render(request, template, context, status=status)
    # Not even for the Back button: the next person at this machine may press it.
    response.headers["Cache-Control"] = "private, no-store"
    return response


def to_job(job_id: UUID) -> HttpResponseRedirect:
    return redirect(reverse("jobs:job", args=[job_id]))


def as_uuid(text: str) -> UUID | None:
    """An id as an address or a form gives it; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None
