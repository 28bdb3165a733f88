"""A checker that can't fail proves nothing: here each of its rules is broken on purpose."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.checker import check
from tests.faults.ledger import Asked
from tests.faults.rig import Rig, Sent


@pytest.fixture
def done(rig: Rig) -> Sent:
    sent = rig.submit()
    rig.wait_until(sent, "succeeded")
    return sent


def test_it_finds_nothing_where_nothing_is(rig: Rig, done: Sent) -> None:
    assert check(rig).problems == []


def test_it_finds_a_job_that_is_stuck(rig: Rig) -> None:
    rig.pause(*rig.workers)
    rig.submit()

    assert "I1" in check(rig).problems[0]


def test_it_finds_a_second_end(rig: Rig, done: Sent) -> None:
    with extra_event(rig, done):
        assert any("I2" in problem for problem in check(rig).problems)


def test_it_finds_a_silent_second_payment(rig: Rig, done: Sent) -> None:
    rig.upstream.asked.append(Asked(done.token, done.id, 1, 100, True))

    found = check(rig).problems
    rig.upstream.asked.pop()

    assert ["I3" in problem for problem in found] == [True]


def test_it_finds_a_call_without_a_row(rig: Rig, done: Sent) -> None:
    rig.upstream.asked.append(Asked(done.token, done.id, 9, 100, True))

    found = check(rig).problems
    rig.upstream.asked.pop()

    assert any("I6" in problem for problem in found)


def test_it_finds_a_missing_and_a_changed_picture(rig: Rig, done: Sent) -> None:
    [(key,)] = rig.rows("SELECT key FROM jobs_image WHERE job_id = %s", done.id)
    path = rig.blobs / key
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:-1])
        changed = check(rig).problems
        path.unlink()
        missing = check(rig).problems
    finally:
        path.write_bytes(whole)

    assert "its bytes are others" in changed[0]
    assert "missing" in missing[0]


def test_it_finds_a_crash_that_somebody_saw(rig: Rig, done: Sent) -> None:
    rig.statuses.append(500)

    found = check(rig).problems
    rig.statuses.remove(500)

    assert found == ["I8 somebody saw a 500"]


@contextmanager
def extra_event(rig: Rig, sent: Sent) -> Iterator[None]:
    rig.write(
        "INSERT INTO jobs_event (job_id, at, source, target, fence, reason)"
        " VALUES (%s, now(), 'succeeded', 'failed', 1, 'forged')",
        sent.id,
    )
    try:
        yield
    finally:
        rig.write("DELETE FROM jobs_event WHERE reason = 'forged'")
