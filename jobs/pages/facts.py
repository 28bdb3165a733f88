"""Presenters of what is known: a label and its value, and money that may be unknown."""

from dataclasses import dataclass
from typing import Any

from jobs.models import Job
from jobs.pages import words
from jobs.states import State


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    asked: str = ""  # What was asked, where something else was delivered.
    note: str = ""


def figure_of_spend(label: str, numbers: Any) -> Fact:
    """A sum is only whole when it says how many jobs are not in it."""
    unknown = numbers["unknown"]
    note = f"and {unknown:,} of unknown cost" if unknown else ""
    return Fact(label, words.money(numbers["cost_microusd"]), note=note)


def cost(job: Job) -> str:
    """Known, unknown, or none because nothing was bought."""
    was_bought = job.state == State.SUCCEEDED or job.may_be_billed
    if job.cost_microusd is None and not was_bought:
        return words.NOTHING
    return words.money(job.cost_microusd)
