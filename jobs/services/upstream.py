"""The worker's one client of the Images API."""

import threading
from functools import cache
from pathlib import Path

from django.conf import settings

from imagestudio.images_api.calls import Call
from imagestudio.images_api.client import ImagesClient
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import Answer
from imagestudio.images_api.uploads import InputFile, Inputs
from jobs.models import Job, JobInput
from jobs.services import blobs, previews
from jobs.services.spool import Entry
from jobs.states import InputRole


def gather(job: Job, entry: Entry) -> Inputs:
    """The job's pictures as files on this disk; OSError while the call can still be left undone."""
    by_role: dict[str, list[InputFile]] = {}
    for each in job.inputs.select_related("upload"):
        by_role.setdefault(each.role, []).append(_file(each, entry.folder))
    return Inputs(
        images=tuple(by_role.get(InputRole.IMAGE, ())),
        mask=next(iter(by_role.get(InputRole.MASK, ())), None),
        markup=next(iter(by_role.get(InputRole.MARKUP, ())), None),
    )


def call(job: Job, entry: Entry, inputs: Inputs) -> Answer:
    """Send the job's request once and decode the answer into the spool; raises ImagesApiError."""

    def show(index: int, path: Path) -> None:
        previews.show(job, path)

    client, request = _client(_provider()), job.image_request
    timer = Call(settings.CALL_DEADLINE_S, client_request_id=f"{job.pk}-{job.fence}")
    if request.operation == "vary":
        [image] = inputs.images
        return client.vary(request, image, into=entry.folder, call=timer, on_partial=show)
    if inputs.images:
        return client.edit(request, inputs, into=entry.folder, call=timer, on_partial=show)
    return client.generate(request, into=entry.folder, call=timer, on_partial=show)


def _file(each: JobInput, folder: Path) -> InputFile:
    upload = each.upload
    name = f"{each.role}-{each.position + 1}.{upload.format}"
    return InputFile(blobs.local_copy(upload.key, folder), name, upload.content_type)


def _provider() -> Provider:
    return Provider(settings.PROVIDER_NAME, settings.PROVIDER_BASE_URL, settings.PROVIDER_API_KEY)


@cache
def _client(provider: Provider) -> ImagesClient:
    # Hundreds of calls may wait, but only a few bodies are read at once: memory stays bounded.
    return ImagesClient(provider, body_gate=threading.BoundedSemaphore(settings.BODIES_AT_ONCE))
