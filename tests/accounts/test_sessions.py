"""Sessions end: unused, too old, ended by hand, and with the person who is locked out."""

import time
from collections.abc import Callable

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from imagestudio.accounts.models import User
from imagestudio.accounts.services import add_user, end_sessions
from imagestudio.audit.models import Entry
from jobs.services.programs import keys
from jobs.services.programs.keys import Terms

SignIn = Callable[[User], Client]
PASSWORD, NEW = "a long enough phrase", "another long phrase"


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def age(client: Client, **ages_s: int) -> None:
    session = client.session
    for name, seconds in ages_s.items():
        session[name] = int(time.time()) - seconds
    session.save()


def test_w23_it_ends_when_nobody_used_it(alice: User, client_of: SignIn) -> None:
    client = client_of(alice)
    age(client, seen=configured.SESSION_IDLE_S + 1)

    assert not is_in(client)
    entry = Entry.objects.get(verb="sign_out")
    assert (entry.actor, entry.details) == (alice, {"why": "idle"})


def test_w23_it_ends_however_busy_it_is(alice: User, client_of: SignIn) -> None:
    client = client_of(alice)
    age(client, began=configured.SESSION_COOKIE_AGE + 1, seen=10)

    assert not is_in(client)


def test_w23_use_keeps_it(alice: User, client_of: SignIn) -> None:
    client = client_of(alice)
    age(client, seen=configured.SESSION_IDLE_S - 60)

    assert is_in(client)
    assert time.time() - client.session["seen"] < 60


def test_w23_an_open_page_that_asks_by_itself_is_no_use(alice: User, client_of: SignIn) -> None:
    client = client_of(alice)
    age(client, seen=configured.SESSION_IDLE_S - 60)
    before = client.session["seen"]

    client.get("/jobs/updates")

    assert client.session["seen"] == before


def test_w23_a_session_of_an_older_version_goes_on_and_is_bounded_from_then(
    alice: User, client_of: SignIn
) -> None:
    client = client_of(alice)
    session = client.session
    del session["seen"], session["began"]
    session.save()

    assert is_in(client)
    assert {"seen", "began"} <= set(client.session.keys())


@pytest.mark.parametrize("by_save", [True, False])
def test_w23_those_of_somebody_locked_out_are_dead_for_good(
    alice: User, client_of: SignIn, by_save: bool
) -> None:
    client = client_of(alice)
    stale = User.objects.get(pk=alice.pk)
    if by_save:
        alice.is_active = False
        alice.save()
    else:
        User.objects.filter(pk=alice.pk).update(is_active=False)
    assert not is_in(client)

    stale.save()  # Somebody who read the row before, and switches the person on again with it.

    assert User.objects.get(pk=alice.pk).is_active
    assert not is_in(client)
    assert is_in(client_of(User.objects.get(pk=alice.pk)))


def test_w23_all_of_them_can_be_ended_at_once(alice: User, client_of: SignIn) -> None:
    here, there = client_of(alice), client_of(alice)

    end_sessions(alice, alice)

    assert (is_in(here), is_in(there)) == (False, False)


def test_w23_a_new_password_asks_about_the_keys(team: object, settings: Settings) -> None:
    eve = add_user("eve@redwood.example", PASSWORD, team=team)  # type: ignore[arg-type]
    keys.create(eve, team, Terms(name="a"))  # type: ignore[arg-type]
    client = Client()
    client.post("/accounts/login/", {"login": eve.email, "password": PASSWORD})
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}

    page = client.post("/accounts/password/change/", form, follow=True)

    assert b"Your API key works on" in page.content


def test_it_answers_no_page_that_was_made_for_somebody_else(
    alice: User, bob: User, client_of: SignIn
) -> None:
    client = client_of(bob)

    asked = client.get("/jobs/updates", headers={"X-Person": str(alice.pk)})
    sent = client.post("/jobs/", {"prompt": "a fox"}, headers={"X-Person": str(alice.pk)})
    own = client.get("/jobs/updates", headers={"X-Person": str(bob.pk)})

    assert (asked.status_code, sent.status_code, own.status_code) == (409, 409, 200)
    assert not bob.jobs.exists()


def test_who_is_signed_out_is_sent_to_sign_in_whoever_they_were(alice: User) -> None:
    response = Client().get("/jobs/updates", headers={"X-Person": str(alice.pk)})

    assert response.status_code == 302
