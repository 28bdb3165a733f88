"""A request for pictures as a program sent it, read once: the order, and how to answer it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from jobs.gateway.api.calls import ApiRequest
from jobs.gateway.api.errors import invalid
from jobs.gateway.api.routing import Routed
from jobs.services.programs import idempotency
from jobs.services.programs.orders import Order
from jobs.services.submit import MAX_KEY_CHARS
from jobs.states import Visibility

# What is left of a client's own patience when we answer that the job goes on without it.
MARGIN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What was ordered, and what the answer is to be like."""

    order: Order
    cancels_on_hang_up: bool
    response_format: str  # "b64_json", "url" or "both".
    wait_s: float
    async_after_s: float | None  # Then the job's own document is enough (`Prefer: wait=`).
    is_answered_at_once: bool  # By that document (`Prefer: respond-async`).


def read(request: ApiRequest, routed: Routed) -> OrderRequest:
    """Read the headers too, in this order: an ApiError tells of the first that makes no sense."""
    preferences = request.call.preferences
    is_async = "respond-async" in preferences
    order = Order(
        key=request.key,
        request_id=request.call.request_id,
        request=routed.request,
        as_written=routed.as_written,
        provider=routed.provider,
        asked=routed.written,
        idempotency_key=_idempotency_key(request),
        visibility=_visibility(request),
        tries_before=_tries_before(request),
        is_awaited=not is_async,
    )
    return OrderRequest(
        order=order,
        cancels_on_hang_up=_cancels_on_hang_up(request),
        response_format=routed.answers,
        wait_s=_patience_s(request),
        async_after_s=_wait_preference_s(preferences.get("wait", "")) if is_async else None,
        is_answered_at_once=is_async and not preferences.get("wait"),
    )


def _idempotency_key(request: ApiRequest) -> str | None:
    text = request.call.headers.get("idempotency-key")
    if text is None:
        return None
    if not 0 < len(text) <= MAX_KEY_CHARS:
        message = f"An Idempotency-Key has 1 to {MAX_KEY_CHARS} characters."
        raise invalid("Idempotency-Key", message)
    return idempotency.name_of(request.key, text)


def _visibility(request: ApiRequest) -> Visibility:
    """A program's own pictures would be seen by nobody, so its team sees them."""
    usual = Visibility.TEAM if request.key.owner.is_service else Visibility.PRIVATE
    text = request.call.headers.get("x-studio-visibility", usual)
    if text not in set(Visibility):
        raise invalid("x-studio-visibility", "Choose private or team.")
    return Visibility(text)


def _tries_before(request: ApiRequest) -> int | None:
    """The official clients count how often they tried."""
    count = request.call.headers.get("x-stainless-retry-count")
    if count is None:
        return None
    return int(count[:4]) if count.isascii() and count.isdigit() else 0


def _cancels_on_hang_up(request: ApiRequest) -> bool:
    text = request.call.headers.get("x-studio-cancel-on-disconnect", "false")
    if text not in ("true", "false"):
        raise invalid("x-studio-cancel-on-disconnect", "Choose true or false.")
    return text == "true"


def _patience_s(request: ApiRequest) -> float:
    """Ours, or a little less than the client's own where it says so."""
    text = request.call.headers.get("x-stainless-read-timeout", "")
    theirs = float(text) if text.replace(".", "", 1).isdecimal() and text.isascii() else 0.0
    ours = float(settings.GATEWAY_WAIT_S)
    return min(ours, theirs - min(MARGIN_S, theirs / 5)) if theirs else ours


def _wait_preference_s(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0
