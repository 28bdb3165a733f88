"""Pictures that come as events: previews on the way, one result, and every way to break off."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import (
    AccountFault,
    ImagesApiError,
    ModerationRefused,
    OutcomeUnknown,
    Refused,
    Rejected,
    Retryable,
    UnusableAnswer,
)
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.stream import MAX_EVENT_BYTES
from imagestudio.images_api.types import Answer
from tests.images_api.conftest import KEY, OTTER
from tests.images_api.events import (
    completed,
    cut_stream,
    event,
    failed,
    held_stream,
    partial,
    picture,
    stream,
)
from tests.upstream import Behaviour, ScriptedUpstream, images, png_bytes, reply

STREAMED = replace(OTTER, partial_images=2)
Watch = Callable[..., Answer]


@pytest.fixture
def seen() -> list[tuple[int, bytes]]:
    """The previews, as whoever shows them saw them."""
    return []


@pytest.fixture
def watch(client: ImagesClient, tmp_path: Path, seen: list[tuple[int, bytes]]) -> Watch:
    """Make one streamed call and look at its previews."""

    def look(index: int, path: Path) -> None:
        seen.append((index, path.read_bytes()))

    def watch(request: Any = STREAMED, *, deadline_s: float = 20) -> Answer:
        return client.generate(request, into=tmp_path, call=Call(deadline_s), on_partial=look)

    return watch


def test_it_asks_for_a_stream(watch: Watch, upstream: ScriptedUpstream) -> None:
    upstream.script(stream(completed()))

    watch()

    sent = upstream.calls[0].json
    assert (sent["stream"], sent["partial_images"]) == (True, 2)


def test_it_streams_without_previews_when_asked(watch: Watch, upstream: ScriptedUpstream) -> None:
    upstream.script(stream(completed()))

    watch(replace(OTTER, stream=True))

    assert upstream.calls[0].json["stream"] is True
    assert "partial_images" not in upstream.calls[0].json


@pytest.mark.parametrize("piece", [1, 7, 1000, 1 << 20])
def test_it_hands_over_previews_and_gives_the_result(
    watch: Watch,
    upstream: ScriptedUpstream,
    seen: list[tuple[int, bytes]],
    tmp_path: Path,
    piece: int,
) -> None:
    upstream.script(stream(partial(0), partial(1, "plum"), completed("navy"), piece=piece))

    answer = watch()

    assert seen == [(0, png_bytes(64, 64, "gold")), (1, png_bytes(64, 64, "plum"))]
    assert [image.path.name for image in answer.images] == ["0.part"]
    assert answer.images[0].path.read_bytes() == png_bytes(64, 64, "navy")
    assert [path.name for path in tmp_path.iterdir()] == ["0.part"]


def test_it_shows_a_preview_before_the_picture_is_there(
    client: ImagesClient, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script(held_stream(partial()))
    shown = threading.Event()

    def generate() -> None:
        with pytest.raises(OutcomeUnknown):
            client.generate(
                STREAMED, into=tmp_path, call=Call(20), on_partial=lambda *_: shown.set()
            )

    thread = threading.Thread(target=generate)
    thread.start()

    assert shown.wait(10)
    upstream.release()
    thread.join()


def test_it_tells_what_the_stream_said(watch: Watch, upstream: ScriptedUpstream) -> None:
    upstream.script(stream(partial(), completed()))

    answer = watch()

    assert answer.request_id == "req_stream"
    assert answer.created == 1_795_000_000
    assert answer.body["size"] == "1024x1024"
    assert "b64_json" not in answer.body
    assert answer.usage is not None
    assert answer.usage.image_out == 1756
    manifest = json.loads(json.dumps(answer.to_json()))
    assert Answer.from_json(manifest, answer.images[0].path.parent) == answer


@pytest.mark.parametrize(
    "end", [b"", b"data: [DONE]\n\n", b": bye\n\n", b"data: [DONE]", b"data: {cut"]
)
def test_what_follows_the_result_does_not_matter(
    watch: Watch, upstream: ScriptedUpstream, end: bytes
) -> None:
    upstream.script(stream(completed(), end, piece=100))

    assert len(watch().images) == 1


def test_it_does_not_wait_for_the_end_after_the_result(
    watch: Watch, upstream: ScriptedUpstream
) -> None:
    upstream.script(held_stream(completed()))

    assert len(watch().images) == 1


@pytest.mark.parametrize(
    "text",
    [
        completed().replace(b"\n", b"\r\n"),
        completed().removesuffix(b"\n\n"),
        completed().removeprefix(b"event: image_generation.completed\n"),
        b": ping\n\ndata: ping\n\ndata: 7\n\n" + completed(),
        event("image_generation.started", progress=0.1) + completed(),
        completed(error=None),
    ],
)
def test_it_reads_events_as_others_spell_them(
    watch: Watch, upstream: ScriptedUpstream, text: bytes
) -> None:
    upstream.script(stream(text))

    assert len(watch().images) == 1


def test_it_reads_the_type_from_the_name_of_the_event(
    watch: Watch, upstream: ScriptedUpstream
) -> None:
    body = json.dumps({"b64_json": picture()})
    upstream.script(stream(f"event: image_generation.completed\ndata: {body}\n\n".encode()))

    assert watch().usage is None


def test_it_takes_a_plain_answer_to_a_request_for_events(
    watch: Watch, upstream: ScriptedUpstream
) -> None:
    upstream.script(images(size="64x64"))

    assert watch().images[0].path.read_bytes() == png_bytes(64, 64, "teal")


@pytest.mark.parametrize(
    "behaviour",
    [
        stream(),
        stream(partial()),
        stream(b"data: [DONE]\n\n"),
        stream(completed()[:200]),
        cut_stream(partial(), completed()[:200]),
        cut_stream(partial(), with_reset=True),
        cut_stream(b"event: image_generation.comp"),
    ],
    ids=range(7),
)
def test_a_stream_that_breaks_off_leaves_the_outcome_unknown(
    watch: Watch, upstream: ScriptedUpstream, tmp_path: Path, behaviour: Behaviour
) -> None:
    upstream.script(behaviour)

    with pytest.raises(OutcomeUnknown) as caught:
        watch()

    assert caught.value.images == ()
    kept = [path.name for path in tmp_path.iterdir()]
    assert all(name.endswith(("-raw", ".part")) for name in kept)
    assert png_bytes(64, 64, "gold") not in [path.read_bytes() for path in tmp_path.iterdir()]


def test_the_deadline_holds_for_streams_too(watch: Watch, upstream: ScriptedUpstream) -> None:
    upstream.script(held_stream(partial()))

    with pytest.raises(OutcomeUnknown) as caught:
        watch(deadline_s=0.4)

    assert caught.value.code == "deadline"


@pytest.mark.parametrize(
    ("error", "family"),
    [
        (
            {"type": "image_generation_user_error", "code": "moderation_blocked"},
            ModerationRefused,
        ),
        ({"type": "invalid_request_error", "code": "invalid_value"}, Refused),
        ({"type": "insufficient_quota", "code": "credit_balance_exhausted"}, AccountFault),
        ({"type": "authentication_error"}, AccountFault),
        ({"type": "requests", "code": "rate_limit_exceeded"}, Rejected),
        ({"type": "server_error", "code": "server_error"}, Retryable),
        ({"type": "service_unavailable_error"}, Retryable),
        ({"type": "unheard_of"}, OutcomeUnknown),
        ({}, OutcomeUnknown),
    ],
)
def test_a_late_error_is_of_its_class(
    watch: Watch, upstream: ScriptedUpstream, error: dict[str, Any], family: type[ImagesApiError]
) -> None:
    upstream.script(stream(failed(**error)))

    with pytest.raises(family, match="It went wrong") as caught:
        watch()

    assert type(caught.value) is family
    assert caught.value.request_id == "req_stream"


@pytest.mark.parametrize("kind", ["server_error", "requests"])
def test_after_a_preview_nobody_says_try_again(
    watch: Watch, upstream: ScriptedUpstream, kind: str
) -> None:
    upstream.script(stream(partial(), failed(type=kind)))

    with pytest.raises(OutcomeUnknown):
        watch()


@pytest.mark.parametrize(
    "text", [b'data: {"error": "no"}\n\n', b'event: error\ndata: {"a": 1}\n\n']
)
def test_it_reads_errors_of_other_shapes(
    watch: Watch, upstream: ScriptedUpstream, text: bytes
) -> None:
    upstream.script(stream(text))

    with pytest.raises(OutcomeUnknown) as caught:
        watch()

    assert caught.value.code == "stream_error"


def test_an_error_before_the_stream_is_an_ordinary_one(
    watch: Watch, upstream: ScriptedUpstream
) -> None:
    upstream.script(reply({"error": {"message": "slow down"}}, 429, {"retry-after": "3"}))

    with pytest.raises(Rejected):
        watch()


@pytest.mark.parametrize("base64", ["####", "QUIQU", "", None, 5])
def test_a_result_that_does_not_decode_is_of_no_use(
    watch: Watch, upstream: ScriptedUpstream, base64: object
) -> None:
    upstream.script(stream(completed(b64_json=base64)))

    with pytest.raises(UnusableAnswer) as caught:
        watch()

    assert caught.value.usage is not None


def test_a_preview_that_does_not_decode_is_passed_over(
    watch: Watch, upstream: ScriptedUpstream, seen: list[tuple[int, bytes]]
) -> None:
    broken = event("image_generation.partial_image", b64_json="####", partial_image_index=0)
    upstream.script(stream(broken, completed()))

    assert len(watch().images) == 1
    assert seen == []


def test_a_preview_that_cannot_be_shown_costs_no_picture(
    client: ImagesClient, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script(stream(partial(), completed()))

    def fail(_: int, __: Path) -> None:
        raise RuntimeError("no room")

    answer = client.generate(STREAMED, into=tmp_path, call=Call(20), on_partial=fail)

    assert len(answer.images) == 1


def test_previews_may_come_though_nobody_looks(
    client: ImagesClient, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script(stream(partial(), completed()))

    assert len(client.generate(STREAMED, into=tmp_path, call=Call(20)).images) == 1


def test_it_gives_several_pictures_of_a_server_that_streams_them(
    watch: Watch, upstream: ScriptedUpstream
) -> None:
    upstream.script(stream(completed("teal"), completed("plum")))

    answer = watch(replace(STREAMED, n=2))

    assert [image.path.name for image in answer.images] == ["0.part", "1.part"]


def test_it_keeps_what_was_whole_when_several_break_off(
    watch: Watch, upstream: ScriptedUpstream
) -> None:
    upstream.script(cut_stream(completed("plum"), completed()[:200]))

    with pytest.raises(OutcomeUnknown) as caught:
        watch(replace(STREAMED, n=2))

    assert [image.path.read_bytes() for image in caught.value.images] == [png_bytes(64, 64, "plum")]


def test_it_reads_no_more_than_its_limit(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    client = ImagesClient(Provider("x", upstream.base_url, KEY), max_body_bytes=5_000)
    upstream.script(stream(b": ping\n\n" * 2_000))

    with pytest.raises(UnusableAnswer, match="larger than 5,000 bytes"):
        client.generate(STREAMED, into=tmp_path, call=Call(20))


def test_one_event_has_a_limit_too(
    watch: Watch, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagestudio.images_api.stream.MAX_EVENT_BYTES", 300)
    upstream.script(stream(completed()))

    with pytest.raises(UnusableAnswer, match="larger than 300 bytes"):
        watch()

    assert MAX_EVENT_BYTES > 40 * 1024 * 1024 * 4 // 3


def test_it_passes_the_gate_for_each_piece_and_never_waits_inside(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    gate = threading.BoundedSemaphore(1)
    client = ImagesClient(Provider("x", upstream.base_url, KEY), body_gate=gate)
    upstream.script(held_stream(partial()))
    shown = threading.Event()
    failures: list[type[Exception]] = []

    def generate() -> None:
        try:
            client.generate(
                STREAMED, into=tmp_path / "a", call=Call(20), on_partial=lambda *_: shown.set()
            )
        except OutcomeUnknown as error:
            failures.append(type(error))

    thread = threading.Thread(target=generate)
    thread.start()
    assert shown.wait(10)

    answer = client.generate(OTTER, into=tmp_path / "b", call=Call(20))

    assert len(answer.images) == 1
    upstream.release()
    thread.join()
    assert failures == [OutcomeUnknown]
