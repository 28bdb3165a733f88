"""Presenter of a picture: an `img` in the right shape, wherever one is shown."""

from dataclasses import dataclass

from django.urls import reverse

from jobs.models import Image, Job
from jobs.pages import words
from jobs.services.pictures.thumbnails import SIZES

ALT_CHARS = 400


@dataclass(frozen=True, slots=True)
class PictureView:
    """An `img`, whole: thumbnails where they exist, else what they would be made from."""

    url: str
    alt: str
    src: str  # Empty when the studio can't open it; it is kept for its owner to download.
    srcset: str
    sizes: str
    width: int
    height: int
    is_clear: bool  # May have transparent parts, so a checkerboard belongs behind it.


def picture(image: Image, job: Job, sizes: str) -> PictureView:
    if not image.can_be_shown:
        url, alt = reverse("jobs:image", args=[image.pk]), alt_text(job, image.index)
        return PictureView(url, alt, "", "", "", *shape(job), is_clear=False)
    sources = _thumbnails(image)
    return PictureView(
        url=reverse("jobs:image", args=[image.pk]),
        alt=alt_text(job, image.index),
        src=sources[-1][0] if sources else _file(image, "shown"),
        srcset=", ".join(f"{url} {width}w" for url, width in sources),
        sizes=sizes if sources else "",
        width=image.shown_width,
        height=image.shown_height,
        is_clear=job.image_request.background == "transparent",
    )


def alt_text(job: Job, index: int) -> str:
    prompt = words.shorten(words.title(job.prompt, job.operation), ALT_CHARS)
    return prompt if job.n == 1 else f"{prompt} (picture {index + 1} of {job.n})"


def shape(job: Job) -> tuple[int, int]:
    """Width and height as delivered, else as asked; `auto` is a square until then."""
    image = next((image for image in job.images.all() if image.can_be_shown), None)
    if image is not None:
        return image.shown_width, image.shown_height
    width, _, height = job.image_request.size.partition("x")
    if width.isdigit() and height.isdigit():
        return int(width), int(height)
    return 1024, 1024


def ratio_name(width: int, height: int) -> str:
    ratio = width / height
    bounds = ((0.61, "tall"), (0.85, "portrait"), (1.2, "square"), (1.64, "landscape"))
    return next((name for bound, name in bounds if ratio < bound), "wide")


def _thumbnails(image: Image) -> list[tuple[str, int]]:
    """The copies with their widths in pixels, the largest last; they never outgrow the picture."""
    keys = {"small": image.small_key, "large": image.large_key}
    width, longest = image.shown_width, max(image.shown_width, image.shown_height)
    copies = [
        (_file(image, name), max(1, round(width * min(edge, longest) / longest)))
        for name, edge in SIZES.items()
        if keys[name]
    ]
    if copies and not image.large_key and width > copies[-1][1]:
        copies.append((_file(image, "shown"), width))
    return copies


def _file(image: Image, variant: str) -> str:
    return reverse("jobs:image_file", args=[image.pk, variant])
