"""Beside the raw result of a masked edit: the one that keeps what the mask protects."""

import tempfile
from hashlib import sha256
from pathlib import Path

from jobs.models import Image, Job, JobInput
from jobs.services.pictures import blobs
from jobs.services.pictures.composite import Composite, compose
from jobs.states import InputRole

KEPT = ["kept_key", "kept_sha256", "kept_width", "kept_height", "outside_change_permille"]


def keep_outside(job: Job, image: Image) -> None:
    """Make the composite of one picture, if the job has a mask and wants it."""
    if image.kept_key or not job.keeps_outside or not is_raster(image):
        return
    inputs = {each.role: each for each in reversed(job.inputs.select_related("upload"))}
    if InputRole.MASK not in inputs:
        return
    with tempfile.TemporaryDirectory() as folder:
        composite = _composed(inputs, image, Path(folder))
        if composite is None:
            return
        path = Path(folder) / "kept.png"
        composite.picture.save(path, "PNG", compress_level=4)
        digest = sha256(path.read_bytes()).hexdigest()
        image.kept_key = blobs.kept_key(image.key, digest, "png")
        blobs.put(path, image.kept_key)
    image.kept_sha256 = digest
    image.kept_width, image.kept_height = composite.picture.size
    image.outside_change_permille = composite.outside_change_permille
    image.save(update_fields=KEPT)


def is_raster(image: Image) -> bool:
    """Of pixels that can be read, and so laid into another picture."""
    return image.can_be_shown and image.format != "svg"


def _composed(inputs: dict[str, JobInput], image: Image, folder: Path) -> Composite | None:
    return compose(
        blobs.local_copy(inputs[InputRole.IMAGE].upload.key, folder),
        blobs.local_copy(inputs[InputRole.MASK].upload.key, folder),
        blobs.local_copy(image.key, folder),
    )
