"""Storage: where pictures live when no S3 is configured, and what is raised while it is away."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.files import File
from django.core.files.storage import FileSystemStorage

from imagestudio.fsync import sync_folder


class StorageAway(OSError):
    """Object storage did not answer; bytes on their way to it are still where they were."""


class WriteOnceFileStorage(FileSystemStorage):
    """Files appear whole under their final name or not at all, and never change.

    Django's own storage leaves half a file at its final name when the process is killed.
    """

    def _save(self, name: str, content: File[bytes]) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}.{id(content):x}.partial")
        try:
            _write_durably(partial, content)
            _publish(partial, target)
        finally:
            partial.unlink(missing_ok=True)
        return name

    def adopt(self, path: Path, name: str) -> None:
        """Take over a file that is safe on disk: a second name where possible, no copy."""
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _publish(path, target)
        except OSError:  # Another file system, or one without hard links.
            with path.open("rb") as file:
                self._save(name, File(file))

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name


def _write_durably(path: Path, content: File[bytes]) -> None:
    with path.open("wb") as file:
        for chunk in content.chunks(1024 * 1024):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _publish(partial: Path, target: Path) -> None:
    # A hard link refuses an existing name in the same step; keys name their content.
    try:
        os.link(partial, target)
    except FileExistsError:
        return
    for folder in (target.parent, target.parent.parent):
        sync_folder(folder)
