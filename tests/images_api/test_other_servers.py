"""Errors as Azure, LiteLLM and servers made with FastAPI spell them."""

from __future__ import annotations

import pytest

from imagestudio.images_api.errors import (
    AccountFault,
    ImagesApiError,
    ModerationRefused,
    OutcomeUnknown,
    Refused,
)
from tests.images_api.conftest import Ask
from tests.upstream import ScriptedUpstream, html, reply


def error_of(ask: Ask, upstream: ScriptedUpstream, body: object, status: int) -> ImagesApiError:
    upstream.script(reply(body, status))
    with pytest.raises(ImagesApiError) as caught:
        ask()
    return caught.value


def test_it_reads_what_the_filter_of_azure_minded(ask: Ask, upstream: ScriptedUpstream) -> None:
    body = {
        "error": {
            "code": "content_policy_violation",
            "message": "Your request was rejected.",
            "inner_error": {
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_results": {
                    "violence": {"filtered": True, "severity": "medium"},
                    "hate": {"filtered": False, "severity": "safe"},
                    "jailbreak": "none",
                },
            },
        }
    }

    error = error_of(ask, upstream, body, 400)

    assert isinstance(error, ModerationRefused)
    assert error.categories == ("violence",)


@pytest.mark.parametrize("inner", [None, "x", {}, {"content_filter_results": []}])
def test_it_survives_a_filter_that_says_nothing(
    ask: Ask, upstream: ScriptedUpstream, inner: object
) -> None:
    body = {"error": {"code": "contentFilter", "message": "No.", "inner_error": inner}}

    assert error_of(ask, upstream, body, 400).categories == ()


def test_it_finds_moderation_in_the_words_of_a_proxy(ask: Ask, upstream: ScriptedUpstream) -> None:
    body = {
        "error": {
            "message": "litellm.BadRequestError: Error code: 400 - {'code': 'moderation_blocked'}",
            "type": None,
            "param": None,
            "code": "400",
        }
    }

    error = error_of(ask, upstream, body, 400)

    assert isinstance(error, ModerationRefused)
    assert error.code == "moderation_blocked"


def test_it_names_the_field_that_a_fastapi_server_minds(
    ask: Ask, upstream: ScriptedUpstream
) -> None:
    body = {
        "detail": [
            {"loc": ["body", "size"], "msg": "value is not a valid size", "type": "value_error"},
            {"loc": ["body", "n"], "msg": "too large"},
        ]
    }

    error = error_of(ask, upstream, body, 422)

    assert type(error) is Refused
    assert (error.message, error.param) == ("value is not a valid size; too large", "size")


@pytest.mark.parametrize(
    ("body", "status", "family", "words"),
    [
        ({"detail": "Model not loaded"}, 503, OutcomeUnknown, "Model not loaded"),
        ({"detail": [{}]}, 400, Refused, "no reason"),
        ({"detail": ["a", "b"]}, 400, Refused, "a"),
        ({"error": "out of memory"}, 500, OutcomeUnknown, "out of memory"),
        ({"error": {"message": "no such model", "code": 404}}, 404, Refused, "no such model"),
        ({"message": "No API key found"}, 401, AccountFault, "No API key found"),
    ],
)
def test_it_reads_errors_of_any_known_shape(
    ask: Ask,
    upstream: ScriptedUpstream,
    body: object,
    status: int,
    family: type[ImagesApiError],
    words: str,
) -> None:
    error = error_of(ask, upstream, body, status)

    assert type(error) is family
    assert words in error.message


def test_it_shows_nothing_of_a_web_page(ask: Ask, upstream: ScriptedUpstream) -> None:
    upstream.script(html(502))

    with pytest.raises(OutcomeUnknown) as caught:
        ask()

    assert "<" not in caught.value.message
