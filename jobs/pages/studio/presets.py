"""The composer's presets: used, kept and thrown away by buttons of its form."""

from dataclasses import replace

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from imagestudio.accounts.http import StudioRequest
from jobs.models import Preset
from jobs.pages.http import as_uuid
from jobs.pages.studio.composer import Remarks
from jobs.pages.studio.composing import draft_of, renewed
from jobs.services.presets import remove as remove_preset
from jobs.services.presets import save as save_preset
from jobs.services.refusals import SubmitRefused


@require_POST
def apply(request: StudioRequest) -> HttpResponse:
    """Take over the settings of a preset; words and pictures stay."""
    draft, problems = draft_of(request)
    preset = _chosen(request, "apply")
    if preset is None:
        return renewed(request, draft, Remarks(problems, ("That preset is no longer there.",)))
    changed = replace(draft.with_settings(preset.values), preset=str(preset.pk))
    notes = (f"Settings of “{preset.name}” are in.",)
    return renewed(request, changed, Remarks(problems, notes, undo=request.POST.get("settled", "")))


@require_POST
def save(request: StudioRequest) -> HttpResponse:
    """Keep the settings under a new name, or under that of the applied preset."""
    draft, problems = draft_of(request)
    applied = _chosen(request, "update")
    name = applied.name if applied else request.POST.get("preset_name", "")
    try:
        preset = save_preset(request.user, name, dict(draft.preset_values()))
    except SubmitRefused as refused:
        remarks = Remarks((*problems, *refused.problems), preset_name=name)
        return renewed(request, draft, remarks)
    notes = (f"Saved as “{preset.name}”.",)
    return renewed(request, replace(draft, preset=str(preset.pk)), Remarks(problems, notes))


@require_POST
def remove(request: StudioRequest) -> HttpResponse:
    draft, problems = draft_of(request)
    preset = _chosen(request, "delete")
    if preset is None:
        return renewed(request, draft, Remarks(problems))
    remove_preset(request.user, preset)
    notes = (f"“{preset.name}” is deleted. The settings stay as they are.",)
    return renewed(request, replace(draft, preset=""), Remarks(problems, notes))


def _chosen(request: StudioRequest, button: str) -> Preset | None:
    preset_id = as_uuid(request.POST.get(button, ""))
    mine = Preset.objects.filter(owner=request.user)
    return mine.filter(pk=preset_id).first() if preset_id else None
