"""A server that is away is left alone for a while, and then asked again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from imagestudio.web.away import AwayGate

PAUSE_S = 0.2


class Server:
    """Counts who asks it, and answers unless it is away."""

    def __init__(self) -> None:
        self.is_away = True
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.is_away:
            raise ConnectionError
        return "here"


def asked_through(gate: AwayGate, server: Server, **more: Callable[[Exception], object]) -> str:
    return gate.ask("fox:1", server, "nobody", failures=(OSError,), **more)


def test_it_is_asked_once_and_then_left_alone() -> None:
    gate, server = AwayGate(60), Server()

    answers = [asked_through(gate, server) for _ in range(5)]

    assert (answers, server.asked) == (["nobody"] * 5, 1)


def test_it_is_told_once_why() -> None:
    told: list[Exception] = []
    gate, server = AwayGate(60), Server()

    for _ in range(3):
        asked_through(gate, server, tell=told.append)

    assert [type(error) for error in told] == [ConnectionError]


def test_after_the_pause_it_is_asked_again() -> None:
    gate, server = AwayGate(PAUSE_S), Server()
    asked_through(gate, server)
    server.is_away = False

    assert asked_through(gate, server) == "nobody"
    time.sleep(PAUSE_S)
    assert asked_through(gate, server) == "here"


def test_another_server_is_no_less_open() -> None:
    gate = AwayGate(60)
    gate.note_away("fox:1")

    assert not gate.lets_ask("fox:1")
    assert gate.lets_ask("fox:2")


def test_what_is_no_failure_of_the_server_is_the_callers() -> None:
    gate = AwayGate(60)

    with pytest.raises(ZeroDivisionError):
        gate.ask("fox:1", lambda: 1 // 0, 7, failures=(OSError,))

    assert gate.lets_ask("fox:1")


def let_in(gate: AwayGate) -> int:
    """How many of eight who come together may ask."""
    start = threading.Barrier(8)

    def come(_: int) -> bool:
        start.wait(10)
        return gate.lets_ask()

    with ThreadPoolExecutor(8) as threads:
        return sum(threads.map(come, range(8)))


@pytest.mark.parametrize(("one_asks", "most"), [(True, 1), (False, 8)])
def test_after_the_pause_one_asks_or_all(one_asks: bool, most: int) -> None:
    gate = AwayGate(PAUSE_S, one_asks=one_asks)
    gate.note_away()
    assert let_in(gate) == 0
    time.sleep(PAUSE_S)

    assert let_in(gate) == most


def test_the_answer_to_the_one_lets_all_in() -> None:
    gate = AwayGate(0.0, one_asks=True)
    server = Server()
    asked_through(gate, server)
    server.is_away = False

    assert asked_through(gate, server) == "here"
    assert all(asked_through(gate, server) == "here" for _ in range(3))
