"""U01 to U20: whatever the service may answer, or not answer."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests import upstream as scripts
from tests.faults import strange
from tests.faults.rig import CALL_DEADLINE_S, Rig
from tests.upstream import Behaviour, Connection, images_answer, png_bytes, reply

WHOLE = json.dumps(images_answer()).encode()


def refusal(code: str, message: str = "no", **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "x", "param": None, "code": code, **more}}


def outcome(rig: Rig, *plan: Behaviour, **fields: str) -> dict[str, Any]:
    """How a job ends whose calls are answered like this, and how many calls it took."""
    sent = rig.submit(*plan, **fields)
    job = rig.wait_until(sent)
    return job | {"calls": rig.calls(sent), "images": image_rows(rig, sent.id)}


def image_rows(rig: Rig, job_id: str) -> list[tuple[Any, ...]]:
    return rig.rows('SELECT "index", format FROM jobs_image WHERE job_id = %s ORDER BY 1', job_id)


def test_u01_nobody_is_at_home(rig: Rig) -> None:
    rig.upstream_proxy.refuse()
    sent = rig.submit()
    rig.wait_for(lambda: rig.job(sent)["error_code"] == "unreachable")
    assert "Nothing was spent" in rig.job(sent)["error_message"]

    rig.upstream_proxy.heal()

    rig.wait_until(sent, "succeeded")
    assert rig.calls(sent) == 1


@pytest.mark.parametrize(
    "behaviour",
    [scripts.hang(), scripts.drip(every_s=0.2), scripts.drip(every_s=0.2, from_byte=400)],
    ids=["silence", "dripped head", "dripped body"],
)
def test_u02_an_answer_that_takes_for_ever(rig: Rig, behaviour: Behaviour) -> None:
    sent = rig.submit(behaviour)

    job = rig.wait_until(sent, within_s=CALL_DEADLINE_S + 20)

    assert (job["state"], job["may_be_billed"]) == ("held", True)
    assert "deadline" in job["error_message"]


@pytest.mark.parametrize(
    ("behaviour", "state"),
    [
        (scripts.reset_after_request(), "held"),
        (scripts.cut(900, WHOLE), "held"),
        (scripts.cut(900, WHOLE, with_reset=True), "held"),
    ],
    ids=["after the request", "in the answer", "in the answer, by reset"],
)
def test_u03_cut_off(rig: Rig, behaviour: Behaviour, state: str) -> None:
    assert outcome(rig, behaviour)["state"] == state


def test_u03_cut_off_while_the_request_goes_out(rig: Rig) -> None:
    """Nothing whole was sent, so it is simply sent again."""
    rig.upstream.script(scripts.reset_in_request(after=500))

    job = outcome(rig, prompt_tail=" and snow" * 3_400)

    assert (job["state"], job["calls"]) in [("succeeded", 1), ("held", 0)]


@pytest.mark.parametrize(
    ("headers", "low_s", "high_s"),
    [
        ({"Retry-After": "3"}, 2, 4),
        ({"retry-after-ms": "2500"}, 1.5, 3.5),
        ({"Retry-After": "DATE"}, 1, 6),
        ({"Retry-After": "86400"}, 300, 600),
        ({"Retry-After": "soon, dear"}, 0, 5),
        ({}, 0, 5),
    ],
    ids=["seconds", "milliseconds", "date", "a day", "garbage", "missing"],
)
def test_u04_asked_to_slow_down(
    rig: Rig, headers: dict[str, str], low_s: float, high_s: float
) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=5), usegmt=True)
    headers = {name: value.replace("DATE", soon) for name, value in headers.items()}
    sent = rig.submit(reply(refusal("rate_limit_exceeded"), 429, headers))
    rig.wait_for(lambda: rig.calls(sent) and rig.state(sent) == "queued")

    [(waits_s,)] = rig.rows(
        "SELECT extract(epoch FROM run_after - e.at)::float FROM jobs_job j JOIN jobs_event e"
        " ON e.job_id = j.id AND e.target = 'queued' AND e.source = 'running' WHERE j.id = %s",
        sent.id,
    )

    assert low_s <= waits_s <= high_s
    rig.write("UPDATE jobs_job SET run_after = now() WHERE id = %s", sent.id)
    rig.write("DELETE FROM jobs_providertrouble")
    with rig.broker() as broker:
        broker.flushall()  # The fleet's pause lives there.
    rig.wait_until(sent, "succeeded")


@pytest.mark.parametrize("status", [500, 503])
def test_u05_an_error_of_the_service(rig: Rig, status: int) -> None:
    job = outcome(rig, *[reply(refusal("server_error"), status)] * 5)

    assert (job["state"], job["error_code"], job["calls"]) == ("failed", "server_error", 3)


def test_u05_one_error_and_then_an_answer(rig: Rig) -> None:
    job = outcome(rig, reply(refusal("server_error"), 500))

    assert (job["state"], job["calls"]) == ("succeeded", 2)


@pytest.mark.parametrize("status", [502, 504, 524, 408])
def test_u06_a_page_of_a_proxy(rig: Rig, status: int) -> None:
    sent = rig.submit(scripts.html(status))

    assert rig.wait_until(sent)["state"] == "held"

    page = rig.visitor.get(f"/jobs/{sent.id}/").text
    assert "alert(1)" not in page


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "moderation_blocked"), (400, "invalid_size"), (413, "too_large"), (404, "no_model")],
)
def test_u07_a_plain_no(rig: Rig, status: int, code: str) -> None:
    job = outcome(rig, reply(refusal(code, "Because <b>so</b>."), status))

    assert (job["state"], job["error_code"], job["calls"]) == ("failed", code, 1)
    assert (job["cost_microusd"], job["may_be_billed"]) == (0, False)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "invalid_api_key"), (403, "forbidden"), (429, "insufficient_quota")],
)
def test_u08_the_account_is_not_accepted(rig: Rig, status: int, code: str) -> None:
    """All jobs wait, nobody hammers, an admin is told; when it is mended, they go on."""
    first = rig.submit(reply(refusal(code), status))
    rig.wait_for(lambda: rig.rows("SELECT 1 FROM jobs_providertrouble"))
    others = [rig.submit() for _ in range(4)]
    rig.wait_for(lambda: rig.job(first)["error_code"] == "account")

    asked = sum(rig.calls(each) for each in (first, *others))

    assert asked == 1
    rig.write("DELETE FROM jobs_providertrouble")
    rig.write("UPDATE jobs_job SET run_after = now() WHERE state = 'queued'")
    rig.wait_for_all([first, *others])


@pytest.mark.parametrize(
    ("behaviour", "states"),
    [
        (reply(WHOLE[:-200]), ("held", "failed", "succeeded")),
        (reply(WHOLE, length=len(WHOLE) + 500), ("held", "succeeded")),
        (scripts.chunked(WHOLE, 700, ends=False), ("held", "succeeded")),
    ],
    ids=["cut JSON", "wrong length", "cut chunks"],
)
def test_u09_half_an_answer(rig: Rig, behaviour: Behaviour, states: tuple[str, ...]) -> None:
    """A picture that came whole is shown, whatever broke off behind it; and never a second call."""
    job = outcome(rig, behaviour)

    assert job["state"] in states
    assert job["calls"] == 1
    assert job["state"] == "succeeded" or job["may_be_billed"]


@pytest.mark.parametrize(
    "body",
    [b"", {}, {"data": None}, {"created": 1, "data": []}, b"<html>Sign in</html>", [1], "null"],
    ids=["empty", "no fields", "null data", "no pictures", "page", "list", "null"],
)
def test_u10_no_picture_in_it(rig: Rig, body: object) -> None:
    job = outcome(rig, reply(body))

    assert (job["state"], job["error_code"], job["calls"]) == ("failed", "bad_answer", 1)
    assert job["may_be_billed"]


@pytest.mark.parametrize("bad", ["AAA", "_-_-", "AA\nAA====", "iVBORw0KGgo*"])
def test_u11_base64_that_is_none(rig: Rig, bad: str) -> None:
    good = images_answer()["data"][0]["b64_json"]

    job = outcome(rig, reply(strange.raw_answer(bad, good)), n="2")

    assert (job["state"], job["error_code"]) == ("succeeded", "partial")
    assert [index for index, _ in job["images"]] == [1]


@pytest.mark.parametrize(
    "content",
    [b"hello", b"%PDF-1.7 x", b"MZ\x90\x00" * 50, strange.cut_png(), strange.bad_zlib()],
    ids=["text", "PDF", "program", "cut PNG", "bad zlib"],
)
def test_u12_no_picture_at_all(rig: Rig, content: bytes) -> None:
    job = outcome(rig, reply(strange.answer(content)))

    assert (job["state"], job["error_code"], job["images"]) == ("failed", "bad_answer", [])


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
    "behaviour",
    [
        reply(strange.bomb()),
        reply(gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"}),
        reply(strange.answer(strange.long_animation())),
    ],
    ids=["20k by 20k", "gzip bomb", "1000 frames"],
)
def test_u14_bombs(rig: Rig, behaviour: Behaviour) -> None:
    before = [rig.pid(name) for name in rig.workers]

    job = outcome(rig, behaviour)

    assert job["state"] in ("failed", "succeeded")
    assert job["calls"] == 1
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


@pytest.mark.parametrize("status", [307, 308, 302])
def test_u18_sent_elsewhere(rig: Rig, status: int) -> None:
    with trap() as (port, caught):
        job = outcome(rig, scripts.redirect(f"http://127.0.0.1:{port}/", status))

    assert (job["state"], job["error_code"]) == ("failed", "redirect")
    assert caught == []


def flood(connection: Connection) -> None:
    connection.read_request()
    for _ in range(150):
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    connection.send(scripts.response_bytes(images_answer(), headers={"Set-Cookie": "a=b"}))


def test_u18_noise_before_the_answer(rig: Rig) -> None:
    job = outcome(rig, flood)

    assert job["state"] in ("succeeded", "held")
    assert job["calls"] == 1


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
