"""Presets: a member's own sets of settings, to be used again by name."""

from django.db import transaction
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from imagestudio.images_api.blank import is_blank
from imagestudio.images_api.capabilities import Problem
from jobs.models import Preset
from jobs.services.refusals import SubmitRefused

MAX_NAME_CHARS = 60
MAX_PRESETS = 50


def save(user: User, name: str, values: dict[str, object]) -> Preset:
    """Keep the settings under this name; what had the name before is replaced."""
    name = " ".join(name.split())
    with transaction.atomic():
        # One at a time for each member: two tabs must not get past the limit together.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _refuse(user, name)
        preset, _ = Preset.objects.update_or_create(
            owner=user, name=name, defaults={"values": values, "changed_at": Now()}
        )
    return preset


def remove(user: User, preset: Preset) -> None:
    Preset.objects.filter(owner=user, pk=preset.pk).delete()


def _refuse(user: User, name: str) -> None:
    if is_blank(name):
        raise SubmitRefused([Problem("preset_name", "Give the preset a name.")])
    if len(name) > MAX_NAME_CHARS:
        message = f"The name has {len(name)} characters; up to {MAX_NAME_CHARS} fit."
        raise SubmitRefused([Problem("preset_name", message)])
    if not name.isprintable():
        raise SubmitRefused([Problem("preset_name", "The name holds a character that is no text.")])
    others = Preset.objects.filter(owner=user).exclude(name=name)
    if others.count() >= MAX_PRESETS:
        message = f"There are {MAX_PRESETS} presets already. Delete one, or use its name again."
        raise SubmitRefused([Problem("preset_name", message)])
