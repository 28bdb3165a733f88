from typing import Any

from django.contrib import admin
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, QuerySet
from django.db.models.deletion import Collector
from django.http import HttpRequest

from imagestudio.audit.models import Entry
from imagestudio.audit.services import record
from imagestudio.web.admin import ReadOnly


class Audited:
    """For rows that may be changed by hand: each addition, change and removal is an entry.

    Django calls these within the transaction of the form. A house test sees to it that each admin
    of rows is this or ReadOnly.
    """

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        if not change or form.changed_data:
            _note(request, "changed" if change else "added", obj, _changes(form))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        _note(request, "removed", obj, {"was": str(obj), "with": _gone_with(obj)})
        super().delete_model(request, obj)  # type: ignore[misc]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        for obj in queryset:
            _note(request, "removed", obj, {"was": str(obj), "with": _gone_with(obj)})
        super().delete_queryset(request, queryset)  # type: ignore[misc]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for each in formset.deleted_forms:
            if each.instance.pk:
                _note(request, "removed", each.instance, {"was": str(each.instance)})
        super().save_formset(request, form, formset, change)  # type: ignore[misc]
        for each in formset.forms:
            if each.has_changed() and each not in formset.deleted_forms:
                how = "added" if each.instance in formset.new_objects else "changed"
                _note(request, how, each.instance, _changes(each))


def _note(request: HttpRequest, how: str, obj: Model, details: dict[str, Any]) -> None:
    actor: Any = request.user
    record(actor, f"{obj._meta.model_name}.{how}", obj, details)


def _changes(form: Any) -> dict[str, list[str]]:
    """From what to what."""
    return {
        name: [str(form.initial.get(name, "")), str(form.cleaned_data.get(name, ""))]
        for name in form.changed_data
    }


def _gone_with(obj: Model) -> list[str]:
    """What the database removes together with it."""
    collector = Collector(using=DEFAULT_DB_ALIAS, origin=obj)
    collector.collect([obj])
    found = [*collector.data.values(), *collector.fast_deletes]
    return [str(each) for rows in found for each in rows if each != obj]


@admin.register(Entry)
class EntryAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["at", "actor_label", "verb", "subject_kind", "subject_id"]
    list_filter = ["verb"]
    show_full_result_count = False
