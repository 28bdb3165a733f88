"""A mask says by transparency what is to change."""

from pathlib import Path

import pytest
from PIL import Image as Pillow

from jobs.services.pictures import intake
from jobs.services.pictures.intake import Facts
from tests.decoding import made
from tests.decoding.made import photo, saved

IMAGE = Facts("png", *made.SIZE)


def mask_facts(data: bytes, folder: Path) -> Facts:
    (folder / "mask.png").write_bytes(data)
    return intake.accept_upload(folder / "mask.png", folder / "copy.png", intake.MASK)


def plain(alpha: int) -> bytes:
    return saved(Pillow.new("RGBA", made.SIZE, (0, 0, 0, alpha)), "PNG")


def test_it_takes_a_mask_with_something_to_change(tmp_path: Path) -> None:
    facts = mask_facts(saved(made.glass(), "PNG"), tmp_path)

    intake.check_mask(facts, IMAGE)

    assert facts.transparent_share == 0.5


@pytest.mark.parametrize("mode", ["P", "LA"])
def test_transparency_may_be_written_in_other_ways(mode: str, tmp_path: Path) -> None:
    facts = mask_facts(saved(made.glass().convert(mode), "PNG"), tmp_path)

    intake.check_mask(facts, IMAGE)


def test_a_single_clear_pixel_is_enough(tmp_path: Path) -> None:
    mask = photo("RGBA")
    mask.putpixel((5, 5), (0, 0, 0, 0))

    intake.check_mask(mask_facts(saved(mask, "PNG"), tmp_path), IMAGE)


@pytest.mark.parametrize(
    ("data", "because"),
    [
        (saved(photo(), "PNG"), "a PNG with transparency"),
        (plain(255), "nothing to edit"),
        (plain(1), "nothing to edit"),
        (plain(0), "nothing would be kept"),
        (
            saved(Pillow.new("RGBA", (64, 47)), "PNG"),
            "64 x 47 pixels large, but the picture is 64 x 48",
        ),
        (saved(made.glass(), "WEBP"), "its type is WEBP; PNG is needed"),
        (saved(photo(), "JPEG"), "its type is JPEG; PNG is needed"),
        (made.animated("PNG"), "only still pictures"),
    ],
    ids=["opaque", "empty", "almost clear", "full", "smaller", "webp", "jpeg", "animated"],
)
def test_it_refuses_a_mask_that_means_nothing(data: bytes, because: str, tmp_path: Path) -> None:
    with pytest.raises(intake.NotAPicture, match=because):
        intake.check_mask(mask_facts(data, tmp_path), IMAGE)


def test_a_mask_fits_the_picture_as_it_is_sent(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(saved(photo(), "JPEG", exif=made.exif(6)))
    image = intake.accept_upload(tmp_path / "photo.jpg", tmp_path / "clean.jpg")

    mask = mask_facts(saved(made.glass().transpose(Pillow.Transpose.ROTATE_90), "PNG"), tmp_path)

    intake.check_mask(mask, image)


@pytest.mark.parametrize(
    ("data", "because"),
    [(plain(255), "would hide the picture"), (plain(0), "nothing is drawn")],
    ids=["opaque", "empty"],
)
def test_it_refuses_markup_that_shows_nothing(data: bytes, because: str, tmp_path: Path) -> None:
    with pytest.raises(intake.NotAPicture, match=because):
        intake.check_markup(mask_facts(data, tmp_path), IMAGE)


def test_it_takes_markup_that_lets_the_picture_through(tmp_path: Path) -> None:
    intake.check_markup(mask_facts(saved(made.glass(), "PNG"), tmp_path), IMAGE)
