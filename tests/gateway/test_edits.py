"""Pictures that come along: in every shape of a form, and by reference in JSON."""

import base64
from collections.abc import Iterable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from imagestudio.accounts.models import User
from jobs.models import Job, JobInput, Upload
from jobs.services.uploads import accept
from jobs.states import InputRole, State
from tests.conftest import MakeJob, png
from tests.gateway.asgi import MODEL, Answer, Exchange, Meanwhile, Program
from tests.gateway.forms import FORM, form
from tests.images_api.contract import faults
from tests.sandbox.conftest import layer, photo, png_of
from tests.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)

EDITS, VARIATIONS = "/v1/images/edits", "/v1/images/variations"
HAT = {"model": MODEL, "prompt": "a hat"}
SEA, SKY = png_of(photo(64, 64, "seagreen")), png_of(photo(64, 64, "skyblue"))


@pytest.fixture
def impatient(settings: Any) -> None:
    """Only what was accepted counts here, not what comes of it."""
    settings.GATEWAY_WAIT_S = 0.01


def send(
    program: Program,
    files: Iterable[tuple[str, bytes]],
    path: str = EDITS,
    texts: dict[str, str] = HAT,
    **more: Any,
) -> Answer:
    return program.call("POST", path, body=form(texts, files), headers=FORM, **more)


def taken(role: InputRole = InputRole.IMAGE) -> list[tuple[int, int, int]]:
    """The first pixels of the pictures that the job took along, in their order."""
    rows = JobInput.objects.filter(role=role).order_by("position").select_related("upload")
    return [_pixel(row.upload) for row in rows]


def _pixel(upload: Upload) -> tuple[int, int, int]:
    with default_storage.open(upload.key) as file, Image.open(file) as picture:
        pixel = picture.convert("RGB").getpixel((1, 1))
        assert isinstance(pixel, tuple)
        return (int(pixel[0]), int(pixel[1]), int(pixel[2]))


SEA_PIXEL, SKY_PIXEL = (46, 139, 87), (135, 206, 235)


def test_it_answers_as_the_provider_does(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    answer = send(program, [("image", SEA)], meanwhile=worker)

    assert answer.status == 200
    assert faults("ImagesResponse", answer.json()) == []
    assert upstream.calls[0].path.endswith("/images/edits")


def test_it_calls_a_field_by_its_own_name_where_pages_have_a_label_for_it(
    program: Program,
) -> None:
    answer = send(program, [("image", SEA)], texts={**HAT, "input_fidelity": "high"})

    assert answer.error["param"] == "input_fidelity"
    assert answer.error["message"] == "GPT Image 2.6 Flare has no input fidelity high. Choose auto."


@pytest.mark.parametrize(
    "names",
    [("image", "image"), ("image[]", "image[]"), ("image", "image[]"), ("image[0]", "image[1]")],
)
def test_it_takes_every_name_that_clients_give(
    names: tuple[str, str], program: Program, impatient: None
) -> None:
    answer = send(program, zip(names, (SEA, SKY), strict=True))

    assert answer.status == 504
    assert taken() == [SEA_PIXEL, SKY_PIXEL]


def test_numbered_pictures_go_by_their_numbers(program: Program, impatient: None) -> None:
    send(program, [("image[1]", SKY), ("image[0]", SEA)])

    assert taken() == [SEA_PIXEL, SKY_PIXEL]


def test_a_mask_goes_along(program: Program, impatient: None) -> None:
    send(program, [("image", SEA), ("mask", layer(64, 64, clear=(0, 0, 20, 20)))])

    assert len(taken(InputRole.MASK)) == 1


def test_texts_have_the_types_of_json(program: Program, impatient: None) -> None:
    texts = HAT | {"n": "2", "quality": "low", "stream": "false", "output_compression": ""}

    assert send(program, [("image", SEA)], texts=texts).status == 504

    assert (Job.objects.get().n, Job.objects.get().image_request.quality) == (2, "low")


@pytest.mark.parametrize(
    ("files", "texts", "code", "param"),
    [
        ([], {}, "missing_required_parameter", "image"),
        ([("image", b"no picture")], {}, "invalid_image_file", "image"),
        ([("picture", SEA)], {}, "unknown_parameter", "picture"),
        ([("image", SEA)], {"mask": "text"}, "invalid_type", "mask"),
        ([("image", SEA)], {"n": "two"}, "invalid_type", "n"),
        ([("image", SEA)], {"n": "99"}, "invalid_value", "n"),
        ([("image", SEA), ("mask", png(32, 32))], {}, "invalid_image_file", "mask"),
    ],
)
def test_it_names_what_is_wrong(
    files: list[tuple[str, bytes]], texts: dict[str, str], code: str, param: str, program: Program
) -> None:
    answer = send(program, files, texts=HAT | texts)

    assert (answer.status, answer.error["code"], answer.error["param"]) == (400, code, param)
    assert not Job.objects.exists()


@pytest.mark.parametrize("body", [b"", b"--otter", b"nothing at all", b"--otter--\r\n"])
def test_a_broken_form_is_refused(body: bytes, program: Program) -> None:
    answer = program.call("POST", EDITS, body=body, headers=FORM)

    assert answer.status == 400


def test_a_form_without_a_boundary_is_refused(program: Program) -> None:
    headers = {"Content-Type": "multipart/form-data"}

    assert program.call("POST", EDITS, body=b"x", headers=headers).error["code"] == "invalid_form"


def test_a_form_in_pieces_without_a_length_is_whole(program: Program, impatient: None) -> None:
    body = form(HAT, [("image", SEA)])
    pieces = [body[start : start + 100] for start in range(0, len(body), 100)]
    headers = {"Authorization": f"Bearer {program.secret}", "Transfer-Encoding": "chunked", **FORM}

    [answer] = program.together([Exchange("POST", EDITS, headers, pieces)])

    assert (answer.status, taken()) == (504, [SEA_PIXEL])


def test_pieces_without_end_are_cut_off(program: Program, settings: Any) -> None:
    settings.GATEWAY_MAX_BODY_BYTES = 3000
    headers = {"Authorization": f"Bearer {program.secret}", "Transfer-Encoding": "chunked", **FORM}
    exchange = Exchange("POST", EDITS, headers, [b"x" * 1000] * 5)

    [answer] = program.together([exchange])

    assert (answer.status, answer.error["code"]) == (413, "request_too_large")


def data_url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def test_json_takes_data_urls_and_pictures_of_the_studio(
    program: Program, alice: User, make_job: MakeJob, impatient: None
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()
    references = [{"image_url": data_url(SEA)}, {"file_id": str(image.pk)}]

    answer = program.call("POST", EDITS, HAT | {"images": references})

    assert answer.status == 504
    assert taken() == [SEA_PIXEL, (200, 80, 40)]


def test_json_takes_our_own_addresses(program: Program, make_job: MakeJob, impatient: None) -> None:
    make_job(state=State.SUCCEEDED, images=1)
    url = program.call("GET", "/v1/studio/images").json()["data"][0]["url"]

    assert program.call("POST", EDITS, HAT | {"images": [{"image_url": url}]}).status == 504

    assert taken() == [(200, 80, 40)]


def test_json_takes_a_mask(program: Program, impatient: None) -> None:
    mask = {"image_url": data_url(layer(64, 64, clear=(0, 0, 20, 20)))}
    fields = HAT | {"images": [{"image_url": data_url(SEA)}], "mask": mask}

    assert program.call("POST", EDITS, fields).status == 504
    assert len(taken(InputRole.MASK)) == 1


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ({"image_url": "https://elsewhere.example/a.png"}, "invalid_image_url"),
        ({"image_url": "http://127.0.0.1/v1/studio/files/forged"}, "invalid_image_url"),
        ({"image_url": "http://169.254.169.254/latest/"}, "invalid_image_url"),
        ({"image_url": "file:///etc/passwd"}, "invalid_image_url"),
        ({"image_url": "data:image/png;base64,%%%"}, "invalid_base64_image"),
        ({"image_url": "data:text/plain,hello"}, "invalid_value"),
        ({"image_url": data_url(b"no picture")}, "invalid_image_file"),
        ({"file_id": "file-abc"}, "image_file_not_found"),
        ({"file_id": "018f0000-0000-7000-8000-000000000000"}, "image_file_not_found"),
        ({"file_id": "x", "image_url": "y"}, "invalid_type"),
        ({}, "invalid_type"),
        ("text", "invalid_image_url"),
        ({"image_url": "http://[elsewhere"}, "invalid_image_url"),
        (7, "invalid_type"),
        ({"image_url": {"uri": "x"}}, "invalid_type"),
    ],
)
def test_json_refuses_what_it_would_have_to_fetch_or_guess(
    reference: object, code: str, program: Program, upstream: ScriptedUpstream
) -> None:
    answer = program.call("POST", EDITS, HAT | {"images": [reference]})

    assert (answer.status, answer.error["code"]) == (400, code)


def test_a_picture_that_she_does_not_see_is_not_there(
    program: Program, bob: User, make_job: MakeJob
) -> None:
    image = make_job(bob, State.SUCCEEDED, images=1).images.get()

    answer = program.call("POST", EDITS, HAT | {"images": [{"file_id": str(image.pk)}]})

    assert answer.error["code"] == "image_file_not_found"


def test_an_upload_of_hers_can_go_along_again(
    program: Program, alice: User, impatient: None
) -> None:
    upload = accept(alice, SimpleUploadedFile("sea.png", SEA))

    program.call("POST", EDITS, HAT | {"images": [{"file_id": str(upload.pk)}]})

    assert JobInput.objects.get().upload == upload


def test_a_variation_needs_no_words(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    answer = send(
        program, [("image", SEA)], VARIATIONS, {"n": "1", "size": "1024x1024"}, meanwhile=worker
    )

    assert answer.status == 200
    assert Job.objects.get().operation == "vary"


def test_a_variation_knows_no_prompt(program: Program) -> None:
    answer = send(program, [("image", SEA)], VARIATIONS, {"prompt": "x"})

    assert (answer.status, answer.error["code"]) == (400, "unknown_parameter")
