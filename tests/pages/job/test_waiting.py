"""What a waiting job's card says of its place."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from imagestudio.accounts.models import User
from jobs.models import ProviderTrouble
from jobs.pages.job.waiting import waiting
from jobs.services.queue.circuit_breaker import ACCOUNT_WAITS
from jobs.services.queue.position import QueuePosition
from jobs.services.queue.provider_limits import Reason
from jobs.states import ErrorCode, Trouble
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]


def place(
    mine: int = 0, others: int = 0, low_s: Any = 0.0, high_s: Any = 3.0, **more: Any
) -> QueuePosition:
    return QueuePosition(mine, others, low_s, high_s, **more)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (place(), "Starts any moment."),
        (place(3, 5, 12.0, 41.0), "Ahead: 3 of yours, 5 of others. Starts in 10 \N{EN DASH} 40 s."),
        (place(0, 1, 0.0, 20.0), "Ahead: 1 of others. Starts within 20 s."),
        (place(2, 0, 50.0, 130.0), "Ahead: 2 of yours. Starts in 50 s \N{EN DASH} 2 min."),
        (place(2, 0, 110.0, 130.0), "Ahead: 2 of yours. Starts in about 2 min."),
        (place(100, 100, 600.0, None), "More than 100 are ahead. Starts in 10 min or more."),
        (
            place(reason=Reason.PAUSE, low_s=20.0, high_s=24.0),
            "The service asked for a pause. Starts in 20 \N{EN DASH} 25 s.",
        ),
        (place(low_s=None, high_s=None), ""),
    ],
)
def test_it_says_who_is_ahead_and_when_it_may_start(given: QueuePosition, words: str) -> None:
    assert waiting(given) == words


def test_the_card_of_a_waiting_job_tells_it(
    make_job: MakeJob, alice: User, client_of: SignIn
) -> None:
    job = make_job()

    page = client_of(alice).get(f"/jobs/{job.pk}/").content.decode()

    assert "Starts any moment." in page


def test_the_poll_tells_when_the_service_is_closed(
    make_job: MakeJob, alice: User, client_of: SignIn
) -> None:
    job = make_job()
    client = client_of(alice)
    before = client.get("/jobs/updates")
    later = timezone.now() + timedelta(hours=1)
    ProviderTrouble.objects.create(
        provider=job.provider, kind=Trouble.DOWN, since=timezone.now(), until=later
    )

    after = client.get("/jobs/updates", headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert "can&#x27;t be reached" in after.content.decode()


def test_a_refused_account_is_told_once_on_the_card_that_met_it(
    make_job: MakeJob, alice: User, client_of: SignIn
) -> None:
    met = make_job(error_code=ErrorCode.ACCOUNT, **ACCOUNT_WAITS.fields())
    behind = make_job()
    now = timezone.now()
    ProviderTrouble.objects.create(
        provider=met.provider, kind=Trouble.ACCOUNT, since=now, until=now + timedelta(hours=1)
    )
    client = client_of(alice)

    said = [client.get(f"/jobs/{job.pk}/").content.decode() for job in (met, behind)]

    # Once in the strip at the head of the page, and once on the card.
    assert [page.count("accept this studio&#x27;s account") for page in said] == [2, 2]
    assert f"The service {met.provider} doesn&#x27;t accept" in said[1]


def test_without_any_news_the_poll_says_nothing(
    make_job: MakeJob, alice: User, client_of: SignIn
) -> None:
    make_job()
    client = client_of(alice)
    before = client.get("/jobs/updates")

    again = client.get("/jobs/updates", headers={"If-None-Match": before.headers["ETag"]})

    assert again.status_code == 304
