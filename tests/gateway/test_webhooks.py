"""Word of a job's end: signed, tried again, and never sent inside the house."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.functions import Now

from imagestudio.accounts.models import ApiKey, Membership, User
from jobs.models import Delivery, Job
from jobs.services.programs import keys, webhooks
from jobs.services.programs.keys import Made
from jobs.services.programs.webhook_delivery import Unreachable, post, problem_with
from jobs.services.refusals import SubmitRefused
from jobs.states import State
from tests.conftest import MakeJob
from tests.gateway.asgi import MODEL, Program
from tests.upstream import ScriptedUpstream, redirect, reply


@pytest.fixture
def listener(settings: Any) -> Iterator[ScriptedUpstream]:
    """Somebody's own server, in a network that the admin has named."""
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture
def hooked(made: Made, alice: User, listener: ScriptedUpstream) -> ApiKey:
    keys.set_webhook(alice, made.key, f"{listener.base_url}/hooks?team=1")
    return ApiKey.objects.get(pk=made.key.pk)


@pytest.fixture
def told(hooked: ApiKey, make_job: MakeJob) -> Job:
    job = make_job(state=State.SUCCEEDED, images=1, api_key=hooked)
    webhooks.expect(job, hooked)
    return job


def make_due() -> None:
    Delivery.objects.update(next_at=Now())


@pytest.mark.django_db(transaction=True)
def test_it_is_told_once_and_signed(told: Job, hooked: ApiKey, listener: ScriptedUpstream) -> None:
    listener.script(reply({}, 204))

    assert (webhooks.deliver_due(), webhooks.deliver_due()) == (1, 0)

    [call] = listener.calls
    assert call.path == "/v1/hooks?team=1"
    assert call.json["type"] == "studio.job.succeeded"
    assert call.json["data"]["id"] == str(told.pk) == call.headers["webhook-id"]
    signed = f"{told.pk}.{call.headers['webhook-timestamp']}.".encode() + call.body
    secret = base64.b64decode(hooked.webhook_secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    assert call.headers["webhook-signature"] == f"v1,{expected}"
    assert Delivery.objects.get().was_heard


@pytest.mark.django_db(transaction=True)
def test_it_is_tried_again_until_somebody_hears(told: Job, listener: ScriptedUpstream) -> None:
    listener.script(reply({}, 500), reply({}, 200))
    webhooks.deliver_due()
    waiting = Delivery.objects.get()

    assert (waiting.was_heard, waiting.done_at, waiting.last_status) == (False, None, 500)
    assert webhooks.deliver_due() == 0  # Not at once.
    make_due()
    webhooks.deliver_due()

    assert Delivery.objects.get().was_heard


@pytest.mark.django_db(transaction=True)
def test_after_the_last_wait_it_is_tried_once_more_and_given_up(
    told: Job, listener: ScriptedUpstream
) -> None:
    listener.script(*[reply({}, 500)] * 20)
    for _ in range(20):
        make_due()
        webhooks.deliver_due()

    ended = Delivery.objects.get()
    assert (ended.was_heard, ended.tries) == (False, len(webhooks.WAITS_S) + 1)
    assert ended.done_at is not None
    assert sum(webhooks.WAITS_S) > 24 * 3600


def test_no_address_is_taken_where_no_word_may_go(made: Made, alice: User) -> None:
    with pytest.raises(SubmitRefused) as refused:
        keys.set_webhook(alice, made.key, "https://127.0.0.1/admin/")

    assert [problem.param for problem in refused.value.problems] == ["webhook_url"]
    assert ApiKey.objects.get().webhook_url == ""


@pytest.mark.django_db(transaction=True)
def test_a_redirect_is_not_followed(told: Job, listener: ScriptedUpstream) -> None:
    listener.script(redirect("http://127.0.0.1:9/inside"))

    webhooks.deliver_due()

    assert len(listener.calls) == 1
    assert Delivery.objects.get().last_status == 307


@pytest.mark.django_db(transaction=True)
def test_a_revoked_key_tells_nobody(
    told: Job, hooked: ApiKey, alice: User, listener: ScriptedUpstream
) -> None:
    keys.revoke(alice, hooked)

    webhooks.deliver_due()

    assert listener.calls == []
    assert Delivery.objects.get().done_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_job_under_way_is_not_told(
    hooked: ApiKey, make_job: MakeJob, listener: ScriptedUpstream
) -> None:
    webhooks.expect(make_job(state=State.QUEUED, api_key=hooked), hooked)

    assert webhooks.deliver_due() == 0


@pytest.mark.django_db(transaction=True)
def test_a_call_with_such_a_key_is_noted_with_its_job(
    hooked: ApiKey, made: Made, settings: Any
) -> None:
    settings.GATEWAY_WAIT_S = 0.01
    fields = {"model": MODEL, "prompt": "an otter"}

    Program(made.secret).call("POST", "/v1/images/generations", fields)

    assert Delivery.objects.get().job == Job.objects.get()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/",
        "https://192.168.0.1/",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://[64:ff9b::a00:1]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fec0::1]/",
        "https://[::7f00:1]/",
        "https://[2002:808:808::]/",
        "https://[4000::1]/",
        "https://[5f00::1]/",
        "https://[::ffff:0:7f00:1]/",
        "https://[ff0e::1]/",
        "https://user:word@example.com/",
        "https://",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/" + "x" * 500,
        "javascript:alert(1)",
        "nonsense",
    ],
)
def test_it_goes_to_the_public_internet_alone(url: str) -> None:
    assert problem_with(url)
    with pytest.raises(Unreachable):
        post(url, b"", {})


@pytest.mark.parametrize("host", ["93.184.215.14", "[2606:2800:220:1::1]"])
def test_a_public_address_may_be_tried(host: str) -> None:
    assert problem_with(f"https://{host}/") == ""


def test_a_name_that_leads_inside_is_found_out() -> None:
    assert problem_with("https://localhost/") == ""

    with pytest.raises(Unreachable, match="not on the public internet"):
        post("https://localhost/", b"", {})


def test_networks_are_the_admins_word(settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = ["10.0.0.0/8"]

    assert problem_with("http://10.1.2.3:8080/hook") == ""
    assert problem_with("http://192.0.2.1/hook")


def test_a_body_is_json_without_pictures(db: None, make_job: MakeJob) -> None:
    document = json.loads(webhooks.letter(make_job(state=State.FAILED, error_code="refused")))

    assert document["data"]["error"]["code"] == "refused"
    assert "b64" not in json.dumps(document)


@pytest.mark.django_db(transaction=True)
def test_a_key_whose_owner_left_tells_nobody(
    told: Job, hooked: ApiKey, listener: ScriptedUpstream
) -> None:
    Membership.objects.filter(user=hooked.owner, team=hooked.team).delete()

    webhooks.deliver_due()

    assert listener.calls == []
