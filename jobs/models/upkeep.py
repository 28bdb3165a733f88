"""What the processes know of themselves, of each other and of the providers."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from jobs.models.choices import choices
from jobs.models.job import Job
from jobs.states import Trouble


class Pulse(models.Model):
    """When a process last said that it is alive."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    objects: ClassVar[models.Manager["Pulse"]]

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"


class ProviderListing(models.Model):
    """What a provider's own list of models said when a worker last asked."""

    provider = models.CharField(max_length=40, primary_key=True)
    document = models.JSONField()
    asked_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"models of {self.provider}"


class ProviderTrouble(models.Model):
    """What stands between this studio and a provider; with `until` empty, nothing does."""

    provider = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=8, blank=True, choices=choices(Trouble))
    failures = models.PositiveIntegerField(default=0)  # In a row.
    rounds = models.PositiveSmallIntegerField(default=0)  # How often a probe failed since.
    reason = models.TextField(blank=True)
    since = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)  # Of the last failure.
    until = models.DateTimeField(null=True, blank=True)  # From then on one job at a time tries it.
    told_at = models.DateTimeField(null=True, blank=True)  # When the admins had a letter.
    # The job that tries it, as long as it runs with this fence.
    probe_job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    probe_fence = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager["ProviderTrouble"]]

    def __str__(self) -> str:
        return f"{self.provider}: {self.kind or 'well'}"


class QueueShare(models.Model):
    """How many turns a member gets where another gets one."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="queue_share"
    )
    weight = models.PositiveSmallIntegerField(default=1)

    objects: ClassVar[models.Manager["QueueShare"]]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weight__gte=1), name="queue_share_at_least_one")
        ]

    def __str__(self) -> str:
        return f"{self.weight} turns for {self.user_id}"
