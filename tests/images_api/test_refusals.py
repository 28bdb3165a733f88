"""What every odd answer of the corpus is taken for, by the client alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import ImagesApiError, ModerationRefused, OutcomeUnknown
from imagestudio.images_api.providers import Provider
from tests.corpus import reasons, refusals, refused_accounts
from tests.corpus.refusals import Answer
from tests.images_api.conftest import KEY, OTTER
from tests.images_api.events import failed, partial, stream
from tests.upstream import ScriptedUpstream, reply


def error_of(answer: Answer, upstream: ScriptedUpstream, folder: Path) -> ImagesApiError:
    upstream.script(reply(answer.body, answer.status, answer.headers))
    provider = Provider("scripted", upstream.base_url, KEY)
    client = ImagesClient(replace(provider, is_direct=answer.is_direct))
    with pytest.raises(ImagesApiError) as caught:
        client.generate(OTTER, into=folder, call=Call(20))
    return caught.value


def is_taken_for_what_it_is(answer: Answer, upstream: ScriptedUpstream, folder: Path) -> None:
    error = error_of(answer, upstream, folder)

    assert type(error) is answer.family
    assert error.code == answer.code
    assert upstream.connection_count == 1


@pytest.mark.parametrize("answer", refusals.IN_BETWEEN, ids=str)
def test_field_f01_it_believes_only_the_service_itself_that_nothing_was_made(
    answer: Answer, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    is_taken_for_what_it_is(answer, upstream, tmp_path)


@pytest.mark.parametrize("answer", refused_accounts.FORBIDDEN, ids=str)
def test_field_f02_it_tells_a_refused_request_from_a_refused_account(
    answer: Answer, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    is_taken_for_what_it_is(answer, upstream, tmp_path)


@pytest.mark.parametrize("answer", refused_accounts.ACCOUNTS, ids=str)
def test_field_f03_it_knows_a_refused_account_by_all_its_names(
    answer: Answer, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    is_taken_for_what_it_is(answer, upstream, tmp_path)


@pytest.mark.parametrize("answer", refusals.RATES, ids=str)
def test_d01_it_tells_a_request_that_never_fits_from_one_that_came_too_early(
    answer: Answer, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    is_taken_for_what_it_is(answer, upstream, tmp_path)


@pytest.mark.parametrize("answer", reasons.SUCCESSES, ids=str)
def test_field_f08_it_reads_an_error_that_comes_with_the_status_of_success(
    answer: Answer, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    is_taken_for_what_it_is(answer, upstream, tmp_path)


@pytest.mark.parametrize("answer", [*reasons.MODERATIONS, *reasons.REASONS], ids=str)
def test_field_f09_it_finds_the_reason_in_every_shape(
    answer: Answer, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    is_taken_for_what_it_is(answer, upstream, tmp_path)


@pytest.mark.parametrize(
    ("error", "family", "may_be_billed"),
    [
        (refusals.FLAGGED["error"], ModerationRefused, True),
        ({"message": "No money.", "code": "insufficient_quota"}, OutcomeUnknown, False),
        ({"message": "Slow down.", "type": "requests"}, OutcomeUnknown, False),
        (refusals.SERVER_ERROR["error"], OutcomeUnknown, False),
    ],
)
def test_field_f08_it_takes_nothing_back_that_was_begun(
    upstream: ScriptedUpstream,
    tmp_path: Path,
    error: dict[str, Any],
    family: type[ImagesApiError],
    may_be_billed: bool,
) -> None:
    """After a preview came, work was done: a refusal may cost, and nothing is simply sent again."""
    upstream.script(stream(partial(0), failed(**error)))
    client = ImagesClient(Provider("scripted", upstream.base_url, KEY))

    with pytest.raises(ImagesApiError) as caught:
        client.generate(replace(OTTER, partial_images=1), into=tmp_path, call=Call(20))

    assert type(caught.value) is family
    assert caught.value.may_be_billed == may_be_billed
