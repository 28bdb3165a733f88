"""Anchors of the audit log: what it was then, kept where the database's own keys don't reach.

The chain shows what was changed within the log, but not that its end was cut off. So its count and
newest hash are put into object storage, signed, and held against the log afterwards.
"""

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from imagestudio.audit.models import Entry

logger = logging.getLogger(__name__)

FOLDER = "audit-anchors"
SALT = "imagestudio.audit.anchors"


@dataclass(frozen=True, slots=True)
class Anchor:
    entry: int
    count: int
    hash: str
    at: str


def drop() -> None:
    """Anchor the log as it is, if it has grown. Of each day the last anchor stays."""
    newest = Entry.objects.order_by("-id").first()
    if newest is None:
        return
    day, name = _day(newest.at), _name(newest)
    earlier = _names(day)
    if name in earlier:
        return
    count = Entry.objects.filter(pk__lte=newest.pk).count()
    anchor = Anchor(newest.pk, count, newest.hash, newest.at.isoformat())
    text = signing.dumps(asdict(anchor), salt=SALT)
    default_storage.save(f"{FOLDER}/{day}/{name}", ContentFile(text.encode()))
    logger.info("the audit log has %s entries up to %s", count, newest.hash)
    for each in earlier:
        default_storage.delete(f"{FOLDER}/{day}/{each}")


def problems() -> Iterator[str]:
    """One line for each anchor that the log no longer fits."""
    for day in sorted(_folders()):
        for name in sorted(_names(day)):
            if problem := _problem_of(f"{FOLDER}/{day}/{name}"):
                yield problem


def _problem_of(path: str) -> str:
    try:
        with default_storage.open(path, "rb") as file:
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""  # A newer one has just taken its place.
    try:
        anchor = Anchor(**signing.loads(text, salt=SALT))
    except signing.BadSignature:
        return f"The anchor {path} was not signed by this studio's STUDIO_SECRET_KEY."
    found = Entry.objects.filter(pk=anchor.entry).values_list("hash", flat=True).first()
    count = Entry.objects.filter(pk__lte=anchor.entry).count()
    if found == anchor.hash and count == anchor.count:
        return ""
    return (
        f"At {anchor.at} there were {anchor.count} entries up to #{anchor.entry}; now there are "
        f"{count}, and #{anchor.entry} is {_what_became(found, anchor)}. Entries were removed, or "
        "this database is an older backup."
    )


def _what_became(found: str | None, anchor: Anchor) -> str:
    if found is None:
        return "gone"
    return "the same" if found == anchor.hash else "another one"


def _folders() -> list[str]:
    return _list(FOLDER)[0]


def _names(day: str) -> list[str]:
    return _list(f"{FOLDER}/{day}")[1]


def _list(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    # A file that is just being written, or whose writer was killed, has no name yet.
    return list(folders), [name for name in files if not name.startswith(".")]


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def _name(newest: Entry) -> str:
    return f"{newest.pk:012d}-{newest.hash[:16]}"
