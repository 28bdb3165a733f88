"""Blobs: pictures in object storage. A key names its content and is written once."""

from __future__ import annotations

import shutil
from hashlib import file_digest
from pathlib import Path
from uuid import UUID

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from imagestudio.web.storage import WriteOnceFileStorage


def image_key(job_id: UUID, fence: int, index: int, sha256: str, extension: str) -> str:
    return f"images/{job_id}/{fence}/{index}-{sha256[:16]}.{extension}"


def thumbnail_key(original_key: str, size: str) -> str:
    return f"thumbs/{original_key.rpartition('.')[0]}-{size}.webp"


def kept_key(original_key: str, sha256: str, extension: str) -> str:
    return f"kept/{original_key.rpartition('.')[0]}-{sha256[:16]}.{extension}"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def local_copy(key: str, into: Path) -> Path:
    """A file that can be read from disk; the stored one itself where storage is a folder."""
    storage = storages["default"]
    if isinstance(storage, WriteOnceFileStorage):
        return Path(storage.path(key)).resolve(strict=True)
    target = into / key.rpartition("/")[2]
    with storage.open(key, "rb") as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, 1024 * 1024)
    return target


def put(path: Path, key: str) -> None:
    """Store a file under its key; doing it twice is the same as once."""
    storage = storages["default"]
    if isinstance(storage, WriteOnceFileStorage):
        storage.adopt(path, key)
        return
    with path.open("rb") as file:
        _save(storage, key, File(file))


def put_bytes(content: bytes, key: str) -> None:
    """`put` for what was made in memory."""
    _save(storages["default"], key, ContentFile(content))


def remove(key: str) -> None:
    """Take away what nobody needs; nothing happens when it is gone."""
    storages["default"].delete(key)


def _save(storage: Storage, key: str, content: File[bytes]) -> None:
    # With overwriting off, storages give a taken name an addition: ours must stay as it is.
    if not storage.exists(key):
        storage.save(key, content)
