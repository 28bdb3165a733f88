"""The table of parameters and the request that holds their values say the same."""

from dataclasses import fields
from typing import get_args, get_type_hints

import pytest

from imagestudio.images_api.params import PARAMS
from imagestudio.images_api.types import UNSET, ImageRequest

PICTURES = {"inputs", "mask", "markup", "references"}
# A request leaves the service's own compression out, because only webp and jpeg can be compressed.
LEFT_OUT = {"output_compression"}


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


@pytest.mark.parametrize("name", [name for name, param in PARAMS.items() if param.options])
def test_the_default_is_one_of_the_options(name: str) -> None:
    assert PARAMS[name].default in PARAMS[name].options
