"""Pictures by their signed addresses: the one part of /v1 that Django itself answers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse

from imagestudio.web.media import serve
from jobs.gateway.api import links
from jobs.gateway.api.errors import ErrorAnswer
from jobs.gateway.api.ready_made import FILE_GONE
from jobs.models import content_type_of


@login_not_required
def show(request: HttpRequest, token: str) -> HttpResponseBase:
    if request.method not in ("GET", "HEAD"):
        message = f"Not allowed to {request.method} on a file. It takes GET, HEAD."
        return _told(ErrorAnswer(status=405, message=message, code="method_not_allowed"))
    image = links.picture_of(token)
    if image is None:
        return _told(FILE_GONE)
    try:
        response = serve(
            request,
            default_storage,
            image.key,
            sha256=image.sha256,
            content_type=content_type_of(image.format),
            filename=f"picture-{image.index + 1}.{image.format}",
            # A drawing can act when it is opened, so it is only ever handed over as a file; so is
            # what the studio could not look into.
            as_attachment=image.format == "svg" or not image.can_be_shown,
        )
        # Pages elsewhere may show it: who has the address has the right to the picture.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response
    except Http404:
        return _told(FILE_GONE)


def _told(error: ErrorAnswer) -> JsonResponse:
    response = JsonResponse(error.document(), status=error.status)
    response.headers["Cache-Control"] = "no-store"
    if error.status == 405:
        response.headers["Allow"] = "GET, HEAD"
    return response
