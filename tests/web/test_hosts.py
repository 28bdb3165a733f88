"""The studio answers to its own name, and its links and redirects lead nowhere else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from imagestudio.accounts.models import Team, User
from imagestudio.accounts.services import add_user

SignIn = Callable[[User], Client]
OURS = "studio.example.org"
PASSWORD = "a long enough phrase"
LOOPBACK = ("localhost", "localhost:6666", "127.0.0.1", "127.0.0.1:6666", "[::1]:99")
FOREIGN = (
    *LOOPBACK,
    f"{OURS}:4444",
    f"{OURS}.",
    f"evil.{OURS}",
    "evil.example",
    f"{OURS}@evil",
    "",
)
ELSEWHERE = (
    "https://localhost/x",
    "//localhost",
    "http://[::1]/",
    "https://127.0.0.1:6666/",
    f"https://{OURS}:4444/",
    f"https://{OURS}@evil.example/",
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
)


@pytest.fixture
def public(settings: Settings) -> None:
    """As in production, behind a proxy that speaks https."""
    settings.ORIGIN, settings.ALLOWED_HOSTS = f"https://{OURS}", [OURS]
    settings.IS_PUBLIC = True


@pytest.fixture
def eve(team: Team) -> User:
    return add_user("eve@redwood.example", PASSWORD, team=team)


@pytest.mark.parametrize("host", FOREIGN)
def test_w12_it_answers_to_no_other_name_or_port(public: None, db: None, host: str) -> None:
    answer = Client().post("/accounts/password/reset/", {"email": "x@y.example"}, HTTP_HOST=host)

    assert answer.status_code == 400
    assert "Content-Security-Policy" in answer


@pytest.mark.parametrize("host", [OURS, OURS.upper(), f"{OURS}:443"])
def test_w12_it_answers_to_its_own_name(public: None, db: None, host: str) -> None:
    assert Client().get("/accounts/login/", HTTP_HOST=host).status_code == 200


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_w12_this_machine_may_ask_for_health(public: None, db: None, host: str, path: str) -> None:
    assert Client().get(path, HTTP_HOST=host).status_code in (200, 503)


def letter_for(eve: User, settings: Settings, host: str) -> str:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    Client().post("/accounts/password/reset/", {"email": eve.email}, HTTP_HOST=host)
    return next(Path(settings.EMAIL_FILE_PATH).iterdir()).read_text()


def test_w12_letters_lead_to_the_origin(public: None, eve: User, settings: Settings) -> None:
    letter = letter_for(eve, settings, f"{OURS}:443")

    assert f"https://{OURS}/accounts/password/reset/key/" in letter
    assert ":443" not in letter


@pytest.mark.parametrize("host", LOOPBACK)
def test_w12_without_an_origin_they_lead_to_where_the_launcher_listens(
    eve: User, settings: Settings, host: str
) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    settings.ADDRESS = "http://127.0.0.1:8000"

    letter = letter_for(eve, settings, host)

    assert "http://127.0.0.1:8000/accounts/password/reset/key/" in letter
    assert ":6666" not in letter
    assert ":99" not in letter


def test_w12_letters_to_strangers_too(public: None, settings: Settings, db: None) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    Client().post("/accounts/password/reset/", {"email": "no@where.example"}, HTTP_HOST=OURS)
    letter = next(Path(settings.EMAIL_FILE_PATH).iterdir()).read_text()

    assert "testserver" not in letter
    assert "localhost" not in letter.partition("\n\n")[2]


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("is_public", [True, False])
def test_w18_sign_in_leads_nowhere_else(
    eve: User, target: str, is_public: bool, request: pytest.FixtureRequest
) -> None:
    host = "testserver"
    if is_public:
        request.getfixturevalue("public")
        host = OURS
    form = {"login": eve.email, "password": PASSWORD, "next": target}

    answer = Client().post("/accounts/login/", form, HTTP_HOST=host)

    assert answer["Location"] == "/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_w18_switching_teams_leads_nowhere_else(
    public: None, alice: User, team: Team, client_of: SignIn, target: str
) -> None:
    form = {"team": str(team.pk), "next": target}

    answer = client_of(alice).post("/teams/current/", form, HTTP_HOST=OURS)

    assert answer["Location"] == "/"


@pytest.mark.parametrize("target", ["/jobs/", f"https://{OURS}/history/"])
def test_w18_it_leads_back_to_where_one_was(public: None, eve: User, target: str) -> None:
    form = {"login": eve.email, "password": PASSWORD, "next": target}

    assert Client().post("/accounts/login/", form, HTTP_HOST=OURS)["Location"] == target
