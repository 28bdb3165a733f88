"""Prompts are folded for searches when they are written, and not at each beat of the heart."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from jobs.models import Job
from jobs.services.run.lease import EXTEND
from jobs.states import State
from tests.conftest import MakeJob

FOLDS = "SELECT pg_get_functiondef('studio_fold'::regproc)"
BROKEN = """
    CREATE OR REPLACE FUNCTION studio_fold(words text) RETURNS text LANGUAGE plpgsql IMMUTABLE
    AS $$ BEGIN RAISE EXCEPTION 'folded again'; END $$
"""


@pytest.fixture
def unfoldable(owner: psycopg.Connection, make_job: MakeJob) -> Iterator[Job]:
    """A job whose prompt nothing may fold any more."""
    job = make_job(state=State.RUNNING, prompt="schöne Grüße")
    [[definition]] = owner.execute(FOLDS).fetchall()
    owner.execute(BROKEN)
    try:
        yield job
    finally:
        owner.execute(definition.encode())


def test_a_beat_of_the_heart_folds_no_prompt(unfoldable: Job) -> None:
    with connection.cursor() as cursor:
        cursor.execute(EXTEND, [[unfoldable.pk], [unfoldable.fence], 30.0])

        assert cursor.fetchall() == [(unfoldable.pk, unfoldable.fence)]


def test_a_change_of_state_folds_no_prompt(unfoldable: Job) -> None:
    assert Job.objects.move(
        unfoldable.pk, State.RUNNING, State.QUEUED, fence=unfoldable.fence, error_code=""
    )


def test_a_changed_prompt_is_found_by_its_new_words(make_job: MakeJob) -> None:
    job = make_job(prompt="a fox")

    Job.objects.filter(pk=job.pk).update(prompt="Crème brûlée")

    assert list(Job.objects.all().matching("creme")) == [job]
    assert not Job.objects.all().matching("fox").exists()


def test_whoever_saves_the_whole_row_keeps_it_to_be_found(make_job: MakeJob) -> None:
    job = make_job(prompt="Crème brûlée")
    job.folded_prompt = ""

    job.save()

    assert list(Job.objects.all().matching("creme")) == [job]
