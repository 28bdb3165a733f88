"""What a team's admin may know: numbers and metadata, and with a reason a picture."""

from uuid import UUID

from django.core import signing
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from imagestudio.accounts.http import StudioRequest
from imagestudio.accounts.rights import teams_overseen_by
from jobs.models import Image, Job
from jobs.pages.http import as_uuid, page
from jobs.pages.library.views import send
from jobs.pages.oversight.overview import overview as overview_of
from jobs.pages.oversight.overview import revealed
from jobs.services.oversee import MAX_REASON_CHARS, MIN_REASON_CHARS
from jobs.services.oversee import reveal as reveal_image
from jobs.services.queue import circuit_breaker

# Long enough to load the picture that was just revealed, too short to pass its address on.
PASS_MAX_AGE_S = 60
PURPOSE = "jobs.oversight.reveal"


@require_safe
def overview(request: StudioRequest) -> HttpResponse:
    _only_overseers(request)
    jobs = Job.objects.overseen_by(request.user)
    view = overview_of(
        jobs,
        request.user,
        is_month=request.GET.get("period") != "all",
        before=as_uuid(request.GET.get("before", "")),
    )
    return page(request, "jobs/oversight.html", {"heading": "Oversight", "overview": view})


@require_POST
def resume(request: StudioRequest, name: str) -> HttpResponse:
    """Call a service again at once, after its account was mended."""
    if not request.user.is_superuser:
        raise Http404
    circuit_breaker.resume(request.user, name)
    return redirect("jobs:oversight")


@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request: StudioRequest, image_id: UUID) -> HttpResponse:
    """Ask for a reason; once it is recorded, show the picture in this one answer."""
    images = Image.objects.overseen_by(request.user).with_job()
    image = get_object_or_404(images, pk=image_id)
    reason, problem, src = request.POST.get("reason", ""), "", ""
    if request.method == "POST":
        try:
            reveal_image(request.user, image, reason)
            src = reverse("jobs:revealed_file", args=[image.pk, _pass_for(request, image)])
        except ValueError as error:
            problem = str(error)
    context = {
        "heading": "Private picture",
        "revealed": revealed(image, src),
        "reason": reason,
        "problem": problem,
        "min_chars": MIN_REASON_CHARS,
        "max_chars": MAX_REASON_CHARS,
    }
    response = page(request, "jobs/reveal.html", context, status=422 if problem else 200)
    # Not even this browser may keep a page with somebody's private picture.
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def revealed_file(request: StudioRequest, image_id: UUID, pass_token: str) -> HttpResponseBase:
    images = Image.objects.overseen_by(request.user).select_related("job")
    image = get_object_or_404(images, pk=image_id)
    try:
        holder = signing.loads(pass_token, salt=PURPOSE, max_age=PASS_MAX_AGE_S)
    except signing.BadSignature as error:
        raise Http404 from error
    if holder != [str(request.user.pk), str(image.pk)]:
        raise Http404
    response = send(request, image, "large" if image.large_key else "original")
    # Nor may it keep the picture, not even for the minute that others are kept.
    response.headers["Cache-Control"] = "no-store"
    del response.headers["ETag"]
    return response


def _only_overseers(request: StudioRequest) -> None:
    if not request.user.is_superuser and not teams_overseen_by(request.user).exists():
        raise Http404


def _pass_for(request: StudioRequest, image: Image) -> str:
    return signing.dumps([str(request.user.pk), str(image.pk)], salt=PURPOSE)
