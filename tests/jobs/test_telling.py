"""What happened and what it cost: kept apart, and read as one."""

from io import StringIO

import pytest
from django.core.management import call_command

from jobs.models import Job
from jobs.services.queue import scheduler
from jobs.services.recover.sweep import BY_RULE, sweep
from jobs.services.run.requeue import put_back
from jobs.states import ErrorCode, Policy, State
from jobs.telling import EARLIER_CALL, Money, Telling
from tests.conftest import MakeJob

pytestmark = pytest.mark.django_db

OURS = Telling("It stopped", Money.STILL_MAY, "It is kept.", after_doubt=True)


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


@pytest.mark.parametrize(
    ("message", "money"),
    [
        ("It broke. Nothing was spent.", Money.SAID),
        (f"It broke. {EARLIER_CALL}", Money.SAID),
        (EARLIER_CALL, Money.SAID),
        ("It broke.", Money.UNSAID),
    ],
)
def test_rows_of_an_earlier_release_say_it_in_their_message(
    message: str, money: Money, make_job: MakeJob
) -> None:
    job = make_job(error_message=message)

    assert (job.told, str(job.telling)) == (message, message)
    assert job.telling.money == money
    assert job.telling.after_doubt == (EARLIER_CALL in message)


def test_an_earlier_release_that_runs_beside_this_one_reads_all_of_a_message(
    make_job: MakeJob,
) -> None:
    job = make_job(**OURS.fields())

    job.refresh_from_db()
    assert job.error_message == str(OURS)


@pytest.mark.parametrize("theirs", ["", "It broke. Nothing was spent.", "It broke."])
def test_what_it_writes_over_a_message_of_ours_is_all_that_is_told(
    theirs: str, make_job: MakeJob
) -> None:
    """It knows of no parts and leaves them as they are."""
    job = make_job(**OURS.fields())

    Job.objects.filter(pk=job.pk).update(error_message=theirs)

    job.refresh_from_db()
    assert (job.told, job.telling) == (theirs, Telling.of(theirs))


def test_the_end_by_rule_of_what_it_wrote_says_nothing_twice(make_job: MakeJob) -> None:
    message = f"No answer came. It may have been billed. {EARLIER_CALL}"
    job = make_job(**OURS.fields(), state=State.HELD, policy=Policy.NEVER)
    Job.objects.filter(pk=job.pk).update(error_message=message)

    sweep()

    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.told == f"No answer came. It may have been billed. {BY_RULE} {EARLIER_CALL}"


def test_its_columns_come_without_a_change_to_any_row() -> None:
    words = StringIO()

    call_command("sqlmigrate", "jobs", "0013", stdout=words)

    assert "ADD COLUMN" in words.getvalue()
    assert "UPDATE" not in words.getvalue()
