"""Taking in a member's own pictures: checked, cleaned, stored once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from unicodedata import category

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from imagestudio.decoding.limits import Limits
from imagestudio.ids import uuid7
from imagestudio.images_api.capabilities import Problem
from imagestudio.web.database import release_connection
from jobs.models import Image, Upload
from jobs.services.pictures import blobs, intake, thumbnails
from jobs.services.pictures.intake import MASK, UPLOAD, Facts, GateBusy, NotAPicture
from jobs.services.refusals import SubmitRefused
from jobs.states import InputRole

CHUNK = 256 * 1024
MAX_NAME_CHARS = 200
BUSY = "not looked at, as many others of yours are on their way in. Try again in a moment."


def accept(actor: User, file: UploadedFile[bytes]) -> Upload:
    """Store a clean copy of what was uploaded; SubmitRefused names the file and the limit."""
    with _workplace() as folder:
        arrival = Arrival(_clean_name(file.name or ""), folder)
        _write(arrival, file.chunks(CHUNK))
        return _keep(actor, arrival)


def accept_layer(actor: User, file: UploadedFile[bytes], role: InputRole, over: Upload) -> Upload:
    """Store a mask or a markup for one of the actor's pictures; it must fit and say something."""
    check = {InputRole.MASK: intake.check_mask, InputRole.MARKUP: intake.check_markup}[role]
    picture = Facts(format=over.format, width=over.width, height=over.height)
    with _workplace() as folder:
        arrival = Arrival(f"The {role}", folder, param=role, limits=MASK, over=over)
        _write(arrival, file.chunks(CHUNK))
        return _keep(actor, arrival, lambda facts: check(facts, picture))


def take_from_history(actor: User, image: Image, *, is_raw: bool = False) -> Upload:
    """Let a finished picture go along with a new job. The caller has found it as visible.

    Of a masked edit it is the one that keeps the outside, unless the raw one is asked for.
    """
    key = image.key if is_raw else image.shown_key
    before = Upload.objects.filter(owner=actor, image=image, taken_from=key)
    # As if brought anew: what nobody has used for a week is cleared away.
    if before.update(created_at=Now()) and (earlier := before.first()):
        return earlier
    with _workplace() as folder, default_storage.open(key, "rb") as file:
        name = f"{image.job.prompt[:60]}.{key.rpartition('.')[2]}"
        arrival = Arrival(_clean_name(name), folder, image=image, taken_from=key)
        _write(arrival, _chunks(file))
        return _keep(actor, arrival)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A picture on its way in: its name as text, and where its files lie meanwhile."""

    name: str
    folder: Path
    param: str = "inputs"
    limits: Limits = UPLOAD
    image: Image | None = None
    taken_from: str = ""
    over: Upload | None = None

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def clean(self) -> Path:
        return self.folder / "clean"

    def refused(self, reason: object) -> SubmitRefused:
        return SubmitRefused([Problem(self.param, f"{self.name}: {reason}")])


def _keep(
    actor: User, arrival: Arrival, check: Callable[[Facts], None] = lambda facts: None
) -> Upload:
    clean = arrival.clean
    release_connection()  # A picture may take seconds.
    try:
        facts = intake.accept_upload(arrival.raw, clean, arrival.limits, actor.pk)
        check(facts)
        small = thumbnails.small_copy(arrival.clean)
    except NotAPicture as error:
        raise arrival.refused(error) from None
    except GateBusy:
        raise arrival.refused(BUSY) from None
    digest = blobs.sha256_of(clean)
    upload_id = uuid7()
    key = f"uploads/{upload_id}/{digest[:16]}.{facts.format}"
    blobs.put(clean, key)
    blobs.put_bytes(small.content, small_key := blobs.thumbnail_key(key, "small"))
    return Upload.objects.create(
        id=upload_id,
        owner=actor,
        name=arrival.name,
        key=key,
        sha256=digest,
        format=facts.format,
        width=facts.width,
        height=facts.height,
        byte_count=clean.stat().st_size,
        has_alpha=facts.has_alpha,
        small_key=small_key,
        small_sha256=small.sha256,
        image=arrival.image,
        taken_from=arrival.taken_from,
        over=arrival.over,
    )


def _write(arrival: Arrival, chunks: Iterator[bytes]) -> None:
    """Count while writing: a length that somebody claims is worth nothing."""
    written, most = 0, arrival.limits.max_bytes
    with arrival.raw.open("wb") as target:
        for chunk in chunks:
            written += len(chunk)
            if written > most:
                raise arrival.refused(f"larger than {most // 1_000_000} MB.")
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
    # Browsers write these three so in a form, and only these.
    for written, letter in (("%22", '"'), ("%0D", " "), ("%0A", " ")):
        name = name.replace(written, letter)
    visible = " ".join("".join(_shown(letter) for letter in name).split())
    return visible.replace("\\", "/").rpartition("/")[2][:MAX_NAME_CHARS] or "picture"


def _shown(letter: str) -> str:
    """Blanks of every kind as blanks; joiners stay, since words and emoji are spelt with them."""
    if category(letter) == "Zs":
        return " "
    return letter if letter.isprintable() or letter in "\u200c\u200d" else ""
