from django.urls import path

from jobs.gateway import docs, files

app_name = "gateway"

urlpatterns = [
    path("docs/api/", docs.show, name="docs"),
    path("v1/studio/files/<str:token>", files.show, name="file"),
]
