"""What is taken for a bill, and what of it is passed on."""

from __future__ import annotations

import pytest

from imagestudio.images_api.pricing import actual_microusd
from imagestudio.images_api.types import Usage
from tests.corpus.usages import USAGES, Said


@pytest.mark.parametrize("said", USAGES, ids=str)
def test_field_f07_it_prices_what_can_be_true_and_nothing_else(said: Said) -> None:
    usage = Usage.of_answer({"usage": said.usage})

    assert actual_microusd("gpt-image-2", usage) == said.microusd


@pytest.mark.parametrize("said", USAGES, ids=str)
def test_field_f07_it_passes_on_whole_numbers(said: Said) -> None:
    usage = Usage.of_answer({"usage": said.usage})

    assert (usage.raw if usage else None) == said.told
