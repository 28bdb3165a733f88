from django.urls import path

from jobs.gateway.api import files
from jobs.gateway.openapi import pages

app_name = "gateway"

urlpatterns = [
    path("docs/api/", pages.show, name="docs"),
    path("v1/studio/files/<str:token>", files.show, name="file"),
]
