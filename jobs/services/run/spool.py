"""The folder where paid answers are safe before the database knows of them.

`<spool>/<job>-<fence>/` holds the decoded pictures and, once all are on disk, `manifest.json`.
Worker and sweeper share it: what a dead worker left here, the sweeper finishes.
"""

import json
import os
import shutil
import threading
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
COUNTED_FOR_S = 1.0


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
        _open_calls.one_more()
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


class _OpenCalls:
    """How many answers may still come, or wait here; each takes some of the room that is left.

    Counted once a second, because a thousand calls that each count a thousand folders take longer
    than their answers. What this process adds in between is counted at once.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._folder = Path()
        self._count = 0
        self._until = 0.0

    def one_more(self) -> None:
        with self._guard:
            self._count += 1

    def count(self, folder: Path) -> int:
        with self._guard:
            if time.monotonic() >= self._until or folder != self._folder:
                self._count = sum(1 for _ in os.scandir(folder))
                self._folder, self._until = folder, time.monotonic() + COUNTED_FOR_S
            return self._count


_open_calls = _OpenCalls()


def has_room() -> bool:
    folder = Path(settings.SPOOL_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    needed = MIN_FREE_BYTES + _open_calls.count(folder) * CALL_BYTES
    return shutil.disk_usage(folder).free >= needed


def complete_before(job_id: UUID, fence: int) -> SpoolEntry | None:
    """A whole answer to a call of this job up to that of the fence, if one lies here."""
    ours = (SpoolEntry(job_id, each) for each in range(fence + 1))
    return next((entry for entry in ours if entry.is_complete), None)


def entries() -> Iterator[SpoolEntry]:
    """Everything in the spool, complete or not."""
    for folder in Path(settings.SPOOL_DIR).glob("*"):
        job_id, _, fence = folder.name.rpartition("-")
        try:
            yield SpoolEntry(UUID(job_id), int(fence))
        except ValueError:
            continue
