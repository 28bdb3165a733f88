"""Checking passwords costs memory; few are checked at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.test import Client

from imagestudio.accounts import hashers
from imagestudio.accounts.hashers import MAX_WAITING, PLACES
from imagestudio.accounts.models import User
from imagestudio.web.errors import Busy

PASSWORD = "a long enough phrase"
MEGABYTE = 1024 * 1024


@contextmanager
def all_places_taken() -> Iterator[None]:
    with ThreadPoolExecutor(PLACES + MAX_WAITING) as threads:
        leave, inside = threading.Event(), threading.Semaphore(0)

        def stay() -> None:
            with hashers._place():
                inside.release()
                leave.wait(20)

        for _ in range(PLACES + MAX_WAITING):
            threads.submit(stay)
        for _ in range(PLACES):
            inside.acquire(timeout=10)
        while hashers._known._value:
            time.sleep(0.01)
        try:
            yield
        finally:
            leave.set()


def test_w10_it_knows_passwords_from_before() -> None:
    encoded = make_password(PASSWORD)

    assert encoded.startswith("argon2$argon2id$")
    assert check_password(PASSWORD, encoded)
    assert not check_password("another phrase", encoded)


def test_w10_it_takes_no_more_memory_for_many() -> None:
    encoded, me = make_password(PASSWORD), psutil.Process()
    before, most, is_over = me.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not is_over.wait(0.005):
            most = max(most, me.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(24) as threads:
        answers = list(threads.map(lambda _: _try(encoded), range(24)))
    is_over.set()
    watcher.join()

    assert answers.count(True) >= PLACES
    assert answers.count(None) > 0
    assert most - before < (PLACES + 1) * 105 * MEGABYTE


def _try(encoded: str) -> bool | None:
    try:
        return check_password(PASSWORD, encoded)
    except Busy:
        return None


@pytest.mark.parametrize("email", ["alice@redwood.example", "nobody@redwood.example"])
def test_w10_who_comes_with_too_many_is_told_to_come_again(alice: User, email: str) -> None:
    """Also for who is not there: else the answer would tell."""
    alice.set_password(PASSWORD)
    alice.save()
    with all_places_taken():
        answer = Client().post("/accounts/login/", {"login": email, "password": PASSWORD})

    assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    assert "Your password was not checked" in answer.content.decode()


def test_w10_changing_a_password_counts_as_well(alice: User) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    client = Client()
    client.force_login(alice)
    words = {
        "oldpassword": PASSWORD,
        "password1": "an other phrase",
        "password2": "an other phrase",
    }
    with all_places_taken():
        answer = client.post("/accounts/password/change/", words)

    assert answer.status_code == 503


def test_w10_the_way_is_free_again_afterwards(alice: User) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    with all_places_taken():
        pass

    answer = Client().post("/accounts/login/", {"login": alice.email, "password": PASSWORD})

    assert answer.status_code == 302
