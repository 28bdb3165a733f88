"""What the Images API has no words for: jobs to come back to, and the history."""

from __future__ import annotations

from uuid import UUID

from imagestudio.accounts.models import Scope
from imagestudio.web.numbers import whole_number
from jobs.gateway.api import documents, routing
from jobs.gateway.api.calls import ApiRequest
from jobs.gateway.api.documents import image_document, job_document
from jobs.gateway.api.errors import ApiError, ErrorAnswer, forbidden, invalid, not_found
from jobs.gateway.api.replies import ApiResponse, Pending
from jobs.models import Image, Job
from jobs.queries import JobQuerySet
from jobs.services import cancel as cancelling
from jobs.services.programs.wait import UNDER_WAY

PAGE, MAX_PAGE = 20, 100


def models(request: ApiRequest) -> ApiResponse:
    return ApiResponse({"object": "list", "data": [offer.document() for offer in routing.offers()]})


def model(request: ApiRequest) -> ApiResponse:
    offer = routing.find(request.args["model"])
    if offer is None:
        message = f"The model '{request.args['model'][:60]}' does not exist."
        raise not_found(message, "model_not_found", "model")
    return ApiResponse(offer.document(), headers={"x-studio-model": offer.spec.name})


def job(request: ApiRequest) -> ApiResponse:
    found = _job(request, Scope.READ)
    is_all = found.pk if found.state not in UNDER_WAY else None
    return ApiResponse(job_document(found, request.link_base), tells_of=is_all)


def result(request: ApiRequest) -> Pending | ApiResponse:
    """The answer that the call itself would have had; 202 while there is none."""
    found = _job(request, Scope.READ)
    headers = documents.headers_of(found, request.call.origin)
    wanted = request.call.query.get("response_format")
    if wanted not in (None, "b64_json", "url"):
        raise invalid("response_format", "Choose b64_json or url.")
    if found.state in UNDER_WAY:
        more = {"retry-after": "5"}
        return ApiResponse(job_document(found, request.link_base), 202, {**headers, **more})
    return Pending(
        job_id=found.pk,
        request_id=request.call.request_id,
        link_base=request.link_base,
        wait_s=1.0,
        is_over=True,
        response_format=wanted or _usual_format(found),
        is_repeatable=True,
        headers=headers,
    )


def cancel(request: ApiRequest) -> ApiResponse:
    found = _job(request, Scope.GENERATE)
    mine = Job.objects.editable_by(request.key.owner).filter(pk=found.pk)
    if not mine.exists():
        raise forbidden("This job is somebody else's.")
    if not cancelling.cancel(request.key.owner, found):
        message = f"The job had ended already: it is {found.state}."
        raise ApiError(ErrorAnswer(status=409, message=message, code="already_ended", again=False))
    return ApiResponse(job_document(_job(request, Scope.GENERATE), request.link_base))


def images(request: ApiRequest) -> ApiResponse:
    """The history, newest first; `after` is the last id of the page before."""
    limit, after = _limit(request), _cursor(request)
    rows = (
        Image.objects.visible_to(request.key.owner)
        .filter(job__team=request.key.team)
        .order_by("-id")
    )
    if after:
        rows = rows.filter(id__lt=after)
    found = list(rows.select_related("job")[: limit + 1])
    shown = [image_document(image, request.link_base) for image in found[:limit]]
    return ApiResponse(
        {
            "object": "list",
            "data": shown,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": len(found) > limit,
        }
    )


def _job(request: ApiRequest, scope: Scope) -> Job:
    """The job of this address. A key without the right sees those that it has made itself."""
    job_id = request.uuid("job")
    found = _visible(request).filter(pk=job_id).first() if job_id else None
    is_own = found is not None and found.api_key_id == request.key.pk
    if scope.value not in request.key.scopes and not is_own:
        message = f"This key has no right to {scope.value}, except for jobs that it made itself."
        raise forbidden(message, "insufficient_scope")
    if found is None:
        raise not_found("There is no such job for this key.", "job_not_found", "id")
    return found


def _usual_format(job: Job) -> str:
    """As its call would have been answered; who has a picture of the page is no old program."""
    asked = job.asked or {}
    return routing.answers_to(asked.get("model", job.model))


def _visible(request: ApiRequest) -> JobQuerySet:
    jobs = Job.objects.visible_to(request.key.owner).filter(team=request.key.team)
    return jobs.prefetch_related("images")


def _limit(request: ApiRequest) -> int:
    text = request.call.query.get("limit", str(PAGE))
    limit = whole_number(text, MAX_PAGE)
    if not limit:
        raise invalid("limit", f"A page has 1 to {MAX_PAGE} pictures.")
    return limit


def _cursor(request: ApiRequest) -> UUID | None:
    text = request.call.query.get("after")
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise invalid("after", "'after' is the id of a picture.") from None
