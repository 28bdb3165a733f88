"""F34 to F38: storage that is full, away, slow to say so, or not what it was."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from tests.faults.ledger import when_released
from tests.faults.rig import Rig, Sent
from tests.faults.scenes import away
from tests.upstream import png_bytes


@contextmanager
def tiny_disk(folder: Path) -> Iterator[None]:
    """A file system of 64 kB in place of the folder, until somebody makes it larger."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a tmpfs of its own needs root and the right to mount")
    try:
        yield
    finally:
        kept = folder.with_name("kept")
        shutil.copytree(folder, kept)
        subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        shutil.rmtree(kept)


def enlarge(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)


def test_f34_storage_is_full(rig: Rig) -> None:
    with tiny_disk(rig.blobs):
        (rig.blobs / "filler").write_bytes(bytes(60 * 1024))
        sent = rig.submit_and_wait_for_call()
        rig.wait_for(lambda: "No space left" in rig.new_words())
        time.sleep(1)
        assert rig.state(sent) == "running"

        (rig.blobs / "filler").unlink()
        enlarge(rig.blobs)

        assert rig.wait_until(sent)["state"] == "succeeded"
    assert rig.calls(sent) == 1


def test_f35_storage_is_away_when_the_answer_comes(rig: Rig) -> None:
    sent = rig.submit_and_wait_for_call(when_released)
    with away(rig, rig.blobs):
        rig.upstream.release()
        rig.wait_for(lambda: answer_of(rig, sent).exists())
        time.sleep(2)
        assert rig.state(sent) == "running"

    assert rig.wait_until(sent)["state"] == "succeeded"
    assert rig.calls(sent) == 1


def test_f35_storage_is_away_when_inputs_are_needed(rig: Rig) -> None:
    """Before the call there is nothing to lose: the job simply waits."""
    taken = rig.upload(png_bytes(64, 64, "gold"))
    rig.order("after_claim", "stop")
    sent = rig.submit(operation="edit", images=taken)
    rig.wait_for(rig.has_stopped)
    with away(rig, rig.blobs):
        rig.resume(*rig.workers)
        rig.wait_for(lambda: rig.job(sent)["error_code"] == "storage")
    assert rig.calls(sent) == 0

    rig.write("UPDATE jobs_job SET run_after = now() WHERE id = %s", sent.id)
    assert rig.wait_until(sent)["state"] == "succeeded"
    assert rig.calls(sent) == 1


def test_f35_the_spool_is_away_before_the_call(rig: Rig) -> None:
    """What could not be kept is not asked for."""
    rig.order("after_claim", "stop")
    sent = rig.submit()
    rig.wait_for(rig.has_stopped)
    with away(rig, rig.spool):
        rig.resume(*rig.workers)
        rig.wait_for(lambda: rig.job(sent)["error_code"] == "storage")
    assert rig.calls(sent) == 0

    rig.write("UPDATE jobs_job SET run_after = now() WHERE id = %s", sent.id)
    assert rig.wait_until(sent)["state"] == "succeeded"
    assert rig.calls(sent) == 1


def test_f36_stored_and_not_told_so(rig: Rig) -> None:
    """The picture lies under its key already when it is stored again."""
    rig.order("after_manifest")
    sent = rig.submit()
    rig.wait_for(lambda: answer_of(rig, sent).exists())
    [part] = list(answer_of(rig, sent).parent.glob("*.part"))
    stored = rig.blobs / "images" / sent.id / "1" / f"0-{digest_of(part)[:16]}.png"
    stored.parent.mkdir(parents=True)
    shutil.copy(part, stored)

    assert rig.wait_until(sent)["state"] == "succeeded"

    assert list(stored.parent.iterdir()) == [stored]
    assert rig.calls(sent) == 1


def test_f37_storage_gives_half_of_a_picture(rig: Rig) -> None:
    """Whatever storage hands over, bytes whose hash differs are shown to nobody."""
    sent = rig.submit()
    rig.wait_until(sent, "succeeded")
    [(image_id, key)] = rig.rows("SELECT id, key FROM jobs_image WHERE job_id = %s", sent.id)
    path = rig.blobs / key
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        assert rig.visitor.get(f"/images/{image_id}/original").status_code == 410
    finally:
        path.write_bytes(whole)

    assert rig.visitor.get(f"/images/{image_id}/original").content == whole


def test_f38_a_picture_vanishes_or_changes_behind_our_back(rig: Rig) -> None:
    sent = rig.submit(n="2")
    rig.wait_until(sent, "succeeded")
    keys = [key for (key,) in rig.rows("SELECT key FROM jobs_image WHERE job_id = %s", sent.id)]
    paths = [rig.blobs / key for key in keys]
    saved = [path.read_bytes() for path in paths]
    paths[0].unlink()
    paths[1].write_bytes(saved[1][:-1] + b"\0")
    try:
        report = rig.manage("fsck", may_fail=True)

        assert f"{keys[0]} (job {sent.id}): missing" in report
        assert f"{keys[1]} (job {sent.id}): changed" in report
        assert rig.visitor.get(f"/jobs/{sent.id}/").status_code == 200
        assert rig.state(sent) == "succeeded"
    finally:
        for path, content in zip(paths, saved, strict=True):
            path.write_bytes(content)


def answer_of(rig: Rig, sent: Sent) -> Path:
    return rig.spool / f"{sent.id}-1" / "manifest.json"


def digest_of(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
