from django.contrib import admin

from imagestudio.audit.models import Entry
from imagestudio.web.admin import ReadOnly


@admin.register(Entry)
class EntryAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["at", "actor_label", "verb", "subject_kind", "subject_id"]
    list_filter = ["verb"]
    show_full_result_count = False
