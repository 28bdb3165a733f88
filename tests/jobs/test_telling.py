"""What happened and what it cost: kept apart, and read as one."""

from importlib import import_module

import pytest
from django.db import connection

from jobs.models import Job
from jobs.services.queue import scheduler
from jobs.services.recover.sweep import sweep
from jobs.services.run.requeue import put_back
from jobs.states import ErrorCode, State
from jobs.telling import EARLIER_CALL, Money, Telling
from tests.conftest import MakeJob

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("money", list(Money))
def test_every_word_about_money_is_read_from_the_row_as_it_was_written(
    money: Money, make_job: MakeJob
) -> None:
    written = Telling("It stopped", money, "Try again later.", after_doubt=True)

    job = make_job(**written.fields())

    job.refresh_from_db()
    assert job.telling == written
    assert job.told == str(written)


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (Telling(), ""),
        (Telling(after_doubt=True), EARLIER_CALL),
        (Telling("It broke."), "It broke."),
        (
            Telling("It broke.", Money.NOTHING, "(Full.)"),
            "It broke. Nothing was spent. (Full.)",
        ),
        (
            Telling("It broke.", Money.NOTHING, "(Full.)", after_doubt=True),
            f"It broke. Nothing was spent this time. (Full.) {EARLIER_CALL}",
        ),
        (
            Telling("Nothing was spent, it says.", Money.IT_MAY, after_doubt=True),
            f"Nothing was spent, it says. It may have been billed. {EARLIER_CALL}",
        ),
        (
            Telling("Cancelled", Money.STILL_MAY, "It is kept."),
            "Cancelled, so it may be billed. It is kept.",
        ),
    ],
)
def test_money_is_told_behind_what_happened(told: Telling, text: str) -> None:
    assert str(told) == text


def test_the_next_call_begins_with_nothing_told(make_job: MakeJob) -> None:
    make_job(**Telling("It broke.", Money.NOTHING, "(Full.)", after_doubt=True).fields())

    with scheduler.take() or pytest.fail("there is a job") as turn:
        assert turn.job.telling == Telling()


def test_what_went_before_is_told_when_it_waited_too_long(make_job: MakeJob) -> None:
    job = make_job(may_be_billed=True)
    with scheduler.take() or pytest.fail("there is a job") as turn:
        put_back(turn.job, ErrorCode.STORAGE, "The disk is full.")
    Job.objects.filter(pk=job.pk).update(deadline_at=job.created_at)

    sweep()

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, ErrorCode.EXPIRED)
    assert job.told == (
        "It waited past its deadline. Nothing was spent this time."
        f" Last problem: The disk is full. Trying again. Nothing was spent. {EARLIER_CALL}"
    )


def test_rows_from_before_say_it_in_their_message(make_job: MakeJob) -> None:
    old = make_job(error_message="It broke. Nothing was spent.")
    silent = make_job(error_message="It broke.")

    with connection.cursor() as cursor:
        cursor.execute(import_module("jobs.migrations.0013_money_apart").OLD_ROWS)

    old.refresh_from_db()
    silent.refresh_from_db()
    assert [old.telling.money, silent.telling.money] == [Money.SAID, Money.UNSAID]
    assert old.told == "It broke. Nothing was spent."
