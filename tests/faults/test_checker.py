"""A checker that can't fail proves nothing: here each of its rules is broken on purpose."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from tests import upstream as scripts
from tests.corpus.refusals import FLAGGED, RESET
from tests.corpus.usages import usage
from tests.faults import places
from tests.faults.bill import Reply
from tests.faults.checker import check
from tests.faults.ledger import Asked, when_released
from tests.faults.rig import PLACES, Rig, Sent
from tests.faults.scenes import refusal

SERVER_ERROR = {"error": {"message": "no", "type": "x", "param": None, "code": "server_error"}}


@pytest.fixture
def done(rig: Rig) -> Sent:
    sent = rig.submit()
    rig.wait_until(sent, "succeeded")
    return sent


@pytest.fixture
def twice(rig: Rig) -> Sent:
    """A job that was called again because the upstream said no to its first call."""
    sent = rig.submit(scripts.reply(SERVER_ERROR, 500))
    rig.wait_until(sent, "succeeded")
    return sent


def test_it_finds_nothing_where_nothing_is(rig: Rig, done: Sent, twice: Sent) -> None:
    assert check(rig).problems == []


def test_i1_it_finds_a_job_that_is_stuck(rig: Rig) -> None:
    rig.pause(*rig.workers)
    rig.submit()

    assert "I1" in check(rig).problems[0]


def test_i2_it_finds_a_second_end(rig: Rig, done: Sent) -> None:
    with extra_event(rig, done, "succeeded", "failed"):
        assert any("ended 2 times" in problem for problem in check(rig).problems)


def test_i2_it_finds_a_jump(rig: Rig, done: Sent) -> None:
    with extra_event(rig, done, "held", "queued"):
        assert any("I2" in problem and "jumped" in problem for problem in check(rig).problems)


def test_i3_it_finds_a_silent_second_payment(rig: Rig, done: Sent) -> None:
    with extra_call(rig, Asked(done.token, done.id, 1, 100, True)):
        assert any("in silence" in problem for problem in check(rig).problems)


@pytest.mark.parametrize("noted", ["not_sent", "rejected"])
def test_i3_it_does_not_take_our_own_word_for_it(rig: Rig, done: Sent, noted: str) -> None:
    """The upstream got it whole and made its pictures; we say that nothing happened."""
    with changed(rig, done, "outcome", noted):
        found = check(rig).problems

    assert any("I3" in problem and "was carried out" in problem for problem in found)


def test_i3_it_finds_a_second_payment_after_a_page_of_a_proxy(rig: Rig, twice: Sent) -> None:
    """Behind a gateway's error somebody may be at work; only the service's own is a refusal."""
    [first, _] = rig.upstream.calls_of(twice.token)
    page = Reply()
    page.note(scripts.response_bytes(b"<html>", 502))

    rig.upstream.asked.remove(first)
    with extra_call(rig, replace(first, reply=page)):
        found = check(rig).problems
    rig.upstream.asked.append(first)

    assert any("in silence" in problem for problem in found)


def test_i3_it_takes_no_arrow_for_a_decision(rig: Rig, done: Sent) -> None:
    with (
        extra_call(rig, Asked(done.token, done.id, 1, 100, True)),
        extra_event(rig, done, "held", "queued"),
    ):
        assert any("in silence" in problem for problem in check(rig).problems)


def test_i3_it_lets_a_person_decide(rig: Rig, done: Sent) -> None:
    with (
        extra_call(rig, Asked(done.token, done.id, 1, 100, True)),
        extra_event(rig, done, "held", "queued", has_actor=True),
    ):
        assert not any("in silence" in problem for problem in check(rig).problems)


def test_i3_it_lets_a_policy_decide_once(rig: Rig, done: Sent) -> None:
    second, third = (Asked(done.token, done.id, 1, 100, True) for _ in range(2))
    rig.may_go_again.add(done.id)

    with extra_event(rig, done, "held", "queued"), extra_event(rig, done, "held", "queued"):
        with extra_call(rig, second):
            once = check(rig).problems
        with extra_call(rig, second), extra_call(rig, third):
            more = check(rig).problems

    assert not any("in silence" in problem for problem in once)
    assert any("in silence" in problem for problem in more)


def test_i4_it_finds_a_missing_and_a_changed_picture(rig: Rig, done: Sent) -> None:
    path = picture_of(rig, done)
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:-1])
        changed = check(rig).problems
        path.unlink()
        missing = check(rig).problems
    finally:
        path.write_bytes(whole)

    assert any("I4" in problem and "its bytes are others" in problem for problem in changed)
    assert any("I4" in problem and "missing" in problem for problem in missing)


def test_i4_it_finds_a_success_without_a_picture(rig: Rig, done: Sent) -> None:
    with changed(
        rig, done, "job_id", rig.submit_and_wait_for_call(when_released).id, table="jobs_image"
    ):
        found = check(rig).problems

    assert f"I4 succeeded without a picture: {done.id}" in found


def test_g5_it_finds_a_picture_of_a_job_that_has_not_succeeded(rig: Rig, done: Sent) -> None:
    running = rig.submit_and_wait_for_call(when_released)

    with changed(rig, done, "job_id", running.id, table="jobs_image"):
        found = check(rig).problems

    assert any("G5" in problem and "running" in problem for problem in found)


def test_i5_it_finds_half_of_a_file_under_its_name(rig: Rig, done: Sent) -> None:
    half = picture_of(rig, done).with_name("1-0123456789abcdef.png")
    with extra_file(half, b"\x89PNG"):
        found = check(rig).problems

    assert any("I5 half" in problem for problem in found)


def test_i5_it_finds_a_file_that_outlives_the_garbage(rig: Rig, done: Sent) -> None:
    """Named by its hash, beside a picture that has a row: the collector goes by folders."""
    name = f"1-{sha256(b'nobody').hexdigest()[:16]}.png"
    with extra_file(picture_of(rig, done).with_name(name), b"nobody"):
        found = check(rig).problems

    assert any("I5 a file without a row" in problem for problem in found)


def test_i5_it_excuses_what_the_garbage_takes(rig: Rig, done: Sent) -> None:
    path = picture_of(rig, done)
    with extra_file(path.with_name(f".{path.name}.1.2.partial"), b"half"):
        assert check(rig).problems == []


def test_i6_it_finds_a_call_without_a_row(rig: Rig, done: Sent) -> None:
    with extra_call(rig, Asked(done.token, done.id, 9, 100, True)):
        assert any(
            "I6" in problem and "without a row" in problem for problem in check(rig).problems
        )


def test_i6_it_finds_an_answer_that_nobody_gave(rig: Rig, done: Sent) -> None:
    [call] = rig.upstream.calls_of(done.token)
    rig.upstream.asked.remove(call)
    try:
        assert any("that nobody gave" in problem for problem in check(rig).problems)
    finally:
        rig.upstream.asked.append(call)


def test_i6_it_finds_a_doubt_that_nobody_is_told_of(rig: Rig, done: Sent) -> None:
    with changed(rig, done, "outcome", "unknown"):
        assert any("does not say so" in problem for problem in check(rig).problems)


@pytest.mark.parametrize("cost", [None, 0, 1])
def test_i6_it_finds_a_price_that_is_not_the_bills(rig: Rig, done: Sent, cost: int | None) -> None:
    with changed(rig, done, "cost_microusd", cost):
        found = check(rig).problems

    assert any("I6" in problem and f"noted as {cost}" in problem for problem in found)


def test_i6_it_finds_a_job_whose_cost_is_not_the_sum(rig: Rig, twice: Sent) -> None:
    with changed(rig, twice, "cost_microusd", 1, table="jobs_job", key="id"):
        assert any("I6" in problem and "says 1" in problem for problem in check(rig).problems)


def test_i7_it_finds_a_place_that_stays_taken(rig: Rig, done: Sent) -> None:
    with rig.broker() as broker:
        broker.zadd("x:pace:{x}:calls", {"leaked": 9e12})
        found = check(rig).problems
        broker.delete("x:pace:{x}:calls")

    assert found == ["I7 places are taken at rest: ['leaked']"]


def test_i7_it_finds_that_fewer_jobs_can_run_at_once(rig: Rig, done: Sent) -> None:
    """The very key that the workers use, with one place taken by nobody."""
    held = rig.submit_and_wait_for_call(when_released)
    with rig.broker() as broker:
        [key] = broker.scan_iter(places.EVERY_PLACE)
        rig.upstream.release()
        rig.wait_until(held)
        all_free = places.can_all_be_taken(rig, PLACES)
        broker.zadd(key, {"leaked": 9e12})
        one_taken = places.can_all_be_taken(rig, PLACES, within_s=3)
        broker.delete(key)

    assert (all_free, one_taken) == (True, False)


def test_i8_it_finds_a_crash_that_somebody_saw(rig: Rig, done: Sent) -> None:
    rig.statuses.append(500)

    found = check(rig).problems
    rig.statuses.remove(500)

    assert found == ["I8 somebody saw a 500"]


@pytest.mark.parametrize("secret", ["sk-canary-never-in-a-log", "a red fox-0123456789ab"])
def test_i8_it_finds_a_secret_in_a_log(rig: Rig, done: Sent, secret: str) -> None:
    with extra_file(rig.folder / "logs" / "forged.log", f"job failed: {secret}".encode()):
        assert any("I8 a log holds" in problem for problem in check(rig).problems)


def picture_of(rig: Rig, sent: Sent) -> Path:
    [(key,)] = rig.rows("SELECT key FROM jobs_image WHERE job_id = %s", sent.id)
    return rig.blobs / str(key)


@contextmanager
def extra_call(rig: Rig, call: Asked) -> Iterator[None]:
    rig.upstream.asked.append(call)
    try:
        yield
    finally:
        rig.upstream.asked.remove(call)


@contextmanager
def extra_file(path: Path, content: bytes) -> Iterator[None]:
    path.write_bytes(content)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def changed(
    rig: Rig,
    sent: Sent,
    column: str,
    value: object,
    *,
    table: str = "jobs_attempt",
    key: str = "job_id",
) -> Iterator[None]:
    """Another value in one row of the job, as if the studio had written it."""
    [(row_id, before)] = rig.rows(
        f"SELECT id, {column} FROM {table} WHERE {key} = %s ORDER BY id DESC LIMIT 1",  # noqa: S608
        sent.id,
    )
    change = f"UPDATE {table} SET {column} = %s WHERE id = %s"  # noqa: S608 - Our own words.
    rig.write(change, value, row_id)
    try:
        yield
    finally:
        rig.write(change, before, row_id)


@contextmanager
def extra_event(
    rig: Rig, sent: Sent, source: str, target: str, *, has_actor: bool = False
) -> Iterator[None]:
    reason = f"forged {uuid4()}"
    rig.write(
        "INSERT INTO jobs_event (job_id, at, source, target, fence, reason, actor_id)"
        " SELECT id, now(), %s, %s, 1, %s, CASE WHEN %s THEN owner_id END"
        " FROM jobs_job WHERE id = %s",
        source,
        target,
        reason,
        has_actor,
        sent.id,
    )
    try:
        yield
    finally:
        rig.write("DELETE FROM jobs_event WHERE reason = %s", reason)


@pytest.mark.parametrize(
    ("status", "body", "is_refusal"),
    [
        (500, SERVER_ERROR, True),
        (500, b"<html>", False),
        (503, RESET, False),
        (499, b"", False),
        (403, b"<html>", True),
        (200, FLAGGED, False),
        (200, refusal("insufficient_quota"), True),
        (200, scripts.images_answer(), False),
    ],
)
def test_field_f01_the_bill_believes_only_the_service_itself(
    status: int, body: object, is_refusal: bool
) -> None:
    reply = Reply()
    reply.note(scripts.response_bytes(body, status))

    assert reply.is_refusal == is_refusal


def test_field_f07_the_bill_is_open_where_nothing_was_counted() -> None:
    reply = Reply()
    zeros = usage(output_tokens=0, total_tokens=50)
    reply.note(scripts.response_bytes(scripts.images_answer(usage=zeros)))

    assert reply.microusd("gpt-image-2") is None
