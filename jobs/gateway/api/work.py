"""The three endpoints that make pictures: each call becomes a job like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection

from imagestudio.accounts.rights import may_submit
from imagestudio.images_api.types import ImageRequest, InputFacts, Operation
from imagestudio.web.database import FAILED
from imagestudio.web.errors import is_away
from jobs.gateway.api import documents, fields, forms, parsing, references, routing
from jobs.gateway.api.calls import Ask
from jobs.gateway.api.faults import (
    Fault,
    Trouble,
    forbidden,
    invalid,
    refused,
    too_large,
)
from jobs.gateway.api.ready_made import ACCOUNT_CLOSED, ENGINES_AWAY
from jobs.gateway.api.replies import Held, Reply, Unsettled
from jobs.gateway.api.routing import Routed
from jobs.models import Job
from jobs.services.programs import idempotency, wait, webhooks
from jobs.services.programs.idempotency import Order
from jobs.services.queue import circuit_breaker, providers
from jobs.services.refusals import NotAllowed, SubmitRefused
from jobs.services.submit import NO_INPUTS, Inputs, submit
from jobs.states import Source, Visibility

FORM, JSON = "multipart/form-data", "application/json"
# A document is held in memory about three times over, a form only on disk.
MAX_JSON_BYTES = 48 * 1024 * 1024
# What is left of a client's own patience when we answer that the job goes on without it.
MARGIN_S = 5.0
MAX_KEY_CHARS = 255


def generate(ask: Ask) -> Held | Reply:
    _expect(ask, JSON)
    routed = _routed(ask, "generate", parsing.read_json(ask.body), fields.GENERATION)
    _judge(ask, routed, 0, "image")
    return _accept(ask, routed, NO_INPUTS, "image")


def edit(ask: Ask) -> Held | Reply:
    if ask.call.media_type == FORM:
        return _of_form(ask, "edit", fields.EDIT)
    _expect(ask, JSON)
    if ask.body_bytes > MAX_JSON_BYTES:
        most = settings.GATEWAY_MAX_BODY_BYTES // (1024 * 1024)
        raise too_large(MAX_JSON_BYTES, f" Send the pictures as a form: that may have {most} MB.")
    values = parsing.read_json(ask.body)
    pictures: dict[str, Any] = {
        name: values.pop(name) for name in ("images", "mask", "markup") if name in values
    }
    routed = _routed(ask, "edit", values, fields.EDIT)
    images = pictures.get("images")
    _judge(ask, routed, len(images) if isinstance(images, list) else 1, "images")
    try:
        service = providers.named(routed.provider) or providers.default()
        inputs = references.of_json(ask, pictures, service)
    except SubmitRefused as error:
        raise refused(error.problems, pictures_param="images") from None
    return _accept(ask, routed, inputs, "images")


def vary(ask: Ask) -> Held | Reply:
    _expect(ask, FORM)
    return _of_form(ask, "vary", fields.VARIATION)


def _of_form(ask: Ask, operation: Operation, known: tuple[fields.Field, ...]) -> Held | Reply:
    form = forms.read_form(ask)
    try:
        routed = _routed(ask, operation, parsing.read_texts(form.texts, known), known)
        _judge(ask, routed, len(form.images), "image")
        inputs = references.of_form(ask.key.owner, form)
    except SubmitRefused as error:
        raise refused(error.problems, pictures_param="image") from None
    finally:
        form.close()
    return _accept(ask, routed, inputs, "image")


def _routed(
    ask: Ask, operation: Operation, values: Mapping[str, Any], known: tuple[fields.Field, ...]
) -> Routed:
    if ask.call.deployment:
        values = {**values, "model": ask.call.deployment}
    return routing.route(parsing.wish(operation, values, known))


def _judge(ask: Ask, routed: Routed, picture_count: int, pictures_param: str) -> None:
    """Refuse what can be refused before any picture of it is stored."""
    if not may_submit(ask.key.owner, ask.key.team):
        raise forbidden(f"You can look at {ask.key.team}'s pictures, but not make any.")
    request, provider = routed.request, routed.provider
    service = providers.named(provider) if provider else providers.default()
    # Any picture stands for those that come; what they really are is judged once they are here.
    sketch = replace(request, inputs=(_ANY_PICTURE,) * max(picture_count, _least(request)))
    found = providers.problems(sketch, service or providers.default())
    if problems := [each for each in found if each.param not in _LAYERS]:
        raise refused(problems, pictures_param=pictures_param, request=request)
    name = _idempotency_name(ask)
    _judge_headers(ask)
    if not _is_sent_again(ask) and not (name and idempotency.earlier(ask.key, name)):
        _check_queue(ask)
        _check_account(ask, service.name if service else provider)


def _judge_headers(ask: Ask) -> None:
    _visibility(ask)
    _cancels_on_hang_up(ask)


_LAYERS = ("mask", "markup")
_ANY_PICTURE = InputFacts(
    sha256="0" * 64, format="png", width=1024, height=1024, byte_count=1, has_alpha=False
)


def _least(request: ImageRequest) -> int:
    return 0 if request.operation == "generate" else 1


def _accept(ask: Ask, routed: Routed, inputs: Inputs, pictures_param: str) -> Held | Reply:
    name = _idempotency_name(ask)
    # Whatever fails before this one has started nothing for sure.
    connection.ensure_connection()
    try:
        job, is_replay = _order(ask, routed, inputs, name)
        return _answer_for(ask, routed, job, is_replay=is_replay)
    except SubmitRefused as error:
        raise refused(error.problems, pictures_param=pictures_param) from None
    except NotAllowed as error:
        raise forbidden(str(error)) from None
    except idempotency.Undecided:
        raise Fault(ENGINES_AWAY) from None
    except FAILED as error:
        if not is_away(error):
            raise
        answer = partial(_answer_for, ask, routed, is_replay=False)
        raise Unsettled(answer, _patience_s(ask), joins=name is not None) from error


def _order(ask: Ask, routed: Routed, inputs: Inputs, name: str | None) -> tuple[Job, bool]:
    """The job of this request, and whether it was there before."""
    request, provider = routed.request, routed.provider
    visibility, key = _visibility(ask), ask.key
    order = Order(key, ask.call.request_id, inputs.into(request), provider, visibility)
    # Together, so that no job is ever without its word to send, or without its caller.
    with idempotency.placing(order.request_id):
        is_again = _is_sent_again(ask)
        if name is None and (left := idempotency.take_up(order, _reach(ask))):
            return left, True
        earlier = idempotency.earlier(key, name) if name else None
        if is_again and earlier is None:
            # Only now it is known to be a new order.
            _check_queue(ask)
            _check_account(ask, provider or providers.default().name)
        job = submit(
            key.owner,
            key.team,
            request,
            inputs,
            provider=provider,
            visibility=visibility,
            source=Source.API,
            api_key=key,
            idempotency_key=name,
            asked=routed.written,
        )
        webhooks.expect(job, key)
        idempotency.expect(order, job)
        return job, earlier is not None


def _answer_for(ask: Ask, routed: Routed, job: Job, *, is_replay: bool) -> Held | Reply:
    headers = _headers(ask, job)
    if is_replay:
        headers["x-studio-idempotent-replay"] = "true"
    preferences = ask.call.preferences
    if "respond-async" in preferences and not preferences.get("wait"):
        return documents.accepted(job, ask.door, headers)
    is_streamed = job.image_request.stream
    return Held(
        job_id=job.pk,
        request_id=ask.call.request_id,
        door=ask.door,
        # A stream says now and then that it is still there, so its client has no shorter patience.
        wait_s=float(settings.GATEWAY_WAIT_S) if is_streamed else _patience_s(ask),
        response_format=routed.answers,
        is_streamed=is_streamed,
        is_over=job.state not in wait.UNDER_WAY,
        is_repeatable=bool(job.idempotency_key),
        counts_tries="x-stainless-retry-count" in ask.call.headers,
        cancels_on_hang_up=_cancels_on_hang_up(ask),
        async_after_s=_wait_preference_s(ask) if "respond-async" in preferences else None,
        headers=headers,
    )


def _headers(ask: Ask, job: Job) -> dict[str, str]:
    headers = {
        "x-studio-job-id": str(job.pk),
        "x-studio-page": documents.page_of(job, ask.call.origin),
        **documents.drawn_by(job),
    }
    if job.estimate_high_microusd is not None:
        headers["x-studio-estimate-microusd"] = str(job.estimate_high_microusd)
    return headers


def _idempotency_name(ask: Ask) -> str | None:
    text = ask.call.headers.get("idempotency-key")
    if text is None:
        return None
    if not 0 < len(text) <= MAX_KEY_CHARS:
        message = f"An Idempotency-Key has 1 to {MAX_KEY_CHARS} characters."
        raise invalid("Idempotency-Key", message)
    return idempotency.name_of(ask.key, text)


def _is_sent_again(ask: Ask) -> bool:
    """The official clients count how often they tried."""
    count = ask.call.headers.get("x-stainless-retry-count", "0")
    return count.isascii() and count.isdigit() and int(count[:4]) > 0


def _reach(ask: Ask) -> timedelta:
    """How long ago a client may have gone whose order this call takes up."""
    if _is_sent_again(ask):
        return idempotency.LEFT_FOR
    counts = "x-stainless-retry-count" in ask.call.headers
    return timedelta() if counts else timedelta(seconds=settings.GATEWAY_REJOIN_S)


def _check_queue(ask: Ask) -> None:
    most = settings.GATEWAY_MAX_QUEUED
    queued = wait.queued_of(ask.key.owner_id, most)
    if queued >= most:
        raise Fault(
            Trouble(
                status=429,
                message=f"{queued} jobs of yours wait already. Send more when they have begun.",
                code="queue_full",
                again=True,
                retry_after_s=10,
                headers={"x-studio-queue-depth": str(queued)},
            )
        )


def _check_account(ask: Ask, provider: str) -> None:
    """Nobody waits for what may take a day; a job to come back to may."""
    if (
        "respond-async" not in ask.call.preferences
        and provider in circuit_breaker.refused_accounts()
    ):
        raise Fault(ACCOUNT_CLOSED)


def _visibility(ask: Ask) -> Visibility:
    """A program's own pictures would be seen by nobody, so its team sees them."""
    usual = Visibility.TEAM if ask.key.owner.is_service else Visibility.PRIVATE
    text = ask.call.headers.get("x-studio-visibility", usual)
    if text not in set(Visibility):
        raise invalid("x-studio-visibility", "Choose private or team.")
    return Visibility(text)


def _cancels_on_hang_up(ask: Ask) -> bool:
    text = ask.call.headers.get("x-studio-cancel-on-disconnect", "false")
    if text not in ("true", "false"):
        raise invalid("x-studio-cancel-on-disconnect", "Choose true or false.")
    return text == "true"


def _patience_s(ask: Ask) -> float:
    """Ours, or a little less than the client's own where it says so."""
    text = ask.call.headers.get("x-stainless-read-timeout", "")
    theirs = float(text) if text.replace(".", "", 1).isdecimal() and text.isascii() else 0.0
    ours = float(settings.GATEWAY_WAIT_S)
    return min(ours, theirs - min(MARGIN_S, theirs / 5)) if theirs else ours


def _wait_preference_s(ask: Ask) -> float:
    text = ask.call.preferences.get("wait", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def _expect(ask: Ask, media_type: str) -> None:
    if ask.call.media_type not in ("", media_type):
        message = f"Send the body as {media_type}, not as {ask.call.media_type[:60]}."
        raise Fault(Trouble(status=415, message=message, code="unsupported_media_type"))
