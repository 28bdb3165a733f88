"""The pages for API keys: made, shown once, looked after, taken away."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from imagestudio.accounts.models import ApiKey, Membership, Team, User
from imagestudio.audit.models import Entry
from imagestudio.ids import uuid7
from jobs.services.programs import keys
from jobs.services.programs.keys import Made, Terms
from jobs.services.refusals import SubmitRefused
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]
FIELDS = {"name": "Nightly", "scopes": ["generate", "read"], "lifetime": "30"}


@pytest.fixture
def made(alice: User, team: Team) -> Made:
    return keys.create(alice, team, Terms(name="Nightly"))


def secret_in(page: str) -> str:
    found = re.search(r"ist_[ms][0-9A-Za-z]{49}", page)
    assert found
    return found.group()


def test_a_new_key_is_shown_once_and_works(client_of: SignIn, alice: User) -> None:
    client = client_of(alice)

    answer = client.post("/keys/new/", FIELDS)

    secret = secret_in(answer.content.decode())
    found = keys.find(secret)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert found is not None
    assert (found.owner, found.scopes) == (alice, ["generate", "read"])
    assert found.expires_at is not None
    assert found.expires_at - timezone.now() > timedelta(days=29)
    for page in ("/keys/", f"/keys/{found.pk}/"):
        assert secret not in client.get(page).content.decode()


def test_only_a_hash_of_it_is_stored(made: Made) -> None:
    row = ApiKey.objects.filter(pk=made.key.pk).values().get()

    assert made.secret not in str(row)
    assert made.secret[10:-5] not in str(row)
    assert made.secret not in str(list(Entry.objects.values()))


def test_examples_hold_the_key_and_our_address(client_of: SignIn, alice: User) -> None:
    page = client_of(alice).post("/keys/new/", FIELDS).content.decode()

    assert page.count(secret_in(page)) == 4
    assert page.count("http://testserver/v1") == 4


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": " "}, "Give the key a name."),
        ({"scopes": []}, "Choose what the key may do."),
        ({"networks": "10.0.0.0/8 nowhere"}, "nowhere is no address"),
        ({"requests_per_minute": "many"}, "Choose 1 to 100,000"),
    ],
)
def test_it_says_what_is_wrong_and_keeps_the_rest(
    changed: dict[str, object], words: str, client_of: SignIn, alice: User
) -> None:
    answer = client_of(alice).post("/keys/new/", FIELDS | {"networks": "10.0.0.0/8"} | changed)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "10.0.0.0/8" in page
    assert not ApiKey.objects.exists()


def test_who_only_looks_gets_a_key_that_only_reads(client_of: SignIn, vera: User) -> None:
    client = client_of(vera)

    assert client.post("/keys/new/", FIELDS).status_code == 403
    assert client.post("/keys/new/", FIELDS | {"scopes": ["read"]}).status_code == 201


def test_an_admin_makes_a_key_of_the_team(client_of: SignIn, dana: User, team: Team) -> None:
    answer = client_of(dana).post("/keys/new/", FIELDS | {"owner": "team"})

    key = ApiKey.objects.get()
    assert secret_in(answer.content.decode()).startswith("ist_s")
    assert (key.owner.is_service, key.created_by) == (True, dana)
    assert not key.owner.has_usable_password()
    assert team in key.owner.teams.all()


def test_a_member_makes_none_for_the_team(client_of: SignIn, alice: User) -> None:
    assert client_of(alice).post("/keys/new/", FIELDS | {"owner": "team"}).status_code == 403
    assert not User.objects.filter(is_service=True).exists()


def test_members_see_their_own_and_admins_all(
    client_of: SignIn, made: Made, alice: User, bob: User, dana: User
) -> None:
    seen = {
        person.name: made.key.hint in client_of(person).get("/keys/").content.decode()
        for person in (alice, bob, dana)
    }

    assert seen == {"Alice": True, "Bob": False, "Dana": True}


@pytest.mark.parametrize("verb", ["rotate", "revoke", "webhook"])
def test_nobody_touches_a_key_of_somebody_else(
    verb: str, client_of: SignIn, made: Made, bob: User, carol: User
) -> None:
    for person in (bob, carol):
        assert client_of(person).post(f"/keys/{made.key.pk}/{verb}/").status_code == 404

    key = ApiKey.objects.get()
    assert (key.revoked_at, key.replaced_by, key.webhook_url) == (None, None, "")


def test_a_rotated_key_goes_on_for_a_while(client_of: SignIn, made: Made, alice: User) -> None:
    answer = client_of(alice).post(f"/keys/{made.key.pk}/rotate/", {"overlap": "24"})

    old = keys.find(made.secret)
    new = keys.find(secret_in(answer.content.decode()))
    assert old is not None
    assert new is not None
    assert old.replaced_by == new
    assert old.expires_at is not None
    assert old.expires_at < timezone.now() + timedelta(hours=25)


@pytest.mark.parametrize("hours", [0, 24, 168])
def test_the_audit_says_how_long_a_rotated_key_goes_on(
    client_of: SignIn, made: Made, alice: User, hours: int
) -> None:
    client_of(alice).post(f"/keys/{made.key.pk}/rotate/", {"overlap": str(hours)})

    assert Entry.objects.get(verb="key.rotated").details["overlap_s"] == hours * 3600


def test_a_key_is_rotated_once(client_of: SignIn, made: Made, alice: User) -> None:
    for _ in range(2):
        client_of(alice).post(f"/keys/{made.key.pk}/rotate/", {"overlap": "0"})

    assert ApiKey.objects.count() == 2
    assert keys.find(made.secret) is None


def test_an_admin_never_gets_the_key_of_a_member(client_of: SignIn, made: Made, dana: User) -> None:
    client = client_of(dana)

    answer = client.post(f"/keys/{made.key.pk}/rotate/", {"overlap": "0"})

    assert answer.status_code == 403
    assert ApiKey.objects.get().replaced_by is None
    assert "/rotate/" not in client.get(f"/keys/{made.key.pk}/").content.decode()


def test_an_admin_rotates_the_keys_of_the_team(client_of: SignIn, dana: User, team: Team) -> None:
    made = keys.create_for_service(dana, team, Terms(name="Shop"))

    answer = client_of(dana).post(f"/keys/{made.key.pk}/rotate/", {"overlap": "0"})

    new = keys.find(secret_in(answer.content.decode()))
    assert new is not None
    assert new.owner == made.key.owner


def test_who_comes_back_makes_new_keys(
    client_of: SignIn, made: Made, alice: User, team: Team
) -> None:
    Membership.objects.filter(user=alice).delete()
    Membership.objects.create(user=alice, team=team)

    assert keys.find(made.secret) is None
    assert "Ended: its owner left" in client_of(alice).get("/keys/").content.decode()
    assert keys.find(keys.create(alice, team, Terms(name="new")).secret) is not None


def test_a_key_works_though_the_database_runs_behind(alice: User, team: Team) -> None:
    Membership.objects.filter(user=alice).update(joined_at=Now() + timedelta(minutes=5))

    assert keys.find(keys.create(alice, team, Terms(name="early")).secret) is not None


def test_only_living_keys_count(made: Made, alice: User, team: Team) -> None:
    ended = [ApiKey.objects.get(pk=made.key.pk) for _ in range(keys.MAX_KEYS)]
    for number, key in enumerate(ended):
        key.pk, key.hash, key.expires_at = uuid7(), str(number), timezone.now()
    ApiKey.objects.bulk_create(ended)

    keys.create(alice, team, Terms(name="one more"))

    ApiKey.objects.update(expires_at=None)
    with pytest.raises(SubmitRefused, match="Revoke one first"):
        keys.create(alice, team, Terms(name="too many"))


def test_a_revoked_key_ends_at_once(client_of: SignIn, made: Made, dana: User) -> None:
    client_of(dana).post(f"/keys/{made.key.pk}/revoke/", {"name": "Nightly"})

    assert keys.find(made.secret) is None
    assert list(Entry.objects.order_by("id").values_list("verb", flat=True)) == [
        "key.created",
        "key.revoked",
    ]


@pytest.mark.parametrize("typed", ["", "nightly", "Nightly 2"])
def test_friction_23_one_click_ends_no_key(
    typed: str, client_of: SignIn, made: Made, alice: User
) -> None:
    answer = client_of(alice).post(f"/keys/{made.key.pk}/revoke/", {"name": typed})

    assert answer.status_code == 422
    assert "Type the key&#x27;s name, Nightly, to revoke it." in answer.content.decode()
    assert keys.find(made.secret) is not None


def test_friction_23_a_viewer_is_offered_what_a_viewer_may_do(
    client_of: SignIn, vera: User
) -> None:
    page = client_of(vera).get("/keys/").content.decode()

    assert 'value="read" checked' in page
    assert 'value="generate"' not in page
    assert 'value="edit"' not in page


def test_friction_23_its_settings_stand_above_what_it_made(
    client_of: SignIn, made: Made, alice: User, make_job: MakeJob
) -> None:
    make_job(state=State.SUCCEEDED, images=1, api_key=made.key)

    page = client_of(alice).get(f"/keys/{made.key.pk}/").content.decode()

    assert page.index("Revoke now") < page.index("What it made")


def test_its_page_says_what_it_made_and_spent(
    client_of: SignIn, made: Made, alice: User, make_job: MakeJob
) -> None:
    make_job(state=State.SUCCEEDED, images=2, api_key=made.key)
    make_job(state=State.SUCCEEDED, images=1)

    page = client_of(alice).get(f"/keys/{made.key.pk}/").content.decode()

    figures = dict(re.findall(r'<div class="figure"><dt>([^<]+)</dt><dd>([^<]+)</dd>', page))
    assert (figures["Pictures"], figures["Jobs"]) == ("2", "1")
    assert page.count('class="tile ') == 2


def test_an_admin_sees_numbers_and_no_private_picture(
    client_of: SignIn, made: Made, dana: User, make_job: MakeJob
) -> None:
    make_job(state=State.SUCCEEDED, images=2, api_key=made.key, prompt="a secret plan")

    page = client_of(dana).get(f"/keys/{made.key.pk}/").content.decode()

    assert "<dd>2</dd>" in page
    assert "a secret plan" not in page


def test_a_webhook_inside_the_house_is_refused(client_of: SignIn, made: Made, alice: User) -> None:
    answer = client_of(alice).post(
        f"/keys/{made.key.pk}/webhook/", {"url": "https://127.0.0.1/admin/"}
    )

    assert answer.status_code == 422
    assert "not on the public internet" in answer.content.decode()
    assert ApiKey.objects.get().webhook_url == ""


def test_a_webhook_has_a_secret_for_its_owner_alone(
    client_of: SignIn, made: Made, alice: User, dana: User
) -> None:
    place = f"/keys/{made.key.pk}/"
    client_of(alice).post(f"{place}webhook/", {"url": "https://example.com/hook"})

    secret = ApiKey.objects.get().webhook_secret
    assert secret.startswith("whsec_")
    assert secret in client_of(alice).get(place).content.decode()
    assert secret not in client_of(dana).get(place).content.decode()


def test_the_docs_tell_every_address_and_field(client_of: SignIn, alice: User) -> None:
    page = client_of(alice).get("/docs/api/").content.decode()

    for words in ("/v1/images/edits", "output_compression", "Idempotency-Key", "x-studio-job-id"):
        assert words in page
