"""Upstream: the worker's clients of the Images API, one for each provider."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.crypto import salted_hmac
from PIL import Image as Pillow
from PIL import ImageChops

from imagestudio.images_api.body_slots import BodySlots
from imagestudio.images_api.calls import Call
from imagestudio.images_api.client import ImagesClient
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import Answer, Elsewhere, ImageRequest
from imagestudio.images_api.uploads import Input, InputFile, Inputs, Reference
from imagestudio.web.database import release_connection
from jobs.models import Job, JobInput
from jobs.services.pictures import blobs, intake, partials, previews
from jobs.services.queue import providers
from jobs.services.run.spool import SpoolEntry
from jobs.states import InputRole

# For its turn to read a body; longer than hundreds of answers of one moment take together.
PATIENCE_FOR_BODY_S = 10.0


def gather(job: Job, entry: SpoolEntry) -> Inputs:
    """The job's pictures as files on this disk; OSError while the call can still be left undone."""
    by_role: dict[str, list[InputFile]] = {}
    references = job.image_request.references
    provider, rows = _provider(job), list(job.inputs.select_related("upload"))
    release_connection()  # Copies from object storage take a while.
    for each in rows:
        by_role.setdefault(each.role, []).append(_file(each, entry.folder, provider))
    return Inputs(
        images=tuple(_in_order(by_role.get(InputRole.IMAGE, ()), references)),
        mask=next(iter(by_role.get(InputRole.MASK, ())), None),
        markup=next(iter(by_role.get(InputRole.MARKUP, ())), None),
    )


def _in_order(files: Iterable[InputFile], references: Iterable[Elsewhere]) -> list[Input]:
    """Pictures that are sent along, with those elsewhere in their places."""
    images: list[Input] = list(files)
    for each in sorted(references, key=lambda each: each.position):
        images.insert(each.position, Reference(file_id=each.file_id, image_url=each.image_url))
    return images


def call(job: Job, entry: SpoolEntry, inputs: Inputs) -> Answer:
    """Send the job's request once and decode the answer into the spool; raises ImagesApiError."""

    def show(index: int, path: Path) -> None:
        previews.show(job, path)
        partials.keep(job, index, path)

    client, request = client_of(_provider(job)), _identified(job)
    timer = Call(settings.CALL_DEADLINE_S, client_request_id=f"{job.pk}-{job.fence}")
    if request.operation == "vary":
        [image] = inputs.images
        return client.vary(request, image, into=entry.folder, call=timer, on_partial=show)
    if inputs.images:
        return client.edit(request, inputs, into=entry.folder, call=timer, on_partial=show)
    return client.generate(request, into=entry.folder, call=timer, on_partial=show)


def safety_identifier(owner_id: object) -> str:
    """Stands for a member, the same in every call, and says nothing to who has not our key."""
    return salted_hmac("safety identifier", str(owner_id), algorithm="sha256").hexdigest()


def fetch(job: Job, entry: SpoolEntry, urls: Sequence[str]) -> Answer:
    """Ask addresses of an earlier answer again; nothing is bought."""
    timer = Call(settings.CALL_DEADLINE_S)
    images = client_of(_provider(job)).fetch(urls, into=entry.folder, call=timer)
    return Answer(
        http_status=200,
        request_id=None,
        created=None,
        images=images,
        usage=None,
        body={},
        bytes_received=sum(image.byte_count for image in images),
        duration_s=round(timer.elapsed_s, 3),
    )


@cache
def client_of(provider: Provider) -> ImagesClient:
    # Hundreds of calls may wait, but only a few bodies are read at once: memory stays bounded.
    return ImagesClient(provider, body_gate=_bodies())


@cache
def _bodies() -> BodySlots:
    return BodySlots(settings.BODIES_AT_ONCE, patience_s=PATIENCE_FOR_BODY_S)


def _identified(job: Job) -> ImageRequest:
    """Without it, what one member does wrong counts against the whole studio's account.

    Filled in here and not in the order: the same order by the same member is the same one still.
    """
    request = job.image_request
    if request.safety_identifier or not settings.SAFETY_IDENTIFIERS:
        return request
    return replace(request, safety_identifier=safety_identifier(job.owner_id))


def _file(each: JobInput, folder: Path, provider: Provider) -> InputFile:
    upload, path = each.upload, blobs.local_copy(each.upload.key, folder)
    name = f"{each.role}-{each.position + 1}.{upload.format}"
    if each.role == InputRole.MASK and provider.mask_polarity == "white":
        path = _painted_white(path, folder)
    return InputFile(path, name, upload.content_type)


def _painted_white(mask: Path, folder: Path) -> Path:
    """The same mask for servers that edit where it is white, and not where it is clear."""
    painted = folder / "mask-white.png"
    with Pillow.open(mask, formats=intake.FORMATS) as picture:
        ImageChops.invert(picture.convert("RGBA").getchannel("A")).save(painted, "PNG")
    return painted


def _provider(job: Job) -> Provider:
    found = providers.named(job.provider)
    if found is None:
        raise LookupError(f"{job.provider} is not set up")
    return found
