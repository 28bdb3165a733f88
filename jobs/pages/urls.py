from django.urls import path

from jobs.pages import history, image, job, live, oversight, studio

app_name = "jobs"

urlpatterns = [
    path("", studio.studio, name="studio"),
    path("composer/", studio.options, name="composer"),
    path("jobs/", studio.submit, name="submit"),
    path("jobs/updates", live.updates, name="updates"),
    path("jobs/<uuid:job_id>/", job.show, name="job"),
    path("jobs/<uuid:job_id>/cancel/", job.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/close/", job.close, name="close"),
    path("jobs/<uuid:job_id>/retry/", job.retry, name="retry"),
    path("jobs/<uuid:job_id>/visibility/", job.visibility, name="visibility"),
    path("images/<uuid:image_id>/", image.show, name="image"),
    path("images/<uuid:image_id>/<str:variant>", image.file, name="image_file"),
    path("history/", history.history, name="history"),
    path("team/", history.team, name="team"),
    path("oversight/", oversight.overview, name="oversight"),
    path("oversight/images/<uuid:image_id>/", oversight.reveal, name="reveal"),
    path(
        "oversight/images/<uuid:image_id>/<str:pass_token>",
        oversight.revealed_file,
        name="revealed_file",
    ),
]
