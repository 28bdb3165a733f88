"""An admin looks at a member's private picture: with a reason, on the record, for a minute."""

import re
from collections.abc import Callable

import pytest
from django.core import signing
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import Client

from imagestudio.accounts.models import User
from imagestudio.audit.models import Entry
from jobs.models import Image
from jobs.pages.oversight import views
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]
REASON = {"reason": "A complaint about this picture."}


@pytest.fixture
def image(make_job: MakeJob, alice: User) -> Image:
    return make_job(alice, State.SUCCEEDED, images=1, prompt="a private fox").images.get()


def source(response: HttpResponseBase) -> str:
    assert isinstance(response, HttpResponse)
    found = re.search(r'<img class="viewer__picture" src="([^"]+)"', response.content.decode())
    return found.group(1) if found else ""


def test_it_shows_nothing_before_there_is_a_reason(
    image: Image, client_of: SignIn, dana: User
) -> None:
    response = client_of(dana).get(f"/oversight/images/{image.pk}/")

    assert source(response) == ""
    assert "a private fox" not in response.content.decode()
    assert not Entry.objects.filter(verb="image.revealed").exists()


def test_it_records_the_reason_and_then_shows_the_picture(
    image: Image, client_of: SignIn, dana: User
) -> None:
    client = client_of(dana)

    response = client.post(f"/oversight/images/{image.pk}/", REASON)
    file = client.get(source(response))

    entry = Entry.objects.get(verb="image.revealed")
    assert entry.actor == dana
    assert entry.details["reason"] == REASON["reason"]
    assert "Recorded: your name" in response.content.decode()
    assert "a private fox" in response.content.decode()
    assert isinstance(file, StreamingHttpResponse)
    assert len(file.getvalue()) == image.byte_count


@pytest.mark.parametrize("reason", ["", "   ", "because", "x" * 501])
def test_a_reason_must_say_something(
    reason: str, image: Image, client_of: SignIn, dana: User
) -> None:
    response = client_of(dana).post(f"/oversight/images/{image.pk}/", {"reason": reason})

    assert response.status_code == 422
    assert source(response) == ""
    assert "Give a reason of 8 to 500 characters" in response.content.decode()
    assert not Entry.objects.filter(verb="image.revealed").exists()


def test_the_address_of_the_file_ends_after_a_minute(
    image: Image, client_of: SignIn, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(dana)
    address = source(client.post(f"/oversight/images/{image.pk}/", REASON))

    monkeypatch.setattr(views, "PASS_MAX_AGE_S", -1)

    assert client.get(address).status_code == 404


def test_the_address_of_the_file_is_of_no_use_to_another(
    image: Image, client_of: SignIn, dana: User, sam: User, alice: User
) -> None:
    address = source(client_of(dana).post(f"/oversight/images/{image.pk}/", REASON))

    assert client_of(sam).get(address).status_code == 404
    assert client_of(alice).get(address).status_code == 404


def test_a_pass_for_one_picture_opens_no_other(
    image: Image, make_job: MakeJob, client_of: SignIn, dana: User
) -> None:
    other = make_job(state=State.SUCCEEDED, images=1).images.get()
    address = source(client_of(dana).post(f"/oversight/images/{image.pk}/", REASON))

    borrowed = address.replace(str(image.pk), str(other.pk))

    assert client_of(dana).get(borrowed).status_code == 404


def test_a_signature_for_another_purpose_opens_nothing(
    image: Image, client_of: SignIn, dana: User
) -> None:
    forged = signing.dumps([str(dana.pk), str(image.pk)], salt="something else")

    response = client_of(dana).get(f"/oversight/images/{image.pk}/{forged}")

    assert response.status_code == 404


def test_it_refuses_other_methods(image: Image, client_of: SignIn, dana: User) -> None:
    assert client_of(dana).put(f"/oversight/images/{image.pk}/").status_code == 405


@pytest.mark.parametrize("who", ["alice", "bob", "vera", "carol"])
def test_there_is_nothing_for_those_who_oversee_no_team(
    who: str, request: pytest.FixtureRequest, image: Image, client_of: SignIn
) -> None:
    client = client_of(request.getfixturevalue(who))

    assert client.post(f"/oversight/images/{image.pk}/", REASON).status_code == 404
    assert not Entry.objects.filter(verb="image.revealed").exists()


def test_w26_no_browser_keeps_what_was_revealed(
    image: Image, client_of: SignIn, dana: User
) -> None:
    client = client_of(dana)

    page = client.post(f"/oversight/images/{image.pk}/", REASON)
    file = client.get(source(page))
    file.close()

    for answer in (page, file):
        assert answer["Cache-Control"] == "no-store"
        assert "ETag" not in answer


@pytest.mark.parametrize("place", ["/images/{image.pk}/", "/jobs/{image.job_id}/"])
def test_w26_the_owner_is_told_who_looked(
    place: str, image: Image, client_of: SignIn, alice: User, dana: User
) -> None:
    address = place.format(image=image)
    before = client_of(alice).get(address).content.decode()
    client_of(dana).post(f"/oversight/images/{image.pk}/", REASON)

    after = client_of(alice).get(address).content.decode()

    assert "Dana looked on" not in before
    assert "Dana looked on" in after


def test_w26_the_owner_reads_their_own_time(
    image: Image, client_of: SignIn, alice: User, dana: User
) -> None:
    client_of(dana).post(f"/oversight/images/{image.pk}/", REASON)
    client = client_of(alice)
    address = f"/images/{image.pk}/"
    pattern = r"Dana looked on \d+ \w+ \d{4} at (\d\d:\d\d)( \(UTC\))?"

    unknown = re.search(pattern, client.get(address).content.decode())
    client.cookies["zone"] = "Asia/Kolkata"
    known = re.search(pattern, client.get(address).content.decode())

    assert unknown is not None
    assert known is not None
    assert (unknown[2], known[2]) == (" (UTC)", None)
    assert known[1] != unknown[1]


def test_w26_it_is_a_step_of_the_job_that_changes_no_state(
    image: Image, client_of: SignIn, alice: User, dana: User
) -> None:
    client_of(dana).post(f"/oversight/images/{image.pk}/", REASON)

    event = image.job.events.last()
    assert event is not None
    assert (event.source, event.target, event.actor) == ("succeeded", "succeeded", dana)
    page = client_of(alice).get(f"/jobs/{image.job_id}/").content.decode()
    assert "Looked at" in page
    assert "by Dana, who gave a reason that is recorded" in page


def test_w26_a_look_that_was_refused_tells_nothing(
    image: Image, client_of: SignIn, alice: User, dana: User, carol: User
) -> None:
    client_of(dana).post(f"/oversight/images/{image.pk}/", {"reason": ""})
    client_of(carol).post(f"/oversight/images/{image.pk}/", REASON)

    assert "looked on" not in client_of(alice).get(f"/images/{image.pk}/").content.decode()
