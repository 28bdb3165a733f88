"""The three endpoints that make pictures: each call becomes a job like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.conf import settings

from imagestudio.images_api.types import ImageRequest, Operation
from jobs.gateway.api import documents, fields, forms, order_request, parsing, references, routing
from jobs.gateway.api.calls import ApiRequest
from jobs.gateway.api.errors import ApiError, ErrorAnswer, forbidden, refused, too_large
from jobs.gateway.api.order_request import OrderRequest
from jobs.gateway.api.ready_made import ACCOUNT_CLOSED, ENGINES_AWAY, queue_full
from jobs.gateway.api.replies import ApiResponse, Pending, Unsettled
from jobs.gateway.api.routing import Routed
from jobs.services.programs import orders
from jobs.services.programs.idempotency import Undecided
from jobs.services.programs.orders import AcceptanceUnknown, AccountRefused, Placed, QueueFull
from jobs.services.programs.wait import UNDER_WAY
from jobs.services.queue import providers
from jobs.services.refusals import NotAllowed, SubmitRefused
from jobs.services.submit import NO_INPUTS, GivenPictures

FORM, JSON = "multipart/form-data", "application/json"
# A document is held in memory about three times over, a form only on disk.
MAX_JSON_BYTES = 48 * 1024 * 1024


def generate(request: ApiRequest) -> Pending | ApiResponse:
    _expect(request, JSON)
    routed = _routed(request, "generate", parsing.read_json(request.body), fields.GENERATION)
    wanted = _read(request, routed, 0, "image")
    return _place(request, wanted, NO_INPUTS, "image")


def edit(request: ApiRequest) -> Pending | ApiResponse:
    if request.call.media_type == FORM:
        return _of_form(request, "edit", fields.EDIT)
    _expect(request, JSON)
    if request.body_bytes > MAX_JSON_BYTES:
        most = settings.GATEWAY_MAX_BODY_BYTES // (1024 * 1024)
        raise too_large(MAX_JSON_BYTES, f" Send the pictures as a form: that may have {most} MB.")
    values = parsing.read_json(request.body)
    pictures: dict[str, Any] = {
        name: values.pop(name) for name in ("images", "mask", "markup") if name in values
    }
    routed = _routed(request, "edit", values, fields.EDIT)
    images = pictures.get("images")
    count = len(images) if isinstance(images, list) else 1
    wanted = _read(request, routed, count, "images")
    with _refusals_told("images"):
        service = providers.named(routed.provider) or providers.default()
        inputs = references.of_json(request, pictures, service)
    return _place(request, wanted, inputs, "images")


def vary(request: ApiRequest) -> Pending | ApiResponse:
    _expect(request, FORM)
    return _of_form(request, "vary", fields.VARIATION)


def _of_form(
    request: ApiRequest, operation: Operation, known: tuple[fields.Field, ...]
) -> Pending | ApiResponse:
    form = forms.read_form(request)
    try:
        routed = _routed(request, operation, parsing.read_texts(form.texts, known), known)
        wanted = _read(request, routed, len(form.images), "image")
        with _refusals_told("image"):
            inputs = references.of_form(request.key.owner, form)
    finally:
        form.close()
    return _place(request, wanted, inputs, "image")


def _expect(request: ApiRequest, media_type: str) -> None:
    if request.call.media_type not in ("", media_type):
        message = f"Send the body as {media_type}, not as {request.call.media_type[:60]}."
        raise ApiError(ErrorAnswer(status=415, message=message, code="unsupported_media_type"))


def _routed(
    request: ApiRequest,
    operation: Operation,
    values: Mapping[str, Any],
    known: tuple[fields.Field, ...],
) -> Routed:
    if request.call.deployment:
        values = {**values, "model": request.call.deployment}
    return routing.route(parsing.parse(operation, values, known))


def _read(
    request: ApiRequest, routed: Routed, picture_count: int, pictures_param: str
) -> OrderRequest:
    """Refuse what can be refused before any picture of it is stored."""
    with _refusals_told(pictures_param, routed.request):
        try:
            orders.judge(request.key, routed.request, routed.provider, picture_count)
        except SubmitRefused:
            if not _may_be_repeat(request, routed):
                raise
        wanted = order_request.read(request, routed)
        orders.admit(wanted.order)
    return wanted


def _may_be_repeat(request: ApiRequest, routed: Routed) -> bool:
    """What was right when it was accepted gets its job, though its model has ended since."""
    try:
        order = order_request.read(request, routed).order
    except ApiError:
        return False
    return orders.may_be_repeat(order)


def _place(
    request: ApiRequest, wanted: OrderRequest, inputs: GivenPictures, pictures_param: str
) -> Pending | ApiResponse:
    order = replace(wanted.order, inputs=inputs)
    try:
        with _refusals_told(pictures_param, order.request):
            placed = orders.place(order)
        with orders.unknown_after_outage():
            return _answer(request, wanted, placed)
    except AcceptanceUnknown as error:
        raise Unsettled(
            lambda job: _answer(request, wanted, Placed(job, is_replay=False)),
            wanted.wait_s,
            joins=order.idempotency_key is not None,
        ) from error.__cause__


@contextmanager
def _refusals_told(pictures_param: str, request: ImageRequest | None = None) -> Iterator[None]:
    """Say what the services refuse in the words of this door."""
    try:
        yield
    except SubmitRefused as error:
        raise refused(error.problems, pictures_param=pictures_param, request=request) from None
    except NotAllowed as error:
        raise forbidden(str(error)) from None
    except QueueFull as error:
        raise ApiError(queue_full(error.queued)) from None
    except AccountRefused:
        raise ApiError(ACCOUNT_CLOSED) from None
    except Undecided:
        raise ApiError(ENGINES_AWAY) from None


def _answer(request: ApiRequest, wanted: OrderRequest, placed: Placed) -> Pending | ApiResponse:
    job, order = placed.job, wanted.order
    headers = documents.headers_of(job, request.call.origin)
    if job.estimate_high_microusd is not None:
        headers["x-studio-estimate-microusd"] = str(job.estimate_high_microusd)
    if placed.is_replay:
        headers["x-studio-idempotent-replay"] = "true"
    if wanted.is_answered_at_once:
        return documents.accepted(job, request.link_base, headers)
    is_streamed = job.image_request.stream
    return Pending(
        job_id=job.pk,
        request_id=order.request_id,
        link_base=request.link_base,
        # A stream says now and then that it is still there, so its client has no shorter patience.
        wait_s=float(settings.GATEWAY_WAIT_S) if is_streamed else wanted.wait_s,
        response_format=wanted.response_format,
        is_streamed=is_streamed,
        is_over=job.state not in UNDER_WAY,
        is_repeatable=bool(job.idempotency_key),
        counts_tries=order.tries_before is not None,
        cancels_on_hang_up=wanted.cancels_on_hang_up,
        async_after_s=wanted.async_after_s,
        headers=headers,
    )
