"""The stock admin shows rows to support people and never prompts; only turns are set here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from imagestudio.audit.admin import Audited
from imagestudio.web.admin import ReadOnly
from jobs.models import Attempt, Event, Job, ProviderTrouble, QueueShare


class AttemptInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Attempt
    extra = 0
    exclude = ["usage"]


class EventInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Event
    extra = 0


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["id", "owner", "team", "state", "model", "created_at", "error_code"]
    list_filter = ["state", "model"]
    list_select_related = ["owner", "team"]
    show_full_result_count = False
    exclude = ["prompt", "request", "idempotency_key", "idempotency_hash"]
    inlines = [AttemptInline, EventInline]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: Any = None
    ) -> Job | None:
        """A job's own name is its prompt; here it goes by its id."""
        job: Job | None = super().get_object(request, object_id, from_field)
        if job is not None:
            job.prompt = str(job.pk)
        return job


@admin.register(ProviderTrouble)
class ProviderTroubleAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["provider", "kind", "failures", "since", "until"]


@admin.register(QueueShare)
class QueueShareAdmin(Audited, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["user", "weight"]
    autocomplete_fields = ["user"]
