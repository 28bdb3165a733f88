"""Nobody guesses a password, and no outsider locks anybody out."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from imagestudio.accounts import tries
from imagestudio.accounts.models import Team, User
from imagestudio.accounts.services import add_user
from imagestudio.audit.models import Entry

PASSWORD, WRONG = "a long enough phrase", "wrong password"
HERE, THERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def eve(team: Team) -> User:
    return add_user("eve@redwood.example", PASSWORD, team=team)


def sign_in(email: str, password: str, address: str = HERE, client: Client | None = None) -> Any:
    form = {"login": email, "password": password}
    return (client or Client()).post("/accounts/login/", form, REMOTE_ADDR=address)


def fail(times: int, email: str, address: Callable[[int], str] = lambda number: HERE) -> list[int]:
    return [sign_in(email, WRONG, address(number)).status_code for number in range(times)]


def test_w07_wrong_passwords_from_elsewhere_hold_nobody_up(eve: User) -> None:
    fail(8, eve.email, lambda number: THERE)

    assert sign_in(eve.email, PASSWORD, HERE).status_code == 302


def test_w07_wrong_passwords_from_everywhere_hold_nobody_up(eve: User) -> None:
    fail(30, eve.email, lambda number: f"198.51.100.{number}")

    assert sign_in(eve.email, PASSWORD, HERE).status_code == 302


def test_w07_under_attack_a_new_place_has_one_try(eve: User) -> None:
    fail(tries.ATTACK + 1, eve.email, lambda number: f"198.51.100.{number}")

    assert fail(3, eve.email) == [200, 429, 429]


def test_w07_a_known_device_has_tries_of_its_own(eve: User) -> None:
    device = Client()
    sign_in(eve.email, PASSWORD, client=device)
    device.post("/accounts/logout/")
    fail(12, eve.email)

    assert sign_in(eve.email, PASSWORD).status_code == 429  # The same office, another device.
    assert sign_in(eve.email, PASSWORD, client=device).status_code == 302


def test_w07_a_known_device_can_not_guess_for_ever(eve: User) -> None:
    device = Client()
    sign_in(eve.email, PASSWORD, client=device)
    device.post("/accounts/logout/")

    answers = [sign_in(eve.email, WRONG, client=device).status_code for _ in range(7)]

    assert answers == [200] * 5 + [429] * 2


def test_w07_a_device_is_known_for_its_own_account_alone(eve: User, team: Team) -> None:
    other = add_user("dan@redwood.example", PASSWORD, team=team)
    device = Client()
    sign_in(other.email, PASSWORD, client=device)
    device.post("/accounts/logout/")
    fail(6, eve.email)

    assert sign_in(eve.email, PASSWORD, client=device).status_code == 429


def test_w07_a_made_up_device_is_not_known(eve: User) -> None:
    device = Client()
    device.cookies[tries.DEVICE_COOKIE] = "made:up"
    fail(6, eve.email)

    assert sign_in(eve.email, PASSWORD, client=device).status_code == 429


def test_w07_it_says_429_and_when_to_come_back(eve: User) -> None:
    fail(5, eve.email)

    answer = sign_in(eve.email, PASSWORD)

    assert answer.status_code == 429
    page = answer.content.decode()
    assert "this one was not looked at" in page
    assert "Back to the sign-in" in page, "Who is signed out has no studio to go back to."
    assert 50 <= int(answer["Retry-After"]) <= 60
    assert b"Wait a few minutes" in answer.content


def test_w07_each_wait_is_twice_the_last_up_to_an_hour() -> None:
    waits: list[int] = []
    while len(waits) < 8:
        if wait_s := tries._take_paced("tries:of-a-test", tries.FREE):
            waits.append(round(wait_s, -1))
            cache.delete("tries:of-a-test:wait")  # As if it were over.

    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_w07_the_right_password_forgives_what_was_mistyped(eve: User) -> None:
    fail(3, eve.email)
    sign_in(eve.email, PASSWORD)

    assert fail(4, eve.email) == [200] * 4


@pytest.mark.parametrize(
    "place", [lambda n: f"2001:db8:1:2::{n:x}", lambda n: f"::ffff:{HERE}" if n % 2 else HERE]
)
def test_w07_all_addresses_of_one_household_are_one(eve: User, place: Callable[[int], str]) -> None:
    assert fail(8, eve.email, place)[-1] == 429


def test_w07_spelling_the_address_otherwise_gives_no_more_tries(eve: User) -> None:
    spelled = [eve.email, eve.email.upper(), f" {eve.email} ", "Eve@Redwood.Example"]

    answers = [sign_in(email, WRONG).status_code for email in spelled * 2]

    assert answers.count(200) == 5


def test_w07_one_place_can_not_try_many_accounts(eve: User) -> None:
    answers = [sign_in(f"n{number}@where.example", WRONG).status_code for number in range(12)]

    assert answers == [200] * 10 + [429] * 2


def test_w07_many_at_once_are_no_more_than_one_after_the_other(eve: User) -> None:
    taken: list[int] = []
    barrier = threading.Barrier(12)

    def take() -> None:
        barrier.wait()
        taken.append(tries._take_paced("tries:of-a-test", tries.FREE))

    threads = [threading.Thread(target=take) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert taken.count(0) <= tries.FREE


def test_w07_what_was_refused_is_recorded_once_a_minute(eve: User) -> None:
    fail(12, eve.email)

    assert Entry.objects.filter(verb="sign_in.refused").count() == 1
