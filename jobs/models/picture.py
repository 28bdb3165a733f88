"""Pictures: those that members bring, those that jobs take along, those that come of them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from imagestudio.decoding.facts import KINDS
from imagestudio.ids import uuid7
from imagestudio.images_api.types import InputFacts
from jobs.models.choices import choices, values
from jobs.models.job import Job
from jobs.queries import IN_VAIN, ImageQuerySet, UnreadAnswerQuerySet, UploadQuerySet
from jobs.states import InputRole


class Upload(models.Model):
    """A member's own picture, for jobs to take along: a clean copy that never changes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="uploads")
    name = models.CharField(max_length=200)
    key = models.CharField(max_length=200, unique=True)
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=8)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    byte_count = models.BigIntegerField()
    has_alpha = models.BooleanField(default=False)
    small_key = models.CharField(max_length=200)
    small_sha256 = models.CharField(max_length=64)
    # The picture that it was taken from, when it came out of somebody's history.
    image = models.ForeignKey(
        "Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    taken_from = models.CharField(max_length=200, blank=True)  # The key of its bytes there.
    # Of a mask or a markup: the picture that it was made for.
    over = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="layers"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def content_type(self) -> str:
        return f"image/{self.format}"

    @property
    def facts(self) -> InputFacts:
        return InputFacts(
            sha256=self.sha256,
            format=self.format,
            width=self.width,
            height=self.height,
            byte_count=self.byte_count,
            has_alpha=self.has_alpha,
        )


class JobInput(models.Model):
    """A picture that a job takes along, in its place."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="inputs")
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="uses")
    role = models.CharField(max_length=8, choices=choices(InputRole))
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["role", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "role", "position"], name="job_input_once_per_place"
            ),
            models.CheckConstraint(
                condition=Q(role__in=values(InputRole)), name="job_input_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.position + 1} of {self.job_id}"


class Image(models.Model):
    """One picture of a succeeded job. `key` names bytes that are stored once and never change.

    What the studio can't open is kept as well, for its owner to download; it has no size.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="images")
    index = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=200, unique=True)
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=8)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    byte_count = models.BigIntegerField()
    small_key = models.CharField(max_length=200, blank=True)
    small_sha256 = models.CharField(max_length=64, blank=True)
    large_key = models.CharField(max_length=200, blank=True)
    large_sha256 = models.CharField(max_length=64, blank=True)
    # What is shown in place of the raw result: the composite of a masked edit, or a drawing without
    # what could act. And how much of what the mask protects the model changed.
    kept_key = models.CharField(max_length=200, blank=True)
    kept_sha256 = models.CharField(max_length=64, blank=True)
    kept_width = models.PositiveIntegerField(null=True, blank=True)
    kept_height = models.PositiveIntegerField(null=True, blank=True)
    outside_change_permille = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["job", "index"], name="image_once_per_slot")]

    def __str__(self) -> str:
        return f"picture {self.index + 1} of {self.job_id}"

    @property
    def content_type(self) -> str:
        return content_type_of(self.format)

    @property
    def can_be_shown(self) -> bool:
        return self.width > 0

    @property
    def shown_key(self) -> str:
        return self.kept_key or self.key

    @property
    def shown_sha256(self) -> str:
        return self.kept_sha256 or self.sha256

    @property
    def shown_width(self) -> int:
        return self.kept_width or self.width

    @property
    def shown_height(self) -> int:
        return self.kept_height or self.height


class LateResult(models.Model):
    """A paid answer that reached our disk after its job had ended; its spool folder is kept."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="late_results")
    fence = models.PositiveIntegerField()
    found_at = models.DateTimeField(db_default=Now(), editable=False)
    # The job that shows it now; or when its owner turned it down, for the sweeper to clear away.
    taken_as = models.OneToOneField(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="taken_from"
    )
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "fence"], name="late_result_once_per_fence")
        ]

    def __str__(self) -> str:
        return f"late answer to {self.job_id}"

    @property
    def is_open(self) -> bool:
        """Still to be decided about: neither turned down nor shown by a job of its own."""
        is_shown = self.taken_as is not None and self.taken_as.state not in IN_VAIN
        return self.dismissed_at is None and not is_shown


class UnreadAnswer(models.Model):
    """A piece of a paid answer that is no picture yet: bytes in storage, or where to ask again."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="unread_answers")
    fence = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    key = models.CharField(max_length=300, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    byte_count = models.PositiveBigIntegerField(default=0)
    address = models.TextField(blank=True)
    found_at = models.DateTimeField(db_default=Now(), editable=False)
    # The job that asked the address again.
    taken_as = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="asked_again"
    )

    objects = UnreadAnswerQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["job", "fence", "name"], name="unread_answer_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.job_id}"


def content_type_of(extension: str) -> str:
    if extension not in KINDS:
        return "application/octet-stream"
    return "image/svg+xml" if extension == "svg" else f"image/{extension}"
