import signal
import time

from imagestudio.engines.signals import SignalBox


def test_it_counts_requests_to_stop(signals: SignalBox) -> None:
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)

    assert signals.stops == 2


def test_it_takes_a_closing_terminal_for_one_request(signals: SignalBox) -> None:
    signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGHUP)

    assert signals.stops == 1


def test_it_wakes_up_at_a_signal(signals: SignalBox) -> None:
    signal.raise_signal(signal.SIGTERM)
    before = time.monotonic()

    signals.sleep(30)

    assert time.monotonic() - before < 30


def test_it_gives_the_handlers_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with SignalBox():
        assert signal.getsignal(signal.SIGTERM) != before

    assert signal.getsignal(signal.SIGTERM) == before
