"""A job told in full: what was asked, what came, when, at what cost, seen by whom."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from django.urls import reverse
from django.utils import timezone

from imagestudio.accounts.models import User
from imagestudio.images_api.params import LABELS
from imagestudio.web.zones import unknown_zone_words
from jobs.models import Attempt, Event, Job, UnreadAnswer
from jobs.pages import facts, words
from jobs.pages.facts import Fact
from jobs.pages.job import cards
from jobs.pages.job.cards import CardView
from jobs.pages.references import ReferenceView, reference
from jobs.services.oversee import REVEALED, last_look
from jobs.states import ErrorCode, InputRole, Outcome, State, Visibility

OUTCOME_WORDS = {
    Outcome.SENT: "Under way",
    Outcome.ANSWERED: "Answered",
    Outcome.NOT_SENT: "Not sent",
    Outcome.REJECTED: "Turned away",
    Outcome.UNUSABLE: "Answered without a picture",
    Outcome.UNKNOWN: "Outcome unknown",
}


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
class UnreadView:
    """A piece of an answer that is no picture; without a url it is at an address elsewhere."""

    what: str
    url: str
    byte_count: int


@dataclass(frozen=True, slots=True)
class JobDetails:
    card: CardView
    inputs: tuple[ReferenceView, ...]
    facts: tuple[Fact, ...]
    events: tuple[EventView, ...]
    attempts: tuple[AttemptView, ...]
    raw_request: str
    who_sees: str
    is_team: bool
    may_share: bool
    unread: tuple[UnreadView, ...]
    may_fetch: bool


def job_details(job: Job, viewer: User, *, may_make: bool) -> JobDetails:
    is_mine = job.owner_id == viewer.pk
    pieces = job.unread_answers.open() if is_mine and job.has_unread else ()
    return JobDetails(
        card=cards.cards_of([job], viewer, may_make=may_make)[0],
        inputs=tuple(reference(each.upload, InputRole(each.role)) for each in job.inputs.all()),
        facts=_job_facts(job),
        events=tuple(_event(event) for event in job.events.all()),
        attempts=tuple(_attempt(attempt) for attempt in job.attempts.all()),
        raw_request=json.dumps(job.request, indent=2, ensure_ascii=False),
        who_sees=who_sees(job, viewer),
        is_team=job.visibility == Visibility.TEAM,
        may_share=may_make and is_mine,
        unread=tuple(map(_unread, pieces)),
        may_fetch=may_make and any(each.address for each in pieces),
    )


def who_sees(job: Job, viewer: User) -> str:
    """Who may look, and why."""
    is_mine = job.owner_id == viewer.pk
    if job.visibility == Visibility.TEAM:
        whose = "you" if is_mine else job.owner.display_name
        return f"Everyone in {job.team}, because {whose} showed it to the team."
    admins = f"Admins of {job.team} can look when they give a reason, and that is recorded."
    return f"Only {'you' if is_mine else job.owner.display_name}. {admins}{_looked(job)}"


def _looked(job: Job) -> str:
    last = last_look(job)
    if last is None:
        return ""
    who = last.actor.display_name if last.actor else "An admin"
    at = timezone.localtime(last.at)
    return f" {who} looked on {at.day} {at:%B %Y at %H:%M}{unknown_zone_words()}."


def _read_elsewhere(count: int) -> tuple[Fact, ...]:
    """Pictures that nobody here has seen; most jobs have none, and no line about them."""
    named = f"{count} picture{'s' if count > 1 else ''} by address or number"
    return (Fact("Read by the service", named),) if count else ()


def _job_facts(job: Job) -> tuple[Fact, ...]:
    asked = job.image_request
    estimate = words.money_range(job.estimate_low_microusd, job.estimate_high_microusd)
    return (
        Fact("Made by way of", words.OPERATION_WORDS[asked.operation]),
        Fact("Model", words.model_name(job.model), asked=(job.asked or {}).get("model", "")),
        *_read_elsewhere(len(asked.references)),
        Fact(LABELS["n"], str(job.n)),
        Fact(LABELS["size"], words.size(asked.size)),
        Fact(LABELS["quality"], words.quality_name(asked.quality)),
        Fact(LABELS["output_format"], words.format_name(asked.output_format)),
        Fact(LABELS["background"], words.background_name(asked.background)),
        *(Fact(label, value) for label, value in words.rarely_asked(asked)),
        Fact("Estimate", f"{estimate} by the prices of {job.price_version}"),
        Fact("Cost", facts.cost(job)),
        Fact("Made by", job.owner.display_name),
        Fact("Team", str(job.team)),
        Fact("Service", job.provider),
    )


# Reasons that the word for the state says already, or that people say otherwise.
REASON_WORDS: dict[str, str] = {
    ErrorCode.OUTCOME_UNKNOWN: "",
    ErrorCode.CANCELLED: "",
    ErrorCode.PARTIAL: "fewer pictures than asked",
    ErrorCode.BAD_ANSWER: "the answer was no picture",
    ErrorCode.FLAWED: "not all of it can be opened",
    ErrorCode.POISON: "the worker stopped again and again",
}


def _event(event: Event) -> EventView:
    what = words.STATE_WORDS[State(event.target)]
    if not event.source:
        what = "Accepted"
    if event.reason == REVEALED:
        who = event.actor.display_name if event.actor else "An admin"
        return EventView("Looked at", f"by {who}, who gave a reason that is recorded", event.at)
    by = f"by {event.actor.display_name}" if event.actor else ""
    reason = REASON_WORDS.get(event.reason, event.reason.replace("_", " "))
    why = ", ".join(part for part in (reason, by) if part)
    return EventView(what, why, event.at)


def _unread(piece: UnreadAnswer) -> UnreadView:
    if not piece.key:
        return UnreadView("The address of a picture, which did not give it", "", 0)
    known = {"raw": "The text of the answer", "packed.raw": "The answer as it came, compressed"}
    kinds = {
        ".raw": "Text in the place of a picture",
        ".part": "What came in the place of a picture",
    }
    what = known.get(piece.name) or kinds.get(PurePath(piece.name).suffix, "A part of the stream")
    url = reverse("jobs:unread_file", args=[piece.job_id, piece.pk])
    return UnreadView(what, url, piece.byte_count)


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
