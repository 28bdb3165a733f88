"""What a program orders is accepted once, or refused before anything was started."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from imagestudio.accounts.models import ApiKey, Membership, Role, Team, User
from imagestudio.images_api.types import ImageRequest
from jobs.models import Caller, Delivery, Job, ProviderTrouble
from jobs.services.programs import idempotency, keys
from jobs.services.programs.keys import Terms
from jobs.services.programs.orders import (
    AcceptanceUnknown,
    AccountRefused,
    Order,
    Placed,
    QueueFull,
    admit,
    judge,
    may_be_repeat,
    place,
)
from jobs.services.queue import providers
from jobs.services.refusals import NotAllowed, SubmitRefused
from jobs.services.submit import submit
from jobs.states import Source, State, Trouble, Visibility
from tests.conftest import MODEL, MakeJob

OTTER = ImageRequest(model=MODEL, prompt="an otter")


@pytest.fixture
def key(alice: User, team: Team) -> ApiKey:
    return keys.create(alice, team, Terms(name="nightly script")).key


@pytest.fixture
def order(key: ApiKey) -> Order:
    return Order(key=key, request_id="req_first", request=OTTER, as_written=OTTER)


def named(order: Order, text: str = "order 7") -> Order:
    return replace(order, idempotency_key=idempotency.name_of(order.key, text))


def asking(order: Order, request: ImageRequest, as_written: ImageRequest | None = None) -> Order:
    return replace(order, request=request, as_written=as_written or request)


def again(order: Order) -> Order:
    """As an official client sends it the second time."""
    return replace(order, request_id="req_again", tries_before=1)


@pytest.fixture
def full_queue(settings: Settings) -> None:
    settings.GATEWAY_MAX_QUEUED = 0


@pytest.fixture
def refused_account(db: None) -> None:
    ProviderTrouble.objects.create(
        provider=providers.default().name,
        kind=Trouble.ACCOUNT,
        until=Now() + timedelta(minutes=10),
    )


def test_it_becomes_a_job_of_its_key(order: Order) -> None:
    placed = place(replace(order, visibility=Visibility.TEAM, asked={"model": "dall-e-3"}))

    job = Job.objects.get(pk=placed.job.pk)
    assert not placed.is_replay
    assert (job.api_key, job.owner, job.team) == (order.key, order.key.owner, order.key.team)
    assert (job.source, job.visibility, job.asked) == (
        Source.API,
        Visibility.TEAM,
        {"model": "dall-e-3"},
    )


def test_its_caller_is_noted_with_it(order: Order) -> None:
    placed = place(order)

    caller = Caller.objects.get(job=placed.job)
    assert (caller.request_id, caller.digest) == ("req_first", order.digest)
    assert idempotency.find_ordered("req_first") == placed.job


def test_its_webhook_is_noted_with_it(order: Order) -> None:
    ApiKey.objects.update(webhook_url="https://redwood.example/hook")
    order.key.refresh_from_db()

    placed = place(order)

    assert Delivery.objects.get().job == placed.job


def test_the_same_name_gives_the_same_job(order: Order) -> None:
    first, second = place(named(order)), place(again(named(order)))

    assert second.job == first.job
    assert (first.is_replay, second.is_replay) == (False, True)


def test_a_name_is_free_again_after_a_day(order: Order) -> None:
    first = place(named(order))
    Job.objects.update(created_at=Now() - timedelta(hours=25))

    second = place(again(named(order)))

    assert second.job != first.job
    assert not second.is_replay


def test_the_same_name_for_something_else_is_refused(order: Order) -> None:
    place(named(order))

    with pytest.raises(SubmitRefused):
        place(again(named(asking(order, replace(OTTER, n=2)))))


@pytest.mark.parametrize("has_name", [True, False])
def test_a_repeat_is_known_by_what_was_written(order: Order, has_name: bool) -> None:
    old = asking(named(order) if has_name else order, OTTER, as_written=replace(OTTER, model="old"))
    first = place(old)
    idempotency.mark_left("req_first")

    # The old model has ended meanwhile, and another one answers for it.
    repeat = again(replace(old, request=replace(OTTER, size="1536x1024")))

    assert place(repeat) == Placed(first.job, is_replay=True)


@pytest.mark.parametrize("has_name", [True, False])
def test_a_repeat_joins_its_job_though_its_model_has_ended(order: Order, has_name: bool) -> None:
    old = named(order) if has_name else order
    first = place(old)
    idempotency.mark_left("req_first")

    repeat = again(replace(old, request=replace(OTTER, model="ended")))

    assert may_be_repeat(repeat)
    assert place(repeat).job == first.job


@pytest.mark.parametrize("has_name", [True, False])
def test_what_nobody_ordered_is_no_repeat(order: Order, has_name: bool) -> None:
    assert not may_be_repeat(again(named(order) if has_name else order))


def test_a_first_try_is_no_repeat_of_what_was_left(order: Order) -> None:
    place(order)
    idempotency.mark_left("req_first")

    assert not may_be_repeat(replace(order, request_id="req_second", tries_before=0))


def test_another_style_is_another_order(order: Order) -> None:
    place(replace(named(order), asked={"style": "vivid"}))

    with pytest.raises(SubmitRefused):
        place(again(replace(named(order), asked={"style": "natural"})))


def test_a_name_of_before_an_upgrade_is_known_by_its_job(order: Order) -> None:
    first = place(named(asking(order, OTTER, as_written=replace(OTTER, model="old"))))
    page_like = submit(order.key.owner, order.key.team, OTTER, source=Source.API)
    Job.objects.filter(pk=first.job.pk).update(idempotency_hash=page_like.idempotency_hash)

    assert place(again(named(order))).job == first.job


def test_a_repeat_takes_up_what_was_left(order: Order) -> None:
    first = place(order)
    idempotency.mark_left("req_first")

    assert place(again(order)).job == first.job


def test_a_repeat_takes_up_nothing_that_is_waited_for(order: Order) -> None:
    first = place(order)

    assert place(again(order)).job != first.job


def test_no_room_no_job(order: Order, full_queue: None) -> None:
    with pytest.raises(QueueFull) as full:
        admit(order)

    assert full.value.queued == 0


def test_it_counts_no_further_than_it_matters(
    order: Order, make_job: MakeJob, settings: Settings
) -> None:
    settings.GATEWAY_MAX_QUEUED = 2
    for _ in range(3):
        make_job()

    with pytest.raises(QueueFull) as full:
        admit(order)

    assert full.value.queued == 2


def test_nobody_waits_for_a_refused_account(order: Order, refused_account: None) -> None:
    with pytest.raises(AccountRefused):
        admit(order)


def test_who_comes_back_may_order_for_a_refused_account(
    order: Order, refused_account: None
) -> None:
    admit(replace(order, is_awaited=False))


@pytest.mark.parametrize("has_name", [True, False])
def test_a_repeat_needs_no_room(
    order: Order, has_name: bool, settings: Settings, refused_account: None
) -> None:
    first = place(named(order) if has_name else order)
    idempotency.mark_left("req_first")
    settings.GATEWAY_MAX_QUEUED = 0

    repeat = again(named(order) if has_name else order)
    admit(repeat)

    assert place(repeat).job == first.job


def test_a_name_that_is_known_needs_no_room(order: Order, settings: Settings) -> None:
    place(named(order))
    settings.GATEWAY_MAX_QUEUED = 0

    admit(replace(named(order), request_id="req_twin"))


@pytest.mark.parametrize("has_name", [True, False])
def test_a_repeat_that_is_new_is_refused_before_anything_is_written(
    order: Order, has_name: bool, full_queue: None
) -> None:
    with pytest.raises(QueueFull):
        place(again(named(order) if has_name else order))

    assert not Job.objects.exists()
    assert not Caller.objects.exists()


def test_who_may_only_look_by_now_orders_nothing(key: ApiKey) -> None:
    Membership.objects.update(role=Role.VIEWER)

    with pytest.raises(NotAllowed):
        judge(key, OTTER, "", 0)


def test_what_no_picture_could_mend_is_refused_before_they_come(key: ApiKey) -> None:
    with pytest.raises(SubmitRefused) as refused:
        judge(key, replace(OTTER, operation="edit", size="huge"), "", 0)

    assert [problem.param for problem in refused.value.problems] == ["size"]


def test_asking_for_a_name_changes_nothing(
    order: Order, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    job = place(named(order)).job
    Job.objects.update(created_at=Now() - timedelta(hours=25))
    name = named(order).idempotency_key or ""

    with django_assert_num_queries(1):
        assert idempotency.find_named(order.key, name) is None
    job.refresh_from_db()
    assert job.idempotency_key == name


def test_a_name_that_ends_while_it_is_asked_for_has_its_job_all_the_same(
    order: Order, settings: Settings
) -> None:
    first = place(named(order)).job
    settings.GATEWAY_MAX_QUEUED = 1

    with ageing(first, timedelta(hours=25)):
        placed = place(again(named(order)))

    assert (placed.job, placed.is_replay) == (first, True)
    first.refresh_from_db()
    assert first.created_at < timezone.now() - timedelta(hours=24)


@contextmanager
def ageing(job: Job, by: timedelta) -> Iterator[None]:
    """The time comes right behind the statement that frees old names."""

    def meanwhile(execute: Any, sql: str, *rest: Any) -> object:
        done = execute(sql, *rest)
        if sql.startswith("UPDATE") and '"idempotency_key" = NULL' in sql:
            Job.objects.filter(pk=job.pk).update(created_at=F("created_at") - by)
        return done

    with connection.execute_wrapper(meanwhile):
        yield


@pytest.mark.django_db(transaction=True)
def test_an_outage_in_the_middle_leaves_it_open(order: Order) -> None:
    with (
        failing("jobs_caller", OperationalError("gone")),
        pytest.raises(AcceptanceUnknown) as unknown,
    ):
        place(order)

    assert isinstance(unknown.value.__cause__, OperationalError)
    assert idempotency.find_ordered("req_first") is None
    assert not Job.objects.filter(state=State.QUEUED).exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_no_outage_leaves_nothing_open(order: Order) -> None:
    with failing("jobs_caller", DataError("no text")), pytest.raises(DataError):
        place(order)


@contextmanager
def failing(table: str, error: Exception) -> Iterator[None]:
    """The database answers so to whatever is written to the table."""

    def answer(execute: Any, sql: str, *rest: Any) -> object:
        if sql.startswith(f'INSERT INTO "{table}"'):
            raise error
        return execute(sql, *rest)

    with connection.execute_wrapper(answer):
        yield
