"""Orders of programs: each is accepted once, however often its request is sent.

A door reads a request into an `Order`, has it judged and admitted before any picture of it is
stored, and places it. A repeat joins the job that there is; `idempotency` says which.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.conf import settings
from django.db import connection

from imagestudio.accounts.models import ApiKey
from imagestudio.images_api.types import ImageRequest, InputFacts
from imagestudio.web.database import FAILED
from imagestudio.web.errors import is_away
from jobs.models import Job
from jobs.services.programs import idempotency, webhooks
from jobs.services.queue import circuit_breaker, providers
from jobs.services.refusals import SubmitRefused
from jobs.services.submit import NO_INPUTS, GivenPictures, require_right, submit
from jobs.states import Source, State, Visibility

_LAYERS = ("mask", "markup")
# Stands for the pictures that are to come; what they really are is judged once they are here.
_ANY_PICTURE = InputFacts(
    sha256="0" * 64, format="png", width=1024, height=1024, byte_count=1, has_alpha=False
)


class QueueFull(Exception):
    """As many jobs of this member wait as one may have; nothing was started."""

    def __init__(self, queued: int) -> None:
        super().__init__(f"{queued} jobs wait")
        self.queued = queued


class AccountRefused(Exception):
    """The service takes no call until somebody mends the account; nothing was started."""


class AcceptanceUnknown(Exception):
    """The database went away in the middle. `idempotency.find_ordered` tells what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request of a program: what its job is made of, and by what its repeats are known."""

    key: ApiKey
    request_id: str
    request: ImageRequest
    as_written: ImageRequest  # What its program sent; `request` says it by the models of today.
    inputs: GivenPictures = NO_INPUTS
    provider: str = ""  # Empty for the first one.
    visibility: Visibility = Visibility.PRIVATE
    # What its program wrote, as far as the request says something else by now.
    asked: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None
    tries_before: int | None = None  # As its client counts them; None when it does not count.
    is_awaited: bool = True  # Its client waits for the pictures; else it comes back for them.

    @property
    def service_name(self) -> str:
        return self.provider or providers.default().name

    @property
    def is_sent_again(self) -> bool:
        return bool(self.tries_before)

    @property
    def digest(self) -> str:
        """Of all that was written: equal where the same is asked for, on whatever day."""
        written = self.inputs.into(self.as_written)
        style = self.asked.get("style", "")
        what = [str(self.key.team_id), written.to_json(), style, self.visibility]
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Placed:
    """The job of an order; a replay found it there."""

    job: Job
    is_replay: bool


def judge(key: ApiKey, request: ImageRequest, provider: str, picture_count: int) -> None:
    """Refuse what no picture could mend. Raises NotAllowed, or SubmitRefused."""
    require_right(key.owner, key.team)
    least = 0 if request.operation == "generate" else 1
    sketch = replace(request, inputs=(_ANY_PICTURE,) * max(picture_count, least))
    found = providers.problems(sketch, providers.named(provider) or providers.default())
    if problems := [each for each in found if each.param not in _LAYERS]:
        raise SubmitRefused(problems)


def may_be_repeat(order: Order) -> bool:
    """Whether there may be a job that this order joins; for sure it is known when it is placed."""
    if name := order.idempotency_key:
        return idempotency.find_named(order.key, name) is not None
    return bool(_reach(order)) and idempotency.has_callers(order.key)


def admit(order: Order) -> None:
    """Refuse a new order for which there is no room: raises QueueFull, or AccountRefused.

    What may be a repeat passes. Whether it is one is known when it is placed.
    """
    name = order.idempotency_key
    if order.is_sent_again or (name and idempotency.find_named(order.key, name)):
        return
    _require_room(order)


def place(order: Order) -> Placed:
    """Commit a job for this order, or join the one that there is.

    Raises what `judge` and `admit` raise, and Undecided: nothing was started then. Raises
    AcceptanceUnknown when the database went away in the middle.
    """
    # Whatever fails before this one has started nothing for sure.
    connection.ensure_connection()
    # Together, so that no job is ever without its webhook, or without its caller.
    with unknown_after_outage(), idempotency.transaction_of(order.request_id):
        return _place(order)


@contextmanager
def unknown_after_outage() -> Iterator[None]:
    """Raise AcceptanceUnknown, caused by the database's error, when that goes away inside."""
    try:
        yield
    except FAILED as error:
        if not is_away(error):
            raise
        raise AcceptanceUnknown from error


def _place(order: Order) -> Placed:
    key, name = order.key, order.idempotency_key
    caller = idempotency.caller_of(key, order.request_id, order.digest)
    if name is None:
        earlier = idempotency.take_up(caller, _reach(order))
        if earlier is not None:
            return Placed(earlier, is_replay=True)
    else:
        earlier = idempotency.take_name(key, name)
    if order.is_sent_again and earlier is None:
        # Only now it is known to be a new order.
        _require_room(order)
    job = _submit(order)
    webhooks.expect(job, key)
    idempotency.add_caller(caller, job)
    return Placed(job, is_replay=earlier is not None)


def _submit(order: Order) -> Job:
    return submit(
        order.key.owner,
        order.key.team,
        order.request,
        order.inputs,
        provider=order.provider,
        visibility=order.visibility,
        source=Source.API,
        api_key=order.key,
        idempotency_key=order.idempotency_key,
        asked=order.asked,
        digest=order.digest,
    )


def _reach(order: Order) -> timedelta:
    """How long ago a client may have gone whose order this one takes up."""
    if order.is_sent_again:
        return idempotency.LEFT_FOR
    counts = order.tries_before is not None
    return timedelta() if counts else timedelta(seconds=settings.GATEWAY_REJOIN_S)


def _require_room(order: Order) -> None:
    most = settings.GATEWAY_MAX_QUEUED
    # Counted no further than it matters.
    queued = Job.objects.filter(owner=order.key.owner_id, state=State.QUEUED).order_by()
    if (count := queued[:most].count()) >= most:
        raise QueueFull(count)
    # Nobody waits for what may take a day; a job to come back to may.
    if order.is_awaited and order.service_name in circuit_breaker.refused_accounts():
        raise AccountRefused
