"""C01 to C06: what people and operators do while jobs are on their way."""

import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from threading import Barrier, Thread
from uuid import uuid4

import psycopg
import pytest
import requests

from imagestudio.engines.home import choose_home, postgres_programs
from jobs.telling import Money
from tests.faults.ledger import when_released
from tests.faults.rig import Rig, Sent
from tests.studio import EMAIL


def cancel(rig: Rig, sent: Sent) -> None:
    page = rig.visitor.get(f"/jobs/{sent.id}/")
    assert rig.visitor.post(f"/jobs/{sent.id}/cancel/", page).status_code == 200


def queued(rig: Rig) -> Sent:
    rig.pause(*rig.workers)
    return rig.submit()


def claimed(rig: Rig) -> Sent:
    return stopped_at(rig, "before_attempt")


def sent_out(rig: Rig) -> Sent:
    return rig.submit_and_wait_for_call(when_released)


def answered(rig: Rig) -> Sent:
    return stopped_at(rig, "after_answer")


def spooled(rig: Rig) -> Sent:
    return stopped_at(rig, "after_manifest")


def stopped_at(rig: Rig, point: str) -> Sent:
    rig.order(point, "stop")
    sent = rig.submit()
    rig.wait_for(rig.has_stopped)
    return sent


@pytest.mark.parametrize(
    ("step", "calls", "is_late"),
    [
        (queued, 0, False),
        (claimed, 0, False),
        (sent_out, 1, True),
        (answered, 1, True),
        (spooled, 1, True),
    ],
)
def test_c01_cancelled_at_each_step(
    rig: Rig, step: Callable[[Rig], Sent], calls: int, is_late: bool
) -> None:
    sent = step(rig)

    cancel(rig, sent)

    job = rig.job(sent)
    assert (job["state"], job["may_be_billed"]) == ("cancelled", calls > 0)
    assert (job["error_money"] == Money.NOTHING) is not bool(calls)
    rig.upstream.release()
    rig.resume(*rig.workers)
    if is_late:
        rig.wait_for(lambda: late_answers(rig, sent))
        rig.wait_for(lambda: rig.job(sent)["cost_microusd"])
    assert rig.calls(sent) == calls
    assert rig.events(sent)[-1] == "cancelled"


def late_answers(rig: Rig, sent: Sent) -> list[tuple[object, ...]]:
    return rig.rows("SELECT 1 FROM jobs_lateresult WHERE job_id = %s", sent.id)


def test_c01_cancelled_when_it_is_done(rig: Rig) -> None:
    sent = rig.submit()
    rig.wait_until(sent, "succeeded")

    cancel(rig, sent)

    assert rig.events(sent)[-1] == "succeeded"


def test_c02_pressed_twice(rig: Rig) -> None:
    token, key, both = uuid4().hex[:12], str(uuid4()), Barrier(2)

    def press() -> None:
        both.wait()
        rig.post(token, key=key)

    presses = [Thread(target=press) for _ in range(2)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join()

    sent = rig.find(token)
    assert rig.wait_until(sent)["state"] == "succeeded"
    assert rig.calls(sent) == 1


def test_c02_the_same_form_with_other_words(rig: Rig) -> None:
    key = str(uuid4())
    sent = rig.submit(key=key)

    assert rig.post("0" * 12, key=key).status_code == 422

    assert rig.wait_until(sent)["state"] == "succeeded"


def test_c03_a_client_of_the_gateway_goes_away(rig: Rig) -> None:
    """The job goes on; the same request again, under the same key, gets its pictures."""
    secret = rig.manage("addkey", EMAIL, "faults").strip()
    token, key = uuid4().hex[:12], str(uuid4())
    rig.upstream.plan(token, when_released)
    with suppress(requests.Timeout):
        ask_gateway(rig, secret, token, key, timeout_s=1)
    sent = rig.find(token)
    rig.wait_for(lambda: rig.calls(sent))

    rig.upstream.release()
    rig.wait_until(sent, "succeeded")
    answer = ask_gateway(rig, secret, token, key, timeout_s=30)

    assert answer.status_code == 200
    assert answer.json()["data"][0]["b64_json"]
    assert rig.calls(sent) == 1


def ask_gateway(
    rig: Rig, secret: str, token: str, key: str, *, timeout_s: float
) -> requests.Response:
    return requests.post(
        f"{rig.base_url}/v1/images/generations",
        json={"prompt": f"a red fox-{token}", "model": "gpt-image-2.6-flare"},
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": key},
        timeout=timeout_s,
    )


def test_c04_the_owner_leaves_while_it_runs(rig: Rig) -> None:
    sent = rig.submit_and_wait_for_call(when_released)
    rig.write("DELETE FROM accounts_membership")
    try:
        rig.upstream.release()

        assert rig.wait_until(sent)["state"] == "succeeded"
        assert rig.visitor.get(f"/jobs/{sent.id}/").status_code == 404
    finally:
        rig.write(
            "INSERT INTO accounts_membership (user_id, team_id, role, joined_at)"
            " SELECT owner_id, team_id, 'admin', now() FROM jobs_job WHERE id = %s",
            sent.id,
        )


def test_c05_workers_are_changed_one_by_one_under_load(rig: Rig) -> None:
    """A deploy: migrations run beside the old ones, which then finish what they have."""
    sent = [rig.submit() for _ in range(6)] + [rig.submit(when_released)]
    rig.manage("migrate", "--verbosity=0")
    rig.upstream.release()

    leaving = []
    for name in rig.workers:
        # In flight for one change only: each call has a deadline, and programs take time to start.
        rig.upstream.hold_again()
        sent += [rig.submit_and_wait_for_call(when_released) for _ in range(2)]
        leaving.append(rig.let_go(name))
        leaving[-1].terminate()
        rig.start_programs(name)
        sent.append(rig.submit())
        rig.upstream.release()

    rig.wait_for_all(sent)
    assert [process.wait(30) for process in leaving] == [0, 0]
    assert [(rig.state(each), rig.calls(each)) for each in sent] == [("succeeded", 1)] * len(sent)


def test_c06_a_backup_that_is_restored_elsewhere(rig: Rig) -> None:
    """What ran when the backup was made is held there, and nothing is called again."""
    done = rig.submit()
    rig.wait_until(done, "succeeded")
    running = rig.submit_and_wait_for_call(when_released)
    dump = rig.folder / "backup.sql"
    pg_dump = postgres_programs(choose_home(rig.data).account) / "pg_dump"
    if not pg_dump.exists():
        pytest.skip("no pg_dump beside this PostgreSQL")
    here = rig.postgres.url(rig.database_port)
    subprocess.run([pg_dump, "--no-owner", "--file", dump, here], check=True)
    rig.upstream.release()
    rig.wait_until(running, "succeeded")
    asked = len(rig.upstream.asked)

    restored = restore(rig, dump)
    elsewhere = rig.folder / "elsewhere"
    shutil.copytree(rig.blobs, elsewhere / "blobs")
    rig.manage("shell", "-c", SWEEP_LATER, DATABASE_URL=restored, STUDIO_DATA=str(elsewhere))

    with psycopg.connect(restored) as database:
        rows = database.execute(
            "SELECT id::text, state FROM jobs_job WHERE id = ANY(%s::uuid[])",
            [[done.id, running.id]],
        ).fetchall()
    assert dict(rows) == {done.id: "succeeded", running.id: "held"}
    assert len(rig.upstream.asked) == asked


SWEEP_LATER = "import time; time.sleep(4); from jobs.services.recover.sweep import sweep; sweep()"


def restore(rig: Rig, dump: os.PathLike[str]) -> str:
    with rig.database() as database:
        database.execute("DROP DATABASE IF EXISTS restored")
        database.execute("CREATE DATABASE restored")
    url = rig.postgres.url(rig.database_port).rpartition("/")[0] + "/restored"
    psql = postgres_programs(choose_home(rig.data).account) / "psql"
    subprocess.run([psql, "--quiet", "--file", dump, url], check=True, stdout=subprocess.DEVNULL)
    return url
