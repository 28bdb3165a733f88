"""Pictures that go along with a request, as the composer and a job's pages show them."""

from dataclasses import dataclass

from django.urls import reverse

from jobs.models import Upload
from jobs.pages import words
from jobs.states import InputRole


@dataclass(frozen=True, slots=True)
class ReferenceView:
    id: str
    name: str
    url: str
    small_url: str
    width: int
    height: int
    format: str
    size_words: str
    role: str  # "image", "mask" or "markup"


def reference(upload: Upload, role: InputRole = InputRole.IMAGE) -> ReferenceView:
    size = words.size(f"{upload.width}x{upload.height}")
    return ReferenceView(
        id=str(upload.pk),
        name=upload.name,
        url=_file(upload, "original"),
        small_url=_file(upload, "small"),
        width=upload.width,
        height=upload.height,
        format=upload.format,
        size_words=f"{size}, {words.byte_size(upload.byte_count)}",
        role=role.value,
    )


def _file(upload: Upload, variant: str) -> str:
    return reverse("jobs:upload_file", args=[upload.pk, variant])
