"""Every way that a call can end, and the one class it belongs to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
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
from tests.images_api.conftest import KEY, OTTER, Ask
from tests.upstream import (
    Behaviour,
    ScriptedUpstream,
    chunked,
    cut,
    html,
    images_answer,
    raw,
    redirect,
    reply,
    reset_after_request,
)

MODERATION = {"moderation_stage": "output", "categories": ["sexual", "violence"]}
UNVERIFIED = "Your organization must be verified to use the model `gpt-image-2`."


def envelope(message: str = "No.", **fields: object) -> dict[str, Any]:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return {"error": {**error, **fields}}


def error_from(ask: Ask, upstream: ScriptedUpstream, behaviour: Behaviour) -> ImagesApiError:
    upstream.script(behaviour)
    with pytest.raises(ImagesApiError) as caught:
        ask()
    assert upstream.connection_count == 1, "a call is never repeated"
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "family"),
    [
        (400, envelope(code="invalid_value", param="size"), Refused),
        (400, envelope(code="moderation_blocked"), ModerationRefused),
        (400, envelope(code="content_policy_violation"), ModerationRefused),
        (400, envelope(code="contentFilter"), ModerationRefused),
        (400, envelope(moderation_details=MODERATION), ModerationRefused),
        (400, envelope(code="billing_hard_limit_reached"), AccountFault),
        (400, envelope(UNVERIFIED), AccountFault),
        (403, envelope(UNVERIFIED), AccountFault),
        (401, envelope(code="invalid_api_key"), AccountFault),
        (402, envelope(), AccountFault),
        (403, envelope(), Refused),
        (403, envelope(code="unsupported_country_region_territory"), AccountFault),
        (403, envelope(code="model_not_found"), Refused),
        (403, envelope("Project p does not have access to model m"), Refused),
        (404, envelope(code="model_not_found"), Refused),
        (405, envelope(), Refused),
        (408, envelope(), OutcomeUnknown),
        (409, envelope(), Refused),
        (413, "<html>too large</html>", Refused),
        (422, {"detail": [{"loc": ["body", "n"], "msg": "too many"}]}, Refused),
        (429, envelope(code="rate_limit_exceeded", type="requests"), Rejected),
        (429, envelope(code="slow_down", type="rate_limit_error"), Rejected),
        (429, "", Rejected),
        (429, envelope(code="insufficient_quota", type="insufficient_quota"), AccountFault),
        (429, envelope(code=None, type="insufficient_quota"), AccountFault),
        (429, envelope(code="credit_balance_exhausted"), AccountFault),
        (429, envelope(code="organization_spend_limit_exceeded"), AccountFault),
        (429, envelope(code="project_spend_limit_exceeded"), AccountFault),
        (429, envelope(code="organization_usage_limit_exceeded"), AccountFault),
        (500, envelope(type="server_error", code="server_error"), Retryable),
        (500, "", OutcomeUnknown),
        (500, envelope(), Refused),
        (500, "<html>oops</html>", OutcomeUnknown),
        (501, envelope(), Refused),
        (502, "<html>bad gateway</html>", OutcomeUnknown),
        (503, envelope(code="server_is_overloaded"), Retryable),
        (503, "upstream connect error", OutcomeUnknown),
        (504, "<html>timeout</html>", OutcomeUnknown),
        (520, "", OutcomeUnknown),
        (522, "", OutcomeUnknown),
        (524, "<html>", OutcomeUnknown),
        (529, envelope(), OutcomeUnknown),
        (301, "", Refused),
        (307, "", Refused),
        (304, "", Refused),
    ],
)
def test_it_classifies_an_answer_by_what_to_do_about_it(
    ask: Ask, upstream: ScriptedUpstream, status: int, body: object, family: type[ImagesApiError]
) -> None:
    error = error_from(ask, upstream, reply(body, status, {"x-request-id": "req_9"}))

    assert type(error) is family
    assert error.http_status == status
    assert error.request_id == "req_9"


def test_it_passes_on_what_the_service_said(ask: Ask, upstream: ScriptedUpstream) -> None:
    body = envelope("Width must be divisible by 16.", code="invalid_value", param="size")

    error = error_from(ask, upstream, reply(body, 400))

    assert str(error) == "Width must be divisible by 16."
    assert (error.code, error.param) == ("invalid_value", "size")


def test_it_names_what_moderation_minded(ask: Ask, upstream: ScriptedUpstream) -> None:
    body = envelope(code="moderation_blocked", moderation_details=MODERATION)

    error = error_from(ask, upstream, reply(body, 400))

    assert isinstance(error, ModerationRefused)
    assert error.categories == ("sexual", "violence")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "model is loading"}, "model is loading"),
        ({"detail": "not found"}, "not found"),
        ({"message": "no such route"}, "no such route"),
        ({"error": {"code": 7}}, "no reason given"),
        ({"error": None}, "status 400"),
        ({"error": {"message": ["odd"], "param": {}}}, "odd"),
        ("[1]", "status 400"),
        ("{" * 100_000, "status 400"),
        ("<html><script>alert(1)</script></html>", "status 400"),
        (b"\xff\xfe\x00", "status 400"),
    ],
)
def test_it_reads_the_errors_of_other_servers(
    ask: Ask, upstream: ScriptedUpstream, body: object, message: str
) -> None:
    error = error_from(ask, upstream, reply(body, 400))

    assert message in str(error)
    assert "<" not in str(error)


def test_it_gives_a_code_where_the_service_gave_none(ask: Ask, upstream: ScriptedUpstream) -> None:
    assert error_from(ask, upstream, reply("", 422)).code == "http_422"


def test_it_gives_unverified_organisations_a_code(ask: Ask, upstream: ScriptedUpstream) -> None:
    error = error_from(ask, upstream, reply(envelope(UNVERIFIED), 400))

    assert error.code == "organization_not_verified"


def test_it_cuts_and_cleans_a_strangers_text(ask: Ask, upstream: ScriptedUpstream) -> None:
    body = envelope("a\x00b\x1b[31m\r\n" + "c" * 100_000, code="d" * 500, param="e" * 500)

    error = error_from(ask, upstream, reply(body, 400))

    assert str(error).startswith("a b [31m ccc")
    assert len(str(error)) == 2_000
    assert len(error.code or "") == len(error.param or "") == 100


def test_it_reads_no_more_of_an_error_than_it_needs(ask: Ask, upstream: ScriptedUpstream) -> None:
    error = error_from(ask, upstream, reply(envelope("m" * 10_000_000), 400))

    assert type(error) is Refused


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "2.5"}, 2.5),
        ({"Retry-After": "0"}, 0.0),
        ({"retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
        ({"retry-after-ms": "soon", "Retry-After": "9"}, 9.0),
        ({"Retry-After": "86400"}, 600.0),
        ({"retry-after-ms": "86400000"}, 600.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, 600.0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "in a while"}, None),
        ({"Retry-After": "Wed, 99 Foo"}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
def test_it_reads_how_long_to_wait(
    ask: Ask, upstream: ScriptedUpstream, headers: Mapping[str, str], expected_s: float | None
) -> None:
    error = error_from(ask, upstream, reply(envelope(), 429, headers))

    assert error.retry_after_s == expected_s


def test_it_reads_a_date_to_wait_for(ask: Ask, upstream: ScriptedUpstream) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)

    error = error_from(ask, upstream, reply(envelope(), 503, {"Retry-After": moment}))

    assert error.retry_after_s == pytest.approx(100, abs=30)


@pytest.mark.parametrize(
    "behaviour",
    [
        cut(0),
        cut(100),
        cut(3_000),
        cut(100, with_reset=True),
        reset_after_request(),
        chunked(images_answer(), 1000, ends=False),
        reply(images_answer(), length=1_000_000),
        reply(json.dumps(images_answer())[:3_000]),
        raw(b""),
        raw(b"HTTP/1.1 200 OK\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
        raw(b"nonsense\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        cut(10, b"x" * 100),
    ],
    ids=range(15),
)
def test_it_calls_an_answer_that_broke_off_an_unknown_outcome(
    ask: Ask, upstream: ScriptedUpstream, behaviour: Behaviour
) -> None:
    error = error_from(ask, upstream, behaviour)

    assert type(error) is OutcomeUnknown


@pytest.mark.parametrize("status", [500, 503, 502])
def test_it_does_not_trust_a_server_error_that_broke_off(
    ask: Ask, upstream: ScriptedUpstream, status: int
) -> None:
    error = error_from(ask, upstream, reply(envelope(), status, length=10_000))

    assert type(error) is OutcomeUnknown


@pytest.mark.parametrize(
    ("status", "family"), [(400, Refused), (429, Rejected), (401, AccountFault)]
)
def test_it_trusts_the_status_of_a_refusal_that_broke_off(
    ask: Ask, upstream: ScriptedUpstream, status: int, family: type[ImagesApiError]
) -> None:
    error = error_from(ask, upstream, reply(envelope(), status, length=10_000))

    assert type(error) is family


@pytest.mark.parametrize(
    "behaviour",
    [
        html(),
        reply(b""),
        reply("{}"),
        reply({"data": None}),
        reply({"data": []}),
        reply("", 204),
        reply({"data": [{"url": "https://example.com/a.png"}]}),
        reply({"data": [{"b64_json": "no base64!"}]}),
    ],
    ids=["html", "empty", "object", "null", "none", "204", "url", "base64"],
)
def test_it_calls_a_whole_answer_without_pictures_unusable(
    ask: Ask, upstream: ScriptedUpstream, behaviour: Behaviour
) -> None:
    error = error_from(ask, upstream, behaviour)

    assert isinstance(error, UnusableAnswer)
    assert error.raw_path is not None
    assert error.raw_path.exists()


def test_it_keeps_the_bill_of_an_unusable_answer(ask: Ask, upstream: ScriptedUpstream) -> None:
    answer = images_answer(n=0)

    error = error_from(ask, upstream, reply(answer, headers={"x-request-id": "req_4"}))

    assert isinstance(error, UnusableAnswer)
    assert error.usage is not None
    assert (error.http_status, error.request_id) == (200, "req_4")


def test_it_gives_the_pictures_that_came_before_the_break(
    ask: Ask, upstream: ScriptedUpstream
) -> None:
    whole = len(json.dumps(images_answer(2)))

    error = error_from(ask, upstream, cut(whole - 500, images_answer(2)))

    assert isinstance(error, OutcomeUnknown)
    assert [image.index for image in error.images] == [0]


def test_it_cuts_an_answer_that_is_too_large(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    client = ImagesClient(Provider("x", upstream.base_url, KEY), max_body_bytes=1_000)

    with pytest.raises(UnusableAnswer, match="larger than 1,000 bytes"):
        client.generate(OTTER, into=tmp_path, call=Call(20))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_it_follows_no_redirect(ask: Ask, upstream: ScriptedUpstream, status: int) -> None:
    with ScriptedUpstream() as elsewhere:
        error = error_from(ask, upstream, redirect(elsewhere.base_url, status))

        assert elsewhere.connection_count == 0
    assert type(error) is Refused
    assert error.code == "redirect"
    assert f"redirect ({status})" in str(error)


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "Fri, 31 Dec 99999999999 23:59:59 GMT"},
        {"openai-processing-ms": "9" * 5000},
    ],
)
def test_it_takes_a_paid_answer_whatever_its_headers_say(
    ask: Ask, upstream: ScriptedUpstream, headers: dict[str, str]
) -> None:
    upstream.script(reply(images_answer(), headers=headers))

    assert ask().images


@pytest.mark.parametrize(
    "location", ["https://[good.example/x.png", "http://a:99999/", "//", "\x00"]
)
def test_field_f05_a_redirect_to_no_address_is_an_ordinary_refusal(
    ask: Ask, upstream: ScriptedUpstream, location: str
) -> None:
    error = error_from(ask, upstream, reply(b"", 307, {"Location": location}))

    assert isinstance(error, Refused)
    assert error.code == "redirect"
