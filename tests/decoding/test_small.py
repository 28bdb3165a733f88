"""Small copies for lists are made behind the same gate."""

import io

import pytest
from PIL import Image as Pillow

from jobs.services.pictures import intake
from tests.decoding import made, svgs
from tests.decoding.made import animated, photo, saved


def small(data: bytes, *edges: int) -> list[Pillow.Image]:
    copies = intake.small_copies(io.BytesIO(data), edges)
    return [Pillow.open(io.BytesIO(copy)) for copy in copies.contents]


def test_it_makes_one_for_each_length() -> None:
    copies = small(saved(photo(size=(640, 480)), "PNG"), 32, 320)

    assert [copy.size for copy in copies] == [(32, 24), (320, 240)]
    assert {copy.format for copy in copies} == {"WEBP"}


def test_it_makes_nothing_larger() -> None:
    (copy,) = small(saved(photo(), "PNG"), 512)

    assert copy.size == made.SIZE


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "I;16"])
def test_it_makes_every_opaque_picture_small(mode: str) -> None:
    large = (640, 480)
    source = Pillow.new("I;16", large, 0x8000) if mode == "I;16" else photo(mode, large)

    (copy,) = small(saved(source, "JPEG" if mode == "CMYK" else "PNG"), 32)

    assert (copy.size, copy.mode) == ((32, 24), "RGB")


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA"])
def test_it_keeps_transparency(mode: str) -> None:
    source = made.glass().resize((640, 480)).convert(mode)

    (copy,) = small(saved(source, "PNG"), 32)

    assert [copy.getchannel("A").getpixel((x, 20)) for x in (2, 30)] == [0, 255]


def test_it_shows_the_first_frame_of_an_animation() -> None:
    (copy,) = small(animated("GIF", size=(640, 480)), 32)

    assert (copy.size, getattr(copy, "n_frames", 1)) == ((32, 24), 1)


def test_it_turns_them_upright() -> None:
    (copy,) = small(saved(photo(size=(640, 480)), "JPEG", exif=made.exif(6)), 32)

    assert copy.size == (24, 32)


def test_it_takes_no_metadata_along() -> None:
    data = saved(photo(), "JPEG", exif=made.exif(1, with_place=True), comment=b"a secret")

    (copy,) = intake.small_copies(io.BytesIO(data), (32,)).contents

    assert not {word for word in (b"EXIF", b"secret", b"SecretCamera") if word in copy}


@pytest.mark.parametrize("data", [svgs.GOOD["shapes"], b"no picture"])
def test_it_draws_nothing_that_is_no_raster_picture(data: bytes) -> None:
    with pytest.raises(intake.NotAPicture, match="PNG, JPEG, WEBP, GIF or AVIF is needed"):
        small(data, 32)
