import io
import sys

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from imagestudio.accounts.models import Membership, Role, Team, User
from imagestudio.accounts.services import add_user
from imagestudio.audit.models import Entry

PASSWORD = "a long enough phrase"


def test_a_person_has_a_name_and_initials_even_without_giving_any() -> None:
    user = User(email="grace.hopper@navy.example")

    assert user.display_name == "grace.hopper"
    assert user.initials == "GH"


def test_an_address_is_taken_whatever_its_case(alice: User) -> None:
    with pytest.raises(ValidationError, match="here already"):
        add_user(alice.email.upper(), PASSWORD)


def test_a_weak_password_adds_nobody(team: Team) -> None:
    with pytest.raises(ValidationError):
        add_user("eve@redwood.example", "short", team=team)

    assert not User.objects.filter(email="eve@redwood.example").exists()


def test_an_added_person_can_sign_in_at_once(team: Team) -> None:
    add_user("eve@redwood.example", PASSWORD, team=team)
    client = Client()

    response = client.post(
        "/accounts/login/", {"login": "Eve@Redwood.example", "password": PASSWORD}
    )

    assert response.status_code == 302
    assert response["Location"] == "/"


def test_adding_a_person_is_recorded(team: Team) -> None:
    user = add_user("eve@redwood.example", PASSWORD, team=team)

    entry = Entry.objects.get(verb="user.added")
    assert entry.subject_id == str(user.pk)


def test_adduser_reads_the_password_from_a_pipe(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))

    call_command("adduser", "eve@redwood.example", "--role", "viewer")

    user = User.objects.get(email="eve@redwood.example")
    assert user.check_password(PASSWORD)
    assert EmailAddress.objects.get(user=user).verified
    assert Membership.objects.get(user=user).role == Role.VIEWER


def test_adduser_makes_a_password_up_and_tells_it_once(
    team: Team, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    call_command("adduser", "eve@redwood.example")

    password = capsys.readouterr().out.partition("Password: ")[2].strip()
    assert User.objects.get(email="eve@redwood.example").check_password(password)


def test_adduser_names_the_team_that_it_does_not_know(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD))

    with pytest.raises(CommandError, match="Nonesuch"):
        call_command("adduser", "eve@redwood.example", "--team", "Nonesuch")


def test_the_first_admin_is_made_once(db: None, settings: Settings) -> None:
    settings.FIRST_ADMIN_EMAIL = "boss@redwood.example"
    settings.FIRST_ADMIN_PASSWORD = PASSWORD

    call_command("first_admin")
    call_command("first_admin")

    boss = User.objects.get()
    assert boss.is_superuser
    assert Membership.objects.get(user=boss).role == Role.ADMIN


def test_a_given_admin_password_is_not_printed(
    db: None, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.FIRST_ADMIN_PASSWORD = PASSWORD

    call_command("first_admin")

    assert PASSWORD not in capsys.readouterr().out


def test_a_weak_admin_password_names_the_setting(db: None, settings: Settings) -> None:
    settings.FIRST_ADMIN_PASSWORD = "short"

    with pytest.raises(CommandError, match="STUDIO_ADMIN_PASSWORD"):
        call_command("first_admin")

    assert not User.objects.exists()
