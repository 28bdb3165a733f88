"""What the gateway owes to programs."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

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
