"""A picture told in full: how it looks, what it came from, what it cost, what can be done next."""

from dataclasses import dataclass, replace

from django.urls import reverse

from imagestudio.accounts.models import User
from imagestudio.images_api import pricing
from imagestudio.images_api.params import LABELS
from jobs.models import Image, Job
from jobs.pages import words
from jobs.pages.facts import Fact
from jobs.pages.job.details import who_sees
from jobs.pages.pictures import PictureView, picture
from jobs.pages.references import ReferenceView, reference
from jobs.services.pictures.intake import UPLOAD
from jobs.services.pictures.keeping import is_raster
from jobs.states import InputRole

LARGE_WIDTH = "(width >= 56.25rem) 60vw, 94vw"
RAW = "raw"
OTHER_SHAPE = (
    "The result has another shape than your picture, so the outside could not be kept."
    " Ask for the size of your picture, or for Auto."
)


@dataclass(frozen=True, slots=True)
class NeighbourView:
    url: str
    picture: PictureView
    is_current: bool


@dataclass(frozen=True, slots=True)
class VersionView:
    """One of the two results of a masked edit."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class ImageDetails:
    id: str
    picture: PictureView
    versions: tuple[VersionView, ...]
    outside_change: str
    is_raw: bool
    position: str
    prompt: str
    inputs: tuple[ReferenceView, ...]
    facts: tuple[Fact, ...]
    who_sees: str
    may_share: bool
    may_use: bool
    job_url: str
    again_url: str
    download_url: str
    original_label: str
    previous_url: str
    next_url: str
    neighbours: tuple[NeighbourView, ...]


def image_details(image: Image, viewer: User, *, may_make: bool, version: str = "") -> ImageDetails:
    job = image.job
    siblings = list(job.images.all())
    place = next(place for place, other in enumerate(siblings) if other.pk == image.pk)
    is_raw = version == RAW or not image.kept_key
    return ImageDetails(
        id=str(image.pk),
        picture=_large(image, job, is_raw=is_raw),
        versions=_versions(image, is_raw=is_raw),
        outside_change=_outside_change(image, job),
        is_raw=is_raw and bool(image.kept_key),
        position=f"{place + 1} of {len(siblings)}" if len(siblings) > 1 else "",
        prompt=words.title(job.prompt, job.operation),
        inputs=tuple(reference(each.upload, InputRole(each.role)) for each in job.inputs.all()),
        facts=_facts(image, job, siblings, is_raw=is_raw),
        who_sees=who_sees(job, viewer),
        may_share=may_make and job.owner_id == viewer.pk,
        may_use=may_make and image.can_be_shown and image.format in UPLOAD.formats,
        job_url=reverse("jobs:job", args=[job.pk]),
        again_url=f"{reverse('jobs:studio')}?from={job.pk}" if may_make else "",
        download_url=f"{_file(image, 'original' if is_raw else 'shown')}?download",
        original_label=f"{words.format_name(image.format)}, {words.byte_size(image.byte_count)}",
        previous_url=_page_of(siblings[place - 1]) if place > 0 else "",
        next_url=_page_of(siblings[place + 1]) if place + 1 < len(siblings) else "",
        neighbours=tuple(_neighbour(other, job, image) for other in siblings)
        if len(siblings) > 1
        else (),
    )


def _large(image: Image, job: Job, *, is_raw: bool) -> PictureView:
    """With thumbnails for pace; but a GIF moves only as itself, and raw results have none."""
    view = picture(image, job, LARGE_WIDTH)
    if not view.src:
        return view
    if image.format == "gif" or (is_raw and image.kept_key and image.format != "svg"):
        original = replace(view, src=_file(image, "original"), srcset="", sizes="")
        return replace(original, width=image.width, height=image.height)
    return view


def _versions(image: Image, *, is_raw: bool) -> tuple[VersionView, ...]:
    if not image.kept_key or image.format == "svg":
        return ()
    url = _page_of(image)
    return (
        VersionView("Outside kept", url, not is_raw),
        VersionView("As the model made it", f"{url}?version={RAW}", is_raw),
    )


def _outside_change(image: Image, job: Job) -> str:
    """How much of what the mask protects the model changed all the same."""
    share = image.outside_change_permille
    if share is None:
        is_missing = job.keeps_outside and job.image_request.mask and job.thumbs_at
        return OTHER_SHAPE if is_missing and is_raster(image) else ""
    if share == 0:
        return "The model changed nothing noticeable outside the mask."
    return f"The model changed {share / 10:g} % of what lies outside the mask."


def _facts(image: Image, job: Job, siblings: list[Image], *, is_raw: bool) -> tuple[Fact, ...]:
    asked = job.image_request
    is_kept = bool(image.kept_key) and not is_raw
    delivered = f"{image.shown_width if is_kept else image.width}x" + str(
        image.shown_height if is_kept else image.height
    )
    # What keeps the outside has the size of the picture that was edited, whatever was asked.
    is_as_asked = is_kept or asked.size in (delivered, "auto")
    return (
        Fact("Model", words.model_name(job.model)),
        _size(delivered, "" if is_as_asked else asked.size)
        if image.can_be_shown
        else Fact(LABELS["size"], "unknown"),
        Fact(LABELS["quality"], words.quality_name(asked.quality)),
        Fact(
            LABELS["output_format"],
            words.format_name(image.format),
            "" if image.format == asked.output_format else words.format_name(asked.output_format),
        ),
        Fact(LABELS["background"], words.background_name(asked.background)),
        *(Fact(label, value) for label, value in words.rarely_asked(asked)),
        Fact("Cost", _cost(image, job, siblings)),
        Fact("Time", words.duration(job.duration)),
        Fact("Made by", job.owner.display_name),
        Fact("Checksum", f"SHA-256 {image.sha256[:16]}…"),
    )


def _size(delivered: str, asked: str) -> Fact:
    return Fact(LABELS["size"], words.size(delivered), words.size(asked) if asked else "")


def _cost(image: Image, job: Job, siblings: list[Image]) -> str:
    """The service charges a job as a whole; its pictures share that equally."""
    if job.cost_microusd is None or len(siblings) < 2:
        return words.money(job.cost_microusd)
    place = next(place for place, other in enumerate(siblings) if other.pk == image.pk)
    share = pricing.split_microusd(job.cost_microusd, len(siblings))[place]
    whole = f"{words.money(job.cost_microusd)} for {words.pictures(len(siblings))}"
    return f"{words.money(share)} of {whole}"


def _neighbour(image: Image, job: Job, current: Image) -> NeighbourView:
    return NeighbourView(_page_of(image), picture(image, job, "4rem"), image.pk == current.pk)


def _page_of(image: Image) -> str:
    return reverse("jobs:image", args=[image.pk])


def _file(image: Image, variant: str) -> str:
    return reverse("jobs:image_file", args=[image.pk, variant])
