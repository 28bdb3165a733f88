"""Pictures by their signed addresses: the one part of /v1 that Django itself answers."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse

from imagestudio.accounts.models import Membership
from imagestudio.web.media import serve
from jobs.gateway import links
from jobs.gateway.faults import Trouble
from jobs.models import Image, content_type_of

_GONE = Trouble(
    status=404,
    message="There is no such file. A signed address works for an hour.",
    code="file_not_found",
)


@login_not_required
def show(request: HttpRequest, token: str) -> HttpResponseBase:
    if request.method not in ("GET", "HEAD"):
        message = f"Not allowed to {request.method} on a file. It takes GET, HEAD."
        return _told(Trouble(status=405, message=message, code="method_not_allowed"))
    image_id = links.image_of(token)
    image = _find(image_id) if image_id else None
    if image is None:
        return _told(_GONE)
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
        return _told(_GONE)


def _find(image_id: UUID) -> Image | None:
    """Whoever signed the address could see the picture; it works on while its owner could."""
    is_member = Membership.objects.filter(user=OuterRef("job__owner"), team=OuterRef("job__team"))
    shown = Image.objects.filter(Exists(is_member), pk=image_id, job__owner__is_active=True)
    return shown.first()


def _told(trouble: Trouble) -> JsonResponse:
    response = JsonResponse(trouble.document(), status=trouble.status)
    response.headers["Cache-Control"] = "no-store"
    if trouble.status == 405:
        response.headers["Allow"] = "GET, HEAD"
    return response
