"""The table of parameters and the request that holds their values say the same."""

import json
from dataclasses import fields
from hashlib import sha256
from typing import get_args, get_type_hints

import pytest

from imagestudio.images_api.params import PARAMS
from imagestudio.images_api.types import UNSET, Elsewhere, ImageRequest

PICTURES = {"inputs", "mask", "markup", "references"}
# A request leaves the service's own compression out, because only webp and jpeg can be compressed.
LEFT_OUT = {"output_compression"}
# Of a plain request, as the first release with the table wrote it.
PLAIN = "34350cd9dc6d499730fb98798228ba5b2fb424ff2c79f736c045417d2e1a8cdf"


def test_every_field_of_a_request_has_its_row() -> None:
    named = {field.name for field in fields(ImageRequest)}

    assert named - PICTURES - {"operation", "model", "prompt"} == set(PARAMS)


@pytest.mark.parametrize("name", [name for name in PARAMS if name not in LEFT_OUT])
def test_a_row_has_the_default_of_its_field(name: str) -> None:
    assert PARAMS[name].default == UNSET[name]


@pytest.mark.parametrize("name", [name for name in PARAMS if name != "svg"])
def test_a_row_has_the_type_of_its_field(name: str) -> None:
    hint = get_type_hints(ImageRequest)[name]

    assert PARAMS[name].kind in (hint, *get_args(hint))


def test_a_request_that_chooses_nothing_new_stays_what_it_was() -> None:
    """A repeat is known by a hash of it, also across an upgrade that brings another field."""
    request = ImageRequest(model="gpt-image-2", prompt="a fox")

    said = json.dumps(request.to_json(), sort_keys=True)

    assert sha256(said.encode()).hexdigest() == PLAIN


def test_a_field_that_came_later_is_told_where_it_was_chosen() -> None:
    chosen = ImageRequest(model="m", prompt="p", references=(Elsewhere(position=0, file_id="f"),))

    assert ImageRequest.from_json(chosen.to_json()) == chosen


@pytest.mark.parametrize("name", [name for name, param in PARAMS.items() if param.options])
def test_the_default_is_one_of_the_options(name: str) -> None:
    assert PARAMS[name].default in PARAMS[name].options
