"""Unread answers, paid for and no picture: their bytes to download, their addresses to ask again.

The receiver leaves them in the spool. From there they go to storage, with a row for their owner.
"""

from __future__ import annotations

import logging
from pathlib import Path

from imagestudio.images_api.fetch import ADDRESS_SUFFIX
from imagestudio.images_api.lexer import RAW_NAME
from jobs.models import Image, Job, UnreadAnswer
from jobs.services.pictures import blobs
from jobs.services.run.spool import SpoolEntry

logger = logging.getLogger(__name__)

HALF_SUFFIX = ".part"


def keep(job: Job, entry: SpoolEntry) -> None:
    """Take everything unread out of a folder that nobody writes to; may be done again."""
    found = _unread(entry)
    # What the answer said beside its pictures says nothing new beside what is kept of them.
    telling = [path for path in found if path.name != RAW_NAME] or found
    for path in telling:
        if path.suffix == ADDRESS_SUFFIX:
            _note(job, entry, path, address=path.read_text())
        else:
            _store(job, entry, path)
    for path in found:
        path.unlink(missing_ok=True)


def keep_if_possible(job: Job, entry: SpoolEntry) -> bool:
    """The same where the job has ended already; what fails now, the sweeper does later."""
    try:
        keep(job, entry)
    except OSError as error:
        logger.warning("what came for job %s is not kept yet: %s", job.pk, error)
        return False
    return True


def _unread(entry: SpoolEntry) -> list[Path]:
    paths = [path for path in sorted(entry.folder.glob("*")) if path.is_file()]
    return [path for path in paths if path.stat().st_size and _is_unread(path, entry)]


def _is_unread(path: Path, entry: SpoolEntry) -> bool:
    if path.suffix == HALF_SUFFIX:
        # The parts of a whole answer are its pictures; of one that was set aside, those stored.
        pictures = Image.objects.filter(job=entry.job_id, sha256=blobs.sha256_of(path))
        return not (entry.is_complete or entry.is_late or pictures.exists())
    is_raw = path.name == RAW_NAME or path.name.endswith(("-raw", ".raw"))
    return is_raw or path.suffix == ADDRESS_SUFFIX


def _store(job: Job, entry: SpoolEntry, path: Path) -> None:
    digest = blobs.sha256_of(path)
    key = f"unread/{job.pk}/{entry.fence}/{digest[:16]}-{path.name}"
    size = path.stat().st_size
    blobs.put(path, key)
    _note(job, entry, path, key=key, sha256=digest, byte_count=size)


def _note(job: Job, entry: SpoolEntry, path: Path, **fields: object) -> None:
    UnreadAnswer.objects.get_or_create(job=job, fence=entry.fence, name=path.name, defaults=fields)
