"""Pictures on their way into the composer."""

import io
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import StreamingHttpResponse
from django.test import Client
from PIL import Image as Pillow
from pytest_django import Settings

from imagestudio.accounts.models import Team, User
from imagestudio.images_api.types import ImageRequest
from jobs.models import Upload
from jobs.services import drafts
from jobs.services.submit import GivenPictures, submit
from jobs.services.uploads import accept
from jobs.states import State, Visibility
from tests.conftest import MakeJob, png

SignIn = Callable[[User], Client]


def file(content: bytes | None = None, name: str = "fox.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, png(40, 30) if content is None else content)


def half_clear() -> bytes:
    picture = Pillow.new("RGBA", (40, 30), (0, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 20, 30))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def test_it_answers_with_the_tile(alice: User, client_of: SignIn) -> None:
    response = client_of(alice).post("/uploads/", {"file": file()})

    upload = Upload.objects.get(owner=alice)
    page = response.content.decode()
    assert response.status_code == 201
    assert f'data-upload="{upload.pk}"' in page
    assert f'name="images" value="{upload.pk}"' in page
    assert 'data-width="40"' in page


def test_what_is_no_picture_is_refused_by_name(alice: User, client_of: SignIn) -> None:
    response = client_of(alice).post("/uploads/", {"file": file(b"<html>", "page.html")})

    assert response.status_code == 422
    assert "page.html" in response.content.decode()
    assert not Upload.objects.exists()


def test_a_form_without_a_file_is_refused(alice: User, client_of: SignIn) -> None:
    response = client_of(alice).post("/uploads/", {})

    assert response.status_code == 422
    assert "Choose a picture" in response.content.decode()


def test_a_name_cannot_smuggle_markup_in(alice: User, client_of: SignIn) -> None:
    response = client_of(alice).post("/uploads/", {"file": file(name="<img src=x>.png")})

    assert "<img src=x>" not in response.content.decode()


@pytest.mark.parametrize("role", ["mask", "markup"])
def test_a_layer_comes_with_the_picture_it_lies_over(
    alice: User, client_of: SignIn, role: str
) -> None:
    over = accept(alice, file())
    form = {"file": file(half_clear()), "role": role, "over": over.pk}

    response = client_of(alice).post("/uploads/", form)

    assert response.status_code == 201
    assert f'name="{role}"' in response.content.decode()


def test_a_layer_over_a_strangers_picture_is_not_found(
    alice: User, bob: User, client_of: SignIn
) -> None:
    over = accept(bob, file())
    form = {"file": file(half_clear()), "role": "mask", "over": over.pk}

    assert client_of(alice).post("/uploads/", form).status_code == 404


def test_a_layer_over_nothing_is_not_found(alice: User, client_of: SignIn) -> None:
    form = {"file": file(half_clear()), "role": "mask", "over": "nonsense"}

    assert client_of(alice).post("/uploads/", form).status_code == 404


def test_an_unknown_role_is_refused(alice: User, client_of: SignIn) -> None:
    response = client_of(alice).post("/uploads/", {"file": file(), "role": "hat"})

    assert response.status_code == 422


def test_a_picture_of_the_history_is_taken(
    alice: User, bob: User, client_of: SignIn, make_job: MakeJob
) -> None:
    image = make_job(bob, State.SUCCEEDED, images=1, visibility="team").images.get()

    response = client_of(alice).post("/uploads/", {"image": image.pk})

    assert response.status_code == 201
    assert Upload.objects.get(owner=alice).image == image


def test_a_private_picture_of_somebody_else_is_not_found(
    alice: User, bob: User, client_of: SignIn, make_job: MakeJob
) -> None:
    image = make_job(bob, State.SUCCEEDED, images=1).images.get()

    assert client_of(alice).post("/uploads/", {"image": image.pk}).status_code == 404
    assert client_of(alice).post("/uploads/", {"image": uuid4()}).status_code == 404


def test_a_full_disk_is_told_and_may_be_tried_again(
    alice: User, client_of: SignIn, settings: Settings, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file where a folder should be"
    blocked.touch()
    settings.DATA_DIR = blocked

    response = client_of(alice).post("/uploads/", {"file": file()})

    assert response.status_code == 503
    assert "try again" in response.content.decode()


@pytest.mark.parametrize(
    ("variant", "content_type"), [("original", "image/png"), ("small", "image/webp")]
)
def test_its_bytes_are_served_to_its_owner(
    alice: User, client_of: SignIn, variant: str, content_type: str
) -> None:
    upload = accept(alice, file())

    response = client_of(alice).get(f"/uploads/{upload.pk}/{variant}")

    assert isinstance(response, StreamingHttpResponse)
    picture = Pillow.open(io.BytesIO(response.getvalue()))
    assert picture.size == (40, 30)
    assert response["Content-Type"] == content_type


def test_there_is_no_other_variant(alice: User, client_of: SignIn) -> None:
    upload = accept(alice, file())

    assert client_of(alice).get(f"/uploads/{upload.pk}/huge").status_code == 404


def test_the_team_sees_it_with_a_job_that_is_shown(
    alice: User, bob: User, carol: User, team: Team, client_of: SignIn
) -> None:
    upload = accept(alice, file())
    address = f"/uploads/{upload.pk}/small"
    assert client_of(bob).get(address).status_code == 404
    request = ImageRequest(operation="edit", model="gpt-image-2", prompt="make it snow")

    submit(alice, team, request, GivenPictures(images=(upload,)), visibility=Visibility.TEAM)

    seen = client_of(bob).get(address)
    assert isinstance(seen, StreamingHttpResponse)
    seen.getvalue()
    assert client_of(carol).get(address).status_code == 404


def test_using_a_picture_puts_it_into_the_draft(
    alice: User, client_of: SignIn, make_job: MakeJob
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()

    response = client_of(alice).post(f"/images/{image.pk}/use/", {"operation": "vary"})

    upload = Upload.objects.get(owner=alice)
    values = drafts.of(alice) or {}
    assert response.headers["Location"] == "/"
    assert (values["operation"], values["images"]) == ("vary", [str(upload.pk)])
