"""The three endpoints that make pictures: each call becomes a job like any other."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction

from imagestudio.images_api.types import Operation
from jobs.gateway import documents, fields, forms, parsing, references, routing
from jobs.gateway.calls import Ask
from jobs.gateway.faults import Fault, Trouble, forbidden, invalid, refused, too_large
from jobs.gateway.parsing import Wish
from jobs.gateway.replies import Held, Reply
from jobs.models import Job
from jobs.services import idempotency, wait, webhooks
from jobs.services.refusals import NotAllowed, SubmitRefused
from jobs.services.submit import NO_INPUTS, Inputs, submit
from jobs.states import Source, Visibility

FORM, JSON = "multipart/form-data", "application/json"
MAX_JSON_BYTES = 48 * 1024 * 1024
# What is left of a client's own patience when we answer that the job goes on without it.
MARGIN_S = 5.0
MAX_KEY_CHARS = 255


def generate(ask: Ask) -> Held | Reply:
    _expect(ask, JSON)
    wish = parsing.wish("generate", parsing.read_json(ask.body), fields.GENERATION)
    return _accept(ask, wish, NO_INPUTS, "image")


def edit(ask: Ask) -> Held | Reply:
    if ask.call.media_type == FORM:
        return _of_form(ask, "edit", fields.EDIT)
    _expect(ask, JSON)
    if ask.body_bytes > MAX_JSON_BYTES:
        raise too_large(MAX_JSON_BYTES)
    values = parsing.read_json(ask.body)
    pictures: dict[str, Any] = {
        name: values.pop(name) for name in ("images", "mask", "markup") if name in values
    }
    wish = parsing.wish("edit", values, fields.EDIT)
    try:
        inputs = references.of_json(ask, pictures)
    except SubmitRefused as error:
        raise refused(error.problems, pictures_param="images") from None
    return _accept(ask, wish, inputs, "images")


def vary(ask: Ask) -> Held | Reply:
    _expect(ask, FORM)
    return _of_form(ask, "vary", fields.VARIATION)


def _of_form(ask: Ask, operation: Operation, known: tuple[fields.Field, ...]) -> Held | Reply:
    form = forms.read_form(ask)
    try:
        wish = parsing.wish(operation, parsing.read_texts(form.texts, known), known)
        inputs = references.of_form(ask.key.owner, form)
    except SubmitRefused as error:
        raise refused(error.problems, pictures_param="image") from None
    finally:
        form.close()
    return _accept(ask, wish, inputs, "image")


def _accept(ask: Ask, wish: Wish, inputs: Inputs, pictures_param: str) -> Held | Reply:
    request, provider = routing.route(wish.request)
    name = _idempotency_name(ask)
    earlier = idempotency.earlier(ask.key, name) if name else None
    if name is None and _is_sent_again(ask):
        left = idempotency.take_up(ask.key, inputs.into(request))
        if left is not None:
            return _answer_for(ask, left, wish, is_replay=True)
    if earlier is None:
        _check_queue(ask)
    try:
        # Together, so that no job with a webhook is ever without its word to send.
        with transaction.atomic():
            job = submit(
                ask.key.owner,
                ask.key.team,
                request,
                inputs,
                provider=provider,
                visibility=_visibility(ask),
                source=Source.API,
                api_key=ask.key,
                idempotency_key=name,
            )
            webhooks.expect(job, ask.key)
    except SubmitRefused as error:
        raise refused(error.problems, pictures_param=pictures_param) from None
    except NotAllowed as error:
        raise forbidden(str(error)) from None
    return _answer_for(ask, job, wish, is_replay=earlier is not None)


def _answer_for(ask: Ask, job: Job, wish: Wish, *, is_replay: bool) -> Held | Reply:
    headers = _headers(ask, job)
    if is_replay:
        headers["x-studio-idempotent-replay"] = "true"
    preferences = ask.call.preferences
    if "respond-async" in preferences and not preferences.get("wait"):
        return documents.accepted(job, ask.call.origin, headers)
    return Held(
        job_id=job.pk,
        origin=ask.call.origin,
        wait_s=_patience_s(ask),
        response_format=wish.response_format,
        is_streamed=job.image_request.stream,
        is_over=job.state not in wait.UNDER_WAY,
        is_repeatable=bool(job.idempotency_key),
        counts_tries="x-stainless-retry-count" in ask.call.headers,
        cancels_on_hang_up=ask.call.headers.get("x-studio-cancel-on-disconnect") == "true",
        async_after_s=_wait_preference_s(ask) if "respond-async" in preferences else None,
        headers=headers,
    )


def _headers(ask: Ask, job: Job) -> dict[str, str]:
    headers = {
        "x-studio-job-id": str(job.pk),
        "x-studio-page": documents.page_of(job, ask.call.origin),
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


def _visibility(ask: Ask) -> Visibility:
    """A program's own pictures would be seen by nobody, so its team sees them."""
    usual = Visibility.TEAM if ask.key.owner.is_service else Visibility.PRIVATE
    text = ask.call.headers.get("x-studio-visibility", usual)
    if text not in set(Visibility):
        raise invalid("x-studio-visibility", "Choose private or team.")
    return Visibility(text)


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
