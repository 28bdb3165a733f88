"""The folder where paid answers are safe before the database knows of them.

`<spool>/<job>-<fence>/` holds the decoded pictures and, once all are on disk, `manifest.json`.
Worker and sweeper share it: what a dead worker left here, the sweeper finishes.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from django.conf import settings

from imagestudio.fsync import sync_folder
from imagestudio.images_api.types import Answer

MANIFEST = "manifest.json"
LATE = "manifest.late"
# Room for the largest answer and its neighbours; below it a call is not worth paying for.
MIN_FREE_BYTES = 512 * 1024 * 1024
CALL_BYTES = 8 * 1024 * 1024


class SpoolFull(OSError):
    """Too little room to keep an answer, so none may be asked for."""


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """The place of one call's answer."""

    job_id: UUID
    fence: int

    @property
    def folder(self) -> Path:
        return Path(settings.SPOOL_DIR) / f"{self.job_id}-{self.fence}"

    @property
    def is_complete(self) -> bool:
        return (self.folder / MANIFEST).is_file()

    def prepare(self) -> Path:
        """Make the folder, or raise while the call can still be left undone."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not has_room():
            raise SpoolFull(f"less than {MIN_FREE_BYTES >> 20} MiB free for answers")
        return self.folder

    def commit(self, answer: Answer) -> None:
        """Write the manifest: from now on the answer survives everything but the disk."""
        partial = self.folder / f"{MANIFEST}.partial"
        with partial.open("w") as file:
            json.dump(answer.to_json(), file)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self.folder / MANIFEST)
        sync_folder(self.folder)
        sync_folder(self.folder.parent)

    def copy_late_answer(self, of: "SpoolEntry") -> None:
        """Make the late answer to another job this one's: the same files by a second name."""
        answer = Answer.from_json(json.loads((of.folder / LATE).read_text()), of.folder)
        for image in answer.images:
            second = self.folder / image.path.name
            second.unlink(missing_ok=True)
            os.link(image.path, second)
        # Its usage stays with the call that was paid for.
        self.commit(replace(answer, usage=None, body={}))

    def read(self) -> Answer:
        """Give the answer back; OSError when the manifest can't be read, which sets it aside."""
        manifest = self.folder / MANIFEST
        try:
            return Answer.from_json(json.loads(manifest.read_text()), self.folder)
        except (ValueError, KeyError, TypeError) as error:
            self.set_aside()
            raise OSError(f"{manifest} is damaged") from error

    def set_aside(self) -> None:
        """Keep the bytes for an admin to look at, but offer them to nobody."""
        (self.folder / MANIFEST).rename(self.folder / "manifest.aside")

    def note_late(self) -> None:
        """Keep a good answer to a job that had ended without it."""
        (self.folder / MANIFEST).rename(self.folder / LATE)

    @property
    def is_late(self) -> bool:
        return (self.folder / LATE).is_file()

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def age_s(self) -> float:
        return time.time() - self.folder.stat().st_mtime


def has_room() -> bool:
    folder = Path(settings.SPOOL_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return shutil.disk_usage(folder).free >= MIN_FREE_BYTES + _open_calls(folder) * CALL_BYTES


def _open_calls(folder: Path) -> int:
    """How many answers may still come, or wait here; each takes some of the room that is left."""
    return sum(1 for _ in os.scandir(folder))


def complete_of(job_id: UUID) -> SpoolEntry | None:
    """A whole answer to any call of this job, if one lies here."""
    ours = (entry for entry in _in(f"{job_id}-*") if entry.is_complete)
    return next(ours, None)


def entries() -> Iterator[SpoolEntry]:
    """Everything in the spool, complete or not."""
    return _in("*")


def _in(pattern: str) -> Iterator[SpoolEntry]:
    for folder in Path(settings.SPOOL_DIR).glob(pattern):
        job_id, _, fence = folder.name.rpartition("-")
        try:
            yield SpoolEntry(UUID(job_id), int(fence))
        except ValueError:
            continue
