"""U09 to U20: answers that are cut, empty, swollen, hostile, or somebody else's."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import upstream as scripts
from tests.faults import strange
from tests.faults.rig import Rig
from tests.faults.scenes import outcome, refusal
from tests.upstream import Behaviour, Connection, images_answer, png_bytes, reply

WHOLE = json.dumps(images_answer()).encode()


@pytest.mark.parametrize(
    ("behaviour", "state"),
    [
        (reply(WHOLE[:-200]), "succeeded"),
        (reply(WHOLE, length=len(WHOLE) + 500), "succeeded"),
        (scripts.chunked(WHOLE, 700, ends=False), "held"),
        (reply(WHOLE[:900]), "held"),
        (reply(WHOLE[:900], length=len(WHOLE)), "held"),
        (scripts.chunked(WHOLE[:900], 700, ends=False), "held"),
    ],
    ids=[
        "JSON cut behind the picture",
        "wrong length",
        "chunks cut behind the picture",
        "JSON cut in the picture",
        "length not kept in the picture",
        "chunks cut in the picture",
    ],
)
def test_u09_half_an_answer(rig: Rig, behaviour: Behaviour, state: str) -> None:
    """A picture that came whole is shown, whatever broke off behind it; and never a second call."""
    job = outcome(rig, behaviour)

    assert (job["state"], job["calls"]) == (state, 1)
    assert len(job["images"]) == (state == "succeeded")
    assert job["may_be_billed"] == (state == "held")


@pytest.mark.parametrize(
    "body",
    [b"", {}, {"data": None}, {"created": 1, "data": []}, b"<html>Sign in</html>", [1], "null"],
    ids=["empty", "no fields", "null data", "no pictures", "page", "list", "null"],
)
def test_u10_no_picture_in_it(rig: Rig, body: object) -> None:
    job = outcome(rig, reply(body))

    assert (job["state"], job["error_code"], job["calls"]) == ("failed", "bad_answer", 1)
    assert job["may_be_billed"]


def test_u11_base64_that_is_none(rig: Rig) -> None:
    good = images_answer()["data"][0]["b64_json"]

    job = outcome(rig, reply(strange.raw_answer("iVBORw0KGgo*", good)), n="2")

    assert (job["state"], job["error_code"]) == ("succeeded", "partial")
    assert job["images"] == [(1, "png")]


@pytest.mark.parametrize("odd", ["AAA", "_-_-", "AA\nAA===="])
def test_u11_base64_of_other_customs(rig: Rig, odd: str) -> None:
    """Without padding, of the other alphabet, with lines: read, and what it holds is kept."""
    good = images_answer()["data"][0]["b64_json"]

    job = outcome(rig, reply(strange.raw_answer(odd, good)), n="2")

    assert (job["state"], job["error_code"]) == ("succeeded", "flawed")
    assert job["images"] == [(0, "bin"), (1, "png")]


@pytest.mark.parametrize("content", [b"hello", b"MZ\x90\x00" * 50], ids=["text", "program"])
def test_u12_no_picture_at_all(rig: Rig, content: bytes) -> None:
    job = outcome(rig, reply(strange.answer(content)))

    assert (job["state"], job["error_code"], job["images"]) == ("failed", "bad_answer", [])


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"%PDF-1.7 x", "pdf"), (strange.cut_png(), "png")],
    ids=["PDF", "cut PNG"],
)
def test_u12_what_can_be_no_more_than_downloaded(rig: Rig, content: bytes, kind: str) -> None:
    """It is paid for, so it is kept and offered; the page says that it can't be opened here."""
    job = outcome(rig, reply(strange.answer(content)))

    assert (job["state"], job["error_code"]) == ("succeeded", "flawed")
    assert job["images"] == [(0, kind)]


def test_u12_whole_by_its_checksums_though_no_decoder_opens_it(rig: Rig) -> None:
    """It counts at once, as it came; its owner is told when its small copies can't be made."""
    sent = rig.submit(reply(strange.answer(strange.bad_zlib())))
    assert rig.wait_until(sent)["state"] == "succeeded"

    rig.wait_for(lambda: rig.job(sent)["thumbs_at"])

    job = rig.job(sent)
    assert (job["error_code"], job["cost_microusd"] > 0) == ("flawed", True)
    assert "can't be opened by the studio" in job["error_message"]
    assert rig.rows("SELECT width, small_key FROM jobs_image WHERE job_id = %s", sent.id) == [
        (0, "")
    ]
    assert rig.calls(sent) == 1


@pytest.mark.parametrize(
    ("asked", "contents", "expected"),
    [
        (1, [png_bytes(64, 64), png_bytes(64, 64, "gold")], ["png", "png"]),
        (3, [png_bytes(64, 64)], ["png"]),
        (2, [png_bytes(64, 64), png_bytes(64, 64)], ["png", "png"]),
        (2, [png_bytes(64, 64), strange.jpeg()], ["png", "jpeg"]),
    ],
    ids=["more", "fewer", "the same twice", "other formats"],
)
def test_u13_not_what_was_asked_for(
    rig: Rig, asked: int, contents: list[bytes], expected: list[str]
) -> None:
    job = outcome(rig, reply(strange.answer(*contents)), n=str(asked))

    assert job["state"] == "succeeded"
    assert [kind for _, kind in job["images"]] == expected


def test_u14_a_very_large_picture(rig: Rig) -> None:
    job = outcome(rig, reply(strange.answer(strange.large_png())))

    assert (job["state"], len(job["images"])) == ("succeeded", 1)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(strange.bomb(), "png"), (strange.long_animation(), "gif")],
    ids=["20k by 20k", "1000 frames"],
)
def test_u14_bombs_are_kept_and_never_opened(rig: Rig, content: bytes, kind: str) -> None:
    before = [rig.pid(name) for name in rig.workers]

    job = outcome(rig, reply(strange.answer(content)))

    assert (job["state"], job["error_code"], job["calls"]) == ("succeeded", "flawed", 1)
    assert job["images"] == [(0, kind)]
    assert [rig.pid(name) for name in rig.workers] == before


def test_u14_a_bomb_of_the_transport_is_cut_off(rig: Rig) -> None:
    before = [rig.pid(name) for name in rig.workers]
    bomb = gzip.compress(bytes(50_000_000))

    job = outcome(rig, reply(bomb, headers={"Content-Encoding": "gzip"}))

    assert (job["state"], job["error_code"], job["calls"]) == ("failed", "bad_answer", 1)
    assert job["may_be_billed"]
    assert [rig.pid(name) for name in rig.workers] == before


@contextmanager
def trap() -> Iterator[tuple[int, list[object]]]:
    """A server inside that nobody may be lured to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        caught: list[object] = []
        ended = threading.Event()

        def wait() -> None:
            while not ended.is_set():
                try:
                    connection, address = server.accept()
                except TimeoutError:
                    continue
                caught.append(address)
                connection.close()

        thread = threading.Thread(target=wait)
        thread.start()
        try:
            yield server.getsockname()[1], caught
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/x.png",
        "http://localhost:{port}/x.png",
        "http://[::ffff:127.0.0.1]:{port}/x.png",
        "http://2130706433:{port}/x.png",
        "file:///etc/passwd",
    ],
)
def test_u15_addresses_in_place_of_pictures(rig: Rig, url: str) -> None:
    with trap() as (port, caught):
        job = outcome(rig, reply({"created": 1, "data": [{"url": url.format(port=port)}]}))

    assert (job["state"], job["error_code"]) == ("failed", "bad_answer")
    assert caught == []


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"input_tokens": -5, "output_tokens": 1},
        {"input_tokens": "7"},
        {"output_tokens": 1e30},
    ],
    ids=["missing", "negative", "text", "huge"],
)
def test_u16_usage_that_makes_no_sense(rig: Rig, usage: object) -> None:
    sent = rig.submit(reply(strange.answer(png_bytes(64, 64), usage=usage)))

    job = rig.wait_until(sent)

    assert (job["state"], job["cost_microusd"]) == ("succeeded", None)


@pytest.mark.parametrize(
    "behaviour",
    [
        reply(b'{"error": ' + b"[" * 100_000, 400),
        reply(b'{"created": NaN, "data": NaN}'),
        reply(b'{"data": 1, "data": 2, "data": []}'),
        reply(refusal("x", "long " * 2_000_000), 400),
    ],
    ids=["deep", "NaN", "keys twice", "10 MB of words"],
)
def test_u17_json_to_choke_on(rig: Rig, behaviour: Behaviour) -> None:
    job = outcome(rig, behaviour)

    assert (job["state"], job["calls"]) == ("failed", 1)
    assert len(job["error_message"]) < 3_000


@pytest.mark.parametrize("by", ["worker", "sweeper"])
@pytest.mark.parametrize(
    "echoed",
    [rb'"\\u0000"', rb'"\u0000"', rb'"\ud83d"', b"1e999", b"-1e999"],
    ids=["backslash u0000", "NUL", "half a pair", "too large", "too small"],
)
def test_u17_an_echoed_field_that_no_table_takes(rig: Rig, by: str, echoed: bytes) -> None:
    """The picture is paid for and here; whoever finishes the job gets it stored, and lives on."""
    if by == "sweeper":
        rig.order("after_manifest")
    before = rig.pid("sweeper")

    job = outcome(rig, reply(WHOLE.replace(b'"high"', echoed)))

    assert (job["state"], job["calls"], len(job["images"])) == ("succeeded", 1, 1)
    assert rig.is_obeyed("after_manifest")
    assert rig.pid("sweeper") == before
    assert not rig.has_died("sweeper")


@pytest.mark.parametrize("status", [307, 308, 302])
def test_u18_sent_elsewhere(rig: Rig, status: int) -> None:
    with trap() as (port, caught):
        job = outcome(rig, scripts.redirect(f"http://127.0.0.1:{port}/", status))

    assert (job["state"], job["error_code"]) == ("failed", "redirect")
    assert caught == []


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def flood(connection: Connection) -> None:
    connection.read_request()
    connection.send(CONTINUE * 150)
    connection.send(scripts.response_bytes(images_answer(), headers={"Set-Cookie": "a=b"}))


def endless_flood(connection: Connection) -> None:
    connection.read_request()
    while not connection.wait_for_release(0.01):
        connection.send(CONTINUE)


def test_u18_noise_before_the_answer(rig: Rig) -> None:
    job = outcome(rig, flood)

    assert (job["state"], job["calls"]) == ("succeeded", 1)


def test_u18_noise_without_an_answer(rig: Rig) -> None:
    job = outcome(rig, endless_flood)

    assert (job["state"], job["calls"]) == ("held", 1)
    assert "deadline" in job["error_message"]


def previews_then_silence(connection: Connection) -> None:
    connection.read_request()
    picture = images_answer()["data"][0]["b64_json"]
    event = {"type": "image_generation.partial_image", "partial_image_index": 0}
    data = json.dumps(event | {"b64_json": picture})
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    connection.send(f"event: {event['type']}\ndata: {data}\n\n".encode())


def test_u19_previews_and_then_nothing(rig: Rig) -> None:
    job = outcome(rig, previews_then_silence, partial_images="2")

    assert (job["state"], job["images"], job["calls"]) == ("held", [], 1)


def test_u20_answers_that_were_swapped(rig: Rig) -> None:
    """Nothing in an answer says whose it is but the id in its head, which is kept for an admin."""
    header = {"x-request-id": "req_of_somebody_else"}
    sent = rig.submit(reply(images_answer(), headers=header))

    rig.wait_until(sent, "succeeded")

    rows = rig.rows("SELECT upstream_request_id FROM jobs_attempt WHERE job_id = %s", sent.id)
    assert rows == [("req_of_somebody_else",)]
