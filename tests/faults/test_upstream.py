"""U01 to U08: a service that is away, silent, busy, broken, or says no."""

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from jobs.telling import Money
from tests import upstream as scripts
from tests.faults import strange
from tests.faults.rig import ACCOUNT_PROBE_S, CALL_DEADLINE_S, Rig
from tests.faults.scenes import outcome, refusal
from tests.upstream import Behaviour, images_answer, reply

WHOLE = json.dumps(images_answer()).encode()


def test_u01_nobody_is_at_home(rig: Rig) -> None:
    rig.upstream_proxy.refuse()
    sent = rig.submit()
    rig.wait_for(lambda: rig.job(sent)["error_code"] == "unreachable")
    assert rig.job(sent)["error_money"] == Money.NOTHING

    rig.upstream_proxy.heal()

    rig.wait_until(sent, "succeeded")
    assert rig.calls(sent) == 1


@pytest.mark.parametrize(
    "behaviour",
    [scripts.hang(), scripts.drip(every_s=0.2), scripts.drip(every_s=0.2, from_byte=400)],
    ids=["silence", "dripped head", "dripped body"],
)
def test_u02_an_answer_that_takes_for_ever(rig: Rig, behaviour: Behaviour) -> None:
    sent = rig.submit(behaviour)

    job = rig.wait_until(sent, within_s=CALL_DEADLINE_S + 20)

    assert (job["state"], job["may_be_billed"]) == ("held", True)
    assert "deadline" in job["error_message"]


@pytest.mark.parametrize(
    ("behaviour", "state"),
    [
        (scripts.reset_after_request(), "held"),
        (scripts.cut(900, WHOLE), "held"),
        (scripts.cut(900, WHOLE, with_reset=True), "held"),
    ],
    ids=["after the request", "in the answer", "in the answer, by reset"],
)
def test_u03_cut_off(rig: Rig, behaviour: Behaviour, state: str) -> None:
    assert outcome(rig, behaviour)["state"] == state


def test_u03_cut_off_while_the_request_goes_out(rig: Rig) -> None:
    """Nothing whole was sent, so it is simply sent again; larger than what the wires can hold."""
    taken = rig.upload(strange.large_png())
    rig.upstream.script(scripts.reset_in_request(after=500))

    job = outcome(rig, operation="edit", images=taken)

    assert (job["state"], job["calls"], job["may_be_billed"]) == ("succeeded", 1, False)
    outcomes = rig.rows("SELECT outcome FROM jobs_attempt WHERE job_id = %s ORDER BY 1", job["id"])
    assert outcomes == [("answered",), ("not_sent",)]


@pytest.mark.parametrize(
    ("headers", "low_s", "high_s"),
    [
        ({"Retry-After": "3"}, 2, 4),
        ({"retry-after-ms": "2500"}, 1.5, 3.5),
        ({"Retry-After": "DATE"}, 1, 6),
        ({"Retry-After": "86400"}, 300, 600),
        ({"Retry-After": "soon, dear"}, 0, 5),
        ({}, 0, 5),
    ],
    ids=["seconds", "milliseconds", "date", "a day", "garbage", "missing"],
)
def test_u04_asked_to_slow_down(
    rig: Rig, headers: dict[str, str], low_s: float, high_s: float
) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=5), usegmt=True)
    headers = {name: value.replace("DATE", soon) for name, value in headers.items()}
    sent = rig.submit(reply(refusal("rate_limit_exceeded"), 429, headers))
    rig.wait_for(lambda: rig.calls(sent) and rig.state(sent) == "queued")

    [(waits_s,)] = rig.rows(
        "SELECT extract(epoch FROM run_after - e.at)::float FROM jobs_job j JOIN jobs_event e"
        " ON e.job_id = j.id AND e.target = 'queued' AND e.source = 'running' WHERE j.id = %s",
        sent.id,
    )

    assert low_s <= waits_s <= high_s
    rig.write("UPDATE jobs_job SET run_after = now() WHERE id = %s", sent.id)
    rig.write("DELETE FROM jobs_providertrouble")
    with rig.broker() as broker:
        broker.flushall()  # The fleet's pause lives there.
    rig.wait_until(sent, "succeeded")


@pytest.mark.parametrize("status", [500, 503])
def test_u05_an_error_of_the_service(rig: Rig, status: int) -> None:
    job = outcome(rig, *[reply(refusal("server_error"), status)] * 5)

    assert (job["state"], job["error_code"], job["calls"]) == ("failed", "server_error", 3)


def test_u05_one_error_and_then_an_answer(rig: Rig) -> None:
    job = outcome(rig, reply(refusal("server_error"), 500))

    assert (job["state"], job["calls"]) == ("succeeded", 2)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 524, 408])
def test_u06_a_page_of_a_proxy(rig: Rig, status: int) -> None:
    sent = rig.submit(scripts.html(status))

    assert rig.wait_until(sent)["state"] == "held"

    page = rig.visitor.get(f"/jobs/{sent.id}/").text
    assert "alert(1)" not in page


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "moderation_blocked"), (400, "invalid_size"), (413, "too_large"), (404, "no_model")],
)
def test_u07_a_plain_no(rig: Rig, status: int, code: str) -> None:
    job = outcome(rig, reply(refusal(code, "Because <b>so</b>."), status))

    assert (job["state"], job["error_code"], job["calls"]) == ("failed", code, 1)
    assert (job["cost_microusd"], job["may_be_billed"]) == (0, False)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "invalid_api_key"),
        (403, "unsupported_country_region_territory"),
        (429, "insufficient_quota"),
    ],
)
def test_u08_the_account_is_not_accepted(rig: Rig, status: int, code: str) -> None:
    """All jobs wait, one try at a time asks again; when it is mended, they go on by themselves."""
    no = [reply(refusal(code), status)] * 50
    sent = [rig.submit(*no)]
    rig.wait_for(lambda: is_closed(rig))
    began = time.monotonic()
    sent += [rig.submit(*no) for _ in range(4)]

    time.sleep(3 * ACCOUNT_PROBE_S)
    asked = sum(rig.calls(each) for each in sent)

    tries = (time.monotonic() - began) / ACCOUNT_PROBE_S
    assert 1 < asked <= 2 + tries
    assert {rig.state(each) for each in sent} <= {"queued", "running"}
    for each in sent:
        rig.upstream.plan(each.token)
    rig.wait_for_all(sent)
    assert {rig.state(each) for each in sent} == {"succeeded"}
    assert not is_closed(rig)


def test_u08_one_model_that_the_account_may_not_use(rig: Rig) -> None:
    """Its jobs fail; the provider stays open for those of all other models."""
    job = outcome(rig, reply(refusal("model_not_found"), 403), model="gpt-image-2")

    assert (job["state"], job["calls"], job["cost_microusd"]) == ("failed", 1, 0)
    assert not is_closed(rig)
    assert outcome(rig)["state"] == "succeeded"


def is_closed(rig: Rig) -> bool:
    return bool(rig.rows("SELECT 1 FROM jobs_providertrouble WHERE until IS NOT NULL"))
