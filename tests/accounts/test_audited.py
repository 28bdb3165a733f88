"""Every change of a person, a team or a right is an entry of the audit log, however it was made."""

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from pytest_django import Settings

from imagestudio.accounts.models import Membership, Role, Team, User
from imagestudio.accounts.services import add_team, add_user, end_sessions
from imagestudio.audit.admin import Audited
from imagestudio.audit.models import Entry
from imagestudio.web.admin import ReadOnly
from jobs.models import QueueShare
from jobs.services.programs import keys
from jobs.services.programs.keys import Terms

SignIn = Callable[[User], Client]
PASSWORD, NEW = "a long enough phrase", "another long phrase"


@pytest.fixture
def eve(team: Team) -> User:
    return add_user("eve@redwood.example", PASSWORD, team=team)


def entries(**fields: Any) -> list[str]:
    return list(Entry.objects.filter(**fields).order_by("id").values_list("verb", flat=True))


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


def test_w06_it_records_who_came_in_who_did_not_and_who_left(eve: User) -> None:
    client = Client()

    sign_in(client, eve.email, "wrong password")
    sign_in(client, "nobody@where.example", "my other password")
    sign_in(client, eve.email)
    client.post("/accounts/logout/")

    told = ["sign_in.failed", "sign_in.failed", "sign_in.succeeded", "sign_out"]
    assert entries(verb__startswith="sign_") == told
    assert entries(verb="sign_in.failed", subject_id=str(eve.pk)) == ["sign_in.failed"]
    assert Entry.objects.get(verb="sign_in.succeeded").details == {"address": "127.0.0.1"}
    # What a stranger typed may be a password in the wrong field.
    assert "nobody" not in str(list(Entry.objects.values()))


def test_w06_it_records_who_left_by_the_stock_admin(sam: User, client_of: SignIn) -> None:
    client_of(sam).post("/admin/logout/")

    assert entries(actor=sam) == ["sign_out"]


def change_password(eve: User, settings: Settings) -> None:
    client = Client()
    sign_in(client, eve.email)
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post("/accounts/password/change/", form)


def reset_password(eve: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    Client().post("/accounts/password/reset/", {"email": eve.email})
    letter = next(Path(settings.EMAIL_FILE_PATH).iterdir()).read_text()
    found = re.search(r"//testserver(/accounts/password/reset/key/\S+)", letter)
    assert found
    client = Client()
    form = client.get(found.group(1), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})


def set_password_by_command(eve: User, settings: Settings) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("getpass.getpass", lambda prompt: NEW)
        call_command("changepassword", eve.email, stdout=io.StringIO())


@pytest.mark.parametrize(
    ("change", "verb"),
    [
        (change_password, "password.changed"),
        (reset_password, "password.reset"),
        (set_password_by_command, "password.changed"),
    ],
)
def test_w06_it_records_a_new_password_however_it_was_set(
    eve: User, settings: Settings, change: Callable[[User, Settings], None], verb: str
) -> None:
    change(eve, settings)

    eve.refresh_from_db()
    assert eve.check_password(NEW)
    assert entries(verb__startswith="password", subject_id=str(eve.pk)) == [verb]


def test_w06_nobody_is_added_past_the_log(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    with pytest.raises(CommandError, match="adduser"):
        call_command("createsuperuser", "eve@redwood.example")
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD))
    call_command("first_admin")

    assert entries() == ["team.added", "user.added"]


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=str), ids=lambda m: m.__name__)
def test_w06_every_stock_admin_only_shows_or_records(model: Any) -> None:
    pages = admin.site._registry[model]

    assert isinstance(pages, ReadOnly | Audited)
    for inline in pages.inlines:
        # What is changed beside a row is recorded by the admin of that row.
        assert issubclass(inline, ReadOnly) or isinstance(pages, Audited)


@pytest.mark.parametrize("model", ["account/emailaddress", "auth/group", "sessions/session"])
def test_w06_what_would_lead_around_it_is_no_page(model: str, sam: User, client_of: SignIn) -> None:
    assert client_of(sam).get(f"/admin/{model}/").status_code == 404


def form_of_user(user: User, **fields: str) -> dict[str, str]:
    shown = {"name": user.name, "is_active": "on", "is_staff": "on" if user.is_staff else ""}
    shown["is_superuser"] = "on" if user.is_superuser else ""
    return {name: value for name, value in (shown | fields).items() if value}


def test_w06_a_superuser_changes_no_address(alice: User, sam: User, client_of: SignIn) -> None:
    form = form_of_user(alice, email="attacker@example.org", name="Alicia")

    answer = client_of(sam).post(f"/admin/accounts/user/{alice.pk}/change/", form)

    assert answer.status_code == 302
    alice.refresh_from_db()
    assert (alice.email, alice.name) == ("alice@redwood.example", "Alicia")
    entry = Entry.objects.get(verb="user.changed")
    assert (entry.actor, entry.subject_id) == (sam, str(alice.pk))
    assert entry.details == {"name": ["Alice", "Alicia"]}


@pytest.mark.parametrize("field", ["is_active", "is_superuser"])
def test_w06_the_last_superuser_stays(field: str, sam: User, client_of: SignIn) -> None:
    form = form_of_user(sam, **{field: ""})

    answer = client_of(sam).post(f"/admin/accounts/user/{sam.pk}/change/", form)

    assert b"only superuser who can sign in" in answer.content
    assert User.objects.filter(is_superuser=True, is_active=True).get() == sam


@pytest.mark.parametrize("field", ["is_active", "is_superuser"])
def test_w06_the_database_keeps_the_last_superuser_too(field: str, sam: User) -> None:
    with pytest.raises(DatabaseError, match="last superuser"), transaction.atomic():
        User.objects.filter(pk=sam.pk).update(**{field: False})
    with pytest.raises(DatabaseError, match="last superuser"), transaction.atomic():
        User.objects.filter(pk=sam.pk).delete()


def test_w06_one_superuser_of_two_may_step_down(sam: User, client_of: SignIn) -> None:
    other = add_user("dan@redwood.example", PASSWORD, is_superuser=True)

    client_of(other).post(
        f"/admin/accounts/user/{sam.pk}/change/", form_of_user(sam, is_superuser="")
    )

    sam.refresh_from_db()
    assert not sam.is_superuser
    assert Entry.objects.get(verb="user.changed").details == {"is_superuser": ["True", "False"]}


def form_of_team(team: Team, roles: dict[User, str], gone: User | None = None) -> dict[str, Any]:
    rows = list(Membership.objects.filter(team=team).order_by("pk"))
    new = [user for user in roles if user.pk not in {row.user_id for row in rows}]
    form: dict[str, Any] = {
        "name": team.name,
        "memberships-TOTAL_FORMS": len(rows) + len(new),
        "memberships-INITIAL_FORMS": len(rows),
    }
    for number, row in enumerate([*rows, *(Membership(user=user) for user in new)]):
        prefix = f"memberships-{number}"
        role = roles.get(row.user, row.role)
        form |= {f"{prefix}-user": str(row.user_id), f"{prefix}-role": role}
        form |= {f"{prefix}-id": row.pk or "", f"{prefix}-team": str(team.pk)}
        if row.user == gone:
            form[f"{prefix}-DELETE"] = "on"
    return form


def save_team(client: Client, team: Team, **more: Any) -> Any:
    return client.post(f"/admin/accounts/team/{team.pk}/change/", form_of_team(team, **more))


def test_w06_it_records_who_came_went_and_changed_their_role(
    alice: User, bob: User, carol: User, dana: User, team: Team, sam: User, client_of: SignIn
) -> None:
    client = client_of(sam)

    save_team(client, team, roles={bob: Role.VIEWER, carol: Role.MEMBER}, gone=alice)

    told = entries(actor=sam)
    assert sorted(told) == ["membership.added", "membership.changed", "membership.removed"]
    changed = Entry.objects.get(verb="membership.changed")
    assert changed.details == {"role": ["member", "viewer"]}
    assert "Alice in Redwood" in Entry.objects.get(verb="membership.removed").details["was"]


def test_w06_it_records_a_team_that_came_and_went(sam: User, client_of: SignIn) -> None:
    client = client_of(sam)
    empty = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}

    client.post("/admin/accounts/team/add/", {"name": "Oak", **empty})
    oak = Team.objects.get(name="Oak")
    client.post(f"/admin/accounts/team/{oak.pk}/delete/", {"post": "yes"})
    elm = add_team("Elm")
    Membership.objects.create(user=sam, team=elm)
    action = {"action": "delete_selected", "_selected_action": str(elm.pk), "post": "yes"}
    client.post("/admin/accounts/team/", action)

    assert entries(actor=sam) == ["team.added", "team.removed", "team.removed"]
    assert Entry.objects.filter(verb="team.removed").last().details == {  # type: ignore[union-attr]
        "was": "Elm",
        "with": ["Sam in Elm as member"],
    }


def test_w06_a_team_keeps_its_last_admin(
    alice: User, dana: User, team: Team, sam: User, client_of: SignIn
) -> None:
    client = client_of(sam)

    for attempt in ({"roles": {dana: Role.MEMBER}}, {"roles": {}, "gone": dana}):
        answer = save_team(client, team, **attempt)
        assert b"keeps at least one admin" in answer.content
    assert entries() == []
    save_team(client, team, roles={dana: Role.MEMBER, alice: Role.ADMIN})

    assert Membership.objects.get(team=team, role=Role.ADMIN).user == alice


def test_w06_it_records_whose_turns_were_changed(alice: User, sam: User, client_of: SignIn) -> None:
    client = client_of(sam)
    client.post("/admin/jobs/queueshare/add/", {"user": str(alice.pk), "weight": "3"})
    share = QueueShare.objects.get()
    client.post(f"/admin/jobs/queueshare/{share.pk}/delete/", {"post": "yes"})

    assert entries(actor=sam) == ["queueshare.added", "queueshare.removed"]


def test_w06_it_records_every_verb_about_people_and_keys(alice: User, team: Team) -> None:
    made = keys.create(alice, team, Terms(name="a"))
    add_user("eve@redwood.example", PASSWORD, team=team, actor=alice)
    keys.set_webhook(alice, made.key, "")
    keys.revoke(alice, made.key)
    end_sessions(alice, alice)

    told = ["key.created", "user.added", "key.webhook", "key.revoked", "sessions.ended"]
    assert entries(actor=alice) == told


def test_w06_a_member_of_staff_makes_nobody_a_superuser(
    alice: User, sam: User, client_of: SignIn
) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    form = form_of_user(alice, is_superuser="on")

    answer = client_of(alice).post(f"/admin/accounts/user/{alice.pk}/change/", form)

    assert answer.status_code == 403
