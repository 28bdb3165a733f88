"""Forms that no browser of ours would send: refused or put right, and never an error of ours."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from jobs.services import drafts

SignIn = Callable[[User], Client]


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/composer/", {"images": "\0"}),
        ("/composer/", {"prompt": "a\0fox", "svg_model": "x" * 5000}),
        ("/composer/", {"undo": json.dumps({"model": "\ud800"})}),
        ("/composer/", {"undo": "[" * 100_000}),
        ("/jobs/", {"prompt": "a fox", "key": "\0"}),
        ("/jobs/", {"prompt": "a fox", "n": "9" * 400, "size": "\0"}),
        ("/presets/save/", {"preset_name": "mine", "svg_model": "a\0b"}),
    ],
)
def test_an_odd_form_is_no_error_of_ours(
    alice: User, client_of: SignIn, address: str, form: dict[str, str]
) -> None:
    assert client_of(alice).post(address, form).status_code < 500


@pytest.mark.parametrize(
    "values", [{"images": [{"a": 1}]}, {"images": "x"}, {"model": 5}, {"prompt": ["a"]}, {}]
)
def test_an_odd_draft_is_no_error_of_ours(
    alice: User, client_of: SignIn, values: dict[str, Any]
) -> None:
    drafts.keep(alice, values)

    assert client_of(alice).get("/").status_code == 200


@pytest.mark.parametrize(
    "query", ["q=%00", "before=ffffffff-ffff-7fff-8000-000000000000", "before=x", "state=%00"]
)
def test_an_odd_address_is_no_error_of_ours(alice: User, client_of: SignIn, query: str) -> None:
    assert client_of(alice).get(f"/history/?{query}").status_code == 200
