"""Who comes in, with what, from where, how often."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from imagestudio.accounts.key_format import make
from imagestudio.accounts.models import ApiKey, Membership, Role, Scope, Team, User
from jobs.gateway.api.calls import ApiCall
from jobs.gateway.api.errors import ApiError
from jobs.gateway.server import authentication, limits
from jobs.models import Job
from jobs.services.programs import keys
from jobs.services.programs.keys import Made, Terms
from jobs.states import State
from tests.conftest import MakeJob
from tests.gateway.asgi import MODEL, Exchange, Program

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = "/v1/models"
PLACES = (
    ("POST", "/v1/images/generations", Scope.GENERATE),
    ("POST", "/v1/images/edits", Scope.EDIT),
    ("POST", "/v1/images/variations", Scope.EDIT),
    ("GET", MODELS, Scope.READ),
    ("GET", f"{MODELS}/{MODEL}", Scope.READ),
    ("GET", "/v1/studio/images", Scope.READ),
)


@pytest.fixture
def no_valkey(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    # It remembers for a while that nobody answered; other tests must not see that.
    monkeypatch.setattr(limits, "_shared", limits._Shared())


def test_without_a_key_nothing_opens() -> None:
    for method, path, _ in PLACES:
        answer = Program().call(method, path)

        assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_opens_what_its_scopes_say(alice: User, team: Team) -> None:
    for scope in Scope:
        made = keys.create(alice, team, Terms(name="narrow", scopes=(scope,)))
        for method, path, needed in PLACES:
            status = Program(made.secret).call(method, path).status
            assert (status == 403) == (needed != scope), (scope, path)


def test_a_wrong_checksum_never_reaches_the_database(
    made: Made, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    last = "0" if made.secret[-1] != "0" else "1"

    with django_assert_num_queries(0):
        assert keys.find(made.secret[:-1] + last) is None


def test_every_dead_key_is_refused_in_the_same_words(
    alice: User, team: Team, dana: User, other_team: Team
) -> None:
    def made() -> Made:
        return keys.create(alice, team, Terms(name="dead"))

    revoked, expired, strange = made(), made(), "ist_m" + "0" * 49
    keys.revoke(alice, revoked.key)
    ApiKey.objects.filter(pk=expired.key.pk).update(expires_at=Now() - timedelta(seconds=1))

    answers = [
        Program(secret).call("GET", MODELS) for secret in (revoked.secret, expired.secret, strange)
    ]

    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1


def test_it_dies_with_its_owners_membership(program: Program, alice: User) -> None:
    assert program.call("GET", MODELS).status == 200

    Membership.objects.filter(user=alice).delete()

    assert program.call("GET", MODELS).status == 401


def test_it_dies_with_its_owners_account(program: Program, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert program.call("GET", MODELS).status == 401


def test_who_became_a_viewer_makes_nothing_more(program: Program, alice: User) -> None:
    Membership.objects.filter(user=alice).update(role=Role.VIEWER)

    answer = program.call("POST", "/v1/images/generations", {"model": MODEL, "prompt": "x"})

    assert (answer.status, answer.error["code"]) == (403, "not_allowed")
    assert program.call("GET", MODELS).status == 200


@pytest.mark.parametrize("name", ["key", "api_key", "access_token"])
def test_a_key_in_the_address_is_refused(name: str, made: Made) -> None:
    answer = Program(made.secret).call("GET", f"{MODELS}?{name}={made.secret}")

    assert answer.status == 401
    assert made.secret not in answer.body.decode()


def test_a_clients_of_azure_send_it_otherwise(made: Made) -> None:
    assert Program().call("GET", MODELS, headers={"api-key": made.secret}).status == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [("10.1.2.3", 200), ("::ffff:10.1.2.3", 200), ("192.0.2.7", 200), ("192.0.2.8", 403)],
)
def test_it_may_be_used_from_its_networks_alone(
    address: str, status: int, alice: User, team: Team
) -> None:
    terms = Terms(name="office", networks=("10.0.0.0/8", "192.0.2.7"))
    program = Program(keys.create(alice, team, terms).secret)

    assert program.call("GET", MODELS, client=address).status == status


def test_nobody_chooses_their_address_by_a_header(alice: User, team: Team) -> None:
    terms = Terms(name="office", networks=("10.0.0.0/8",))
    program = Program(keys.create(alice, team, terms).secret)

    answer = program.call("GET", MODELS, headers={"X-Forwarded-For": "10.0.0.1"})

    assert answer.status == 403


def test_behind_a_proxy_its_last_word_counts(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    headers = {"X-Forwarded-For": "10.0.0.1, 198.51.100.4"}

    call = ApiCall.of(Exchange("GET", MODELS, headers).scope)

    assert call.address == "198.51.100.4"


def test_a_public_studio_refuses_clear_text(program: Program, settings: Any) -> None:
    settings.IS_PUBLIC, settings.SECURE_HSTS_SECONDS = True, 60

    answer = program.call("GET", MODELS)

    assert (answer.status, answer.error["code"]) == (403, "https_required")
    assert answer.headers["strict-transport-security"] == "max-age=60"


def test_too_many_requests_are_told_when_to_come_back(alice: User, team: Team) -> None:
    terms = Terms(name="slow", requests_per_minute=2)
    program = Program(keys.create(alice, team, terms).secret)

    answers = [program.call("GET", MODELS) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    left = [answer.headers["x-ratelimit-remaining-requests"] for answer in answers]
    assert left == ["1", "0", "0"]
    assert answers[2].error["code"] == "rate_limit_exceeded"
    assert 0 < int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].headers["x-should-retry"] == "true"


def test_all_keys_of_a_member_share_the_members_limit(
    alice: User, team: Team, settings: Any
) -> None:
    settings.GATEWAY_MEMBER_REQUESTS_PER_MINUTE = 3
    programs = [Program(keys.create(alice, team, Terms(name=f"{i}")).secret) for i in range(2)]

    statuses = [program.call("GET", MODELS).status for program in programs * 2]

    assert statuses == [200, 200, 200, 429]


def test_the_limit_that_refused_is_the_one_that_is_told(
    alice: User, team: Team, settings: Any
) -> None:
    settings.GATEWAY_MEMBER_REQUESTS_PER_MINUTE = 2
    program = Program(keys.create(alice, team, Terms(name="one of many")).secret)

    refused = [program.call("GET", MODELS) for _ in range(3)][-1]

    assert refused.error["message"].startswith("More than 2 requests a minute with all your keys.")
    assert refused.headers["x-ratelimit-limit-requests"] == "2"
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"


def test_alone_it_tells_the_limit_that_refused_too(
    alice: User, team: Team, settings: Any, no_valkey: None
) -> None:
    settings.GATEWAY_MEMBER_REQUESTS_PER_MINUTE = 4
    program = Program(keys.create(alice, team, Terms(name="alone")).secret)

    refused = [program.call("GET", MODELS) for _ in range(3)][-1]

    assert refused.headers["x-ratelimit-limit-requests"] == "4"
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"


def test_what_a_key_has_no_right_to_counts_too(alice: User, team: Team) -> None:
    terms = Terms(name="narrow", scopes=(Scope.EDIT,), requests_per_minute=2)
    program = Program(keys.create(alice, team, terms).secret)

    assert [program.call("GET", MODELS).status for _ in range(3)] == [403, 403, 429]


def test_a_stolen_key_uses_up_nothing_of_its_owners(
    alice: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.gateway.server.limits.WRONG_KEYS_PER_MINUTE", 2)
    terms = Terms(name="office", networks=("10.0.0.0/8",), requests_per_minute=1)
    program = Program(keys.create(alice, team, terms).secret)

    thief = [program.call("GET", MODELS, client="192.0.2.98").status for _ in range(3)]

    assert thief == [403, 403, 429]
    assert program.call("GET", MODELS, client="10.1.2.3").status == 200


def test_guessing_is_slowed_down(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.gateway.server.limits.WRONG_KEYS_PER_MINUTE", 3)
    wrong = Program(make("m"))

    statuses = [wrong.call("GET", MODELS, client="192.0.2.99").status for _ in range(4)]

    assert (statuses[0], statuses[-1]) == (401, 429)
    assert Program(made.secret).call("GET", MODELS, client="192.0.2.1").status == 200


@pytest.mark.parametrize(("processes", "most"), [(1, 4), (2, 2), (4, 1)])
def test_without_valkey_each_process_counts_its_part(
    processes: int, most: int, alice: User, team: Team, no_valkey: None, settings: Any
) -> None:
    settings.WEB_PROCESSES = processes
    terms = Terms(name="alone", requests_per_minute=4)
    program = Program(keys.create(alice, team, terms).secret)

    statuses = [program.call("GET", MODELS).status for _ in range(most + 1)]

    assert statuses == [200] * most + [429]


def test_without_valkey_a_slow_key_still_makes_one_call(
    alice: User, team: Team, no_valkey: None
) -> None:
    terms = Terms(name="slow", requests_per_minute=1)
    program = Program(keys.create(alice, team, terms).secret)

    statuses = [program.call("GET", MODELS).status for _ in range(2)]

    assert statuses == [200, 429]


def test_a_stranger_sees_no_job_of_hers(
    carol: User, other_team: Team, bob: User, team: Team, make_job: MakeJob
) -> None:
    job = make_job(state=State.QUEUED)

    for person, their_team in ((carol, other_team), (bob, team)):
        program = Program(keys.create(person, their_team, Terms(name="theirs")).secret)
        for method, path in (("GET", ""), ("GET", "/result"), ("POST", "/cancel")):
            answer = program.call(method, f"/v1/studio/jobs/{job.pk}{path}")
            assert (answer.status, answer.error["code"]) == (404, "job_not_found")

    assert Job.objects.get(pk=job.pk).state == State.QUEUED


def test_a_teammate_sees_what_is_shown_and_may_not_cancel_it(
    bob: User, team: Team, make_job: MakeJob
) -> None:
    job = make_job(state=State.QUEUED, visibility="team")
    program = Program(keys.create(bob, team, Terms(name="his")).secret)

    assert program.call("GET", f"/v1/studio/jobs/{job.pk}").json()["status"] == "queued"
    assert program.call("POST", f"/v1/studio/jobs/{job.pk}/cancel").status == 403


def test_a_key_of_one_team_sees_nothing_of_another(
    alice: User, other_team: Team, make_job: MakeJob
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1)
    Membership.objects.create(user=alice, team=other_team)
    program = Program(keys.create(alice, other_team, Terms(name="birch")).secret)

    assert program.call("GET", f"/v1/studio/jobs/{job.pk}").status == 404
    assert program.call("GET", "/v1/studio/images").json()["data"] == []


def test_refusals_take_one_look_into_the_database(made: Made, db: None) -> None:
    """So a clock tells nobody whether a key was revoked or never was."""
    keys.revoke(made.key.owner, made.key)
    counts = []
    for secret in (made.secret, make("m")):
        headers = {"Authorization": f"Bearer {secret}"}
        call = ApiCall.of(Exchange("GET", MODELS, headers).scope)
        with CaptureQueriesContext(connection) as queries, pytest.raises(ApiError):
            authentication.admit(call, Scope.READ)
        counts.append(len(queries))

    assert counts == [1, 1]
