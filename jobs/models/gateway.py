"""Callers of jobs and deliveries to them: what the gateway owes to programs."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from imagestudio.accounts.models import ApiKey
from jobs.models.job import Job


class Delivery(models.Model):
    """Word to a program that its job has ended, until it was heard or given up."""

    job = models.OneToOneField(
        Job, on_delete=models.CASCADE, primary_key=True, related_name="delivery"
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True, blank=True)  # Heard, or given up.
    was_heard = models.BooleanField(default=False)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager["Delivery"]]

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["next_at"], name="delivery_due", condition=Q(done_at=None))]

    def __str__(self) -> str:
        return f"word of {self.job_id}"


class Caller(models.Model):
    """A program's request that waits for its job, or went without its answer; gone once it has it.

    Each request has an id of its own, so that it can be asked after when nobody knows whether its
    order was accepted.
    """

    job = models.OneToOneField(
        Job, on_delete=models.CASCADE, primary_key=True, related_name="caller"
    )
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+", db_index=False)
    request_id = models.CharField(max_length=40, unique=True)
    digest = models.CharField(max_length=64)  # Of all that was asked for, to tell a repeat by.
    # Where it waits: the process that has the advisory lock of this number as long as it lives.
    process = models.PositiveIntegerField()
    since = models.DateTimeField(db_default=Now())
    left_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Caller"]]

    class Meta:
        indexes = [models.Index(fields=["api_key", "digest"], name="caller_by_digest")]

    def __str__(self) -> str:
        return f"{self.request_id} for {self.job_id}"
