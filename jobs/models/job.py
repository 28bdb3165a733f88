"""A job, its attempts (one for each call that it took), and the way that it went."""

from datetime import timedelta

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from imagestudio.accounts.models import ApiKey, Team, User
from imagestudio.ids import uuid7
from imagestudio.images_api.types import ImageRequest
from jobs import triggers
from jobs.models.choices import choices, values
from jobs.queries import AttemptQuerySet, JobManager
from jobs.states import FINAL, Outcome, Policy, Source, State, Visibility
from jobs.telling import Money, Telling


class Job(models.Model):
    """One request for pictures, from acceptance to its final state."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="jobs")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="jobs")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)
    source = models.CharField(max_length=8, choices=choices(Source), default=Source.PAGE.value)
    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs"
    )
    visibility = models.CharField(
        max_length=8, choices=choices(Visibility), default=Visibility.PRIVATE.value
    )

    # What was asked. `request` is the whole of it; the columns are what lists are made from.
    request = models.JSONField()
    # What its program wrote where that became something else: a model that is gone, old words.
    asked = models.JSONField(null=True, blank=True)
    operation = models.CharField(max_length=10)
    model = models.CharField(max_length=80)
    prompt = models.TextField()
    # What searches look into; the database writes it.
    folded_prompt = models.TextField(db_default="", editable=False)
    n = models.PositiveSmallIntegerField()
    provider = models.CharField(max_length=40)
    idempotency_key = models.CharField(max_length=255, null=True)
    idempotency_hash = models.CharField(max_length=64, blank=True)

    # Where it stands. Only `claim` and `move` write `state`; times are the database's.
    state = models.CharField(max_length=10, choices=choices(State), default=State.QUEUED.value)
    fence = models.PositiveIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    crash_count = models.PositiveSmallIntegerField(default=0)
    policy = models.CharField(max_length=8, choices=choices(Policy), default=Policy.ASK.value)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)
    run_after = models.DateTimeField(db_default=Now())
    dispatched_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    # The last time that a worker took it, be it in vain; whose turn it is goes by this.
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField()
    held_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    thumbs_at = models.DateTimeField(null=True, blank=True)
    # How many partial pictures have been shown; the newest waits in the cache, never in storage.
    preview_count = models.PositiveSmallIntegerField(default=0)
    # With a mask: beside the raw result, one whose pixels outside the mask are the original's.
    keeps_outside = models.BooleanField(default=True)

    # How it went, in words for the card, and the same in the parts of a `Telling`.
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    error_what = models.TextField(blank=True, db_default="")
    error_money = models.CharField(
        max_length=16, choices=choices(Money), blank=True, db_default=Money.UNSAID.value
    )
    error_more = models.TextField(blank=True, db_default="")
    after_doubt = models.BooleanField(db_default=False)
    error_param = models.CharField(max_length=60, blank=True)
    may_be_billed = models.BooleanField(default=False)

    # Money, in millionths of a US dollar. NULL is unknown and never shown as zero.
    estimate_low_microusd = models.BigIntegerField(null=True, blank=True)
    estimate_high_microusd = models.BigIntegerField(null=True, blank=True)
    cost_microusd = models.BigIntegerField(null=True, blank=True)
    price_version = models.CharField(max_length=40, blank=True)

    objects = JobManager()

    has_unread = False  # Set where jobs are found for their cards.

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "-id"], name="job_by_owner"),
            models.Index(fields=["team", "visibility", "-id"], name="job_by_team"),
            models.Index(
                fields=["api_key", "-id"], name="job_by_key", condition=Q(api_key__isnull=False)
            ),
            models.Index(fields=["owner", "-changed_at"], name="job_by_change"),
            # Whose turn it is, and which of their jobs: the scheduler walks it from owner to owner.
            models.Index(
                fields=["provider", "owner", "id"],
                name="job_in_turn",
                condition=Q(state=State.QUEUED.value),
            ),
            models.Index(
                fields=["provider", "owner", "-claimed_at"],
                name="job_by_claim",
                condition=Q(claimed_at__isnull=False),
            ),
            models.Index(
                fields=["run_after"], name="job_queued", condition=Q(state=State.QUEUED.value)
            ),
            models.Index(
                fields=["lease_until"], name="job_running", condition=Q(state=State.RUNNING.value)
            ),
            models.Index(
                fields=["held_until"], name="job_held", condition=Q(state=State.HELD.value)
            ),
            models.Index(
                fields=["finished_at"],
                name="job_thumbless",
                condition=Q(state=State.SUCCEEDED.value, thumbs_at=None),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["owner", "idempotency_key"], name="job_submitted_once"),
            models.CheckConstraint(condition=Q(state__in=values(State)), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=values(FINAL), finished_at__isnull=False)
                | (~Q(state__in=values(FINAL)) & Q(finished_at=None)),
                name="job_final_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state=State.RUNNING.value, lease_until__isnull=False)
                | (~Q(state=State.RUNNING.value) & Q(lease_until=None)),
                name="job_running_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.HELD.value) | Q(held_until__isnull=False),
                name="job_held_has_deadline",
            ),
            models.CheckConstraint(condition=Q(n__gte=1, n__lte=10), name="job_n_in_range"),
        ]
        triggers = [triggers.GUARD_STATE, triggers.RECORD_EVENT, triggers.TOUCH, triggers.FOLD]

    def __str__(self) -> str:
        return f"{self.prompt[:60]} ({self.state})"

    @property
    def image_request(self) -> ImageRequest:
        return ImageRequest.from_json(self.request)

    @property
    def telling(self) -> Telling:
        """The parts where they are those of the message.

        Processes of an earlier release, which may run beside ours for a while, write that alone.
        """
        parts = Telling(self.error_what, Money(self.error_money), self.error_more, self.after_doubt)
        return parts if str(parts) == self.error_message else Telling.of(self.error_message)

    @property
    def told(self) -> str:
        return self.error_message

    @property
    def is_final(self) -> bool:
        return State(self.state) in FINAL

    @property
    def duration(self) -> timedelta | None:
        """From the start of the work to its end, or until now."""
        if self.started_at is None:
            return None
        return (self.finished_at or timezone.now()) - self.started_at


class Attempt(models.Model):
    """One call to the upstream. Spend is a sum over these rows."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="attempts")
    fence = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    provider = models.CharField(max_length=40)
    outcome = models.CharField(max_length=10, choices=choices(Outcome))
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    upstream_request_id = models.CharField(max_length=200, blank=True)
    bytes_received = models.BigIntegerField(null=True, blank=True)
    usage = models.JSONField(null=True, blank=True)
    # What the answer said beside its pictures: the size and quality that `auto` became, or why not.
    answer = models.JSONField(null=True, blank=True)
    cost_microusd = models.BigIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ["fence"]
        constraints = [
            models.UniqueConstraint(fields=["job", "fence"], name="attempt_once_per_fence"),
            models.CheckConstraint(
                condition=Q(outcome__in=values(Outcome)), name="attempt_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.number} of {self.job_id}: {self.outcome}"


class Event(models.Model):
    """One arrow that a job took. Written by the database, in the same statement as the move."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    source = models.CharField(max_length=10, blank=True)
    target = models.CharField(max_length=10)
    fence = models.PositiveIntegerField()
    reason = models.CharField(max_length=60, blank=True)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        triggers = [pgtrigger.Protect(name="event_is_written_once", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.source or 'new'} → {self.target}"
