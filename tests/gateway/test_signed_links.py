"""Addresses of pictures that need no key: for an hour, and as long as its right lasts."""

from collections.abc import Callable

import pytest
from django.core import signing
from django.db.models.functions import Now
from django.test import Client

from imagestudio.accounts.models import ApiKey, Membership, Team, User
from jobs.gateway.api.links import LinkBase
from jobs.models import Image, Job
from jobs.services.programs import keys
from jobs.services.programs.keys import Terms
from jobs.services.share import set_visibility
from jobs.states import State, Visibility
from tests.conftest import MakeJob

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def image(make_job: MakeJob) -> Image:
    """Alice's, shown to the team."""
    job = make_job(state=State.SUCCEEDED, images=1, visibility=Visibility.TEAM)
    return job.images.get()


@pytest.fixture
def key(alice: User, team: Team) -> ApiKey:
    return keys.create(alice, team, Terms(name="alice's")).key


@pytest.fixture
def address(image: Image, key: ApiKey) -> str:
    return LinkBase("", key.pk).link_to(image)


@pytest.fixture
def bobs(image: Image, bob: User, team: Team) -> str:
    """What bob's program made of alice's picture."""
    return LinkBase("", keys.create(bob, team, Terms(name="bob's")).key.pk).link_to(image)


def status(address: str) -> int:
    answer = Client().get(address)
    answer.close()
    return answer.status_code


def test_it_works_without_a_key(address: str, bobs: str) -> None:
    assert (status(address), status(bobs)) == (200, 200)


def test_it_works_after_an_upgrade(image: Image, key: ApiKey) -> None:
    """Signed as the first release signs it: what is renamed since then ends no link."""
    signer = signing.TimestampSigner(salt="jobs.gateway.links", sep=".")

    assert status(f"/v1/studio/files/{signer.sign(f'{image.pk}.{key.pk}')}") == 200


def leaves_the_team(key: ApiKey) -> None:
    Membership.objects.filter(user=key.owner).delete()


def is_locked_out(key: ApiKey) -> None:
    User.objects.filter(pk=key.owner_id).update(is_active=False)


def loses_the_key(key: ApiKey) -> None:
    keys.revoke(key.owner, key)


def lets_the_key_end(key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk).update(expires_at=Now())


ENDS = (leaves_the_team, is_locked_out, loses_the_key, lets_the_key_end)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_w15_it_ends_with_the_right_of_its_key(
    address: str, key: ApiKey, end: Callable[[ApiKey], None]
) -> None:
    end(key)

    answer = Client().get(address)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "file_not_found"


def test_w15_it_ends_for_others_when_the_picture_is_private_again(
    address: str, bobs: str, alice: User, image: Image
) -> None:
    set_visibility(alice, Job.objects.get(pk=image.job_id), Visibility.PRIVATE)

    assert (status(address), status(bobs)) == (200, 404)


def test_w15_it_ends_with_one_key_and_not_with_another(
    address: str, image: Image, alice: User, team: Team, key: ApiKey
) -> None:
    other = LinkBase("", keys.create(alice, team, Terms(name="other")).key.pk).link_to(image)

    keys.revoke(alice, key)

    assert (status(address), status(other)) == (404, 200)


def test_a_forged_one_leads_nowhere(address: str) -> None:
    assert status(address[:-1] + ("a" if address[-1] != "a" else "b")) == 404


def test_w15_the_key_in_it_can_not_be_exchanged(address: str, image: Image, bobs: str) -> None:
    mine, theirs = address.rpartition("/")[2].split("."), bobs.rpartition("/")[2].split(".")

    assert status("/v1/studio/files/" + ".".join([mine[0], theirs[1], *mine[2:]])) == 404
