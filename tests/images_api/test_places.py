import threading
import time

from imagestudio.images_api.body_slots import BodySlots

PATIENCE_S = 0.05


def test_it_lets_in_so_many_at_once() -> None:
    places, inside = BodySlots(1, patience_s=30), threading.Event()

    def enter() -> None:
        with places:
            inside.set()

    thread = threading.Thread(target=enter)
    with places:
        thread.start()
        assert not inside.wait(0.1)
    thread.join(10)

    assert inside.is_set()


def test_who_has_waited_for_long_goes_in_all_the_same() -> None:
    places = BodySlots(1, patience_s=PATIENCE_S)

    with places, places:
        pass


def test_it_is_no_larger_afterwards() -> None:
    places = BodySlots(1, patience_s=PATIENCE_S)
    with places, places:
        pass

    with places:
        began = time.monotonic()
        with places:
            waited_s = time.monotonic() - began

    assert waited_s >= PATIENCE_S
