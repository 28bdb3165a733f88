"""What is told to a job's owner of pictures with flaws, when they come or when they are opened."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.models import Image
from jobs.services.pictures import blobs, intake

DAMAGED = "came damaged or cut off, and is shown as far as it goes"


def unopened(reason: object) -> str:
    """It was paid for, and another program may open it."""
    return f"can't be opened by the studio ({reason}); it is kept as it came, for you to download"


def name_of(index: int) -> str:
    return f"picture {index + 1}"


def sentence(notes: Iterable[str]) -> str:
    text = "; ".join(notes)[:500].rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def found_late(image: Image) -> str:
    """What is to be told of a picture that was whole by its checksums, and no decoder opens.

    Of one that the decoder has judged when it came, all is told already. What can be opened by now
    is shown as it is; the rest has no width any more, which says that it can't be shown.
    """
    with TemporaryDirectory() as folder:
        path = blobs.local_copy(image.key, Path(folder))
        if intake.facts_if_whole(path) is None:
            return ""
        try:
            facts = intake.inspect(path)
        except intake.NotAPicture as error:
            image.width = image.height = 0
            image.save(update_fields=["width", "height"])
            return f"{name_of(image.index)} {unopened(error)}"
    return "" if facts.is_whole else f"{name_of(image.index)} {DAMAGED}"
