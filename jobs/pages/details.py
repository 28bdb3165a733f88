"""A job and a picture told in full: what was asked, what came, when, at what cost, seen by whom."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from imagestudio.accounts.models import User
from jobs.models import Attempt, Event, Image, Job
from jobs.pages import cards, words
from jobs.pages.cards import CardView, PictureView
from jobs.states import Outcome, State, Visibility

LARGE_WIDTH = "(width >= 56.25rem) 60vw, 94vw"
OUTCOME_WORDS = {
    Outcome.SENT: "Under way",
    Outcome.ANSWERED: "Answered",
    Outcome.NOT_SENT: "Not sent",
    Outcome.REJECTED: "Turned away",
    Outcome.UNUSABLE: "Answered without a picture",
    Outcome.UNKNOWN: "Outcome unknown",
}


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    asked: str = ""  # What was asked, where something else was delivered.


@dataclass(frozen=True, slots=True)
class EventView:
    what: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AttemptView:
    number: int
    outcome: str
    sent_at: datetime
    facts: tuple[Fact, ...]
    error: str


@dataclass(frozen=True, slots=True)
class JobDetails:
    card: CardView
    facts: tuple[Fact, ...]
    events: tuple[EventView, ...]
    attempts: tuple[AttemptView, ...]
    raw_request: str
    who_sees: str
    is_team: bool
    may_share: bool


@dataclass(frozen=True, slots=True)
class NeighbourView:
    url: str
    picture: PictureView
    is_current: bool


@dataclass(frozen=True, slots=True)
class ImageDetails:
    picture: PictureView
    position: str
    prompt: str
    facts: tuple[Fact, ...]
    who_sees: str
    may_share: bool
    job_url: str
    again_url: str
    original_url: str
    original_label: str
    previous_url: str
    next_url: str
    neighbours: tuple[NeighbourView, ...]


def job_details(job: Job, viewer: User, *, may_make: bool) -> JobDetails:
    return JobDetails(
        card=cards.card(job, viewer, may_make=may_make),
        facts=_job_facts(job),
        events=tuple(_event(event) for event in job.events.all()),
        attempts=tuple(_attempt(attempt) for attempt in job.attempts.all()),
        raw_request=json.dumps(job.request, indent=2, ensure_ascii=False),
        who_sees=who_sees(job, viewer),
        is_team=job.visibility == Visibility.TEAM,
        may_share=may_make and job.owner_id == viewer.pk,
    )


def image_details(image: Image, viewer: User, *, may_make: bool) -> ImageDetails:
    job = image.job
    siblings = list(job.images.all())
    place = next(place for place, other in enumerate(siblings) if other.pk == image.pk)
    original = reverse("jobs:image_file", args=[image.pk, "original"])
    return ImageDetails(
        picture=cards.picture(image, job, LARGE_WIDTH),
        position=f"{place + 1} of {len(siblings)}" if len(siblings) > 1 else "",
        prompt=job.prompt,
        facts=_image_facts(image, job),
        who_sees=who_sees(job, viewer),
        may_share=may_make and job.owner_id == viewer.pk,
        job_url=reverse("jobs:job", args=[job.pk]),
        again_url=f"{reverse('jobs:studio')}?from={job.pk}" if may_make else "",
        original_url=f"{original}?download",
        original_label=f"{words.format_name(image.format)}, {words.byte_size(image.byte_count)}",
        previous_url=_page_of(siblings[place - 1]) if place > 0 else "",
        next_url=_page_of(siblings[place + 1]) if place + 1 < len(siblings) else "",
        neighbours=tuple(_neighbour(other, job, image) for other in siblings)
        if len(siblings) > 1
        else (),
    )


def who_sees(job: Job, viewer: User) -> str:
    """Who may look, and why."""
    is_mine = job.owner_id == viewer.pk
    if job.visibility == Visibility.TEAM:
        whose = "you" if is_mine else job.owner.display_name
        return f"Everyone in {job.team}, because {whose} showed it to the team."
    admins = f"Admins of {job.team} can look when they give a reason, and that is recorded."
    return f"Only {'you' if is_mine else job.owner.display_name}. {admins}"


def _job_facts(job: Job) -> tuple[Fact, ...]:
    asked = job.image_request
    estimate = words.money_range(job.estimate_low_microusd, job.estimate_high_microusd)
    return (
        Fact("Model", words.model_name(job.model)),
        Fact("Pictures", str(job.n)),
        Fact("Size", words.size(asked.size)),
        Fact("Quality", words.quality_name(asked.quality)),
        Fact("Format", words.format_name(asked.output_format)),
        Fact("Background", words.background_name(asked.background)),
        Fact("Estimate", estimate),
        Fact("Cost", cards.cost(job)),
        Fact("Made by", job.owner.display_name),
        Fact("Team", str(job.team)),
        Fact("Service", job.provider),
    )


def _image_facts(image: Image, job: Job) -> tuple[Fact, ...]:
    asked = job.image_request
    delivered = f"{image.width}x{image.height}"
    is_as_asked = asked.size in (delivered, "auto")
    cost = words.money(job.cost_microusd)
    return (
        Fact("Model", words.model_name(job.model)),
        Fact("Size", words.size(delivered), "" if is_as_asked else words.size(asked.size)),
        Fact("Quality", words.quality_name(asked.quality)),
        Fact(
            "Format",
            words.format_name(image.format),
            "" if image.format == asked.output_format else words.format_name(asked.output_format),
        ),
        Fact("Background", words.background_name(asked.background)),
        Fact("Cost", cost if job.n == 1 else f"{cost} for {words.pictures(job.n)}"),
        Fact("Time", words.duration(job.duration)),
        Fact("Made by", job.owner.display_name),
        Fact("Checksum", f"SHA-256 {image.sha256[:16]}…"),
    )


# Reasons that the word for the state says already, or that people say otherwise.
REASON_WORDS = {
    "outcome_unknown": "",
    "cancelled": "",
    "partial": "fewer pictures than asked",
    "poison": "the worker stopped again and again",
}


def _event(event: Event) -> EventView:
    what = words.STATE_WORDS[State(event.target)]
    if not event.source:
        what = "Accepted"
    by = f"by {event.actor.display_name}" if event.actor else ""
    reason = REASON_WORDS.get(event.reason, event.reason.replace("_", " "))
    why = ", ".join(part for part in (reason, by) if part)
    return EventView(what, why, event.at)


def _attempt(attempt: Attempt) -> AttemptView:
    span = attempt.answered_at - attempt.sent_at if attempt.answered_at else None
    facts = (
        Fact("Took", words.duration(span)),
        Fact("Answer", f"HTTP {attempt.http_status}" if attempt.http_status else ""),
        Fact("Cost", words.money(attempt.cost_microusd)),
        Fact("Reference", attempt.upstream_request_id),
    )
    return AttemptView(
        number=attempt.number,
        outcome=OUTCOME_WORDS[Outcome(attempt.outcome)],
        sent_at=attempt.sent_at,
        facts=tuple(fact for fact in facts if fact.value),
        error=attempt.error_message,
    )


def _neighbour(image: Image, job: Job, current: Image) -> NeighbourView:
    return NeighbourView(_page_of(image), cards.picture(image, job, "4rem"), image.pk == current.pk)


def _page_of(image: Image) -> str:
    return reverse("jobs:image", args=[image.pk])
