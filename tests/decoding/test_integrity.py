"""What is proven whole without decoding, and what is left to the decoder."""

import io
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageFile

from imagestudio.decoding.facts import Facts
from imagestudio.decoding.integrity import facts_if_whole
from imagestudio.decoding.limits import RASTER, RESULT
from jobs.services.pictures import intake
from tests.decoding import corpus, made
from tests.decoding.corpus import Case
from tests.decoding.made import animated, chunk, photo, saved
from tests.decoding.test_corpus import assert_becomes

PNG, JPEG = saved(photo(), "PNG"), saved(photo(), "JPEG")
LOSSY, LOSSLESS = saved(photo(), "WEBP"), saved(made.glass(), "WEBP", lossless=True)
GIF = saved(photo("P"), "GIF")
WHOLE = {
    "png": PNG,
    "png with a clear colour": saved(photo("P"), "PNG", transparency=3),
    "png interlaced": corpus.interlaced(),
    "png of 16 bits": made.colour_16_png(),
    "jpeg": JPEG,
    "jpeg gray": saved(photo("L"), "JPEG"),
    "jpeg progressive": saved(photo(), "JPEG", progressive=True, icc_profile=b"p" * 99_000),
    "webp": LOSSY,
    "webp lossless": LOSSLESS,
    "webp with alpha": saved(made.glass(), "WEBP"),
    "gif": GIF,
    "gif animated": animated("GIF"),
}
# Sound by their checksums, though what these guard draws nothing.
DECEPTIVE = ("png with a bad stream", "png with garbage for a stream", "png with too few rows")

Proof = Callable[[bytes], Facts | None]
every_whole = pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE.keys())


@pytest.fixture
def proof(tmp_path: Path) -> Proof:
    def prove(data: bytes) -> Facts | None:
        path = tmp_path / "picture"
        path.write_bytes(data)
        return facts_if_whole(path, RESULT)

    return prove


@every_whole
def test_it_proves_a_whole_picture(data: bytes, proof: Proof) -> None:
    with Pillow.open(io.BytesIO(data)) as picture:
        expected = Facts(str(picture.format).lower(), *picture.size, frames=_frames(picture))

    assert proof(data) == expected


@every_whole
def test_a_picture_that_is_cut_anywhere_is_not_proven(data: bytes, proof: Proof) -> None:
    places = {*range(0, len(data), max(1, len(data) // 97)), len(data) - 2, len(data) - 1}

    assert [at for at in sorted(places) if proof(data[:at])] == []


@every_whole
def test_a_picture_with_bytes_behind_its_end_is_not_proven(data: bytes, proof: Proof) -> None:
    assert proof(data + b"\0") is None
    assert proof(data + data) is None


@pytest.mark.parametrize("seed", range(60))
def test_a_png_with_any_byte_changed_is_not_proven(seed: int, proof: Proof) -> None:
    dice = random.Random(seed)  # noqa: S311 - It must come out the same again.
    data = bytearray(PNG)
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)

    assert proof(bytes(data)) is None


@pytest.mark.parametrize(
    "data",
    [
        saved(photo(), "JPEG", exif=made.exif(6)),
        saved(photo(), "WEBP", exif=made.exif(3)),
        saved(photo(), "PNG", exif=made.exif(6)),
        saved(photo("CMYK"), "JPEG"),
        animated("PNG"),
        animated("WEBP"),
        animated("MPO", 2),
        saved(photo(), "AVIF"),
        made.png_with(chunk(b"NeWX", b"critical")),
    ],
    ids=["jpeg", "webp", "png", "cmyk", "apng", "webps", "mpo", "avif", "critical"],
)
def test_what_is_shown_otherwise_than_its_header_says_is_for_the_decoder(
    data: bytes, proof: Proof
) -> None:
    assert proof(data) is None


@pytest.mark.parametrize("size", [(16_385, 8), (8_000, 8_000)])
def test_what_is_beyond_the_limits_is_for_the_decoder(size: tuple[int, int], proof: Proof) -> None:
    assert proof(made.blank_png(*size)) is None
    assert proof(made.blank_png(16_384, 8)) is not None


def test_a_kind_that_is_not_taken_is_for_the_decoder(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(PNG)

    assert facts_if_whole(path, RASTER) is not None
    assert facts_if_whole(path, intake.MASK) is not None
    path.write_bytes(JPEG)
    assert facts_if_whole(path, intake.MASK) is None


def test_no_file_makes_it_take_long(proof: Proof) -> None:
    at_png = made.png(made.header(1, 1), *[chunk(b"teXt", b"")] * 1_000_000)
    at_gif = GIF[:-1] + b"\x21\xf9" + b"\x01\0" * 10_000_000
    at_jpeg = JPEG[:2] + b"\xff\xe5\0\2" * 3_000_000
    started_s = time.process_time()

    assert [proof(each) for each in (at_png, at_gif, at_jpeg)] == [None] * 3

    assert time.process_time() - started_s < 5


@pytest.mark.parametrize("case", corpus.ALL.values(), ids=corpus.ALL.keys())
def test_field_u02_an_answer_is_judged_as_if_all_were_decoded(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "answer"
    path.write_bytes(case.make())
    if case.name in DECEPTIVE:
        assert intake.judge(path).is_whole
        return

    assert_becomes(case.as_result, lambda: intake.judge(path))


def _frames(picture: ImageFile.ImageFile) -> int:
    return getattr(picture, "n_frames", 1)
