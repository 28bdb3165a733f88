from django.urls import path

from jobs.pages.job import live
from jobs.pages.job import views as job
from jobs.pages.keys import views as keys
from jobs.pages.library import views as library
from jobs.pages.oversight import views as oversight
from jobs.pages.studio import composing, presets, uploads
from jobs.pages.studio import views as studio

app_name = "jobs"

urlpatterns = [
    path("", studio.studio, name="studio"),
    path("composer/", composing.refresh, name="composer"),
    path("presets/apply/", presets.apply, name="preset_apply"),
    path("presets/save/", presets.save, name="preset_save"),
    path("presets/delete/", presets.remove, name="preset_remove"),
    path("jobs/", composing.submit, name="submit"),
    path("jobs/updates", live.updates, name="updates"),
    path("jobs/<uuid:job_id>/", job.show, name="job"),
    path("jobs/<uuid:job_id>/cancel/", job.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/close/", job.close, name="close"),
    path("jobs/<uuid:job_id>/retry/", job.retry, name="retry"),
    path("jobs/<uuid:job_id>/visibility/", job.visibility, name="visibility"),
    path("jobs/<uuid:job_id>/refill/", job.refill, name="refill"),
    path("jobs/<uuid:job_id>/late/<int:late_id>/take/", job.take_late, name="take_late"),
    path("jobs/<uuid:job_id>/late/<int:late_id>/dismiss/", job.dismiss_late, name="dismiss_late"),
    path("jobs/<uuid:job_id>/fetch/", job.fetch_again, name="fetch_again"),
    path("jobs/<uuid:job_id>/unread/<int:unread_id>", job.unread_file, name="unread_file"),
    path("jobs/<uuid:job_id>/preview/<int:number>", job.preview, name="preview"),
    path("uploads/", uploads.upload, name="upload"),
    path("uploads/<uuid:upload_id>/<str:variant>", uploads.file, name="upload_file"),
    path("images/<uuid:image_id>/", library.show, name="image"),
    path("images/<uuid:image_id>/use/", uploads.use, name="use_image"),
    path("images/<uuid:image_id>/<str:variant>", library.file, name="image_file"),
    path("history/", library.history, name="history"),
    path("team/", library.team, name="team"),
    path("keys/", keys.index, name="keys"),
    path("keys/new/", keys.create, name="key_create"),
    path("keys/<uuid:key_id>/", keys.show, name="key"),
    path("keys/<uuid:key_id>/rotate/", keys.rotate, name="key_rotate"),
    path("keys/<uuid:key_id>/revoke/", keys.revoke, name="key_revoke"),
    path("keys/<uuid:key_id>/webhook/", keys.webhook, name="key_webhook"),
    path("oversight/", oversight.overview, name="oversight"),
    path("oversight/services/<str:name>/resume/", oversight.resume, name="resume_provider"),
    path("oversight/images/<uuid:image_id>/", oversight.reveal, name="reveal"),
    path(
        "oversight/images/<uuid:image_id>/<str:pass_token>",
        oversight.revealed_file,
        name="revealed_file",
    ),
]
