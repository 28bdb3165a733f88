"""What goes over the wire, and what a good answer becomes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import Answer, ImageRequest
from tests.images_api.conftest import KEY, OTTER, Ask
from tests.upstream import (
    USAGE,
    ScriptedUpstream,
    chunked,
    drip,
    images,
    images_answer,
    png_bytes,
    raw,
    reply,
)


def test_it_sends_model_and_prompt_and_nothing_that_is_default(
    ask: Ask, upstream: ScriptedUpstream
) -> None:
    ask()

    assert upstream.calls[0].method == "POST"
    assert upstream.calls[0].path == "/v1/images/generations"
    assert upstream.calls[0].json == {"model": "gpt-image-2", "prompt": "an otter"}


def test_it_sends_every_choice_that_is_not_default(ask: Ask, upstream: ScriptedUpstream) -> None:
    request = ImageRequest(
        model="gpt-image-2.6-flare",
        prompt='ein Otter, 水獺 🦦 "quoted"\n',
        n=3,
        size="1536x1024",
        quality="high",
        background="opaque",
        output_format="webp",
        output_compression=0,
        moderation="low",
        complexity="low",
        safety_identifier="5f0c",
    )

    ask(request)

    assert upstream.calls[0].json == {
        "model": "gpt-image-2.6-flare",
        "prompt": 'ein Otter, 水獺 🦦 "quoted"\n',
        "n": 3,
        "size": "1536x1024",
        "quality": "high",
        "background": "opaque",
        "output_format": "webp",
        "output_compression": 0,
        "moderation": "low",
        "complexity": "low",
        "safety_identifier": "5f0c",
    }


def test_it_says_who_it_is_and_wants_plain_bytes(ask: Ask, upstream: ScriptedUpstream) -> None:
    ask(call=Call(20, client_request_id="job-17"))

    headers = upstream.calls[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["accept-encoding"] == "identity"
    assert headers["content-type"] == "application/json"
    assert headers["x-client-request-id"] == "job-17"


def test_it_sends_no_client_request_id_unless_given(ask: Ask, upstream: ScriptedUpstream) -> None:
    ask()

    assert "x-client-request-id" not in upstream.calls[0].headers


def test_it_names_organisation_and_project_of_the_provider(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    provider = Provider("x", f"{upstream.base_url}/", KEY, organization="org-1", project="proj-1")

    ImagesClient(provider).generate(OTTER, into=tmp_path, call=Call(20))

    headers = upstream.calls[0].headers
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-1", "proj-1")
    assert upstream.calls[0].path == "/v1/images/generations"


def test_it_puts_the_pictures_into_files(ask: Ask, upstream: ScriptedUpstream) -> None:
    upstream.script(images(n=2, size="96x64"))

    answer = ask()

    assert [image.path.name for image in answer.images] == ["0.part", "1.part"]
    assert answer.images[0].path.read_bytes() == png_bytes(96, 64, "teal")
    assert answer.images[1].path.read_bytes() == png_bytes(96, 64, "coral")


def test_it_tells_what_the_answer_said(ask: Ask, upstream: ScriptedUpstream) -> None:
    headers = {
        "X-Request-ID": "req_1",
        "openai-processing-ms": "8123",
        "x-ratelimit-remaining-images": "4",
        "X-RateLimit-Limit-Requests": "500",
    }
    body = json.dumps(images_answer())
    upstream.script(reply(body, headers=headers))

    answer = ask()

    assert (answer.http_status, answer.request_id, answer.processing_ms) == (200, "req_1", 8123)
    assert answer.rate_limits == {
        "x-ratelimit-remaining-images": "4",
        "x-ratelimit-limit-requests": "500",
    }
    assert answer.created == 1_795_000_000
    assert answer.body["size"] == "1024x1024"
    assert answer.usage is not None
    assert answer.usage.raw == USAGE
    assert answer.bytes_received == len(body)
    assert 0 < answer.duration_s < 20


def test_it_reads_chunked_answers(ask: Ask, upstream: ScriptedUpstream) -> None:
    upstream.script(chunked(images_answer(2), 1, 10, 3, 700))

    assert len(ask().images) == 2


def test_it_reads_slow_answers_whole(ask: Ask, upstream: ScriptedUpstream) -> None:
    upstream.script(drip(images_answer(1, "64x64"), every_s=0.001))

    assert ask().images[0].path.read_bytes() == png_bytes(64, 64, "teal")


@pytest.mark.parametrize("count", [1, 4])
def test_it_gives_as_many_pictures_as_came(
    ask: Ask, upstream: ScriptedUpstream, count: int
) -> None:
    upstream.script(images(n=count, size="64x64"))

    assert len(ask(replace(OTTER, n=2)).images) == count


@pytest.mark.parametrize("usage", [None, "free", {}, {"input_tokens": -4, "output_tokens": 1}])
def test_it_takes_a_strange_usage_for_an_unknown_one(
    ask: Ask, upstream: ScriptedUpstream, usage: object
) -> None:
    upstream.script(images(usage=usage))

    assert ask().usage is None


@pytest.mark.parametrize("created", [None, "yesterday", 1.5, True])
def test_it_takes_a_strange_time_for_an_unknown_one(
    ask: Ask, upstream: ScriptedUpstream, created: object
) -> None:
    upstream.script(images(created=created))

    assert ask().created is None


def test_it_gives_a_manifest_that_reads_back(ask: Ask, upstream: ScriptedUpstream) -> None:
    upstream.script(images(n=2))
    answer = ask()

    manifest = json.loads(json.dumps(answer.to_json()))

    assert Answer.from_json(manifest, answer.images[0].path.parent) == answer


def test_it_ignores_early_hints_of_the_100_kind(ask: Ask, upstream: ScriptedUpstream) -> None:
    body = json.dumps(images_answer())
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
    upstream.script(raw(f"HTTP/1.1 100 Continue\r\n\r\n{head}{body}".encode()))

    assert len(ask().images) == 1


def test_it_ignores_cookies(ask: Ask, upstream: ScriptedUpstream) -> None:
    body = images_answer()
    upstream.script(reply(body, headers={"Set-Cookie": "a=1"}), reply(body))

    ask()
    ask()

    assert "cookie" not in upstream.calls[1].headers


def test_it_holds_the_gate_while_it_reads_the_body_and_only_then(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    seen: list[tuple[str, int]] = []

    @contextmanager
    def gate() -> Iterator[None]:
        seen.append(("closed", len(upstream.calls)))
        yield
        seen.append(("opened", len(list(tmp_path.iterdir()))))

    client = ImagesClient(Provider("x", upstream.base_url, KEY), body_gate=gate())
    client.generate(OTTER, into=tmp_path, call=Call(20))

    assert seen == [("closed", 1), ("opened", 1)]


def test_it_serves_many_threads_through_one_gate(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    client = ImagesClient(
        Provider("x", upstream.base_url, KEY), body_gate=threading.BoundedSemaphore(2)
    )
    answers: list[Answer] = []

    def generate(number: int) -> None:
        answers.append(client.generate(OTTER, into=tmp_path / str(number), call=Call(20)))

    threads = [threading.Thread(target=generate, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({answer.images[0].sha256 for answer in answers}) == 1
    assert len(answers) == 12
