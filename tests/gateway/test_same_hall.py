"""Two doors, one hall: a page and a program that ask for the same get equal jobs."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.pages.draft import Draft
from jobs.states import Source
from tests.gateway.asgi import MODEL, Program

pytestmark = pytest.mark.django_db(transaction=True)

# What the doors themselves leave on a row, and what no two rows share.
OF_THE_DOOR = {"source", "api_key_id", "idempotency_key"}
OF_THE_ROW = {"id", "created_at", "changed_at", "run_after", "dispatched_at", "deadline_at"}

CHOICES: dict[str, tuple[Any, ...]] = {
    "model": (MODEL, "gpt-image-2", "gpt-image-1.5"),
    "n": (1, 3),
    "size": ("auto", "1024x1024", "2048x1152", "1536x1024"),
    "quality": ("auto", "low", "high", "max"),
    "background": ("auto", "opaque", "transparent"),
    "output_format": ("png", "webp", "jpeg"),
    "output_compression": (100, 40),
    "moderation": ("auto", "low"),
    "complexity": ("auto", "high"),
    "prompt": ("an otter", "  ein Ötter\nzweite Zeile  ", "海獺"),
}


def wishes() -> list[dict[str, Any]]:
    """Every pair of choices at least once."""
    plain = {name: values[0] for name, values in CHOICES.items()}
    found = {json.dumps(plain): plain}
    for one, other in itertools.combinations(CHOICES, 2):
        for first, second in itertools.product(CHOICES[one][-2:], CHOICES[other][-2:]):
            wish = plain | {one: first, other: second}
            found[json.dumps(wish)] = wish
    return list(found.values())


def row(job: Job) -> dict[str, Any]:
    values = Job.objects.filter(pk=job.pk).values().get()
    return {name: value for name, value in values.items() if name not in OF_THE_DOOR | OF_THE_ROW}


def by_page(client: Client, wish: dict[str, Any]) -> Job | None:
    fields = {name: str(value) for name, value in wish.items()}
    client.post("/jobs/", Draft().to_values() | fields | {"images": [], "keeps_outside": "on"})
    return Job.objects.filter(source=Source.PAGE).order_by("-id").first()


def by_program(program: Program, wish: dict[str, Any]) -> Job | None:
    headers = {"Prefer": "respond-async"}
    program.call("POST", "/v1/images/generations", wish, headers=headers)
    return Job.objects.filter(source=Source.API).order_by("-id").first()


def test_equal_wishes_are_equal_jobs_or_refused_alike(
    program: Program, alice: User, client_of: Callable[[User], Client], settings: Any
) -> None:
    settings.GATEWAY_KEY_REQUESTS_PER_MINUTE = settings.GATEWAY_MEMBER_REQUESTS_PER_MINUTE = 10**6
    settings.GATEWAY_MAX_QUEUED = 10**6
    client, seen = client_of(alice), {"made": 0, "refused": 0}

    for wish in wishes()[::3]:
        counts = Job.objects.filter(source=Source.PAGE).count()
        page_job, program_job = by_page(client, wish), by_program(program, wish)
        is_made = Job.objects.filter(source=Source.PAGE).count() > counts
        assert Job.objects.filter(source=Source.API).count() == counts + is_made, wish
        if is_made:
            assert page_job is not None
            assert program_job is not None
            assert row(page_job) == row(program_job), wish
        seen["made" if is_made else "refused"] += 1

    assert seen["made"] > 30
    assert seen["refused"] > 2
