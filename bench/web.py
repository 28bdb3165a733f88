"""What polls cost the web process, beside a request that asks nothing of Django's parts."""

from __future__ import annotations

import http.client
import threading
import time
from urllib.parse import urlsplit

import psutil
from django.conf import settings
from django.test import Client

from bench.rig import Rig
from bench.tables import heading, middle_and_tail, row

CONNECTIONS = 16


def poll(rig: Rig, quick: bool) -> None:
    """A page with ten unfinished jobs asks what is new; then what is not (304)."""
    process, address = rig.web()
    rig.submit(10)  # No worker runs: they stay as they are.
    cookie = _signed_in(rig)
    web = psutil.Process(process.pid)
    heading("request", "requests/s", "p50 ms", "p95 ms", "web's CPU ms", "CPU ratio")
    floor_ms = 0.0
    for name, method, path, headers in _requests(address, cookie):
        rounds = 5 if quick else 40
        before = web.cpu_times()
        rate, took_ms = _ask(address, method, path, headers, rounds)
        after = web.cpu_times()
        used_s = after.user + after.system - before.user - before.system
        cpu_ms = used_s / len(took_ms) * 1000
        floor_ms = floor_ms or cpu_ms
        row(name, rate, *middle_and_tail(took_ms), cpu_ms, cpu_ms / floor_ms)


def _requests(address: str, cookie: str) -> list[tuple[str, str, str, dict[str, str]]]:
    signed_in = {"Cookie": cookie}
    known = signed_in | {"If-None-Match": _tag(address, signed_in)}
    return [
        ("/healthz", "GET", "/healthz", {}),
        ("poll, 200: ten cards", "GET", "/jobs/updates", signed_in),
        # Only GETs are remembered, so this is the same question put to the ordinary view.
        ("poll, 304 by the view", "HEAD", "/jobs/updates", known),
        ("poll, 304 as it is", "GET", "/jobs/updates", known),
    ]


def _tag(address: str, headers: dict[str, str]) -> str:
    answer = _send(_connect(address), "GET", "/jobs/updates", headers)
    if answer.status != 200:
        raise RuntimeError(f"a poll was answered with {answer.status}")
    return answer.headers.get("ETag", "")


def _signed_in(rig: Rig) -> str:
    client = Client()
    client.force_login(rig.owner(0))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _ask(
    address: str, method: str, path: str, headers: dict[str, str], rounds: int
) -> tuple[float, list[float]]:
    took_ms: list[float] = []

    def go() -> None:
        connection = _connect(address)
        for _ in range(rounds):
            began = time.perf_counter()
            try:
                _send(connection, method, path, headers)
            except ConnectionError:  # It was kept alive for too long; it opens again by itself.
                connection.close()
                continue
            took_ms.append((time.perf_counter() - began) * 1000)
        connection.close()

    threads = [threading.Thread(target=go) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(took_ms) / (time.perf_counter() - began), took_ms


def _connect(address: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)


def _send(
    connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str]
) -> http.client.HTTPResponse:
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer
