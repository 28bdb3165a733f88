"""Garbage collection: what no row names any more goes, if it provably is nobody's, and is old."""

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.db.models.functions import Now

from imagestudio.web.storage import WriteOnceFileStorage
from jobs.models import Attempt, Image, Job, SavedDraft, Upload
from jobs.services.pictures import blobs
from jobs.services.recover import leftovers
from jobs.services.run import spool
from jobs.states import FINAL, Outcome

logger = logging.getLogger(__name__)

OLD_S = 24 * 3600.0
UNUSED_S = 7 * 24 * 3600.0
BATCH = 1000


def collect() -> None:
    """One slow round, a few times a day."""
    _give_up_on_lost_calls()
    leftovers.clear_settled()
    _clear_unused_uploads()
    storage = storages["default"]
    if isinstance(storage, WriteOnceFileStorage):
        # In a bucket, listing costs money and a lifecycle rule does the same.
        _clear_partials(Path(storage.location))
        _clear_streamed(Path(storage.location))
        _clear_orphans(Path(storage.location), "images/*/*", _of_no_job)
        _clear_orphans(Path(storage.location), "uploads/*", _of_no_upload)


def _give_up_on_lost_calls() -> None:
    """Calls of ended jobs whose worker died: nobody will ever know how they ended."""
    patience = timedelta(seconds=settings.CALL_DEADLINE_S + OLD_S)
    Attempt.objects.filter(
        outcome=Outcome.SENT, job__state__in=FINAL, sent_at__lt=Now() - patience
    ).update(outcome=Outcome.UNKNOWN)


def _clear_unused_uploads() -> None:
    """Pictures that were brought and then left: no job took them, and no composer has them."""
    drafted = {
        each
        for both in SavedDraft.objects.values_list("values", "aside")
        for values in both
        for each in _ids(values)
    }
    old = timedelta(seconds=UNUSED_S)
    unused = Upload.objects.filter(uses=None, created_at__lt=Now() - old).exclude(pk__in=drafted)
    for upload in unused[:BATCH]:
        try:
            # Its row first: whatever dies in between, no row is ever without its bytes.
            upload.delete()
            for key in (upload.key, upload.small_key):
                blobs.remove(key)
        except (ProtectedError, IntegrityError):
            continue  # A job took it just now.
        except OSError as error:
            logger.warning("left bytes of upload %s: %s", upload.pk, type(error).__name__)
            return


def _ids(values: object) -> Iterator[UUID]:
    """What a draft names; it holds whatever a form once said."""
    named = values if isinstance(values, dict) else {}
    images = named.get("images")
    texts = [*(images if isinstance(images, list) else ()), named.get("mask"), named.get("markup")]
    for text in texts:
        with suppress(ValueError):
            yield UUID(str(text))


def _clear_partials(root: Path) -> None:
    """Halves of files whose writer was killed; they never had a name that anybody reads."""
    for path in root.rglob(".*.partial"):
        if _is_old(path):
            path.unlink(missing_ok=True)


def _clear_streamed(root: Path) -> None:
    """Partial pictures of streams, which were read while their job ran or never."""
    for path in (root / "partials").rglob("*"):
        if path.is_file() and _is_old(path):
            path.unlink(missing_ok=True)


def _clear_orphans(
    root: Path, pattern: str, of_nobody: Callable[[list[Path]], Iterator[Path]]
) -> None:
    """Pictures that were stored for a row which then never came, or went without them."""
    folders = [path for path in root.glob(pattern) if _is_old(path)]
    for start in range(0, len(folders), BATCH):
        for folder in of_nobody(folders[start : start + BATCH]):
            name = folder.relative_to(root)
            for each in (folder, root / "kept" / name, root / "thumbs" / name):
                shutil.rmtree(each, ignore_errors=True)
            logger.info("cleared pictures of nobody: %s", name)


def _of_no_job(folders: list[Path]) -> Iterator[Path]:
    """The folders of ended or unknown jobs that no picture's row and no spooled answer names."""
    ids = {job_id for folder in folders if (job_id := _id(folder.parent))}
    unfinished = set(Job.objects.unfinished().filter(pk__in=ids).values_list("pk", flat=True))
    keys = Image.objects.filter(job__in=ids).values_list("key", flat=True)
    named = {key.rpartition("/")[0] for key in keys}
    for folder in folders:
        job_id, key = _id(folder.parent), f"images/{folder.parent.name}/{folder.name}"
        if job_id in ids - unfinished and key not in named and not _waits(job_id, folder.name):
            yield folder


def _of_no_upload(folders: list[Path]) -> Iterator[Path]:
    ids = {upload_id for folder in folders if (upload_id := _id(folder))}
    orphans = ids - set(Upload.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return (folder for folder in folders if _id(folder) in orphans)


def _waits(job_id: UUID | None, fence: str) -> bool:
    return (Path(settings.SPOOL_DIR) / f"{job_id}-{fence}" / spool.MANIFEST).exists()


def _id(folder: Path) -> UUID | None:
    try:
        return UUID(folder.name)
    except ValueError:
        return None


def _is_old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > OLD_S
