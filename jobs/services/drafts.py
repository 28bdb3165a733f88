"""What a member is composing, kept on the server until the next change."""

from django.db.models.functions import Now

from imagestudio.accounts.models import User
from jobs.models import SavedDraft, Upload


def keep(user: User, values: dict[str, object]) -> None:
    SavedDraft.objects.update_or_create(user=user, defaults={"values": values, "changed_at": Now()})


def of(user: User) -> dict[str, object] | None:
    values = SavedDraft.objects.filter(user=user).values_list("values", flat=True).first()
    return values if isinstance(values, dict) else None


def use_picture(user: User, upload: Upload, operation: str) -> None:
    """Edit or vary this picture and no other; with "add" it joins those that are there."""
    values = of(user) or {}
    if operation == "add":
        earlier = [each for each in _images(values) if each != str(upload.pk)]
        # One that is there already stays in its place, and what was painted over it stays good.
        is_there = len(earlier) < len(_images(values))
        images = _images(values) if is_there else [*earlier, str(upload.pk)]
        keep(user, values | {"operation": "edit", "images": images})
        return
    alone = {"images": [str(upload.pk)], "mask": "", "markup": ""}
    keep(user, values | alone | {"operation": "vary" if operation == "vary" else "edit"})


def _images(values: dict[str, object]) -> list[str]:
    images = values.get("images")
    return [each for each in images if isinstance(each, str)] if isinstance(images, list) else []
