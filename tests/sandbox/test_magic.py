"""Every magic word, seen through our own client as the class that it stands for."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import (
    AccountFault,
    ImagesApiError,
    ModerationRefused,
    OutcomeUnknown,
    Rejected,
    Retryable,
    UnusableAnswer,
)
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import Answer, ImageRequest
from imagestudio.sandbox import magic
from imagestudio.sandbox.magic import FAULTS, Trick
from tests.sandbox.conftest import KEY, Sandbox


def generate(
    sandbox: Sandbox, into: Path, prompt: str, n: int = 1, deadline_s: float = 60
) -> Answer:
    client = ImagesClient(Provider("sandbox", sandbox.base_url, KEY))
    request = ImageRequest(model="gpt-image-1-mini", prompt=prompt, n=n, quality="low")
    return client.generate(request, into=into, call=Call(deadline_s, client_request_id="job-1"))


@pytest.mark.parametrize(
    ("word", "family", "outcome"),
    [
        ("moderation", ModerationRefused, "refused"),
        ("rate-limit", Rejected, "refused"),
        ("no-money", AccountFault, "refused"),
        ("bad-key", AccountFault, "refused"),
        ("server-error", Retryable, "refused"),
        ("overloaded", Retryable, "refused"),
        ("gateway-timeout", OutcomeUnknown, "gateway-timeout"),
        ("cut", OutcomeUnknown, "cut"),
        ("html", UnusableAnswer, "html"),
    ],
)
def test_it_fails_as_it_is_told(
    sandbox: Sandbox, tmp_path: Path, word: str, family: type[ImagesApiError], outcome: str
) -> None:
    with pytest.raises(family):
        generate(sandbox, tmp_path / "in", f"an otter [{word}]")

    [call], [end] = sandbox.ledger(), sandbox.ledger("outcome")
    assert call["billed"] is (outcome != "refused")
    assert end["outcome"] == outcome


def test_it_names_what_moderation_minded(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(ModerationRefused) as caught:
        generate(sandbox, tmp_path / "in", "[moderation]")

    assert caught.value.categories == ("violence",)


def test_it_says_how_long_to_wait(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        generate(sandbox, tmp_path / "in", "[rate-limit]")

    assert caught.value.retry_after_s == 2


def test_it_hangs_until_the_client_has_had_enough(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        generate(sandbox, tmp_path / "in", "[hang]", deadline_s=0.5)

    assert caught.value.code == "deadline"
    assert sandbox.ledger()[0]["billed"]


def test_it_sends_a_text_for_a_picture(sandbox: Sandbox, tmp_path: Path) -> None:
    answer = generate(sandbox, tmp_path / "in", "[not-an-image]")

    assert answer.images[0].path.read_bytes().startswith(b"This is a text")


def test_it_sends_fewer_pictures(sandbox: Sandbox, tmp_path: Path) -> None:
    assert len(generate(sandbox, tmp_path / "in", "[partial]", n=2).images) == 1


def test_it_takes_its_time(sandbox: Sandbox, tmp_path: Path) -> None:
    started_at = time.monotonic()

    with pytest.raises(Retryable):
        generate(sandbox, tmp_path / "in", "[slow:0.4] [overloaded]")

    assert time.monotonic() - started_at >= 0.4


@pytest.mark.parametrize("prompt", ["[unknown]", "moderation", "[slow:x]", "[Hang]", "[[]]"])
def test_it_draws_what_only_looks_like_magic(sandbox: Sandbox, tmp_path: Path, prompt: str) -> None:
    assert len(generate(sandbox, tmp_path / "in", prompt).images) == 1


def test_it_explains_every_word() -> None:
    words = [*FAULTS, *Trick]

    assert [word for word in words if f"`[{word}]`" not in (magic.__doc__ or "")] == []
