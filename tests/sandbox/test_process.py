"""The sandbox as the launcher runs it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
GENEROUS_S = 20


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "imagestudio.sandbox", "--port", "0", *options]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with process:
        try:
            assert process.stdout
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found
            yield process, found[0]
        finally:
            process.kill()


def ask(address: str, prompt: str) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.post(
            f"{address}/v1/images/generations",
            json={"model": "gpt-image-2", "prompt": prompt},
            headers={"Authorization": "Bearer sk"},
            timeout=GENEROUS_S,
        )


def wait_for_lines(ledger: Path, count: int) -> list[dict[str, object]]:
    give_up_at = time.monotonic() + GENEROUS_S
    while time.monotonic() < give_up_at:
        lines = ledger.read_text().splitlines() if ledger.exists() else []
        if len(lines) >= count:
            return [json.loads(line) for line in lines]
        time.sleep(0.02)
    raise TimeoutError


def test_it_says_where_it_is_and_that_it_is_well() -> None:
    with running() as (_, address):
        assert requests.get(f"{address}/healthz", timeout=GENEROUS_S).status_code == 200


def test_it_takes_its_switches() -> None:
    with running("--answers", "url", "--no-with-variations", "--latency-s", "0") as (_, address):
        headers = {"Authorization": "Bearer sk"}
        answer = requests.post(
            f"{address}/v1/images/generations",
            json={"model": "gpt-image-2", "prompt": "an otter"},
            headers=headers,
            timeout=GENEROUS_S,
        )
        variation = requests.post(
            f"{address}/v1/images/variations", data=b"", headers=headers, timeout=GENEROUS_S
        )

    assert answer.json()["data"][0]["url"].startswith(f"{address}/files/")
    assert variation.status_code == 404


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_in_the_middle_of_work(tmp_path: Path, signal_number: int) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with running("--latency-s", "60", "--ledger", str(ledger)) as (process, address):
        asking = threading.Thread(target=ask, args=(address, "[hang]"))
        asking.start()
        wait_for_lines(ledger, 1)

        process.send_signal(signal_number)

        assert process.wait(GENEROUS_S) == 0
        asking.join()


def test_it_has_noted_a_call_that_is_killed(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with running("--latency-s", "60", "--ledger", str(ledger)) as (process, address):
        asking = threading.Thread(target=ask, args=(address, "an otter"))
        asking.start()
        [line] = wait_for_lines(ledger, 1)

        process.kill()
        asking.join()

    assert (line["event"], line["prompt"], line["billed"]) == ("call", "an otter", True)
