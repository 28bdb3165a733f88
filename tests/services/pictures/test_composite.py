from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from jobs.services.pictures.composite import Composite, compose

SIZE = (240, 160)
HOLE = (60, 40, 180, 120)


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A picture in which no two neighbours are alike."""
    picture = Image.effect_noise(SIZE, 60).convert("RGB")
    picture.save(path := tmp_path / "original.png")
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    picture = Image.new("RGBA", SIZE, (0, 0, 0, 255))
    ImageDraw.Draw(picture).rectangle(HOLE, fill=(0, 0, 0, 0))
    picture.save(path := tmp_path / "mask.png")
    return path


def edited(tmp_path: Path, picture: Image.Image) -> Path:
    picture.save(path := tmp_path / "edited.png")
    return path


def composed(original: Path, mask: Path, edit: Path) -> Composite:
    result = compose(original, mask, edit)
    assert result is not None
    return result


def outside(picture: Image.Image) -> Image.Image:
    """The picture with its hole painted over."""
    copy = picture.convert("RGB")
    ImageDraw.Draw(copy).rectangle(HOLE, fill="black")
    return copy


def test_every_pixel_outside_the_mask_is_the_originals(
    original: Path, mask: Path, tmp_path: Path
) -> None:
    result = composed(original, mask, edited(tmp_path, Image.new("RGB", SIZE, "red")))

    with Image.open(original) as before:
        difference = ImageChops.difference(outside(result.picture), outside(before))
    assert difference.getbbox() is None


def test_the_middle_of_the_mask_is_the_models(original: Path, mask: Path, tmp_path: Path) -> None:
    result = composed(original, mask, edited(tmp_path, Image.new("RGB", SIZE, "red")))

    assert result.picture.getpixel((120, 80)) == (255, 0, 0, 255)


def test_the_seam_is_soft(original: Path, mask: Path, tmp_path: Path) -> None:
    result = composed(original, mask, edited(tmp_path, Image.new("RGB", SIZE, "red")))

    with Image.open(original) as before:
        opaque = before.convert("RGBA")
    assert result.picture.getpixel((60, 80)) != (255, 0, 0, 255)
    assert result.picture.getpixel((59, 80)) == opaque.getpixel((59, 80))


def test_it_counts_what_the_model_changed_outside(
    original: Path, mask: Path, tmp_path: Path
) -> None:
    result = composed(original, mask, edited(tmp_path, Image.new("RGB", SIZE, "red")))

    assert result.outside_change_permille == 1000


def test_a_model_that_kept_to_the_mask_changed_nothing(
    original: Path, mask: Path, tmp_path: Path
) -> None:
    with Image.open(original) as picture:
        obedient = picture.copy()
    ImageDraw.Draw(obedient).rectangle(HOLE, fill="red")

    result = composed(original, mask, edited(tmp_path, obedient))

    assert result.outside_change_permille == 0


def test_an_answer_of_another_size_is_fitted_to_the_original(
    original: Path, mask: Path, tmp_path: Path
) -> None:
    result = composed(original, mask, edited(tmp_path, Image.new("RGB", (480, 320), "red")))

    assert result.picture.size == SIZE


@pytest.mark.parametrize(
    ("size", "fits"), [((480, 320), True), ((484, 320), True), (SIZE[::-1], False)]
)
def test_a_result_of_another_shape_is_not_squeezed_in(
    original: Path, mask: Path, tmp_path: Path, size: tuple[int, int], fits: bool
) -> None:
    result = compose(original, mask, edited(tmp_path, Image.new("RGB", size, "red")))

    assert (result is not None) == fits
