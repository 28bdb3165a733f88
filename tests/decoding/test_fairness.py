"""Pictures that were made to take for ever, and who waits because of them."""

from __future__ import annotations

import io
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image as Pillow

from imagestudio.decoding import gate as gate_module
from imagestudio.decoding import turns
from imagestudio.decoding.facts import NotAPicture
from imagestudio.decoding.gate import CLEANING, INSPECTING, Bounds, Gate, Reply
from imagestudio.decoding.limits import UPLOAD
from imagestudio.decoding.scans import MAX_SCANS, check_scans
from imagestudio.decoding.turns import GateBusy, Turns
from tests.corpus.attacks import many_scans
from tests.decoding.made import chunk, noise, photo, png_with, saved


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    gate.warm_up()
    yield gate
    gate.close()


def clean(gate: Gate, data: bytes, member: str | None = None) -> Reply:
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as copy:
        file.write(data)
        file.flush()
        return gate.clean(file, copy, UPLOAD, member)


def slow_png() -> bytes:
    return png_with(chunk(b"teSt", b"") * 2_000_000)


def test_w03_it_refuses_a_picture_of_many_scans_unopened(gate: Gate) -> None:
    reply = clean(gate, many_scans())

    assert "scans" in str(reply.refusal)
    assert reply.cpu_s < 1


def test_w03_it_counts_the_scans_behind_an_embedded_preview() -> None:
    data = many_scans(100, 64)
    preview = b"\xff\xd9" + saved(photo(), "JPEG")

    with pytest.raises(NotAPicture, match="scans"):
        check_scans(
            data[:2] + b"\xff\xe1" + (len(preview) + 2).to_bytes(2, "big") + preview + data[2:]
        )


@pytest.mark.parametrize("options", [{"progressive": True}, {}, {"restart_marker_rows": 1}])
def test_w03_it_lets_in_what_cameras_and_tools_write(options: dict[str, int]) -> None:
    check_scans(saved(noise((640, 480)), "JPEG", quality=95, **options))


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xda\xff", b"\x89PNG"])
def test_w03_it_leaves_what_is_broken_to_the_decoder(data: bytes) -> None:
    check_scans(data)


def test_w03_it_does_not_take_what_follows_a_picture_for_scans() -> None:
    check_scans(saved(photo(), "JPEG") + b"\xff\xda\x00\x02" * (MAX_SCANS + 1))


def test_w03_opening_has_five_seconds() -> None:
    assert (INSPECTING.cpu_s, CLEANING.cpu_s) == (5, 5)


def test_w03_writing_a_copy_has_time_of_its_own(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = io.BytesIO()
    Pillow.new("RGBA", (5600, 5600), (1, 2, 3, 4)).save(large, "WEBP", lossless=True, method=0)
    monkeypatch.setattr(gate_module, "CLEANING", Bounds(cpu_s=2, wall_s=120, writing_cpu_s=60))

    reply = clean(gate, large.getvalue())

    assert reply.facts, reply


@pytest.mark.parametrize("bounds", [Bounds(1, 60), Bounds(1, 60, 60)], ids=["alone", "to copy"])
def test_w03_opening_gets_none_of_it(
    gate: Gate, bounds: Bounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "CLEANING", bounds)

    reply = clean(gate, slow_png())

    assert "too long" in str(reply.refusal)
    assert reply.cpu_s < 3


@pytest.mark.parametrize(("cpu_s", "is_to_blame"), [(2.6, True), (0.4, False)])
def test_w03_out_of_time_it_is_to_blame_if_it_was_busy(cpu_s: float, is_to_blame: bool) -> None:
    """On a machine with much to do, its time is over before its processor time is."""
    died = {"exit": -signal.SIGALRM, "cpu_s": cpu_s, "peak_bytes": 1}

    reply = gate_module._understood(died, CLEANING)

    assert bool(reply.refusal) == is_to_blame
    assert not reply.is_worth_a_second_try


def test_w03_out_of_time_it_is_not_tried_again(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "CLEANING", Bounds(cpu_s=60, wall_s=1.0))
    began_at = time.monotonic()

    reply = clean(gate, slow_png())

    assert reply.trouble
    assert time.monotonic() - began_at < 1.9


def test_w03_others_do_not_wait_for_ones_slow_pictures(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "CLEANING", Bounds(cpu_s=1, wall_s=60))
    with ThreadPoolExecutor(4) as threads:
        his = [threads.submit(clean, gate, slow_png(), "bob") for _ in range(4)]
        time.sleep(0.2)
        hers = clean(gate, saved(photo(), "PNG"), "alice")
        were_done = sum(each.done() for each in his)

    assert hers.facts
    assert were_done <= 1


def test_w03_a_member_has_few_places_to_wait_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_OF_ONE", 2)
    queue, leave, is_in = Turns(), threading.Event(), threading.Event()

    def stay() -> None:
        with queue.turn("bob"):
            is_in.set()
            leave.wait(10)

    with ThreadPoolExecutor(2) as threads:
        for _ in range(2):
            threads.submit(stay)
        is_in.wait(10)
        time.sleep(0.05)
        with pytest.raises(GateBusy), queue.turn("bob"):
            pass
        with queue.turn("alice"), queue.turn(None):
            leave.set()

    assert not queue._claims
    assert not queue._locks
