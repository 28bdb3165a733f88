import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from imagestudio.accounts.models import User
from imagestudio.images_api.types import Elsewhere, ImageRequest
from jobs.models import Job, JobInput
from jobs.services import drafts, uploads
from jobs.states import InputRole, State
from tests.conftest import MODEL, MakeJob, png

SignIn = Callable[[User], Client]


def test_it_shows_the_composer_and_my_jobs(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(state=State.RUNNING)

    page = client_of(alice).get("/").content.decode()

    assert '<label class="field__label" for="prompt">Prompt</label>' in page
    assert '<span data-mode="generate">Generate</span>' in page
    assert f'id="job-{job.pk}" data-state="running"' in page


def test_it_refuses_other_methods(client_of: SignIn, alice: User) -> None:
    assert client_of(alice).post("/").status_code == 405


@pytest.mark.parametrize("visibility", ["private", "team"])
def test_a_teammate_sees_their_own_stream_only(
    visibility: str, make_job: MakeJob, client_of: SignIn, bob: User
) -> None:
    job = make_job(visibility=visibility)

    assert str(job.pk) not in client_of(bob).get("/").content.decode()


def test_a_stranger_is_asked_to_sign_in(db: None) -> None:
    response = Client().get("/")

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_the_first_visit_offers_ideas_that_fill_the_composer(
    client_of: SignIn, alice: User
) -> None:
    client = client_of(alice)

    assert client.get("/").content.decode().count('class="idea"') == 3
    assert "a fox &amp; a hen</textarea>" in client.get("/?prompt=a+fox+%26+a+hen").content.decode()


def test_an_earlier_job_fills_the_composer(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(prompt="a heron of paper", size="1600x1200", n=3)

    page = client_of(alice).get(f"/?from={job.pk}").content.decode()

    assert "a heron of paper</textarea>" in page
    assert 'id="width" name="width" inputmode="numeric"' in page
    assert 'value="1600"' in page
    assert f'name="parent" value="{job.pk}"' in page


@pytest.mark.parametrize("text", ["nonsense", "01a20360-eb71-7078-bb12-7c41a8e64eba"])
def test_an_unknown_job_leaves_the_composer_blank(
    text: str, client_of: SignIn, alice: User
) -> None:
    assert client_of(alice).get(f"/?from={text}").status_code == 200


def test_a_strangers_job_fills_nothing(make_job: MakeJob, client_of: SignIn, carol: User) -> None:
    job = make_job(prompt="a secret", visibility="team")

    assert "a secret" not in client_of(carol).get(f"/?from={job.pk}").content.decode()


def test_a_viewer_sees_no_composer(client_of: SignIn, vera: User) -> None:
    page = client_of(vera).get("/").content.decode()

    assert "You can look around" in page
    assert 'id="composer"' not in page


def test_somebody_without_a_team_is_told_whom_to_ask(client_of: SignIn, sam: User) -> None:
    assert "You are not in a team yet" in client_of(sam).get("/").content.decode()


def test_prompts_are_shown_as_text(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    make_job(prompt='"><script>alert(1)</script>', state=State.SUCCEEDED, images=1)

    page = client_of(alice).get("/").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_nothing_between_us_and_the_browser_keeps_it(client_of: SignIn, alice: User) -> None:
    assert "private" in client_of(alice).get("/")["Cache-Control"]


@pytest.mark.parametrize("count", [3, 30])
def test_it_asks_the_database_as_often_for_many_jobs_as_for_few(
    count: int,
    make_job: MakeJob,
    client_of: SignIn,
    alice: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        make_job(state=State.SUCCEEDED, images=2)
    client = client_of(alice)

    with django_assert_max_num_queries(11):
        client.get("/")


def test_a_copy_of_a_colleagues_picture_is_private(
    make_job: MakeJob, client_of: SignIn, alice: User, bob: User
) -> None:
    job = make_job(alice, state=State.SUCCEEDED, images=1, visibility="team")

    page = client_of(bob).get(f"/?from={job.pk}").content.decode()

    chosen = re.findall(r'<input[^>]*name="visibility"[^>]*checked[^>]*>', page)
    assert len(chosen) == 1
    assert 'value="private"' in chosen[0]


def uploaded_job(make_job: MakeJob, owner: User, **fields: Any) -> Job:
    job = make_job(owner, State.SUCCEEDED, **fields)
    upload = uploads.accept(owner, SimpleUploadedFile("fox.png", png(64, 48)))
    JobInput.objects.create(job=job, upload=upload, role=InputRole.IMAGE)
    return job


def test_an_earlier_job_brings_its_pictures(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = uploaded_job(make_job, alice)

    page = client_of(alice).get(f"/?from={job.pk}").content.decode()

    assert f'name="images" value="{job.inputs.get().upload.pk}"' in page


def test_pictures_of_a_colleague_are_left_out_and_told(
    make_job: MakeJob, client_of: SignIn, alice: User, bob: User
) -> None:
    job = uploaded_job(make_job, alice, visibility="team")

    page = client_of(bob).get(f"/?from={job.pk}").content.decode()

    assert 'name="images"' not in page
    assert "One of its pictures is not yours, so it was left out." in page


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "One of its pictures lies elsewhere, so it was left out."),
        (2, "2 of its pictures lie elsewhere, so they were left out."),
    ],
)
def test_pictures_that_only_the_service_reads_are_left_out_and_told(
    count: int, words: str, make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    asked = ImageRequest(
        operation="edit",
        model=MODEL,
        prompt="a hat",
        references=(Elsewhere(position=1, image_url="https://pictures.example.com/a.png"),) * count,
    )
    job = uploaded_job(make_job, alice, operation="edit", request=asked.to_json())

    page = client_of(alice).get(f"/?from={job.pk}").content.decode()

    assert f'name="images" value="{job.inputs.get().upload.pk}"' in page
    assert words in page
    assert "not yours" not in page


def test_a_draft_of_strange_values_is_no_fault(client_of: SignIn, alice: User) -> None:
    drafts.keep(alice, {"prompt": 7, "images": "x", "model": "gpt-image-1", "mask": "nonsense"})

    assert client_of(alice).get("/").status_code == 200


def test_it_asks_no_more_for_a_draft_full_of_pictures(
    client_of: SignIn, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ids = [
        str(uploads.accept(alice, SimpleUploadedFile(f"{n}.png", png(32, 32 + n))).pk)
        for n in range(16)
    ]
    drafts.keep(alice, {"operation": "edit", "images": ids})
    client = client_of(alice)

    with django_assert_max_num_queries(11):
        page = client.get("/").content.decode()

    assert page.count('name="images"') == 16
