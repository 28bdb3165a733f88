"""What surrounds every page: navigation, account menu, sign-in pages, errors."""

import re
from collections.abc import Callable

import pytest
from django.template.loader import render_to_string
from django.test import Client
from pytest_django import Settings

from imagestudio.accounts.models import Membership, Role, Team, User

SignIn = Callable[[User], Client]
ERRORS = ["400", "403", "403_csrf", "404", "429", "500", "503"]


@pytest.mark.parametrize(
    ("path", "label"), [("/", "Studio"), ("/history/", "History"), ("/team/", "Team")]
)
def test_the_rail_marks_where_i_am(path: str, label: str, client_of: SignIn, alice: User) -> None:
    page = client_of(alice).get(path).content.decode()

    current = re.findall(r'aria-current="page">\s*<svg.*?</svg>\s*(\w+)', page, re.DOTALL)
    assert current == [label]


def test_signing_out_is_a_form(client_of: SignIn, alice: User) -> None:
    client = client_of(alice)
    assert (
        '<form method="post" action="/accounts/logout/" data-signs-out>'
        in client.get("/").content.decode()
    )

    client.post("/accounts/logout/")

    assert client.get("/").status_code == 302


def test_a_member_of_two_teams_may_switch(client_of: SignIn, alice: User, other_team: Team) -> None:
    client = client_of(alice)
    assert 'id="team-menu"' not in client.get("/").content.decode()

    Membership.objects.create(user=alice, team=other_team, role=Role.MEMBER)

    assert 'id="team-menu"' in client.get("/").content.decode()


def test_the_sandbox_is_seen_as_such(client_of: SignIn, alice: User, settings: Settings) -> None:
    words = "Sandbox: pictures are drawn locally and cost nothing"
    settings.IS_SANDBOX = True
    assert words in client_of(alice).get("/").content.decode()

    settings.IS_SANDBOX = False

    assert words not in client_of(alice).get("/").content.decode()


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_page_needs_nothing(code: str) -> None:
    page = render_to_string(f"{code}.html")

    assert "<h1" in page
    assert "{{" not in page


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/accounts/login/", "Forgot your password?"),
        ("/accounts/signup/", "Accounts here are made by an admin"),
        ("/accounts/password/reset/", "We will send a link"),
        ("/accounts/password/reset/done/", "a link is on its way"),
        ("/accounts/password/reset/key/done/", "You can sign in with it now."),
        ("/accounts/inactive/", "This account is switched off"),
    ],
)
def test_the_doors_speak_our_words(path: str, words: str, db: None) -> None:
    page = Client().get(path).content.decode()

    assert words in page
    assert "Image Studio" in page


def test_a_wrong_password_is_told_in_place(alice: User) -> None:
    form = {"login": alice.email, "password": "wrong"}

    page = Client().post("/accounts/login/", form).content.decode()

    assert 'role="alert"' in page
    assert f'value="{alice.email}"' in page
    assert "wrong" not in page


def test_files_instead_of_letters_are_announced(db: None, settings: Settings) -> None:
    settings.EMAIL_URL = ""
    assert (
        "letters are written to files" in Client().get("/accounts/password/reset/").content.decode()
    )

    settings.EMAIL_URL = "smtp://mail.example.org"

    assert (
        "letters are written to files"
        not in Client().get("/accounts/password/reset/").content.decode()
    )


def test_a_new_password_can_be_chosen_when_signed_in(client_of: SignIn, alice: User) -> None:
    alice.set_password("a long enough phrase")
    alice.save()
    client = Client()
    client.login(email=alice.email, password="a long enough phrase")

    page = client.get("/accounts/password/change/").content.decode()

    assert "Save the password" in page
    assert 'name="oldpassword" type="password"' in page
