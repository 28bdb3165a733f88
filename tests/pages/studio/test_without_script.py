"""The composer without script: buttons and files are sent with the form."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import SavedDraft, Upload
from jobs.services import uploads
from tests.conftest import MODEL, png

SignIn = Callable[[User], Client]
FORM = {"prompt": "a red fox", "model": MODEL, "size": "1024x1024", "quality": "low", "n": "2"}


def picture(owner: User, name: str = "fox.png") -> Upload:
    return uploads.accept(owner, SimpleUploadedFile(name, png(64, 48)))


@pytest.mark.parametrize(
    ("move", "expected"),
    [("{1} earlier", "102"), ("{0} later", "102"), ("{0} earlier", "012"), ("gone later", "012")],
)
def test_without_script_buttons_move_pictures(
    move: str, expected: str, client_of: SignIn, alice: User
) -> None:
    ids = [str(picture(alice, f"{number}.png").pk) for number in range(3)]

    client_of(alice).post("/composer/", FORM | {"images": ids, "move": move.format(*ids)})

    kept = SavedDraft.objects.get().values["images"]
    assert [ids.index(each) for each in kept] == [int(digit) for digit in expected]


def test_without_script_a_button_takes_a_picture_out(client_of: SignIn, alice: User) -> None:
    one, two = (str(picture(alice).pk) for _ in range(2))

    client_of(alice).post("/composer/", FORM | {"images": [one, two], "remove": one})

    assert SavedDraft.objects.get().values["images"] == [two]


def test_without_script_files_come_with_the_form(client_of: SignIn, alice: User) -> None:
    files = [SimpleUploadedFile(f"{name}.png", png(64, 48)) for name in ("one", "two")]

    page = client_of(alice).post("/composer/", FORM | {"files": files}).content.decode()

    assert [upload.name for upload in Upload.objects.filter(owner=alice)] == ["one.png", "two.png"]
    assert page.count('name="images"') == 2
    assert 'id="operation-edit" type="radio" name="operation" value="edit" checked' in page


def test_a_file_that_is_no_picture_is_told_and_the_others_stay(
    client_of: SignIn, alice: User
) -> None:
    files = [
        SimpleUploadedFile("notes.png", b"plain words"),
        SimpleUploadedFile("fox.png", png(64, 48)),
    ]

    page = client_of(alice).post("/composer/", FORM | {"files": files}).content.decode()

    assert page.count("notes.png:") >= 2
    assert page.count('name="images"') == 1
    assert "a red fox</textarea>" in page
