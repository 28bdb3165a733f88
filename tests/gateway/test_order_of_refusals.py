"""Of several things that are wrong with a request, its program always hears of the same one."""

from typing import Any

import pytest

from imagestudio.accounts.models import Membership, Role
from tests.gateway.asgi import MODEL, Program

pytestmark = pytest.mark.django_db(transaction=True)

BODY: dict[str, object] = {"model": MODEL, "prompt": "an otter"}
# Each is wrong in its own way, and told before all that stand behind it.
WRONG: list[tuple[dict[str, object], dict[str, str], str]] = [
    ({}, {"Content-Type": "text/plain"}, "unsupported_media_type"),
    ({"colour": "red"}, {}, "colour"),
    ({"style": "vivid"}, {}, "style"),
    ({"size": "huge"}, {}, "size"),
    ({}, {"Idempotency-Key": ""}, "Idempotency-Key"),
    ({}, {"X-Studio-Visibility": "all"}, "x-studio-visibility"),
    ({}, {"X-Studio-Cancel-On-Disconnect": "yes"}, "x-studio-cancel-on-disconnect"),
    ({}, {}, "queue_full"),
]


@pytest.mark.parametrize("first", range(len(WRONG)))
def test_the_first_that_is_wrong_is_told(first: int, program: Program, settings: Any) -> None:
    settings.GATEWAY_MAX_QUEUED = 0
    body = dict(BODY)
    headers: dict[str, str] = {}
    for fields, more, _ in WRONG[first:]:
        body |= fields
        headers |= more

    answer = program.call("POST", "/v1/images/generations", body, headers=headers)

    assert WRONG[first][2] in (answer.error["param"], answer.error["code"])


@pytest.mark.parametrize(("fields", "told"), [({"colour": "red"}, "colour"), ({}, None)])
def test_a_right_that_is_missing_is_told_between_words_and_values(
    fields: dict[str, object], told: str | None, program: Program
) -> None:
    Membership.objects.update(role=Role.VIEWER)
    wrong = BODY | {"size": "huge"} | fields

    answer = program.call("POST", "/v1/images/generations", wrong, headers={"Idempotency-Key": ""})

    assert answer.error["param"] == told
    assert answer.status == (400 if told else 403)
