"""What the processes know of themselves, of each other and of the providers."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


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
