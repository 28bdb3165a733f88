"""Presenter of a job's card. The same view serves the stream, the poll and the job's own page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from imagestudio.accounts.models import User
from imagestudio.images_api import pricing
from jobs.models import Image, Job
from jobs.pages import words
from jobs.pages.badges import BadgeView, badge, is_against_safety_rules
from jobs.pages.job.waiting import waiting
from jobs.pages.pictures import PictureView, picture, ratio_name, shape
from jobs.services.queue.position import QueuePosition, positions_of
from jobs.services.refill import missing as missing_of
from jobs.services.refill import of as refills_of
from jobs.states import FINAL, ErrorCode, State, Visibility
from jobs.telling import Money

SUCCEEDED_TITLES: dict[str, str] = {
    ErrorCode.PARTIAL: "Fewer pictures than asked",
    ErrorCode.FLAWED: "Not all of it can be opened",
}
FRESH = timedelta(seconds=10)
# The box in CSS pixels that a picture alone on its card is fitted into.
ALONE_WIDTH, ALONE_HEIGHT = 640, 416
# How wide a picture is shown, by columns of the card, so that browsers pick the right file.
SHOWN_WIDTHS = {
    1: "(width >= 56.25rem) 36rem, 92vw",
    2: "(width >= 56.25rem) 18rem, 46vw",
    3: "(width >= 56.25rem) 13rem, 30vw",
    4: "(width >= 56.25rem) 10rem, 23vw",
}


@dataclass(frozen=True, slots=True)
class SlotView:
    kind: str  # "waiting", "developing", "empty", "picture" or "unopened"
    width: int
    height: int
    picture: PictureView | None = None
    mark: str = ""
    preview_url: str = ""  # A partial picture, while the whole one is being made.


@dataclass(frozen=True, slots=True)
class NoteView:
    """What a person should know about how it stands; `kind` sets the colour."""

    kind: str  # "plain", "held" or "failed"
    title: str
    text: str
    money: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class VerbsView:
    """What this viewer may do about a job just now."""

    job_id: str
    again_word: str
    may_again: bool
    may_cancel: bool
    may_decide: bool
    fence: int  # Of the call that a decision is about.
    was_sent: bool  # A cancelled call may still be billed.
    retry_cost: str
    missing: int  # Pictures that can be made up for.
    refill_cost: str
    refill_url: str  # Where the missing ones are being made, or were.
    late_id: int | None  # An answer that came after the job had ended.


@dataclass(frozen=True, slots=True)
class CardView:
    id: str
    url: str
    state: str
    badge: BadgeView
    prompt: str  # What stands for it, where nothing was written.
    written: str
    author: str
    created_at: datetime
    started_at: datetime | None
    is_team: bool
    is_fresh: bool
    layout: str
    slots: tuple[SlotView, ...]
    note: NoteView | None
    meta: tuple[str, ...]
    verbs: VerbsView
    has_unread: bool  # Something came that is no picture yet, and is kept for its owner.


def card(
    job: Job,
    viewer: User,
    *,
    may_make: bool,
    place: QueuePosition | None = None,
    refill: Job | None = None,
) -> CardView:
    """`may_make`: the viewer is more than an onlooker in the current team."""
    state = State(job.state)
    is_mine = job.owner_id == viewer.pk
    return CardView(
        id=str(job.pk),
        url=reverse("jobs:job", args=[job.pk]),
        state=state.value,
        badge=badge(job),
        prompt=words.title(job.prompt, job.operation),
        written=job.prompt,
        author="" if is_mine else job.owner.display_name,
        created_at=job.created_at,
        started_at=job.started_at if state is State.RUNNING else None,
        is_team=job.visibility == Visibility.TEAM,
        is_fresh=job.finished_at is not None and timezone.now() - job.finished_at < FRESH,
        layout=layout(job),
        slots=slots(job),
        note=note(job, place),
        meta=meta(job),
        verbs=verbs(job, refill, is_mine=is_mine, may_make=may_make),
        has_unread=is_mine and job.has_unread,
    )


def verbs(job: Job, refill: Job | None, *, is_mine: bool, may_make: bool) -> VerbsView:
    state, may_decide = State(job.state), is_mine and may_make
    missing = missing_of(job) if may_decide and refill is None else 0
    return VerbsView(
        job_id=str(job.pk),
        again_word=_again_word(job),
        may_again=may_make and state in FINAL,
        may_cancel=may_decide and state in (State.QUEUED, State.RUNNING),
        may_decide=may_decide and state is State.HELD,
        fence=job.fence,
        was_sent=state is State.RUNNING,
        retry_cost=words.money_range(job.estimate_low_microusd, job.estimate_high_microusd),
        missing=missing,
        refill_cost=_refill_cost(job, missing),
        refill_url=reverse("jobs:job", args=[refill.pk]) if refill and is_mine else "",
        late_id=_late_id(job) if may_decide else None,
    )


def slots(job: Job) -> tuple[SlotView, ...]:
    """One slot per asked picture, from the first moment and in the right shape."""
    width, height = shape(job)
    columns = column_count(job.n, ratio_name(width, height))
    arrived = {image.index: image for image in job.images.all()}
    if not arrived and job.state in (State.HELD, State.FAILED, State.CANCELLED):
        return ()
    return tuple(
        _picture_slot(job, arrived[index], columns)
        if index in arrived
        else _open_slot(job, index, width, height)
        for index in range(max(job.n, len(arrived)))
    )


def layout(job: Job) -> str:
    """The classes that arrange the slots."""
    ratio = ratio_name(*shape(job))
    return f"slots--{column_count(job.n, ratio)} slots--{ratio}"


def column_count(count: int, ratio: str) -> int:
    if count == 4 and ratio in ("tall", "portrait"):
        return 4
    return {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3}.get(count, 4)


def meta(job: Job) -> tuple[str, ...]:
    parts = [words.model_name(job.model), *words.asked_for(job.image_request)]
    if job.state == State.SUCCEEDED:
        parts.append(words.money(job.cost_microusd))
        parts.append(words.duration(job.duration))
    elif job.state not in FINAL:
        parts.append(words.money_range(job.estimate_low_microusd, job.estimate_high_microusd))
    return tuple(part for part in parts if part)


def cards_of(jobs: Sequence[Job], viewer: User, *, may_make: bool) -> list[CardView]:
    """The cards of a list, with the positions of those that wait."""
    positions, refills = positions_of(jobs), refills_of(jobs)
    return [
        card(
            job,
            viewer,
            may_make=may_make,
            place=positions.get(job.pk),
            refill=refills.get(job.pk),
        )
        for job in jobs
    ]


def note(job: Job, place: QueuePosition | None = None) -> NoteView | None:
    state, text = State(job.state), job.told
    if state is State.QUEUED and place is not None:
        parts = (text, "" if _tells_why_closed(job, place) else waiting(place))
        text = " ".join(part for part in parts if part)
    if state is State.HELD:
        title = "This may have been billed"
        return NoteView("held", title, text, until=job.held_until)
    if state is State.FAILED:
        return _failure(job)
    if state is State.CANCELLED:
        return NoteView("plain", "", text, _money_words(job)) if text else None
    if state is State.SUCCEEDED and text:
        charged = f"The service charged {words.money(job.cost_microusd)} for it."
        if job.cost_microusd is None:
            charged = "What it cost is unknown."
        title = SUCCEEDED_TITLES.get(job.error_code, "")
        return NoteView("plain", title, text, charged)
    return NoteView("plain", "", text) if text else None


def _tells_why_closed(job: Job, place: QueuePosition) -> bool:
    """The job that met the refusal has it in its own words, with more than the strip says."""
    return place.closed is not None and job.error_code == ErrorCode.ACCOUNT


def _failure(job: Job) -> NoteView:
    if is_against_safety_rules(job):
        title = "Not made: the safety rules said no"
        return NoteView("plain", title, job.told, _money_words(job))
    return NoteView("failed", "This did not work", job.told, _money_words(job))


def _refill_cost(job: Job, missing: int) -> str:
    if not missing:
        return ""
    guess = pricing.estimate(replace(job.image_request, n=missing))
    return words.money_range(guess.low_microusd, guess.high_microusd)


def _late_id(job: Job) -> int | None:
    """Few jobs have one, so the rows are there already and are looked through here."""
    return next((late.pk for late in job.late_results.all() if late.is_open), None)


def _again_word(job: Job) -> str:
    if job.state != State.FAILED:
        return "Use again"
    return "Edit the prompt" if is_against_safety_rules(job) else "Edit and try again"


def _money_words(job: Job) -> str:
    if job.telling.money is not Money.UNSAID:
        return ""
    return "It may have been billed." if job.may_be_billed else "Nothing was spent."


def _picture_slot(job: Job, image: Image, columns: int) -> SlotView:
    view = picture(image, job, SHOWN_WIDTHS[columns])
    return SlotView("picture" if view.src else "unopened", *_fitted(view.width, view.height), view)


def _open_slot(job: Job, index: int, width: int, height: int) -> SlotView:
    size = _fitted(width, height)
    if job.state == State.RUNNING:
        number = job.preview_count if index == 0 else 0
        url = reverse("jobs:preview", args=[job.pk, number]) if number else ""
        return SlotView("developing", *size, preview_url=url)
    if job.state == State.SUCCEEDED:
        return SlotView("empty", *size, mark="Not delivered")
    return SlotView("waiting", *size)


def _fitted(width: int, height: int) -> tuple[int, int]:
    scale = min(ALONE_WIDTH / width, ALONE_HEIGHT / height, 1)
    return max(1, round(width * scale)), max(1, round(height * scale))
