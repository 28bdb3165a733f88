"""What a member is composing, kept on the server until the next change."""

from django.db.models.functions import Now

from imagestudio.accounts.models import User
from jobs.models import SavedDraft, Upload


def keep(user: User, values: dict[str, object]) -> None:
    SavedDraft.objects.update_or_create(user=user, defaults={"values": values, "changed_at": Now()})


def of(user: User) -> dict[str, object] | None:
    values = SavedDraft.objects.filter(user=user).values_list("values", flat=True).first()
    return values if isinstance(values, dict) else None


def add_picture(user: User, upload: Upload, operation: str) -> None:
    """Let a picture join those of an edit, or be the one that a variation is made of."""
    values = of(user) or {}
    earlier = values.get("images")
    earlier = earlier if isinstance(earlier, list) else []
    images = [*earlier, *({str(upload.pk)} - set(earlier))]
    if operation == "vary":
        values |= {"operation": "vary", "images": [str(upload.pk)], "mask": "", "markup": ""}
    else:
        values |= {"operation": "edit", "images": images}
    keep(user, values)


def forget(user: User) -> None:
    SavedDraft.objects.filter(user=user).delete()
