"""What members keep in the composer."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from imagestudio.ids import uuid7


class SavedDraft(models.Model):
    """What a member has in the composer, so that it waits on every device."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="saved_draft"
    )
    values = models.JSONField()
    # The page's form that wrote it last; empty when no page did.
    form = models.CharField(max_length=255, default="")
    # What another form had before; it can be brought back.
    aside = models.JSONField(null=True)
    changed_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager["SavedDraft"]]

    def __str__(self) -> str:
        return f"draft of {self.user_id}"


class Preset(models.Model):
    """Settings of the composer under a name of the member's own: no prompt, no pictures."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="presets")
    name = models.CharField(max_length=60)
    values = models.JSONField()
    changed_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager["Preset"]]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="preset_once_per_name")
        ]

    def __str__(self) -> str:
        return self.name
