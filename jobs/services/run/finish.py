"""Turning an answer on disk into pictures of a job. Worker and sweeper finish in the same way."""

import json
import logging
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import Now

from imagestudio.images_api import pricing
from imagestudio.images_api.types import Answer, AnswerImage
from jobs.models import Attempt, Image, Job
from jobs.services.pictures import blobs, flaws, intake
from jobs.services.run import unread
from jobs.services.run.spool import SpoolEntry
from jobs.states import ErrorCode, Outcome, State
from jobs.telling import Money, Telling

logger = logging.getLogger(__name__)

# From the left, so that an escaped backslash is never taken for the beginning of another escape.
_ESCAPE = re.compile(
    r"\\(?:ud[89ab]..\\ud[c-f]..|(?P<half>ud[89a-f]..)|u....|.)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an answer; the lists of words are told to the job's owner."""

    pictures: list[Image] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # Of pictures that are kept, but have flaws.
    problems: list[str] = field(default_factory=list)  # Of what is no picture.


class JobMovedOn(Exception):
    """Somebody else has changed the job since; nothing of this transaction may stay."""


def finish(job: Job, entry: SpoolEntry) -> bool:
    """Store the pictures, then end the job and clear the spool.

    False when the job is no longer ours to end: the answer stays in the spool. The entry's fence is
    that of the call; the job's own may be higher when it was taken back meanwhile.
    """
    try:
        stored = _finish(job, entry.fence, entry.read())
    except FileNotFoundError:
        if entry.is_complete or _is_ours(job):
            raise
        logger.warning("job %s was ended by somebody else, who had the same answer", job.pk)
        return False
    if stored is None:
        return False
    if not stored.pictures or stored.problems:
        entry.set_aside()
    # Where pictures are missing, what came in their place is for the owner.
    is_all = len(stored.pictures) >= job.n and not stored.problems
    if is_all or unread.keep_if_possible(job, entry):
        entry.discard()
    return True


def _finish(job: Job, answer_fence: int, answer: Answer) -> Stored | None:
    stored = _store(job, answer_fence, answer)
    if stored.problems and not SpoolEntry(job.pk, answer_fence).is_complete:
        raise FileNotFoundError("the answer was cleared away while it was read")
    cost = _cost(job, answer)
    try:
        with transaction.atomic():
            _note_answer(job, answer_fence, answer, cost, stored)
            _end(job, stored, cost)
    except JobMovedOn:
        _note_answer(job, answer_fence, answer, cost, stored)
        logger.warning("job %s was ended by somebody else; its answer stays in the spool", job.pk)
        return None
    return stored


def _is_ours(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, state=job.state, fence=job.fence).exists()


def _store(job: Job, fence: int, answer: Answer) -> Stored:
    """Put every picture under its write-once key; the rows come later, with the state."""
    stored = Stored()
    for item in answer.images:
        name = flaws.name_of(item.index)
        try:
            image, note = _store_one(job, fence, item)
        except intake.NotAPicture as error:
            stored.problems.append(f"{name}: {error}")
        else:
            stored.pictures.append(image)
            stored.notes.extend([f"{name} {note}"] if note else [])
    return stored


def _store_one(job: Job, fence: int, item: AnswerImage) -> tuple[Image, str]:
    if item.problem:
        raise intake.NotAPicture(item.problem)
    if not item.path.exists():
        raise intake.NotAPicture("its file is gone")
    try:
        facts, drawing = _judged(item)
    except intake.NotAPicture as error:
        return _kept_unopened(job, fence, item, error)
    note = "" if facts.is_whole else flaws.DAMAGED
    return _stored(job, fence, item, facts, drawing), note


def _judged(item: AnswerImage) -> tuple[intake.Facts, Path | None]:
    try:
        return intake.judge(item.path), None
    except intake.UnsafePicture:
        # It was paid for, so it is kept as it came; what is shown is a copy that can only draw.
        drawing = item.path.with_suffix(".drawing")
        return intake.save_drawing(item.path, drawing), drawing


def _kept_unopened(
    job: Job, fence: int, item: AnswerImage, reason: intake.NotAPicture
) -> tuple[Image, str]:
    """It was paid for, and another program may open it."""
    extension = intake.extension_of(item.path)
    if extension is None:
        raise reason
    facts = intake.Facts(extension, width=0, height=0)
    return _stored(job, fence, item, facts, None), flaws.unopened(reason)


def _stored(
    job: Job, fence: int, item: AnswerImage, facts: intake.Facts, drawing: Path | None
) -> Image:
    key = blobs.image_key(job.pk, fence, item.index, item.sha256, facts.format)
    blobs.put(item.path, key)
    image = _picture(job, item, key, facts)
    if drawing is not None:
        image.kept_sha256 = blobs.sha256_of(drawing)
        image.kept_key = blobs.kept_key(key, image.kept_sha256, facts.format)
        blobs.put(drawing, image.kept_key)
    return image


def _picture(job: Job, item: AnswerImage, key: str, facts: intake.Facts) -> Image:
    return Image(
        job=job,
        index=item.index,
        key=key,
        sha256=item.sha256,
        format=facts.format,
        width=facts.width,
        height=facts.height,
        byte_count=item.byte_count,
    )


def _cost(job: Job, answer: Answer) -> int | None:
    return pricing.actual_microusd(job.model, answer.usage) if answer.usage else None


def _note_answer(job: Job, fence: int, answer: Answer, cost: int | None, stored: Stored) -> None:
    """The call's own row tells what it cost, whatever became of its job."""
    Attempt.objects.filter(job=job, fence=fence).update(
        outcome=Outcome.ANSWERED if stored.pictures else Outcome.UNUSABLE,
        answered_at=Now(),
        http_status=answer.http_status,
        upstream_request_id=answer.request_id or "",
        bytes_received=answer.bytes_received,
        usage=_storable(answer.usage.raw) if answer.usage else None,
        answer=_storable(answer.body),
        cost_microusd=cost,
        error_message="; ".join(stored.problems + stored.notes)[:2000],
    )


def _storable(raw: dict[str, Any]) -> Any:
    """PostgreSQL keeps no NUL, no half of a character and no number without end."""
    text = _ESCAPE.sub(_kept, json.dumps(raw))
    return json.loads(text, parse_constant=lambda _: None)


def _kept(escape: re.Match[str]) -> str:
    if escape["half"]:
        return "\\ufffd"
    return "" if escape.group() == "\\u0000" else escape.group()


def _end(job: Job, stored: Stored, cost: int | None) -> None:
    source = State(job.state)
    is_doubtful = job.attempts.doubtful().exists()
    known = _known_cost(job, cost, is_doubtful=is_doubtful)
    if stored.pictures:
        target, (code, told) = State.SUCCEEDED, _what_to_note(job, stored)
    else:
        target, (code, told) = State.FAILED, _unusable(stored)
    fields = replace(told, after_doubt=is_doubtful).fields() | {
        "error_code": code,
        "cost_microusd": known,
        "may_be_billed": is_doubtful or target is State.FAILED,
        "held_until": None,
    }
    if not Job.objects.move(job.pk, source, target, fence=job.fence, **fields):
        raise JobMovedOn
    Image.objects.bulk_create(stored.pictures)


def _known_cost(job: Job, cost: int | None, *, is_doubtful: bool) -> int | None:
    """What all its calls cost; an incomplete sum is no cost: unknown stays unknown."""
    attempts = job.attempts.aggregate(total=Sum("cost_microusd"), count=Count("id"))
    if not attempts["count"]:
        return 0  # It took over the answer of a call that its parent paid for.
    total: int | None = attempts["total"]
    return None if is_doubtful or cost is None else total


def _unusable(stored: Stored) -> tuple[str, Telling]:
    problems = "; ".join(stored.problems)[:500]
    words = f"The service answered, but what came is no picture ({problems})."
    return ErrorCode.BAD_ANSWER, Telling(words, Money.PROBABLY)


def _what_to_note(job: Job, stored: Stored) -> tuple[str, Telling]:
    missing = job.n - len(stored.pictures)
    if missing <= 0:
        return (ErrorCode.FLAWED if stored.notes else ""), Telling(flaws.sentence(stored.notes))
    arrived = f"{len(stored.pictures)} of {job.n} pictures arrived"
    notes = "; ".join([*stored.problems, *stored.notes])
    return ErrorCode.PARTIAL, Telling(flaws.sentence([f"{arrived}: {notes}" if notes else arrived]))
