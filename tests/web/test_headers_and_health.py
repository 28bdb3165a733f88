import gzip
import json
import logging
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, IntegrityError, connection
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from imagestudio.accounts.models import User
from imagestudio.web.logs import OneLineFormatter
from jobs.models import Pulse
from jobs.services.run import heartbeats

SignIn = Callable[[User], Client]


@pytest.mark.parametrize("path", ["/accounts/login/", "/healthz", "/nowhere/", "/", "/admin/"])
def test_every_answer_carries_the_policy(db: None, path: str) -> None:
    policy = Client().get(path)["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_page_comes_compressed_and_is_each_time_of_another_length(
    client_of: SignIn, alice: User
) -> None:
    client, accept = client_of(alice), {"Accept-Encoding": "gzip, br"}
    plain, *packed = client.get("/"), *(client.get("/", headers=accept) for _ in range(9))

    assert "Content-Encoding" not in plain
    assert {answer["Content-Encoding"] for answer in packed} == {"gzip"}
    assert "Accept-Encoding" in packed[0]["Vary"]
    assert b"<h1" in gzip.decompress(packed[0].content)
    assert len(packed[0].content) < len(plain.content) / 4
    # Else a page that repeats what one sends would tell of the secret beside it.
    assert len({len(answer.content) for answer in packed}) > 1


def test_a_page_without_a_token_is_refused(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.post("/jobs/", {"prompt": "fox"}).status_code == 403


def test_healthz_answers_without_asking_anybody() -> None:
    assert Client().get("/healthz").content == b"ok"


def test_readyz_names_the_part_that_is_missing(db: None) -> None:
    response = Client().get("/readyz")

    assert response.status_code == 503
    parts = json.loads(response.content)["parts"]
    assert (parts["database"]["ok"], parts["broker"]["ok"]) == (True, True)
    assert "no sign of life" in parts["sweeper"]["problem"]


def test_readyz_is_ready_when_all_parts_are(db: None) -> None:
    for part in (heartbeats.SWEEPER, heartbeats.WORKER, heartbeats.STORAGE, heartbeats.SPOOL):
        heartbeats.beat(part)

    assert Client().get("/readyz").status_code == 200


def test_readyz_says_how_old_a_sign_of_life_is(db: None) -> None:
    heartbeats.beat(heartbeats.SWEEPER)
    Pulse.objects.update(at=Now() - timedelta(seconds=90))

    sweeper = Client().get("/readyz").json()["parts"]["sweeper"]

    assert not sweeper["ok"]
    assert 90 <= sweeper["age_s"] < 100


def test_signed_in_pages_work_while_the_cache_is_away(
    alice: User, client_of: Callable[[User], Client], settings: Settings
) -> None:
    settings.CACHES = settings.CACHES | {
        "sessions": settings.CACHES["sessions"] | {"LOCATION": "redis://127.0.0.1:1/1"}
    }

    assert client_of(alice).get("/").status_code == 200


def test_sign_in_says_come_back_while_limits_cannot_be_counted(
    alice: User, settings: Settings
) -> None:
    settings.CACHES = settings.CACHES | {
        "default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/1"}
    }

    response = Client().post("/accounts/login/", {"login": alice.email, "password": "x"})

    assert response.status_code == 503
    assert response["Retry-After"] == "5"


def test_a_log_line_cannot_be_forged() -> None:
    record = logging.LogRecord("x", 20, "f", 1, "fox\n2026 INFO forged \x1b[31m", None, None)

    line = OneLineFormatter().format(record)

    assert "\n" not in line
    assert "\x1b" not in line


def test_w08_a_log_line_holds_no_row_that_the_database_refused(db: None) -> None:
    words = "LOGCANARY\nof two lines"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM jobs_job WHERE prompt = %s AND missing", [words])
    except DatabaseError:
        unknown = formatted(sys.exc_info())
    try:
        error = IntegrityError(f"new row violates\nDETAIL:  Failing row contains (1, {words}).")
        raise RuntimeError("while saving") from error
    except RuntimeError:
        refused = formatted(sys.exc_info())

    for text in (unknown, refused):
        assert "Traceback" in text
        assert "LOGCANARY" not in text
    assert "new row violates" in refused
    assert "RuntimeError: while saving" in refused


def formatted(error: Any) -> str:
    record = logging.LogRecord("x", 40, "f", 1, "a page failed", None, error)
    return OneLineFormatter().format(record)


def test_field_f04_a_log_line_holds_no_key_not_even_in_its_traceback() -> None:
    try:
        raise ValueError("Authorization: Bearer sk-0123456789abcdef")
    except ValueError as error:
        trace = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("x", 40, "f", 1, "sent sk-fedcba9876543210", None, trace)

    line = OneLineFormatter().format(record)

    assert "0123456789abcdef" not in line
    assert "fedcba9876543210" not in line


@pytest.mark.parametrize("key", ["short", "insecure-" * 10])
def test_a_weak_secret_key_stops_the_start(settings: Settings, key: str) -> None:
    settings.SECRET_KEY = key

    assert "studio.E001" in [message.id for message in run_checks()]


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("ORIGIN", "studio.example.org", "studio.E002"),
        ("ORIGIN", "https://studio.example.org/path", "studio.E002"),
        ("STORAGE_URL", "ftp://x", "studio.E003"),
        ("STORAGE_URL", "s3://", "studio.E003"),
    ],
)
def test_half_configured_is_refused(settings: Settings, name: str, value: str, check: str) -> None:
    setattr(settings, name, value)

    assert check in [message.id for message in run_checks()]
