"""Taking in a member's own pictures: checked, cleaned, stored once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile

from imagestudio.accounts.models import User
from imagestudio.decoding.limits import Limits
from imagestudio.ids import uuid7
from imagestudio.images_api.capabilities import Problem
from jobs.models import Image, Upload
from jobs.services import blobs, intake, thumbnails
from jobs.services.intake import MASK, UPLOAD, NotAPicture
from jobs.services.refusals import SubmitRefused

CHUNK = 256 * 1024
MAX_NAME_CHARS = 200


def accept(actor: User, file: UploadedFile[bytes], *, limits: Limits = UPLOAD) -> Upload:
    """Store a clean copy of what was uploaded; SubmitRefused names the file and the limit."""
    name = _clean_name(file.name or "")
    with _workplace() as folder:
        raw = folder / "raw"
        _write(raw, file.chunks(CHUNK), name, limits)
        return _keep(actor, raw, name, folder, limits)


def accept_mask(actor: User, file: UploadedFile[bytes]) -> Upload:
    return accept(actor, file, limits=MASK)


def take_from_history(actor: User, image: Image) -> Upload:
    """Let a finished picture go along with a new job. The caller has found it as visible."""
    earlier = Upload.objects.filter(owner=actor, image=image).first()
    if earlier is not None:
        return earlier
    with _workplace() as folder, default_storage.open(image.key, "rb") as file:
        raw = folder / "raw"
        name = f"{image.job.prompt[:60]}.{image.format}"
        _write(raw, _chunks(file), name, UPLOAD)
        return _keep(actor, raw, _clean_name(name), folder, UPLOAD, image)


def _keep(
    actor: User, raw: Path, name: str, folder: Path, limits: Limits, image: Image | None = None
) -> Upload:
    clean = folder / "clean"
    try:
        facts = intake.accept_upload(raw, clean, limits)
    except NotAPicture as error:
        raise SubmitRefused([Problem("image", f"{name}: {error}")]) from None
    with clean.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    upload_id = uuid7()
    key = f"uploads/{upload_id}/{digest[:16]}.{facts.format}"
    small = thumbnails.small_copy(clean)
    blobs.put(clean, key)
    blobs.put_bytes(small.content, small_key := blobs.thumbnail_key(key, "small"))
    return Upload.objects.create(
        id=upload_id,
        owner=actor,
        name=name,
        key=key,
        sha256=digest,
        format=facts.format,
        width=facts.width,
        height=facts.height,
        byte_count=clean.stat().st_size,
        has_alpha=facts.has_alpha,
        small_key=small_key,
        small_sha256=small.sha256,
        image=image,
    )


def _write(path: Path, chunks: Iterator[bytes], name: str, limits: Limits) -> None:
    """Count while writing: a length that somebody claims is worth nothing."""
    written = 0
    with path.open("wb") as target:
        for chunk in chunks:
            written += len(chunk)
            if written > limits.max_bytes:
                most = limits.max_bytes // 1_000_000
                raise SubmitRefused([Problem("image", f"{name}: larger than {most} MB.")])
            target.write(chunk)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


@contextmanager
def _workplace() -> Iterator[Path]:
    # On the disk of the blobs, where a finished file gets its second name without a copy.
    root = Path(settings.DATA_DIR) / "intake"
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        yield Path(folder)


def _clean_name(name: str) -> str:
    """Only ever shown as text; the stored key has nothing of it."""
    visible = "".join(letter for letter in name if letter.isprintable()).strip()
    return visible.replace("\\", "/").rpartition("/")[2][:MAX_NAME_CHARS] or "picture"
