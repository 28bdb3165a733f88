import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from imagestudio.accounts.models import Membership, Team, User
from imagestudio.accounts.services import add_user

PASSWORD = "a long enough phrase"


@pytest.fixture
def eve(team: Team) -> User:
    return add_user(f"eve{time.monotonic_ns()}@redwood.example", PASSWORD, team=team)


def sign_in(client: Client, email: str, password: str) -> int:
    response = client.post("/accounts/login/", {"login": email, "password": password})
    return response.status_code


def test_it_lets_the_right_password_in(eve: User) -> None:
    assert sign_in(Client(), eve.email, PASSWORD) == 302


def test_it_says_the_same_to_a_wrong_password_and_to_a_stranger(eve: User) -> None:
    wrong = Client().post("/accounts/login/", {"login": eve.email, "password": "wrong password"})
    unknown = Client().post(
        "/accounts/login/", {"login": "no@where.example", "password": "wrong password"}
    )

    assert errors_of(wrong.content) == errors_of(unknown.content)
    assert errors_of(wrong.content)


def test_it_stops_listening_after_many_wrong_passwords(eve: User) -> None:
    client = Client()
    for _ in range(6):
        sign_in(client, eve.email, "wrong password")

    assert sign_in(client, eve.email, PASSWORD) == 429


def test_sign_up_is_closed(db: None) -> None:
    response = Client().post(
        "/accounts/signup/",
        {"email": "new@redwood.example", "password1": PASSWORD, "password2": PASSWORD},
    )

    assert response.status_code == 200
    assert not User.objects.exists()


def test_signing_out_needs_a_post(alice: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(alice)

    client.get("/accounts/logout/")

    assert client.get("/").status_code == 200


def test_a_forgotten_password_is_reset_by_a_link_that_works_once(
    eve: User, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    Client().post("/accounts/password/reset/", {"email": eve.email})
    letter = next(Path(settings.EMAIL_FILE_PATH).iterdir()).read_text()
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", letter)
    assert found
    link = found.group(1)

    client = Client()
    form = client.get(link, follow=True)
    new = "another long phrase"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})

    eve.refresh_from_db()
    assert eve.check_password(new)
    assert b"password1" not in Client().get(link, follow=True).content


def test_an_unknown_address_gets_the_same_answer_when_resetting(eve: User) -> None:
    known = Client().post("/accounts/password/reset/", {"email": eve.email})
    unknown = Client().post("/accounts/password/reset/", {"email": "no@where.example"})

    assert known.status_code == unknown.status_code == 302
    assert known["Location"] == unknown["Location"]


def test_the_session_works_in_the_team_that_was_chosen(
    alice: User, other_team: Team, client_of: Callable[[User], Client]
) -> None:
    Membership.objects.create(user=alice, team=other_team)
    client = client_of(alice)

    client.post("/teams/current/", {"team": str(other_team.pk)})

    assert client.get("/").wsgi_request.team == other_team  # type: ignore[attr-defined]


def test_a_foreign_team_is_not_found(
    alice: User, other_team: Team, client_of: Callable[[User], Client]
) -> None:
    response = client_of(alice).post("/teams/current/", {"team": str(other_team.pk)})

    assert response.status_code == 404


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_switching_never_leads_elsewhere(
    alice: User, team: Team, client_of: Callable[[User], Client], target: str
) -> None:
    response = client_of(alice).post("/teams/current/", {"team": str(team.pk), "next": target})

    assert response["Location"] == "/"


def errors_of(page: bytes) -> list[str]:
    return re.findall(r'role="alert">\s*<p>([^<]+)<', page.decode())


@pytest.mark.parametrize(
    ("referer", "after"),
    [
        ("http://testserver/images/1/?x=1", "/images/1/"),
        ("https://evil.example/images/1/", "/"),
        ("http://testserver//evil.example/", "/"),
        ("", "/"),
    ],
)
def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(
    db: None, referer: str, after: str
) -> None:
    response = Client().post("/jobs/", headers={"Referer": referer})

    assert response.headers["Location"] == f"/accounts/login/?next={after}"
