"""Days and months are the reader's, as the browser tells them; else they say that they are not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]


def midnight(zone: str) -> datetime:
    now = timezone.now().astimezone(ZoneInfo(zone))
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland"])
def test_field_u11_a_day_ends_at_the_readers_midnight(
    zone: str, make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    late, early = (
        make_job(state=State.CANCELLED, prompt="late"),
        make_job(state=State.CANCELLED, prompt="early"),
    )
    begins = midnight(zone)
    Job.objects.filter(pk=late.pk).update(created_at=begins - timedelta(minutes=1))
    Job.objects.filter(pk=early.pk).update(created_at=begins + timedelta(seconds=1))
    client = client_of(alice)
    client.cookies["zone"] = zone

    first, second = (
        client.get("/history/", {"q": word}).content.decode() for word in ("late", "early")
    )

    assert ">Yesterday</h2>" in first
    assert ">Today</h2>" in second


def test_field_u11_a_month_begins_at_the_readers_midnight(
    make_job: MakeJob, client_of: SignIn, dana: User
) -> None:
    job = make_job(state=State.CANCELLED)
    first = midnight("Pacific/Kiritimati").replace(day=1)
    Job.objects.filter(pk=job.pk).update(created_at=first - timedelta(minutes=1))
    client = client_of(dana)
    client.cookies["zone"] = "Pacific/Kiritimati"

    before = client.get("/oversight/").content.decode()
    Job.objects.filter(pk=job.pk).update(created_at=first)
    after = client.get("/oversight/").content.decode()

    assert "No jobs in this period." in before
    assert "No jobs in this period." not in after


@pytest.mark.parametrize(
    "zone",
    ["", "Mars/Olympus", "../../etc/passwd", "America", "/etc/localtime", "x" * 4000, "\u00e9"],
)
def test_field_u11_without_a_zone_it_says_whose_days_these_are(
    zone: str, make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    make_job(state=State.CANCELLED)
    client = client_of(alice)
    client.cookies["zone"] = zone

    assert ">Today (UTC)</h2>" in client.get("/history/").content.decode()


def test_field_u11_times_without_script_are_the_readers_and_name_the_zone(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(state=State.CANCELLED)
    client = client_of(alice)
    client.cookies["zone"] = "Asia/Kolkata"

    page = client.get(f"/jobs/{job.pk}/").content.decode()

    assert page.count(" IST</time>") == page.count("</time>") > 0
