"""A call ends in time, whatever the other side does."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import pytest

from imagestudio.images_api.calls import Call, Watchdog
from imagestudio.images_api.errors import ImagesApiError, NotSent, OutcomeUnknown, Refused
from tests.images_api.conftest import Ask
from tests.upstream import (
    Behaviour,
    Connection,
    ScriptedUpstream,
    drip,
    hang,
    images,
    images_answer,
    never_read,
    reply,
)

GENEROUS_S = 15


@pytest.mark.parametrize(
    "behaviour",
    [
        hang(),
        never_read(),
        drip(every_s=0.02),
        drip(every_s=0.02, from_byte=300),
        drip(images_answer(), every_s=0.02, from_byte=2_000),
    ],
    ids=["silent", "never reads", "drips headers", "drips body", "drips a picture"],
)
def test_it_ends_at_its_deadline(
    ask: Ask, upstream: ScriptedUpstream, behaviour: Behaviour
) -> None:
    upstream.script(behaviour)
    started_at = time.monotonic()

    with pytest.raises(OutcomeUnknown) as caught:
        ask(deadline_s=0.4)

    assert caught.value.code == "deadline"
    assert 0.35 < time.monotonic() - started_at < GENEROUS_S


def test_it_ends_a_flood_of_interim_answers(ask: Ask, upstream: ScriptedUpstream) -> None:
    def flood(connection: Connection) -> None:
        connection.read_request()
        while not upstream.released.is_set():
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    upstream.script(flood)

    with pytest.raises(OutcomeUnknown):
        ask(deadline_s=0.5)


def test_it_ends_an_error_that_drips(ask: Ask, upstream: ScriptedUpstream) -> None:
    def refuse_slowly(connection: Connection) -> None:
        reply(b'{"error": ', 400, length=1_000)(connection)
        connection.wait_for_release()

    upstream.script(refuse_slowly)

    with pytest.raises(Refused):
        ask(deadline_s=0.4)


def test_it_is_cut_from_another_thread(ask: Ask, upstream: ScriptedUpstream) -> None:
    upstream.script(hang())
    call = Call(60)

    def cut_when_sent() -> None:
        upstream.wait_for_calls(1)
        call.cut()

    thread = threading.Thread(target=cut_when_sent)
    thread.start()
    with pytest.raises(OutcomeUnknown) as caught:
        ask(call=call)
    thread.join()

    assert caught.value.code == "deadline"


def test_it_does_not_mind_a_cut_after_its_end(ask: Ask) -> None:
    call = Call(60)

    answer = ask(call=call)
    call.cut()

    assert len(answer.images) == 1


def test_it_watches_many_calls_with_one_thread(ask: Ask, upstream: ScriptedUpstream) -> None:
    upstream.script(*[hang()] * 8)
    errors: list[ImagesApiError] = []

    def call_in_vain() -> None:
        try:
            ask(deadline_s=2)  # All must have been sent by then, also on a busy machine.
        except ImagesApiError as error:
            errors.append(error)

    threads = [threading.Thread(target=call_in_vain) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    names = [thread.name for thread in threading.enumerate()]
    assert [type(error) for error in errors] == [OutcomeUnknown] * 8
    assert names.count("call-watchdog") == 1


def test_it_cuts_the_next_due_call_first_whatever_the_order() -> None:
    watchdog = Watchdog()
    late, soon = Call(60), Call(0.05)

    watchdog.watch(late)
    watchdog.watch(soon)

    assert _becomes_cut(soon)
    assert not late.is_cut


def test_it_lets_go_of_finished_calls() -> None:
    watchdog = Watchdog()
    calls = [Call(600) for _ in range(200)]
    first = weakref.ref(calls[0])

    for call in calls:
        watchdog.watch(call)
        watchdog.forget(call)
    del call, calls
    gc.collect()

    assert first() is None


def test_it_never_cuts_a_call_that_it_was_told_to_forget() -> None:
    watchdog = Watchdog()
    forgotten, other = Call(0.05), Call(0.1)

    watchdog.watch(forgotten)
    watchdog.watch(other)
    watchdog.forget(forgotten)

    assert _becomes_cut(other)
    assert not forgotten.is_cut


def test_it_counts_the_time_from_the_making_of_the_call(
    ask: Ask, upstream: ScriptedUpstream
) -> None:
    upstream.script(images())
    call = Call(0.05)
    time.sleep(0.06)

    with pytest.raises(NotSent):
        ask(call=call)


def _becomes_cut(call: Call) -> bool:
    give_up_at = time.monotonic() + GENEROUS_S
    while not call.is_cut and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return call.is_cut
