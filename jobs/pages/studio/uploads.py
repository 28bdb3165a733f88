"""Pictures on their way into the composer: one request each, answered with their tile."""

from __future__ import annotations

import logging
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from imagestudio.accounts.http import StudioRequest
from imagestudio.images_api.capabilities import Problem
from imagestudio.web.media import serve
from jobs.models import Image, Upload
from jobs.pages import words
from jobs.pages.http import as_uuid, may_make, page
from jobs.pages.references import reference
from jobs.services import drafts
from jobs.services import uploads as verbs
from jobs.services.refusals import SubmitRefused
from jobs.states import InputRole

logger = logging.getLogger(__name__)

AWAY = "The studio's storage can't be reached just now. Nothing is lost: try again."


@require_POST
def upload(request: StudioRequest) -> HttpResponse:
    """Take one picture: a file, or a picture of the history; a layer says what it lies `over`."""
    if not may_make(request):
        raise PermissionDenied
    try:
        role = _role(request)
        view = reference(_accept(request, role), role)
    except SubmitRefused as refused:
        return _problem(request, refused.problems[0], 422)
    except OSError:
        logger.exception("an upload could not be stored")
        return _problem(request, Problem("inputs", AWAY), 503)
    context = {"reference": view, "role": role.value}
    return page(request, "jobs/_reference.html", context, status=201)


@require_safe
def file(request: StudioRequest, upload_id: UUID, variant: str) -> HttpResponseBase:
    found = get_object_or_404(Upload.objects.visible_to(request.user), pk=upload_id)
    known = {
        "original": (found.key, found.sha256, found.content_type),
        "small": (found.small_key, found.small_sha256, "image/webp"),
    }
    if variant not in known:
        raise Http404
    key, sha256, content_type = known[variant]
    name = f"{words.file_stem(found.name.rpartition('.')[0], found.pk)}.{key.rpartition('.')[2]}"
    return serve(
        request,
        default_storage,
        key,
        sha256=sha256,
        content_type=content_type,
        filename=name,
        as_attachment="download" in request.GET,
    )


@require_POST
def use(request: StudioRequest, image_id: UUID) -> HttpResponse:
    """Put a finished picture into the composer, for an edit or a variation of it."""
    if not may_make(request):
        raise PermissionDenied
    images = Image.objects.visible_to(request.user).select_related("job")
    found = get_object_or_404(images, pk=image_id)
    try:
        is_raw = request.POST.get("version") == "raw"
        taken = verbs.take_from_history(request.user, found, is_raw=is_raw)
    except SubmitRefused as refused:
        messages.error(request, refused.problems[0].message)
        return redirect("jobs:image", image_id)
    except OSError:
        logger.exception("a picture could not be taken from the history")
        messages.error(request, AWAY)
        return redirect("jobs:image", image_id)
    drafts.use_picture(request.user, taken, request.POST.get("operation", ""))
    return redirect("jobs:studio")


def _problem(request: StudioRequest, problem: Problem, status: int) -> HttpResponse:
    return page(request, "jobs/_reference_problem.html", {"problem": problem}, status=status)


def _accept(request: StudioRequest, role: InputRole) -> Upload:
    if role is InputRole.IMAGE and (image_id := as_uuid(request.POST.get("image", ""))):
        images = Image.objects.visible_to(request.user).select_related("job")
        return verbs.take_from_history(request.user, get_object_or_404(images, pk=image_id))
    file = _file(request, role)
    if role is InputRole.IMAGE:
        return verbs.accept(request.user, file)
    over_id = as_uuid(request.POST.get("over", ""))
    over = get_object_or_404(Upload.objects.usable_by(request.user), pk=over_id)
    return verbs.accept_layer(request.user, file, role, over)


def _file(request: StudioRequest, role: InputRole) -> UploadedFile[bytes]:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        param = "inputs" if role is InputRole.IMAGE else role.value
        raise SubmitRefused([Problem(param, "Choose a picture to upload.")])
    return file


def _role(request: StudioRequest) -> InputRole:
    text = request.POST.get("role", InputRole.IMAGE)
    if text not in set(InputRole):
        raise SubmitRefused([Problem("role", "A picture is an image, a mask or a markup.")])
    return InputRole(text)
