"""Two doors, one hall: a page and a program that ask for the same get equal jobs."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.pages.studio.draft import Draft
from jobs.services import uploads
from jobs.states import InputRole, Source
from tests.gateway.asgi import MODEL, Program
from tests.gateway.forms import FORM, form
from tests.sandbox.conftest import layer, photo, png_of

# Behind the last day of a model, only programs are led to its successor.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("day_of_the_table"),
]

# What the doors themselves leave on a row, and what no two rows share.
OF_THE_DOOR = {"source", "api_key_id", "idempotency_key", "idempotency_hash", "asked"}
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
    fields = {name: value if name == "images" else str(value) for name, value in wish.items()}
    usual = Draft().to_values() | {"images": [], "keeps_outside": "on"}
    client.post("/jobs/", usual | fields)
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


FOX, OWL = png_of(photo(64, 64, "sienna")), png_of(photo(64, 64, "slategray"))
MASK = layer(64, 64, clear=(0, 0, 32, 32))
EDITS: dict[str, tuple[Any, ...]] = {
    "model": (MODEL, "gpt-image-2", "gpt-image-1.5"),
    "pictures": ((FOX,), (FOX, OWL), (OWL, FOX), ()),
    "layer": ("", "mask", "markup"),
    "n": (1, 2, 11),
    "size": ("auto", "1024x1024", "2048x1152"),
    "input_fidelity": ("auto", "high"),
    "output_format": ("png", "webp"),
}


@pytest.mark.parametrize("operation", ["edit", "vary"])
def test_equal_wishes_with_pictures_are_equal_jobs_or_refused_alike(
    program: Program,
    alice: User,
    client_of: Callable[[User], Client],
    settings: Any,
    operation: str,
) -> None:
    settings.GATEWAY_KEY_REQUESTS_PER_MINUTE = settings.GATEWAY_MEMBER_REQUESTS_PER_MINUTE = 10**6
    settings.GATEWAY_MAX_QUEUED = 10**6
    client, seen = client_of(alice), {"made": 0, "refused": 0}
    path = "edits" if operation == "edit" else "variations"

    for wish in picture_wishes(operation):
        contents, role = wish.pop("pictures"), wish.pop("layer", "")
        before = Job.objects.filter(source=Source.PAGE).count()
        page_job = by_page(client, wish | brought(alice, contents, role) | {"operation": operation})
        name = "image[]" if operation == "edit" else "image"
        files = [(name, each) for each in contents] + ([(role, MASK)] if role else [])
        texts = {name: str(value) for name, value in wish.items()}
        headers = {"Prefer": "respond-async", **FORM}
        program.call("POST", f"/v1/images/{path}", body=form(texts, files), headers=headers)
        is_made = Job.objects.filter(source=Source.PAGE).count() > before
        program_jobs = Job.objects.filter(source=Source.API)
        assert program_jobs.count() == before + is_made, wish
        if is_made:
            assert page_job is not None
            program_job = program_jobs.latest("id")
            assert row(page_job) == row(program_job), wish
            assert taken_along(page_job) == taken_along(program_job), wish
        seen["made" if is_made else "refused"] += 1

    assert min(seen.values()) >= 2, seen


def picture_wishes(operation: str) -> list[dict[str, Any]]:
    """Every pair of choices at least once; a variation has no words and fewer choices."""
    choices = dict(EDITS)
    if operation == "vary":
        choices = {name: EDITS[name] for name in ("pictures", "n", "size")}
    plain = {name: values[0] for name, values in choices.items()}
    if operation == "edit":
        plain["prompt"] = "a hat"
    found = []
    for one, other in itertools.combinations(choices, 2):
        for first, second in itertools.product(choices[one], choices[other]):
            found += [plain | {one: first, other: second}]
    return [wish for number, wish in enumerate(found) if wish not in found[:number]]


def brought(owner: User, contents: tuple[bytes, ...], role: str) -> dict[str, Any]:
    """The page's way: the pictures come before the form, which names them."""
    files = [SimpleUploadedFile("a.png", content) for content in contents]
    images = [uploads.accept(owner, file) for file in files]
    named: dict[str, Any] = {"images": [str(image.pk) for image in images]}
    if role and images:
        over = SimpleUploadedFile(f"{role}.png", MASK)
        named[role] = uploads.accept_layer(owner, over, InputRole(role), images[0]).pk
    return named


def taken_along(job: Job) -> list[tuple[Any, ...]]:
    inputs = job.inputs.select_related("upload").order_by("role", "position")
    return [
        (each.role, each.position, each.upload.sha256, each.upload.width, each.upload.format)
        for each in inputs
    ]
