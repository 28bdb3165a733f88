"""Addresses of pictures that need no key: for an hour, and while the owner may see the picture."""

import pytest
from django.test import Client

from imagestudio.accounts.models import Membership, User
from jobs.gateway import links
from jobs.states import State
from tests.conftest import MakeJob


@pytest.fixture
def address(make_job: MakeJob) -> str:
    return links.link_to(make_job(state=State.SUCCEEDED, images=1).images.get(), "")


def test_it_works_without_a_key(address: str) -> None:
    answer = Client().get(address)
    answer.close()

    assert answer.status_code == 200


def test_it_ends_when_the_owner_leaves_the_team(address: str, alice: User) -> None:
    Membership.objects.filter(user=alice).delete()

    answer = Client().get(address)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "file_not_found"


def test_it_ends_when_the_owner_is_locked_out(address: str, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert Client().get(address).status_code == 404


def test_a_forged_one_leads_nowhere(address: str) -> None:
    assert Client().get(address[:-1] + ("a" if address[-1] != "a" else "b")).status_code == 404
