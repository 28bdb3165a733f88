"""When providers are left alone, and how one job finds out whether they work again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings

from imagestudio.accounts.models import User
from imagestudio.audit.models import Entry
from imagestudio.images_api import errors
from jobs.models import Job, ProviderTrouble
from jobs.services.queue import circuit_breaker
from jobs.services.refusals import NotAllowed
from jobs.states import State, Trouble
from tests.conftest import MakeJob

DOWN = errors.NotSent(
    "The service could not be reached: it refused the connection.", code="refused"
)
NO_MONEY = errors.AccountFault("You exceeded your current quota.", code="insufficient_quota")


@pytest.fixture(autouse=True)
def three_failures(settings: Settings) -> None:
    settings.BREAKER_AFTER = 3
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def running(make_job: MakeJob) -> Job:
    job = make_job()
    claimed = Job.objects.claim(job.pk, 30)
    assert claimed is not None
    return claimed


def fail(make_job: MakeJob, times: int, error: errors.ImagesApiError = DOWN) -> None:
    for _ in range(times):
        circuit_breaker.learn(running(make_job), error)


def trouble() -> ProviderTrouble:
    return ProviderTrouble.objects.get()


def let_the_time_pass() -> None:
    ProviderTrouble.objects.update(until=Now() - timedelta(seconds=1))


def is_closed() -> bool:
    return bool(circuit_breaker.closed())


def test_a_provider_that_fails_in_a_row_is_closed(make_job: MakeJob) -> None:
    fail(make_job, 2)
    before = is_closed()
    fail(make_job, 1)

    assert (before, is_closed()) == (False, True)
    assert trouble().kind == Trouble.DOWN


def test_a_success_starts_the_count_again(make_job: MakeJob) -> None:
    fail(make_job, 2)
    circuit_breaker.learn(running(make_job))
    fail(make_job, 2)

    assert not is_closed()


def test_a_success_of_a_call_from_before_says_nothing(make_job: MakeJob) -> None:
    earlier = running(make_job)
    fail(make_job, 3)

    circuit_breaker.learn(earlier)

    assert is_closed()


@pytest.mark.parametrize(
    "error",
    [
        errors.Retryable("an error of its own", code="server_error", http_status=500),
        errors.OutcomeUnknown("the connection was lost", code="disconnected"),
        errors.NotSent("its certificate is not to be trusted", code="tls"),
    ],
)
def test_these_errors_count(make_job: MakeJob, error: errors.ImagesApiError) -> None:
    fail(make_job, 3, error)

    assert is_closed()


@pytest.mark.parametrize(
    "error",
    [
        errors.Refused("no such size", code="invalid_value", http_status=400),
        errors.ModerationRefused("no", code="moderation_blocked", http_status=400),
        errors.Rejected("slow down", http_status=429),
        errors.NotSent("The folder could not be made.", code="disk"),
        errors.NotSent("The studio's database went away before the call.", code="database"),
        errors.OutcomeUnknown("could not be written", code="disk"),
        errors.UnusableAnswer("no picture in it", http_status=200),
    ],
)
def test_these_errors_do_not_count(make_job: MakeJob, error: errors.ImagesApiError) -> None:
    fail(make_job, 4, error)

    assert not is_closed()


def test_an_answer_that_refuses_shows_that_the_provider_is_there(make_job: MakeJob) -> None:
    fail(make_job, 2)
    fail(make_job, 1, errors.Refused("no such size", http_status=400))
    fail(make_job, 2)

    assert not is_closed()


def test_before_its_time_nobody_tries(make_job: MakeJob) -> None:
    fail(make_job, 3)

    assert not circuit_breaker.may_try(make_job())


@pytest.mark.django_db(transaction=True)
def test_of_many_threads_exactly_one_tries(make_job: MakeJob) -> None:
    fail(make_job, 3)
    let_the_time_pass()
    jobs = [make_job() for _ in range(20)]
    barrier, said = threading.Barrier(20), []

    def try_it(job: Job) -> None:
        from django.db import transaction

        barrier.wait()
        with transaction.atomic():
            may = circuit_breaker.may_try(job)
            if may:
                Job.objects.claim(job.pk, 30)
            said.append(may)
        connection.close()

    threads = [threading.Thread(target=try_it, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert said.count(True) == 1


def try_with(job: Job) -> Job:
    let_the_time_pass()
    assert circuit_breaker.may_try(job)
    claimed = Job.objects.claim(job.pk, 30)
    assert claimed is not None
    return claimed


def test_the_try_that_succeeds_opens_it_for_all(make_job: MakeJob) -> None:
    fail(make_job, 3)

    circuit_breaker.learn(try_with(make_job()))

    assert not is_closed()
    assert trouble().failures == 0


def test_a_try_that_fails_closes_it_for_longer(make_job: MakeJob, settings: Settings) -> None:
    settings.BREAKER_BASE_S = 100.0
    fail(make_job, 3)

    circuit_breaker.learn(try_with(make_job()), DOWN)

    longer = ProviderTrouble.objects.filter(until__gt=Now() + timedelta(seconds=150))
    assert longer.exists()
    assert circuit_breaker.closed() == {trouble().provider: False}


def test_failures_of_calls_from_before_do_not_close_it_for_longer(make_job: MakeJob) -> None:
    others = [running(make_job) for _ in range(5)]
    fail(make_job, 3)
    until = trouble().until

    for job in others:
        circuit_breaker.learn(job, DOWN)

    assert trouble().until == until


def test_when_the_job_that_tries_is_lost_another_may(make_job: MakeJob) -> None:
    fail(make_job, 3)
    lost = try_with(make_job())
    meanwhile = circuit_breaker.may_try(make_job())

    Job.objects.take_back(lost.pk, State.RUNNING, State.QUEUED, fence=lost.fence)

    assert not meanwhile
    assert circuit_breaker.may_try(make_job())


def test_an_account_that_is_refused_closes_the_provider_at_once(make_job: MakeJob) -> None:
    fail(make_job, 1, NO_MONEY)

    assert trouble().kind == Trouble.ACCOUNT
    assert is_closed()


def test_a_model_that_the_account_may_not_use_closes_nothing(make_job: MakeJob) -> None:
    fault = errors.AccountFault("must be verified", code="organization_not_verified")

    fail(make_job, 3, fault)

    assert not is_closed()


def test_two_hundred_refused_calls_are_one_trouble(make_job: MakeJob, sam: User) -> None:
    fail(make_job, 20, NO_MONEY)
    circuit_breaker.tell_admins()
    circuit_breaker.tell_admins()

    assert Entry.objects.filter(verb="provider.closed").count() == 1
    assert [letter.to for letter in mail.outbox] == [[sam.email]]


def test_the_letter_says_what_the_provider_said(make_job: MakeJob, sam: User) -> None:
    fail(make_job, 1, NO_MONEY)

    circuit_breaker.tell_admins()

    assert "You exceeded your current quota." in mail.outbox[0].body


def test_a_provider_that_is_only_down_makes_no_letter(make_job: MakeJob, sam: User) -> None:
    fail(make_job, 3)

    circuit_breaker.tell_admins()

    assert mail.outbox == []


def test_a_letter_that_could_not_go_is_sent_later(
    make_job: MakeJob, sam: User, settings: Settings
) -> None:
    fail(make_job, 1, NO_MONEY)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 2
    sent_at_first = circuit_breaker.tell_admins()

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert (sent_at_first, circuit_breaker.tell_admins()) == (0, 1)


def test_a_letter_of_another_sweeper_does_not_count_as_sent(make_job: MakeJob, sam: User) -> None:
    fail(make_job, 1, NO_MONEY)

    with faster_by_a_moment():
        sent = circuit_breaker.tell_admins()

    assert (sent, mail.outbox) == (0, [])


@contextmanager
def faster_by_a_moment() -> Iterator[None]:
    """Another sweeper takes the letter on between our look and our mark."""

    def take_it_first(execute: Any, sql: str, *rest: Any) -> object:
        if sql.startswith("UPDATE"):
            with connection.cursor() as theirs:
                theirs.cursor.execute("UPDATE jobs_providertrouble SET told_at = now()")
        return execute(sql, *rest)

    with connection.execute_wrapper(take_it_first):
        yield


def test_trouble_that_comes_back_soon_makes_no_second_letter(make_job: MakeJob, sam: User) -> None:
    fail(make_job, 1, NO_MONEY)
    circuit_breaker.tell_admins()
    circuit_breaker.learn(try_with(make_job()))
    fail(make_job, 1, NO_MONEY)

    circuit_breaker.tell_admins()

    assert len(mail.outbox) == 1


def test_an_admin_opens_it_again(make_job: MakeJob, sam: User) -> None:
    fail(make_job, 1, NO_MONEY)

    opened = circuit_breaker.resume(sam, trouble().provider)

    assert opened
    assert not is_closed()
    assert Entry.objects.get(verb="provider.opened").actor == sam


def test_nobody_else_opens_it(make_job: MakeJob, dana: User) -> None:
    fail(make_job, 1, NO_MONEY)

    with pytest.raises(NotAllowed):
        circuit_breaker.resume(dana, trouble().provider)

    assert is_closed()


def test_what_is_open_can_not_be_opened(sam: User, settings: Settings) -> None:
    assert not circuit_breaker.resume(sam, settings.PROVIDERS[0].name)


def test_everybody_sees_what_is_closed_and_why(make_job: MakeJob) -> None:
    fail(make_job, 1, NO_MONEY)

    [notice] = circuit_breaker.notices()

    assert notice.kind is Trouble.ACCOUNT
    assert "Jobs for it wait" in notice.text
    assert "quota" not in notice.text
    assert "quota" in notice.reason


def test_there_is_nothing_to_say_of_providers_that_work(make_job: MakeJob) -> None:
    fail(make_job, 2)

    assert circuit_breaker.notices() == []


def test_what_an_earlier_call_came_to_does_not_outlast_the_try(make_job: MakeJob) -> None:
    earlier = running(make_job)
    fail(make_job, 3)
    trying = try_with(make_job())

    circuit_breaker.learn(earlier, DOWN)
    circuit_breaker.learn(trying)

    assert not is_closed()
