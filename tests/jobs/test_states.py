import pytest
from django.db import DatabaseError, transaction

from jobs.models import Event, Job
from jobs.states import FINAL, NEXT, State
from tests.conftest import MakeJob

ARROWS = [(source, target) for source in State for target in State]
ALLOWED = [(source, target) for source, target in ARROWS if target in NEXT[source]]
FORBIDDEN = [(source, target) for source, target in ARROWS if target not in NEXT[source]]


def test_it_never_leaves_a_final_state() -> None:
    assert all(not NEXT[state] for state in FINAL)


def test_it_can_end_from_every_unfinished_state() -> None:
    assert all(NEXT[state] & FINAL for state in set(State) - FINAL)


@pytest.mark.parametrize(("source", "target"), FORBIDDEN)
def test_it_refuses_an_arrow_that_is_not_drawn(source: State, target: State) -> None:
    with pytest.raises(ValueError, match="never becomes"):
        Job.objects.move(Job().pk, source, target, fence=1)


@pytest.mark.parametrize(
    ("source", "target"), [pair for pair in FORBIDDEN if pair[0] is not pair[1]]
)
def test_the_database_refuses_it_too(make_job: MakeJob, source: State, target: State) -> None:
    job = make_job(state=source)

    with pytest.raises(DatabaseError, match="cannot go from"), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(state=target)


@pytest.mark.parametrize(
    ("source", "target"), [pair for pair in ALLOWED if pair[1] in FINAL | {State.QUEUED}]
)
def test_every_move_leaves_an_event(make_job: MakeJob, source: State, target: State) -> None:
    job = make_job(state=source)

    assert Job.objects.move(job.pk, source, target, fence=job.fence)

    last = Event.objects.filter(job=job).last()
    assert last is not None
    assert (last.source, last.target) == (source, target)


def test_an_event_cannot_be_rewritten(make_job: MakeJob) -> None:
    event = Event.objects.get(job=make_job())

    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(target="failed")


@pytest.mark.parametrize(
    ("state", "change"),
    [
        (State.RUNNING, {"lease_until": None}),
        (State.HELD, {"held_until": None}),
        (State.SUCCEEDED, {"finished_at": None}),
        (State.QUEUED, {"n": 11}),
    ],
)
def test_the_database_refuses_a_row_that_makes_no_sense(
    make_job: MakeJob, state: State, change: dict[str, object]
) -> None:
    job = make_job(state=state)

    with pytest.raises(DatabaseError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**change)
