"""The one poll of a page: the cards that changed, rendered as the page renders them."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from imagestudio.accounts.http import StudioRequest
from jobs.models import Job
from jobs.pages.http import as_uuid, may_make
from jobs.pages.job.cards import CardView, cards_of
from jobs.pages.job.quiet import is_about
from jobs.states import UNFINISHED, State

# A row's time is that of its statement, and it may be committed a little later than it says.
OVERLAP = timedelta(seconds=5)
MAX_CARDS = 100
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@require_safe
def updates(request: StudioRequest) -> HttpResponse:
    """My jobs that changed since the cursor or are not finished, the latest change first.

    `job` adds one job of somebody else's that is open in the browser.
    """
    since = _moment(request.GET.get("since", ""))
    jobs = _changed(request, since)
    cards = cards_of(jobs, request.user, may_make=may_make(request))
    etag = _etag(request, jobs, cards)
    if len(jobs) < MAX_CARDS:
        is_about(request, [request.user.pk, *[job.pk for job in jobs]])
    if request.headers.get("If-None-Match") == etag:
        return _with_headers(HttpResponseNotModified(), etag, jobs, since)
    response = render(request, "jobs/_updates.html", {"cards": cards})
    return _with_headers(response, etag, jobs, since)


def cursor(jobs: Sequence[Job], since: datetime | None = None) -> str:
    """When the newest of these changed, in microseconds, for the next question."""
    moments = [job.changed_at for job in jobs] + ([since] if since else [])
    return str((max(moments, default=timezone.now()) - EPOCH) // MICROSECOND)


def _changed(request: StudioRequest, since: datetime) -> list[Job]:
    recent = Q(state__in=UNFINISHED) | Q(changed_at__gte=since - OVERLAP)
    asked = Q(owner=request.user) & recent
    if open_job := as_uuid(request.GET.get("job", "")):
        asked |= Q(pk=open_job)
    jobs = Job.objects.visible_to(request.user).filter(asked)
    return list(jobs.for_cards().order_by("-changed_at")[:MAX_CARDS])


def _etag(request: StudioRequest, jobs: list[Job], cards: list[CardView]) -> str:
    parts = [str(request.user.pk), str(request.role)]
    parts += [f"{job.pk} {job.changed_at.isoformat()}" for job in jobs]
    # Their places change without them.
    parts += [card.note.text for card in cards if card.state == State.QUEUED and card.note]
    # Weak: the same cards may come compressed or not.
    return f'W/"{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:32]}"'


def _moment(text: str) -> datetime:
    """Read a cursor; without a sensible one only what is unfinished counts as changed."""
    if text.isascii() and text.isdigit() and len(text) <= 16:
        return EPOCH + int(text) * MICROSECOND
    return timezone.now()


def _with_headers(
    response: HttpResponse, etag: str, jobs: list[Job], since: datetime
) -> HttpResponse:
    response.headers["ETag"] = etag
    response.headers["X-Cursor"] = cursor(jobs, since)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie"
    return response
