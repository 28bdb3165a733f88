"""NUL and half characters end as a wrong request, wherever a stranger puts them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from imagestudio.web.errors import is_no_text
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]
NUL = "a reason\0that is long enough"


def calm(client: Client) -> Client:
    """Answers as the server would, instead of raising what went wrong."""
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/oversight/services/%00/resume/", {}),
        ("/oversight/services/open%00ai/resume/", {}),
        ("/presets/save/", {"name": NUL}),
        ("/jobs/", {"prompt": NUL, "key": NUL}),
    ],
)
def test_w25_a_post_with_nul_is_no_fault_of_ours(
    path: str, data: dict[str, str], client_of: SignIn, sam: User
) -> None:
    answer = calm(client_of(sam)).post(path, data)

    assert answer.status_code < 500


def test_w25_a_reason_with_nul_is_refused(client_of: SignIn, dana: User, make_job: MakeJob) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()

    answer = calm(client_of(dana)).post(f"/oversight/images/{image.pk}/", {"reason": NUL})

    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/history/?q=%00", "/?prompt=%00", "/history/?model=a%00b"])
def test_w25_an_address_with_nul_is_no_fault_of_ours(
    path: str, client_of: SignIn, alice: User
) -> None:
    assert calm(client_of(alice)).get(path).status_code < 500


def test_w25_a_cookie_with_nul_is_no_session(db: None) -> None:
    client = calm(Client(headers={"Cookie": 'sessionid="\\000abcdefgh"'}))

    assert client.get("/history/").status_code in (302, 400)


def test_w25_half_a_character_is_no_text_either(alice: User) -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        User.objects.filter(name="\ud800").exists()

    assert is_no_text(caught.value)


def test_w25_other_faults_stay_faults() -> None:
    assert not is_no_text(ValueError("NUL (0x00)"))
    assert not is_no_text(UnicodeEncodeError("latin-1", "é", 0, 1, "ordinal not in range(256)"))
