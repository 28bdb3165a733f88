"""Whatever way a paid picture comes, it is kept; what can't be read stays as it came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import ImagesApiError, OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.types import Answer, AnswerImage
from tests.corpus.deliveries import CODINGS, HEADS, KINDS, Delivery
from tests.corpus.spellings import BASE64, PLACES, STREAMS
from tests.images_api.conftest import OTTER
from tests.upstream import ScriptedUpstream

F5 = (*CODINGS, *BASE64, *PLACES, *STREAMS, *HEADS)


def deliver(
    delivery: Delivery, client: ImagesClient, upstream: ScriptedUpstream, folder: Path
) -> Answer:
    upstream.script(delivery.behaviour)
    request = replace(OTTER, n=delivery.n, stream=delivery.is_streamed)
    return client.generate(request, into=folder, call=Call(20))


def contents(images: Iterable[AnswerImage]) -> list[bytes]:
    return [image.path.read_bytes() for image in images]


def good(rows: Iterable[Delivery]) -> list[Delivery]:
    return [row for row in rows if row.error is None]


def bad(rows: Iterable[Delivery]) -> list[Delivery]:
    return [row for row in rows if row.error is not None]


@pytest.mark.parametrize("delivery", good(F5), ids=lambda row: row.name)
def test_field_f05_it_keeps_the_picture_whatever_way_it_comes(
    delivery: Delivery, client: ImagesClient, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    answer = deliver(delivery, client, upstream, tmp_path)

    assert contents(answer.images) == list(delivery.pictures)
    hashes = [hashlib.sha256(picture).hexdigest() for picture in delivery.pictures]
    assert [image.sha256 for image in answer.images] == hashes
    assert bool(answer.usage) == delivery.has_usage
    assert "packed.raw" not in [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("delivery", bad((*F5, *KINDS)), ids=lambda row: row.name)
def test_field_f05_it_says_what_was_wrong_and_keeps_the_bytes(
    delivery: Delivery, client: ImagesClient, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    with pytest.raises(ImagesApiError) as caught:
        deliver(delivery, client, upstream, tmp_path)

    assert type(caught.value) is delivery.error
    assert delivery.code in (caught.value.code, "")
    kept = [path.read_bytes() for path in tmp_path.iterdir()]
    assert any(content.startswith(delivery.kept) for content in kept) or not delivery.kept
    if isinstance(caught.value, OutcomeUnknown | UnusableAnswer) and delivery.name.startswith(
        "cut"
    ):
        assert contents(caught.value.images) == list(delivery.pictures)


@pytest.mark.parametrize("delivery", good(KINDS), ids=lambda row: row.name)
def test_field_f06_it_reads_an_answer_as_what_it_is(
    delivery: Delivery, client: ImagesClient, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    answer = deliver(delivery, client, upstream, tmp_path)

    assert contents(answer.images) == list(delivery.pictures)
    assert bool(answer.usage) == delivery.has_usage
