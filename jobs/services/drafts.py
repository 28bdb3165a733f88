"""Drafts: what a member is composing, kept on the server until the next change."""

from uuid import uuid4

from django.db import transaction
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from imagestudio.images_api.blank import is_blank
from jobs.models import Job, SavedDraft, Upload
from jobs.states import InputRole

Values = dict[str, object]


def keep(user: User, values: Values, *, form: str = "", base: str = "") -> None:
    """What is in this form now. `base` is the form that it took its first words over from.

    What a third one has left, such as another tab, is set aside and not lost.
    """
    with transaction.atomic():
        stored = SavedDraft.objects.select_for_update().filter(user=user).first()
        is_of_third = stored is not None and stored.form not in (form, base)
        _write(user, values, form, displaced=stored if is_of_third else None)


def saved(user: User) -> SavedDraft | None:
    return SavedDraft.objects.filter(user=user).first()


def of(user: User) -> Values | None:
    draft = saved(user)
    return values_of(draft) if draft else None


def values_of(draft: SavedDraft) -> Values:
    return draft.values if isinstance(draft.values, dict) else {}


def aside_of(user: User) -> Values | None:
    draft = saved(user)
    return draft.aside if draft and isinstance(draft.aside, dict) else None


def bring_back(user: User) -> Values | None:
    """Change places: what was set aside is composed again, and what is there now waits for it."""
    with transaction.atomic():
        stored = SavedDraft.objects.select_for_update().filter(user=user).first()
        if stored is None or not isinstance(stored.aside, dict):
            return None
        back = stored.aside
        stored.aside = stored.values if _has_own_words(user, stored, back) else None
        stored.values = back
        stored.save(update_fields=["values", "aside"])
    return back


def drop_aside(user: User) -> None:
    SavedDraft.objects.filter(user=user).update(aside=None)


def use_picture(user: User, upload: Upload, operation: str) -> None:
    """Edit or vary this picture and no other; with "add" it joins those that are there.

    Words that were written for something else would be bought with it, so they don't come along.
    """
    values = of(user) or {}
    if operation == "add":
        earlier = [each for each in _images(values) if each != str(upload.pk)]
        # One that is there already stays in its place, and what was painted over it stays good.
        is_there = len(earlier) < len(_images(values))
        images = _images(values) if is_there else [*earlier, str(upload.pk)]
        _write(user, values | {"operation": "edit", "images": images}, uuid4().hex)
        return
    alone = {"images": [str(upload.pk)], "mask": "", "markup": "", "prompt": "", "parent": ""}
    changed = values | alone | {"operation": "vary" if operation == "vary" else "edit"}
    # Under a name of its own, so that no page that is still open writes over it unseen.
    _write(user, changed, uuid4().hex, displaced=saved(user))


def _write(user: User, values: Values, form: str, displaced: SavedDraft | None = None) -> None:
    defaults: Values = {"values": values, "form": form, "changed_at": Now()}
    if displaced and _has_own_words(user, displaced, values):
        defaults["aside"] = displaced.values
    SavedDraft.objects.update_or_create(user=user, defaults=defaults)


def _has_own_words(user: User, draft: SavedDraft, other: Values) -> bool:
    """Whether something would be lost: words or pictures that are neither there nor in a job."""
    mine = _content(values_of(draft))
    if mine == _content(other) or (is_blank(mine[0]) and not mine[1]):
        return False
    newest = Job.objects.filter(owner=user).order_by("-id").first()
    return newest is None or mine != _content_of(newest)


def _content(values: Values) -> tuple[str, list[str], str]:
    """The words, the pictures, and what is painted over the first."""
    prompt, layer = values.get("prompt"), values.get("mask") or values.get("markup")
    return (
        prompt.strip() if isinstance(prompt, str) else "",
        _images(values),
        layer if isinstance(layer, str) else "",
    )


def _content_of(job: Job) -> tuple[str, list[str], str]:
    uses = list(job.inputs.order_by("position"))
    layers = [str(use.upload_id) for use in uses if use.role != InputRole.IMAGE]
    images = [str(use.upload_id) for use in uses if use.role == InputRole.IMAGE]
    return job.prompt, images, layers[0] if layers else ""


def _images(values: Values) -> list[str]:
    images = values.get("images")
    return [each for each in images if isinstance(each, str)] if isinstance(images, list) else []
