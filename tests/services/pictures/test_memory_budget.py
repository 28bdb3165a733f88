"""What is decoded at once is bounded by its bytes."""

import threading
from contextlib import suppress

from jobs.services.pictures.memory_budget import MemoryBudget


def start_taking(budget: MemoryBudget, byte_count: int) -> threading.Event:
    """Another thread asks; the event says that it has got them."""
    has_them = threading.Event()

    def take() -> None:
        with budget.taken(byte_count):
            has_them.set()

    threading.Thread(target=take, daemon=True).start()
    return has_them


def test_what_fits_goes_at_once() -> None:
    budget = MemoryBudget(100)

    with budget.taken(60):
        assert start_taking(budget, 40).wait(10)


def test_what_does_not_fit_waits_for_its_turn() -> None:
    budget = MemoryBudget(100)

    with budget.taken(60):
        has_them = start_taking(budget, 41)
        assert not has_them.wait(0.1)

    assert has_them.wait(10)


def test_what_is_larger_than_all_goes_alone() -> None:
    budget = MemoryBudget(100)

    with budget.taken(500):
        has_them = start_taking(budget, 1)
        assert not has_them.wait(0.1)

    assert has_them.wait(10)


def test_what_fails_gives_its_bytes_back() -> None:
    budget = MemoryBudget(100)

    with suppress(OSError), budget.taken(100):
        raise OSError

    assert start_taking(budget, 100).wait(10)
