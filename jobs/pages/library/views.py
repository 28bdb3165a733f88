"""The views of the library: walls of pictures, my own and my team's; one picture, and its bytes."""

from uuid import UUID

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from imagestudio.accounts.http import StudioRequest
from imagestudio.images_api.capabilities import MODELS
from imagestudio.web.media import serve
from jobs.models import Image, Job, content_type_of
from jobs.pages import words
from jobs.pages.http import may_make, page, wants_fragment
from jobs.pages.library.details import image_details
from jobs.pages.library.gallery import Filters, gallery
from jobs.queries import JobQuerySet
from jobs.states import State, Visibility

ORIGINAL = "original"


@require_safe
def history(request: StudioRequest) -> HttpResponse:
    """All that I made, in any of my teams."""
    jobs = Job.objects.visible_to(request.user).filter(owner=request.user)
    return _wall(request, jobs, heading="History", is_team=False)


@require_safe
def team(request: StudioRequest) -> HttpResponse:
    """What the members of my current team show to it."""
    jobs = Job.objects.visible_to(request.user)
    jobs = jobs.filter(team=request.team, visibility=Visibility.TEAM)
    return _wall(request, jobs, heading="Team", is_team=True)


@require_safe
def show(request: StudioRequest, image_id: UUID) -> HttpResponse:
    image = get_object_or_404(Image.objects.visible_to(request.user).with_job(), pk=image_id)
    details = image_details(
        image,
        request.user,
        may_make=may_make(request),
        version=request.GET.get("version", ""),
    )
    return page(request, "jobs/image.html", {"heading": "Picture", "details": details})


@require_safe
def file(request: StudioRequest, image_id: UUID, variant: str) -> HttpResponseBase:
    images = Image.objects.visible_to(request.user).select_related("job")
    return send(request, get_object_or_404(images, pk=image_id), variant)


def send(request: HttpRequest, image: Image, variant: str) -> HttpResponseBase:
    """The bytes of one variant. Whoever calls has found the image through a rule of who may see."""
    key, sha256 = _stored(image, variant)
    extension = key.rpartition(".")[2]
    name = f"{words.file_stem(image.job.prompt, image.job_id)}-{image.index + 1}.{extension}"
    return serve(
        request,
        default_storage,
        key,
        sha256=sha256,
        content_type=content_type_of(extension),
        filename=name,
        # A drawing can act when it is opened, so it is only ever handed over as a file; so is what
        # the studio could not look into.
        as_attachment="download" in request.GET or extension == "svg" or not image.can_be_shown,
    )


def _wall(
    request: StudioRequest, jobs: JobQuerySet, *, heading: str, is_team: bool
) -> HttpResponse:
    filters = Filters.read(request.GET)
    wall = gallery(jobs, filters, request.path, show_team=not is_team)
    context = {"gallery": wall, "filters": filters, "is_team": is_team, "heading": heading}
    if wants_fragment(request):
        return page(request, "jobs/_wall.html", context)
    context |= {
        "models": list(MODELS.values()),
        "states": [(state.value, words.STATE_WORDS[state]) for state in State],
    }
    return page(request, "jobs/history.html", context)


def _stored(image: Image, variant: str) -> tuple[str, str]:
    known = {
        ORIGINAL: (image.key, image.sha256),
        "shown": (image.shown_key, image.shown_sha256),
        "small": (image.small_key, image.small_sha256),
        "large": (image.large_key, image.large_sha256),
    }
    if not known.get(variant, ("",))[0]:
        raise Http404
    return known[variant]
