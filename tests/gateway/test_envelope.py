"""Whatever is asked below /v1, the answer is JSON that a program for the Images API understands."""

import pytest

from jobs.gateway.api.routes import ROUTES
from tests.gateway.asgi import Answer, Program

pytestmark = pytest.mark.django_db(transaction=True)

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
PATHS = (
    *{route.path for route in ROUTES},
    "/v1",
    "/v1/",
    "/v1/images",
    "/v1/images/generations/",
    "/v1/models/",
    "/v1/chat/completions",
    "/v1/../admin/",
    "/v1/studio/jobs/not-an-id",
    "/v1/openapi.json",
    "/v1//images/generations",
    "/v1/models/%00",
)


@pytest.mark.parametrize("method", METHODS)
def test_it_answers_in_json_on_every_path(method: str, program: Program) -> None:
    for path in sorted(PATHS):
        check_shape(program.call(method, path), method)


def check_shape(answer: Answer, method: str) -> None:
    assert answer.is_whole
    assert answer.status in (200, 400, 404, 405, 415)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    if answer.status != 200 and method != "HEAD":
        assert answer.error["message"]


@pytest.mark.parametrize("path", ["/v1/images/generations/", "/v1/models/", "/v1/"])
def test_a_trailing_slash_is_another_address(path: str, program: Program) -> None:
    assert program.call("POST", path, {}).status == 404


def test_a_wrong_method_says_which_is_right(program: Program) -> None:
    answer = program.call("GET", "/v1/images/edits")

    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


def test_it_says_no_to_another_host(program: Program) -> None:
    answer = program.call("GET", "/v1/models", headers={"Host": "studio.evil.example"})

    assert (answer.status, answer.error["code"]) == (400, "invalid_host")


def test_a_claimed_length_that_is_too_much_is_refused_unread(program: Program) -> None:
    headers = {"Content-Length": str(2 * 1024 * 1024)}

    answer = program.call("POST", "/v1/images/generations", headers=headers)

    assert (answer.status, answer.error["code"]) == (413, "request_too_large")
    assert answer.headers["connection"] == "close"


def test_a_body_that_is_too_much_is_refused(program: Program) -> None:
    answer = program.call("POST", "/v1/images/generations", body=b"x" * (1024 * 1024 + 1))

    assert answer.status == 413


def test_broken_json_is_refused(program: Program) -> None:
    answer = program.call("POST", "/v1/images/generations", body=b'{"prompt": "an ott')

    assert (answer.status, answer.error["code"]) == (400, "invalid_json")


def test_a_fault_of_ours_is_told_without_its_insides(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.gateway.api.studio.MAX_PAGE", "many")
    answer = program.call("GET", "/v1/studio/images?limit=3")

    assert (answer.status, answer.error["code"]) == (500, "server_error")
    assert "many" not in answer.error["message"]
    assert answer.headers["x-should-retry"] == "false"
