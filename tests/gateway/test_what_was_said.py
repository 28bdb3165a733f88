"""What the provider said, as far as a program may be told it: facts, amounts, and reasons."""

from __future__ import annotations

from typing import Any

import pytest

from tests.corpus import reasons, refusals, refused_accounts
from tests.corpus.refusals import Answer
from tests.gateway.asgi import MODEL, Meanwhile, Program
from tests.images_api.contract import faults
from tests.upstream import ScriptedUpstream, images_answer, reply

pytestmark = pytest.mark.django_db(transaction=True)

OTTER = {"model": MODEL, "prompt": "an otter", "size": "1024x1024", "quality": "low"}
GENERATIONS = "/v1/images/generations"
WITHHELD = next(row for row in reasons.SUCCESSES if row.name == "xAI keeps it back")
FIREWALL = next(row for row in refused_accounts.FORBIDDEN if row.name == "a firewall's word")
NEVER = next(row for row in refusals.RATES if row.name == "more pictures than a minute has")


@pytest.mark.parametrize(
    ("name", "odd", "expected"),
    [
        ("created", 10**26, None),
        ("created", 1_790_000_000.5, None),
        ("created", -1, None),
        ("created", True, None),
        ("size", 1024, "1024x1024"),
        ("size", "huge", "1024x1024"),
        ("size", "1024x1024\n", "1024x1024"),
        ("quality", ["x"], "low"),
        ("quality", "splendid", "low"),
        ("background", {"a": 1}, None),
        ("background", "pink", None),
        ("output_format", 7, "png"),
    ],
)
def test_field_f18_it_tells_only_facts_of_a_known_kind(
    program: Program,
    upstream: ScriptedUpstream,
    worker: Meanwhile,
    name: str,
    odd: object,
    expected: object,
) -> None:
    upstream.script(reply(images_answer() | {name: odd}))

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    assert answer.status == 200
    assert faults("ImagesResponse", answer.json()) == []
    if name == "created":
        assert 1_700_000_000 < answer.json()["created"] < 4_000_000_000
    else:
        assert answer.json().get(name) == expected


def test_field_f18_it_tells_whole_numbers_of_the_tokens_of_an_svg(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    author: dict[str, Any] = {
        "input_tokens": 5.5,
        "output_tokens": "9",
        "total_tokens": [],
        "x": "y",
    }
    upstream.script(reply(images_answer(svg_usage=author)))

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    assert answer.json()["svg_usage"] == {"input_tokens": 6, "output_tokens": 9}


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        (WITHHELD, 400, "moderation_blocked"),
        (FIREWALL, 400, "http_403"),
        (NEVER, 400, "limit_exceeded"),
    ],
    ids=str,
)
def test_field_f09_it_tells_programs_why(
    program: Program,
    upstream: ScriptedUpstream,
    worker: Meanwhile,
    said: Answer,
    status: int,
    code: str,
) -> None:
    upstream.script(reply(said.body, said.status, said.headers))

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    document = program.call("GET", f"/v1/studio/jobs/{answer.job_id}").json()
    assert (answer.status, answer.error["code"]) == (status, code)
    assert said.reason in answer.error["message"]
    assert document["may_be_billed"] == said.may_be_billed
    assert said.reason in document["error"]["message"]
