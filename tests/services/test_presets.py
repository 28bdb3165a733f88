"""Sets of settings under a name of the member's own."""

import pytest

from imagestudio.accounts.models import User
from jobs.models import Preset
from jobs.services import presets
from jobs.services.refusals import SubmitRefused


def names(user: User) -> list[str]:
    return [preset.name for preset in Preset.objects.filter(owner=user)]


def test_it_keeps_settings_by_name(alice: User) -> None:
    presets.save(alice, "  Large   and wide ", {"size": "2048x1152"})

    assert names(alice) == ["Large and wide"]


def test_the_same_name_replaces(alice: User) -> None:
    presets.save(alice, "Mine", {"n": "1"})
    presets.save(alice, "Mine", {"n": "4"})

    assert [preset.values for preset in Preset.objects.filter(owner=alice)] == [{"n": "4"}]


def test_two_members_may_use_one_name(alice: User, bob: User) -> None:
    presets.save(alice, "Mine", {})
    presets.save(bob, "Mine", {})

    assert names(alice) == names(bob) == ["Mine"]


@pytest.mark.parametrize(
    ("name", "words"),
    [(" ", "Give the preset a name"), ("x" * 61, "61 characters; up to 60"), ("a\x00b", "no text")],
)
def test_it_refuses_a_name_with_the_reason(alice: User, name: str, words: str) -> None:
    with pytest.raises(SubmitRefused) as caught:
        presets.save(alice, name, {})

    [problem] = caught.value.problems
    assert problem.param == "preset_name"
    assert words in problem.message


def test_there_is_a_limit_but_a_known_name_still_works(alice: User) -> None:
    for number in range(presets.MAX_PRESETS):
        presets.save(alice, f"number {number}", {})

    presets.save(alice, "number 7", {"n": "2"})
    with pytest.raises(SubmitRefused, match="50 presets"):
        presets.save(alice, "one more", {})


def test_it_removes_only_ones_own(alice: User, bob: User) -> None:
    preset = presets.save(alice, "Mine", {})

    presets.remove(bob, preset)
    assert names(alice) == ["Mine"]

    presets.remove(alice, preset)
    assert names(alice) == []
