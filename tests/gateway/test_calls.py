"""What the headers of a call are taken for."""

from __future__ import annotations

import time

from jobs.gateway.api.calls import ApiCall


def call_of(*headers: tuple[bytes, bytes]) -> ApiCall:
    return ApiCall.of(
        {
            "method": "GET",
            "path": "/v1/models",
            "query_string": b"",
            "headers": list(headers),
            "client": ("127.0.0.1", 1),
        }
    )


def seconds_for(count: int) -> float:
    pairs = [(b"a", b"b" * 150)] * count
    began_at = time.thread_time()
    call_of(*pairs)
    return time.thread_time() - began_at


def test_w01_it_joins_repeated_headers_in_their_order() -> None:
    call = call_of((b"Prefer", b"wait=5"), (b"host", b"a"), (b"prefer", b"respond-async"))

    assert call.headers == {"prefer": "wait=5, respond-async", "host": "a"}


def test_w01_it_joins_four_times_as_many_in_about_four_times_the_time() -> None:
    few = min(seconds_for(10_000) for _ in range(3))
    many = min(seconds_for(40_000) for _ in range(3))

    assert many < 8 * few
