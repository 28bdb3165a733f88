# ruff: noqa: RUF001 - Names in other alphabets are part of this.
"""The bytes of a picture. That they are whole and harmless is tested at the guard, tests/web."""

from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from urllib.parse import unquote

import pytest
from django.core.files.storage import default_storage
from django.http import StreamingHttpResponse
from django.test import Client
from PIL import Image as Pillow

from imagestudio.accounts.models import User
from jobs.models import Image
from jobs.services.pictures import post_processing
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]


@pytest.fixture
def image(make_job: MakeJob, alice: User) -> Image:
    return make_job(alice, State.SUCCEEDED, images=1, prompt="A red fox!").images.get()


def content(response: object) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return response.getvalue()


def test_it_gives_the_original_untouched(image: Image, client_of: SignIn, alice: User) -> None:
    response = client_of(alice).get(f"/images/{image.pk}/original")

    assert sha256(content(response)).hexdigest() == image.sha256
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"] == 'inline; filename="a-red-fox-1.png"'


def test_it_offers_the_original_as_a_download(image: Image, client_of: SignIn, alice: User) -> None:
    response = client_of(alice).get(f"/images/{image.pk}/original?download")

    content(response)
    assert response["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize("variant", ["small", "large"])
def test_it_gives_thumbnails_once_they_are_made(
    variant: str, image: Image, client_of: SignIn, alice: User
) -> None:
    client = client_of(alice)
    before = client.get(f"/images/{image.pk}/{variant}")
    Image.objects.filter(pk=image.pk).update(byte_count=2_000_000)
    post_processing.make(image.job_id)

    after = client.get(f"/images/{image.pk}/{variant}")

    assert before.status_code == 404
    assert after["Content-Type"] == "image/webp"
    assert Pillow.open(BytesIO(content(after))).format == "WEBP"


def test_it_knows_no_other_variant(image: Image, client_of: SignIn, alice: User) -> None:
    assert client_of(alice).get(f"/images/{image.pk}/huge").status_code == 404


def test_a_missing_file_is_not_found(image: Image, client_of: SignIn, alice: User) -> None:
    default_storage.delete(image.key)

    assert client_of(alice).get(f"/images/{image.pk}/original").status_code == 404


def test_it_refuses_other_methods(image: Image, client_of: SignIn, alice: User) -> None:
    assert client_of(alice).post(f"/images/{image.pk}/original").status_code == 405


def test_a_teammate_gets_a_shown_picture(make_job: MakeJob, client_of: SignIn, bob: User) -> None:
    image = make_job(state=State.SUCCEEDED, images=1, visibility="team").images.get()

    response = client_of(bob).get(f"/images/{image.pk}/original")

    assert len(content(response)) == image.byte_count


@pytest.mark.parametrize("who", ["bob", "carol", "dana"])
def test_nobody_else_gets_a_private_one(
    who: str, request: pytest.FixtureRequest, image: Image, client_of: SignIn
) -> None:
    client = client_of(request.getfixturevalue(who))

    assert client.get(f"/images/{image.pk}/original").status_code == 404


def test_a_stranger_is_asked_to_sign_in(image: Image) -> None:
    response = Client().get(f"/images/{image.pk}/original")

    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("Рыжий кот", "рыжий-кот-1.png"),
        ("雪の中の狐", "雪の中の狐-1.png"),
        ("ثعلب في الثلج", "ثعلب-في-الثلج-1.png"),
        ("हिंदी में चित्र", "हिंदी-में-चित्र-1.png"),
        ("می\u200cخواهم", "می\u200cخواهم-1.png"),
        ("Crème brûlée!", "crème-brûlée-1.png"),
        ("a/b\\c:d*e", "a-b-c-d-e-1.png"),
    ],
)
def test_field_u17_a_download_keeps_the_letters_of_its_prompt(
    prompt: str, name: str, make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1, prompt=prompt).images.get()

    answer = client_of(alice).get(f"/images/{image.pk}/original?download")
    answer.close()

    assert name in unquote(answer.headers["Content-Disposition"])


@pytest.mark.parametrize(
    "prompt", ["\U0001f98a", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "...", ""]
)
def test_field_u17_without_letters_the_job_names_it(
    prompt: str, make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1, prompt=prompt)

    answer = client_of(alice).get(f"/images/{job.images.get().pk}/original?download")
    answer.close()

    assert f'filename="picture-{job.pk.hex[-8:]}-1.png"' in answer.headers["Content-Disposition"]
