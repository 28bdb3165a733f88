import pytest

from imagestudio.accounts.models import Membership, Role, Team, User
from jobs.models import Image, Job
from jobs.states import State, Visibility
from tests.conftest import MakeJob


def test_alice_sees_her_private_job(make_job: MakeJob, alice: User) -> None:
    job = make_job(alice)

    assert job in Job.objects.visible_to(alice)


@pytest.mark.parametrize("name", ["bob", "carol", "dana", "vera", "sam"])
def test_nobody_else_sees_it(make_job: MakeJob, request: pytest.FixtureRequest, name: str) -> None:
    job = make_job(state=State.SUCCEEDED, images=1)
    person = request.getfixturevalue(name)

    assert job not in Job.objects.visible_to(person)
    assert not Image.objects.visible_to(person).exists()


@pytest.mark.parametrize(
    ("name", "sees"), [("bob", True), ("dana", True), ("vera", True), ("carol", False)]
)
def test_the_team_sees_what_is_shown_to_it(
    make_job: MakeJob, request: pytest.FixtureRequest, name: str, sees: bool
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1, visibility=Visibility.TEAM)
    person = request.getfixturevalue(name)

    assert Job.objects.visible_to(person).filter(pk=job.pk).exists() is sees
    assert Image.objects.visible_to(person).exists() is sees


def test_alice_loses_sight_when_she_leaves_the_team(make_job: MakeJob, alice: User) -> None:
    job = make_job(alice)

    Membership.objects.filter(user=alice).delete()

    assert job not in Job.objects.visible_to(alice)


def test_only_the_owner_edits(make_job: MakeJob, alice: User, bob: User, dana: User) -> None:
    job = make_job(alice, visibility=Visibility.TEAM)

    assert job in Job.objects.editable_by(alice)
    assert job not in Job.objects.editable_by(bob)
    assert job not in Job.objects.editable_by(dana)


def test_an_owner_who_became_a_viewer_edits_no_more(make_job: MakeJob, alice: User) -> None:
    job = make_job(alice)

    Membership.objects.filter(user=alice).update(role=Role.VIEWER)

    assert job not in Job.objects.editable_by(alice)


def test_dana_oversees_her_team_only(
    make_job: MakeJob, dana: User, carol: User, other_team: Team
) -> None:
    ours = make_job()
    theirs = make_job(carol)
    Job.objects.filter(pk=theirs.pk).update(team=other_team)

    overseen = Job.objects.overseen_by(dana)

    assert ours in overseen
    assert theirs not in overseen


def test_sam_oversees_all(make_job: MakeJob, sam: User) -> None:
    assert make_job() in Job.objects.overseen_by(sam)


def test_members_oversee_nothing(make_job: MakeJob, alice: User) -> None:
    make_job(alice)

    assert not Job.objects.overseen_by(alice).exists()
