import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from unittest.mock import ANY

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from pytest_django import DjangoCaptureOnCommitCallbacks

from imagestudio.accounts.models import Team, User
from imagestudio.images_api import pricing
from imagestudio.images_api.types import ImageRequest, Operation
from jobs.models import Event, Job
from jobs.services.cancel import cancel
from jobs.services.refusals import NotAllowed, SubmitRefused
from jobs.services.submit import SAME_ORDER_S, submit
from jobs.states import State, Visibility

FOX = ImageRequest(
    model="gpt-image-2.6-flare", prompt="a red fox", n=2, size="1024x1024", quality="high"
)


def test_it_makes_a_private_queued_job(alice: User, team: Team) -> None:
    job = submit(alice, team, FOX)

    assert (job.state, job.visibility) == (State.QUEUED, Visibility.PRIVATE)
    assert job.image_request == FOX


def test_it_notes_the_estimate_and_the_price_list(alice: User, team: Team) -> None:
    job = submit(alice, team, FOX)

    estimate = pricing.estimate(FOX)
    assert job.estimate_high_microusd == estimate.high_microusd
    assert job.price_version == pricing.PRICE_VERSION


def test_it_leaves_an_event(alice: User, team: Team) -> None:
    job = submit(alice, team, FOX)

    assert Event.objects.get(job=job).target == State.QUEUED


def test_it_rings_after_the_commit(
    alice: User, team: Team, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    broker = redis.Redis.from_url(settings.REDIS_URL)

    with django_capture_on_commit_callbacks(execute=True):
        job = submit(alice, team, FOX)

    messages = broker.lrange("images", 0, -1)
    assert any(str(job.pk) in str(message) for message in messages)


def test_it_accepts_the_job_while_the_broker_is_away(
    alice: User,
    team: Team,
    dead_broker: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = submit(alice, team, FOX)

    assert job.state == State.QUEUED


def test_it_lets_viewers_only_look(vera: User, team: Team) -> None:
    with pytest.raises(NotAllowed):
        submit(vera, team, FOX)


def test_it_lets_strangers_do_nothing(carol: User, team: Team) -> None:
    with pytest.raises(NotAllowed):
        submit(carol, team, FOX)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "  \n "}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"model": "dall-e-3"}, "model"),
        ({"model": "nonesuch"}, "model"),
        ({"size": "1000x1000"}, "size"),
        ({"size": "huge"}, "size"),
        ({"quality": "ultra"}, "quality"),
        ({"n": 0}, "n"),
        ({"n": 11}, "n"),
        ({"background": "transparent", "output_format": "jpeg"}, "background"),
    ],
)
def test_it_refuses_a_bad_request_and_makes_no_row(
    alice: User, team: Team, change: dict[str, object], param: str
) -> None:
    with pytest.raises(SubmitRefused) as refused:
        submit(alice, team, replace(FOX, **change))  # type: ignore[arg-type]

    assert param in [problem.param for problem in refused.value.problems]
    assert not Job.objects.exists()


@pytest.mark.parametrize("operation", ["generate", "edit"])
def test_field_u16_it_refuses_a_prompt_that_nobody_can_see(
    operation: Operation, alice: User, team: Team
) -> None:
    with pytest.raises(SubmitRefused) as refused:
        submit(alice, team, replace(FOX, operation=operation, prompt="\u200b\u3164"))

    assert "prompt" in [problem.param for problem in refused.value.problems]
    assert not Job.objects.exists()


def test_the_same_key_gives_the_same_job(alice: User, team: Team) -> None:
    first = submit(alice, team, FOX, idempotency_key="form-1")

    assert submit(alice, team, FOX, idempotency_key="form-1") == first


def test_the_same_key_with_another_request_is_refused(alice: User, team: Team) -> None:
    submit(alice, team, FOX, idempotency_key="form-1")

    with pytest.raises(SubmitRefused):
        submit(alice, team, replace(FOX, n=3), idempotency_key="form-1")


def test_field_u01_it_joins_the_same_wish_of_the_same_form_within_a_moment(
    alice: User, team: Team
) -> None:
    first = submit(alice, team, FOX, idempotency_key="form:1", form="form")

    assert submit(alice, team, FOX, idempotency_key="form:2", form="form") == first


def test_field_u01_it_orders_again_after_that_moment(alice: User, team: Team) -> None:
    first = submit(alice, team, FOX, idempotency_key="form:1", form="form")
    Job.objects.update(created_at=Now() - timedelta(seconds=SAME_ORDER_S))

    assert submit(alice, team, FOX, idempotency_key="form:2", form="form") != first


def test_field_u01_it_orders_again_after_a_cancel(alice: User, team: Team) -> None:
    first = submit(alice, team, FOX, idempotency_key="form:1", form="form")
    cancel(alice, first)

    assert submit(alice, team, FOX, idempotency_key="form:2", form="form") != first


@pytest.mark.parametrize("form", ["", "other", "for%", "f_rm"])
def test_field_u01_it_joins_nothing_of_another_form(form: str, alice: User, team: Team) -> None:
    first = submit(alice, team, FOX, idempotency_key="form:1", form="form")

    assert submit(alice, team, FOX, idempotency_key="form:2", form=form) != first


def test_field_u01_it_joins_nothing_of_another_person(alice: User, bob: User, team: Team) -> None:
    first = submit(alice, team, FOX, idempotency_key="form:1", form="form")

    assert submit(bob, team, FOX, idempotency_key="form:2", form="form") != first


def test_two_people_may_use_the_same_key(alice: User, bob: User, team: Team) -> None:
    first = submit(alice, team, FOX, idempotency_key="form-1")

    assert submit(bob, team, FOX, idempotency_key="form-1") != first


@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one_job(alice: User, team: Team) -> None:
    barrier = threading.Barrier(5)
    jobs: list[Job] = []

    def click() -> None:
        barrier.wait()
        jobs.append(submit(alice, team, FOX, idempotency_key="form-1"))
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert jobs == [ANY] * 5
    assert Job.objects.count() == 1


@pytest.fixture
def dead_broker() -> Iterator[None]:
    """Publishing meets a closed port."""
    from imagestudio.celery import app

    def use(url: str) -> None:
        app.conf.broker_write_url = url
        # Both pools keep connections to the broker that was.
        app._pool = app.amqp._producer_pool = None

    use("redis://127.0.0.1:1/0")
    yield
    use(settings.REDIS_URL)
