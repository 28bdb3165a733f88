"""Presenter of a job's state: a word, an icon and a tone."""

from dataclasses import dataclass

from jobs.models import Job
from jobs.pages import words
from jobs.states import ErrorCode, State


@dataclass(frozen=True, slots=True)
class BadgeView:
    tone: str  # A state's name, or "refused".
    icon: str
    word: str


def badge(job: Job) -> BadgeView:
    """A refusal is an answer and no fault: it has its own word and no alarm."""
    if job.state == State.FAILED and is_against_safety_rules(job):
        return BadgeView("refused", "ban", "Refused")
    state = State(job.state)
    return BadgeView(state.value, words.STATE_ICONS[state], words.STATE_WORDS[state])


def is_against_safety_rules(job: Job) -> bool:
    return job.error_code == ErrorCode.MODERATION_BLOCKED
