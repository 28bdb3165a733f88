"""Small WebP copies for lists. Made after the answer is out, by one polite thread a process."""

import io
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import Error, connection
from django.db.models.functions import Now
from PIL import Image as Pillow
from PIL import ImageCms

from jobs.models import Image, Job
from jobs.services import blobs
from jobs.services.intake import FORMATS
from jobs.states import State

logger = logging.getLogger(__name__)

# The longest edge in pixels: for grids, and for the picture's own page.
SIZES = {"small": 512, "large": 1280}
QUALITY = 80


def make_later(job_id: UUID) -> None:
    """Queue the missing thumbnails of a succeeded job; no other job has any to make."""
    _thread().submit(_make_quietly, job_id)


def make(job_id: UUID) -> None:
    """Make what is missing, then say so on the job; doing it twice is the same as once."""
    jobs = Job.objects.filter(pk=job_id, state=State.SUCCEEDED, thumbs_at=None)
    for job in jobs.prefetch_related("images"):
        for image in job.images.all():
            _make_for(image)
        jobs.update(thumbs_at=Now())


def _make_for(image: Image) -> None:
    if image.large_key:
        return
    with (
        default_storage.open(image.key, "rb") as file,
        Pillow.open(file, formats=FORMATS) as original,
    ):
        original.load()
        for size, edge in SIZES.items():
            content = _webp(original, edge)
            key = blobs.thumbnail_key(image.key, size)
            blobs.put_bytes(content, key)
            setattr(image, f"{size}_key", key)
            setattr(image, f"{size}_sha256", sha256(content).hexdigest())
    image.save(update_fields=["small_key", "small_sha256", "large_key", "large_sha256"])


def _webp(original: Pillow.Image, edge: int) -> bytes:
    """A fresh copy of the pixels alone: no metadata of the original comes along."""
    picture = _in_srgb(original)
    # Halving by whole numbers first costs a tenth of a good filter over all pixels.
    factor = max(1, max(picture.size) // (2 * edge))
    picture = picture.reduce(factor) if factor > 1 else picture.copy()
    picture.thumbnail((edge, edge), Pillow.Resampling.BICUBIC)
    picture.info = {}
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=2)
    return buffer.getvalue()


def _in_srgb(picture: Pillow.Image) -> Pillow.Image:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "RGBA"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, _srgb(), outputMode=mode)
            return converted or picture.convert(mode)
        except ImageCms.PyCMSError:
            logger.info("a picture's colour profile could not be read")
    return picture if picture.mode == mode else picture.convert(mode)


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="thumbnails", initializer=_be_polite)


def _be_polite() -> None:
    # On Linux this is the thread's own niceness: calls and pages go first.
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _make_quietly(job_id: UUID) -> None:
    try:
        make(job_id)
    except (OSError, ValueError, Error):
        # The sweeper rings again for jobs whose thumbnails are still missing.
        logger.exception("thumbnails of job %s could not be made", job_id)
    finally:
        connection.close()
