"""The processes behind the gate: bounded, poor, replaceable, and gone with their owner."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import psutil
import pytest
from PIL import Image as Pillow

from imagestudio.decoding import gate as gate_module
from imagestudio.decoding.facts import Facts
from imagestudio.decoding.gate import ROOT, Bounds, Gate, GateBroken
from imagestudio.decoding.limits import RESULT
from jobs.services.pictures import intake
from tests.decoding import made
from tests.decoding.made import chunk, photo, png_with, saved

GOOD = saved(photo(), "PNG")


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


@contextmanager
def opened(data: bytes) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


def judge(gate: Gate, data: bytes) -> Facts:
    with opened(data) as file:
        return gate.inspect(file, RESULT).result()


def children() -> list[psutil.Process]:
    """The decoding processes of this one."""
    found = []
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # A zombie is none of them any more.
            if "imagestudio.decoding" in each.cmdline():
                found.append(each)
    return found


def chunk_storm() -> bytes:
    return png_with(chunk(b"teSt", b"") * 2_000_000)


def test_it_starts_no_process_before_it_needs_one() -> None:
    before = children()

    Gate()

    assert children() == before


def test_it_can_start_one_before_it_needs_it(gate: Gate) -> None:
    before = len(children())

    gate.warm_up()

    assert len(children()) == before + 1
    judge(gate, GOOD)
    assert len(children()) == before + 1


def test_it_asks_the_same_process_again(gate: Gate) -> None:
    judge(gate, GOOD)
    before = children()

    judge(gate, GOOD)

    assert children() == before


def test_many_threads_share_few_processes(gate: Gate) -> None:
    before = len(children())

    with ThreadPoolExecutor(16) as threads:
        facts = list(threads.map(lambda _: judge(gate, GOOD), range(60)))

    assert facts == [Facts("png", *made.SIZE)] * 60
    assert len(children()) <= before + 2


def test_its_processes_know_no_secret(gate: Gate) -> None:
    judge(gate, GOOD)

    for child in children():
        assert "STUDIO_SECRET_KEY" not in child.environ()
        assert "DATABASE_URL" not in child.environ()


def test_it_reads_from_the_beginning_wherever_the_file_stands(gate: Gate) -> None:
    with opened(GOOD) as file:
        facts = [gate.inspect(file, RESULT).result() for _ in range(2)]

    assert facts == [Facts("png", *made.SIZE)] * 2


def test_a_second_try_writes_over_the_first(gate: Gate, tmp_path: Path) -> None:
    with opened(GOOD) as file, (tmp_path / "copy").open("wb") as copy:
        for _ in range(2):
            gate.clean(file, copy, RESULT).result()

    assert judge(gate, (tmp_path / "copy").read_bytes()) == Facts("png", *made.SIZE)
    with Pillow.open(tmp_path / "copy") as picture:
        picture.load()
        assert (tmp_path / "copy").read_bytes() == saved(picture, "PNG", compress_level=1)


def test_a_keyboard_interrupt_is_not_for_its_processes(gate: Gate) -> None:
    judge(gate, GOOD)

    assert children()
    for child in children():
        assert os.getpgid(child.pid) != os.getpgid(0)


def test_a_decoder_can_open_no_file_and_no_connection() -> None:
    result = subprocess.run(
        [sys.executable, "-c", CONFINED], cwd=ROOT, capture_output=True, text=True
    )

    assert result.stdout.split() == ["EMFILE"] * 4, result.stderr


CONFINED = """
import errno, os, socket
from dataclasses import asdict
from imagestudio.decoding.child import confine
from imagestudio.decoding.gate import INSPECTING
confine(asdict(INSPECTING))
for attempt in (lambda: open("/etc/passwd"), socket.socket, os.pipe, lambda: os.open("/", 0)):
    try:
        attempt()
        print("opened")
    except OSError as error:
        print(errno.errorcode[error.errno])
"""


def test_a_killed_process_is_replaced_and_the_picture_judged(gate: Gate) -> None:
    judge(gate, GOOD)
    for child in children():
        with suppress(psutil.NoSuchProcess):  # A fork that had just done its work.
            child.kill()

    assert judge(gate, GOOD) == Facts("png", *made.SIZE)


class Interrupted(Exception):
    pass


def test_an_interrupted_picture_never_answers_for_the_next(gate: Gate) -> None:
    def interrupt(*_: object) -> None:
        raise Interrupted

    gate.warm_up()
    storm = chunk_storm()
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(Interrupted):
            judge(gate, storm)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert judge(gate, made.blank_png(5, 7)) == Facts("png", 5, 7)


def test_a_picture_that_takes_too_long_is_refused(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "INSPECTING", Bounds(cpu_s=1, wall_s=60))

    with pytest.raises(intake.NotAPicture, match="takes too long"):
        judge(gate, chunk_storm())

    assert judge(gate, GOOD).format == "png"


def test_waiting_is_not_the_pictures_fault(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(gate, GOOD)
    monkeypatch.setattr(gate_module, "INSPECTING", Bounds(cpu_s=60, wall_s=0.05))

    with pytest.raises(GateBroken):
        judge(gate, chunk_storm())


def test_a_picture_that_needs_too_much_memory_is_refused(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(gate, GOOD)
    monkeypatch.setattr(gate_module, "INSPECTING", Bounds(5, 60, memory_bytes=48 * 1024 * 1024))

    with pytest.raises(intake.NotAPicture, match="more memory"):
        judge(gate, made.blank_png(7000, 7000, 1))

    assert judge(gate, GOOD).format == "png"


def test_the_largest_picture_stays_within_its_memory(gate: Gate, tmp_path: Path) -> None:
    with opened(made.blank_png(8000, 6250, 1, 0)) as file, (tmp_path / "a").open("wb") as copy:
        reply = gate.clean(file, copy, RESULT)

    assert reply.facts == Facts("jpeg", 8000, 6250)
    assert reply.peak_bytes < 600 * 1024 * 1024


def test_a_decoder_that_knows_no_good_picture_is_not_believed(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "_GOOD", b"no picture")

    with pytest.raises(GateBroken, match="the decoder is broken"):
        judge(gate, GOOD)


def test_a_file_that_is_not_there_is_our_own_trouble(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        intake.inspect(tmp_path / "none.png")


def test_a_copy_that_cannot_be_written_is_our_own_trouble(gate: Gate) -> None:
    with opened(GOOD) as file, Path("/dev/full").open("wb") as full:
        reply = gate.clean(file, full, RESULT)

    assert reply.trouble
    assert reply.refusal is None


def test_a_refused_upload_leaves_the_place_alone(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"no picture")
    (tmp_path / "copy").write_bytes(b"from before")

    with pytest.raises(intake.NotAPicture):
        intake.accept_upload(tmp_path / "bad", tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == b"from before"


@pytest.mark.parametrize(
    "answer",
    [
        {"format": "../../etc", "width": 1, "height": 1},
        {"format": "png", "width": "1", "height": 1},
        {"format": "png", "width": 1, "height": None},
        {"format": "png", "width": 1, "height": 1, "has_alpha": 1},
    ],
)
def test_facts_of_a_child_are_not_believed_unseen(answer: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is "):
        Facts.from_json(answer)


SCRIPT = """
import sys
from pathlib import Path
from imagestudio.decoding import gate
from imagestudio.decoding.limits import RESULT
door = gate.default
with Path(sys.argv[1]).open("rb") as file:
    print(door.inspect(file, RESULT).result().format, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, None], ids=str)
def test_no_child_outlives_its_owner(ending: signal.Signals | None, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(GOOD)
    owner = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "a")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with owner:
        assert owner.stdin
        assert owner.stdout
        assert owner.stdout.readline() == b"png\n"
        left = psutil.Process(owner.pid).children(recursive=True)
        if ending is None:
            owner.stdin.close()
        else:
            owner.send_signal(ending)

    assert left
    assert psutil.wait_procs(left, timeout=10)[1] == []


def test_a_forked_process_opens_a_gate_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(GOOD)
    script = SCRIPT.replace("sys.stdin.read()", FORKING)

    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert result.stdout.split() == ["png", "64", "1", "48"], result.stderr


FORKING = """
import os, psutil
if os.fork() == 0:
    with Path(sys.argv[1]).open("rb") as file:
        width = door.inspect(file, RESULT).result().width
    print(width, len(psutil.Process().children()), flush=True)
    os._exit(0)
os.wait()
with Path(sys.argv[1]).open("rb") as file:
    print(door.inspect(file, RESULT).result().height, flush=True)
"""


def test_it_works_where_sockets_have_a_timeout_by_default(gate: Gate) -> None:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(5)
    try:
        facts = judge(gate, GOOD)
    finally:
        socket.setdefaulttimeout(before)

    assert facts.format == "png"
