"""What lies in storage: I4 (every row has its file, whole) and I5 (every file has its row)."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from tests.faults.rig import Rig

COLLECT = "from jobs.services.recover.garbage import collect; collect()"
TWO_DAYS_S = 2 * 24 * 3600
NAMED_BY_HASH = re.compile(r"-([0-9a-f]{16})\.\w+$")
QUIET_AFTER_S = 5.0


def problems(rig: Rig, job_ids: list[str]) -> list[str]:
    return [
        *_of_rows(rig, job_ids),
        *(f"I4 succeeded without a picture: {job}" for job in _without_pictures(rig, job_ids)),
        *(f"I5 half of a file under its name: {path}" for path in _halves(rig, job_ids)),
        *(f"I5 a file without a row outlives the garbage: {path}" for path in _left(rig, job_ids)),
    ]


def _of_rows(rig: Rig, job_ids: list[str]) -> Iterator[str]:
    """I4, and G5: every named file is there with its hash, and opens unless its row says that it
    can't, which is known when its small copies are made; only ended jobs have rows."""
    rows = rig.rows(
        "SELECT i.key, i.sha256, i.width > 0 AND j.thumbs_at IS NOT NULL, j.state"
        " FROM jobs_image i JOIN jobs_job j ON j.id = i.job_id"
        " WHERE j.id = ANY(%s::uuid[])",
        job_ids,
    )
    for key, digest, opens, state in rows:
        if state != "succeeded":
            yield f"G5 {key} is shown of a {state} job"
        if problem := _problem_of(rig.blobs / key, digest, opens=opens):
            yield f"I4 {key}: {problem}"


def _problem_of(path: Path, digest: str, *, opens: bool) -> str:
    if not path.exists():
        return "its file is missing"
    content = path.read_bytes()
    if sha256(content).hexdigest() != digest:
        return "its bytes are others"
    if opens:
        with Image.open(path) as picture:
            picture.load()
    return ""


def _without_pictures(rig: Rig, job_ids: list[str]) -> list[object]:
    rows = rig.rows(
        "SELECT id FROM jobs_job j WHERE id = ANY(%s::uuid[]) AND state = 'succeeded'"
        " AND NOT EXISTS (SELECT 1 FROM jobs_image i WHERE i.job_id = j.id)",
        job_ids,
    )
    return [job_id for (job_id,) in rows]


def _halves(rig: Rig, job_ids: list[str]) -> Iterator[Path]:
    """Files whose bytes are not those that their name says, whether a row names them or not."""
    for path in _files(rig, job_ids):
        found = NAMED_BY_HASH.search(path.name)
        if found and "thumbs" not in path.parts and not path.name.startswith("."):
            digest = sha256(path.read_bytes()).hexdigest()
            if not digest.startswith(found.group(1)):
                yield path


def _left(rig: Rig, job_ids: list[str]) -> list[Path]:
    """Whoever is killed may leave files behind, but only until the garbage is collected."""
    until = time.monotonic() + QUIET_AFTER_S
    while (strays := _strays(rig, job_ids)) and time.monotonic() < until:
        time.sleep(0.2)
    if not strays:
        return []
    then = time.time() - TWO_DAYS_S
    for path in strays:
        for aged in (path, path.parent):
            os.utime(aged, (then, then))
    rig.manage("shell", "-c", COLLECT)
    return _strays(rig, job_ids)


def _strays(rig: Rig, job_ids: list[str]) -> list[Path]:
    """Unfinished files, and finished ones that no row names."""
    columns = "UNNEST(ARRAY[i.key, i.kept_key, i.small_key, i.large_key])"
    statement = f"SELECT {columns} FROM jobs_image i WHERE job_id = ANY(%s::uuid[])"  # noqa: S608
    unread = "SELECT key FROM jobs_unreadanswer WHERE job_id = ANY(%s::uuid[])"
    keys = [*rig.rows(statement, job_ids), *rig.rows(unread, job_ids)]
    named = {rig.blobs / key for (key,) in keys if key}
    ended = rig.rows(
        "SELECT id FROM jobs_job WHERE id = ANY(%s::uuid[]) AND finished_at IS NOT NULL", job_ids
    )
    files = _files(rig, [str(job_id) for (job_id,) in ended])
    return [path for path in files if path not in named]


def _files(rig: Rig, job_ids: list[str]) -> list[Path]:
    """All that was stored for these jobs, in whatever part of the storage."""
    ours = set(job_ids)
    return [path for path in rig.blobs.rglob("*") if ours & set(path.parts) and path.is_file()]
