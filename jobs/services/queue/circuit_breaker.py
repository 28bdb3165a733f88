"""Circuit breaker: providers that are not to be called for a while, and how they are tried again.

The truth is a row in PostgreSQL, so it survives whatever happens to Valkey. When its time has come
it is half open: one job goes alone, and what becomes of that job decides for all others.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from imagestudio.audit.services import record
from imagestudio.images_api.codes import OwnCode
from imagestudio.images_api.errors import (
    AccountFault,
    ImagesApiError,
    NotSent,
    OutcomeUnknown,
    Retryable,
    UnusableAnswer,
)
from jobs.models import Attempt, Job, ProviderTrouble
from jobs.services.queue import providers
from jobs.services.refusals import NotAllowed
from jobs.states import ErrorCode, Outcome, State, Trouble
from jobs.telling import Money, Telling

logger = logging.getLogger(__name__)

MAX_CLOSED_S = 300.0
TELL_AGAIN_AFTER = timedelta(hours=1)

ACCOUNT_REFUSED = "The service doesn't accept this studio's account: its key or its money."
ACCOUNT_WAITS = Telling(
    f"{ACCOUNT_REFUSED} The admins were told; this job waits until they have mended it.",
    Money.NOTHING,
)

# A job that fails on these never came as far as the provider.
OURS = frozenset({None, OwnCode.DISK, OwnCode.INPUT, OwnCode.DATABASE})


@dataclass(frozen=True, slots=True)
class ProviderNotice:
    """What everybody should know of a provider that is not called now."""

    provider: str
    kind: Trouble
    text: str
    until: datetime
    reason: str  # In the provider's words; for admins.


def learn(job: Job, error: ImagesApiError | None = None) -> None:
    """Draw the conclusion for the provider from how the call of this job ended."""
    match error:
        case AccountFault() if error.code != OwnCode.NOT_VERIFIED:
            _account_fault(job, error)
        case NotSent() | OutcomeUnknown() if error.code in OURS:
            return
        case NotSent() | OutcomeUnknown() | Retryable():
            _failure(job, error)
        case UnusableAnswer():
            return
        case _:
            _recover(job)


def is_of_this_job_alone(job: Job, error: ImagesApiError) -> bool:
    """It was refused or failed so before, and calls of others that began since went through."""
    before = _earlier(job, error)
    if before is None:
        return False
    since = Attempt.objects.filter(pk__gt=before.pk, provider=job.provider)
    return since.filter(outcome=Outcome.ANSWERED).exclude(job=job).exists()


def may_try(job: Job) -> bool:
    """Take the one place for a try, in the transaction that claims the job; the others wait."""
    due = ProviderTrouble.objects.filter(provider=job.provider, until__lte=Now())
    trouble = due.select_for_update(skip_locked=True, of=("self",)).first()
    # Asked after the lock, hence in a statement of its own: it must see what the lock waited for.
    if trouble is None or _is_being_tried(trouble):
        return False
    trouble.probe_job, trouble.probe_fence = job, job.fence + 1
    trouble.save(update_fields=["probe_job", "probe_fence"])
    logger.info("%s is tried again, by job %s", job.provider, job.pk)
    return True


def closed() -> dict[str, bool]:
    """The providers that are closed, by name: is it time for a try that nobody makes yet?"""
    rows = ProviderTrouble.objects.filter(until__isnull=False)
    is_due = ExpressionWrapper(Q(until__lte=Now()), BooleanField())
    return {
        row.provider: row.is_due and not _is_being_tried(row)
        for row in rows.annotate(is_due=is_due)
    }


def refused_accounts() -> set[str]:
    """Providers that take no call until somebody mends the account, and are not tried just now."""
    refused = ProviderTrouble.objects.filter(kind=Trouble.ACCOUNT, until__gt=Now())
    return set(refused.values_list("provider", flat=True))


def resume(actor: User, provider: str) -> bool:
    """An admin mended it; all jobs may go at once. False when nothing was closed."""
    if not actor.is_superuser:
        raise NotAllowed("Only an admin of the whole studio can do this.")
    with transaction.atomic():
        rows = ProviderTrouble.objects.select_for_update(of=("self",))
        trouble = rows.filter(provider=provider, until__isnull=False).first()
        if trouble is None:
            return False
        _open(trouble, actor)
        return True


def notices() -> list[ProviderNotice]:
    """For the head of every page; one look at a table that is nearly always empty."""
    closed = ProviderTrouble.objects.filter(until__isnull=False).order_by("provider")
    return [
        ProviderNotice(row.provider, Trouble(row.kind), _words(row), row.until, row.reason)
        for row in closed
        if row.until and providers.named(row.provider)
    ]


def tell_admins() -> int:
    """Send a letter about each account that was refused; once, and not again within the hour."""
    of_earlier = Q(told_at__lt=F("since")) & Q(told_at__lt=Now() - TELL_AGAIN_AFTER)
    quiet = Q(told_at=None) | of_earlier
    untold = ProviderTrouble.objects.filter(quiet, kind=Trouble.ACCOUNT, until__isnull=False)
    sent = 0
    for trouble in untold:
        if not untold.filter(pk=trouble.pk).update(told_at=Now()):
            continue  # Another sweeper was faster.
        if _send(trouble):
            sent += 1
        else:
            ProviderTrouble.objects.filter(pk=trouble.pk).update(told_at=trouble.told_at)
    return sent


def _earlier(job: Job, error: ImagesApiError) -> Attempt | None:
    """The job's first call that came to the same."""
    calls = Attempt.objects.filter(job=job, fence__lt=job.fence).order_by("fence")
    if isinstance(error, AccountFault):
        return calls.filter(error_code=ErrorCode.ACCOUNT).first()
    return calls.filter(Q(outcome=Outcome.NOT_SENT) | Q(error_code=ErrorCode.SERVER_ERROR)).first()


def _failure(job: Job, error: ImagesApiError) -> None:
    if is_of_this_job_alone(job, error):
        return
    with transaction.atomic():
        trouble = _locked(job.provider)
        if _is_of_earlier(trouble, job):
            return
        trouble.failures += 1
        if trouble.until is not None:
            _close(trouble, Trouble(trouble.kind), trouble.reason)
        elif trouble.failures >= settings.BREAKER_AFTER:
            _close(trouble, Trouble.DOWN, str(error))
        trouble.last_at = Now()
        trouble.save()


def _account_fault(job: Job, error: AccountFault) -> None:
    if is_of_this_job_alone(job, error):
        return
    with transaction.atomic():
        trouble = _locked(job.provider)
        is_news = trouble.until is None or trouble.kind != Trouble.ACCOUNT
        if not is_news and _is_of_earlier(trouble, job):
            return
        if not is_news and _earlier(job, error):
            # It says again what it said before; the next job of anybody else may try at once.
            trouble.last_at = Now()
            trouble.save(update_fields=["last_at"])
            return
        trouble.failures += 1
        _close(trouble, Trouble.ACCOUNT, str(error))
        if is_news:
            record(None, "provider.closed", trouble, {"reason": str(error)})
        trouble.last_at = Now()
        trouble.save()


def _recover(job: Job) -> None:
    """A call that began after the last failure went through."""
    # Calls that were on their way before it say nothing of the time since.
    begun_after = Q(last_at__lt=job.changed_at)
    rows = ProviderTrouble.objects.filter(begun_after, provider=job.provider, failures__gt=0)
    if not rows.exists():
        return
    with transaction.atomic():
        for trouble in rows.select_for_update(of=("self",)):
            _open(trouble, None)


def _close(trouble: ProviderTrouble, kind: Trouble, reason: str) -> None:
    is_longer = trouble.until is not None and trouble.kind == kind
    trouble.rounds = trouble.rounds + 1 if is_longer else 0
    if not is_longer:
        trouble.since = Now()
    trouble.kind, trouble.reason = kind, reason
    closed_s = _closed_s(kind, trouble.rounds)
    trouble.until = Now() + timedelta(seconds=closed_s)
    trouble.probe_job = None
    logger.warning("%s is not called for %.0f s: %s", trouble.provider, closed_s, reason)


def _open(trouble: ProviderTrouble, actor: User | None) -> None:
    if trouble.until is not None:
        logger.warning("%s is called again", trouble.provider)
    if trouble.kind == Trouble.ACCOUNT or (actor and trouble.until is not None):
        record(actor, "provider.opened", trouble)
    trouble.kind, trouble.reason, trouble.failures, trouble.rounds = "", "", 0, 0
    trouble.until = trouble.probe_job = None
    trouble.save()


def _closed_s(kind: Trouble, rounds: int) -> float:
    if kind is Trouble.ACCOUNT:
        return float(settings.ACCOUNT_PROBE_S)
    return float(min(MAX_CLOSED_S, settings.BREAKER_BASE_S * 2 ** min(rounds, 10)))


def _locked(provider: str) -> ProviderTrouble:
    ProviderTrouble.objects.get_or_create(provider=provider)
    return ProviderTrouble.objects.select_for_update(of=("self",)).get(provider=provider)


def _is_being_tried(trouble: ProviderTrouble) -> bool:
    tried_by = Job.objects.filter(fence=trouble.probe_fence, state=State.RUNNING)
    return trouble.probe_job_id is not None and tried_by.filter(pk=trouble.probe_job_id).exists()


def _was_tried_by(trouble: ProviderTrouble, job: Job) -> bool:
    return trouble.probe_job_id == job.pk and trouble.probe_fence == job.fence


def _is_of_earlier(trouble: ProviderTrouble, job: Job) -> bool:
    """A call from before it was closed: what it came to must not outlast the try's success."""
    return trouble.until is not None and not _was_tried_by(trouble, job)


def _words(trouble: ProviderTrouble) -> str:
    if trouble.kind == Trouble.ACCOUNT:
        refused = ACCOUNT_REFUSED.replace("The service", f"The service {trouble.provider}", 1)
        return f"{refused} Jobs for it wait, and nothing is spent. The admins were told."
    return (
        f"The service {trouble.provider} can't be reached, or fails again and again. Jobs for it"
        " wait and start by themselves as soon as it answers."
    )


def _send(trouble: ProviderTrouble) -> bool:
    admins = User.objects.filter(is_superuser=True, is_active=True)
    letter = EmailMessage(
        subject=f"Image Studio: {trouble.provider} refuses the studio's account",
        body=LETTER.format(
            provider=trouble.provider, reason=trouble.reason, minutes=settings.ACCOUNT_PROBE_S / 60
        ),
        to=list(admins.values_list("email", flat=True)),
    )
    try:
        letter.send()
    except (OSError, SMTPException) as error:
        logger.warning("the admins could not be told: %s", type(error).__name__)
        return False
    return True


LETTER = """\
{provider} does not accept the studio's account any more. It says:

    {reason}

Jobs for it wait in the queue, and nothing is spent on them. Every {minutes:.0f} minutes one of them
tries whether it works again; then all others follow. When you have mended the key or the money, you
can let them go at once on the studio's page for admins.
"""
