"""What is sent of a picture looks as a browser shows the picture: colours, and what is clear."""

import base64
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image as Pillow
from playwright.sync_api import sync_playwright

from jobs.services.pictures import intake
from tests.corpus import files, profiles
from tests.corpus.files import Drawn
from tests.decoding.made import photo, png_with, saved

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
# Of what can hardly be seen, the colour is a rounding of a rounding.
FAINT = 20
DRAW = """async (files) => Promise.all(files.map(async ([kind, data]) => {
    const image = new Image();
    image.src = `data:image/${kind};base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    return [pixels.width, pixels.height, Array.from(pixels.data)];
}))"""

every_file = pytest.mark.parametrize("file", files.ALL.values(), ids=files.ALL.keys())


@dataclass(frozen=True)
class Pixels:
    size: tuple[int, int]
    rgba: bytes


@pytest.fixture(scope="module")
def in_browser() -> dict[str, Pixels]:
    """All of them by one page: it is the starting that takes time."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    sent = [[each.kind, base64.b64encode(each.data).decode()] for each in files.ALL.values()]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        drawn = browser.new_page().evaluate(DRAW, sent)
        browser.close()
    return {
        name: Pixels((width, height), bytes(rgba))
        for name, (width, height, rgba) in zip(files.ALL, drawn, strict=True)
    }


def cleaned(data: bytes, folder: Path) -> Pillow.Image:
    path, copy = folder / "upload", folder / "copy"
    path.write_bytes(data)
    intake.accept_upload(path, copy)
    return Pillow.open(io.BytesIO(copy.read_bytes())).convert("RGBA")


def differences(ours: bytes, theirs: bytes) -> tuple[int, float]:
    """The largest in what is clear, and in colours, as far as these can be seen."""
    alphas = zip(ours[3::4], theirs[3::4], strict=True)
    colours = (
        abs(ours[at + band] - theirs[at + band]) * theirs[at + 3] / 255
        for at in range(0, len(ours), 4)
        for band in range(3)
        if theirs[at + 3] >= FAINT
    )
    return max(abs(one - two) for one, two in alphas), max(colours, default=0.0)


@pytest.mark.browser
@every_file
def test_field_u03_it_looks_as_in_a_browser(
    file: Drawn, in_browser: dict[str, Pixels], tmp_path: Path
) -> None:
    shown = in_browser[file.name]

    copy = cleaned(file.data, tmp_path)

    assert copy.size == shown.size
    in_alpha, in_colour = differences(copy.tobytes(), shown.rgba)
    assert in_alpha <= 1
    assert in_colour <= file.tolerance


def test_field_u03_there_are_enough_of_them() -> None:
    assert len(files.ALL) >= 60


@pytest.mark.parametrize("name", ["gray 8 bit", "rgb 8 bit", "palette 8 bit"])
def test_field_u03_a_small_copy_is_as_clear_as_the_picture(name: str, tmp_path: Path) -> None:
    profile = "gray of gamma 1" if name.startswith("gray") else "Display P3"
    path = tmp_path / "a.png"
    path.write_bytes(files.ALL[f"{name} under {profile}"].data)
    whole = cleaned(path.read_bytes(), tmp_path)

    with path.open("rb") as file:
        (small,) = intake.small_copies(file, (files.WIDTH,)).contents

    clear = Pillow.open(io.BytesIO(small)).getchannel("A")
    assert clear.tobytes() == whole.getchannel("A").tobytes()


@pytest.mark.parametrize("transfer", [16, 18])
def test_field_u03_what_is_brighter_than_white_is_refused_with_words(
    transfer: int, tmp_path: Path
) -> None:
    with pytest.raises(intake.NotAPicture, match=r"HDR picture.*save it in standard range"):
        cleaned(png_with(files.cicp(9, transfer)), tmp_path)
    with pytest.raises(intake.NotAPicture, match="HDR picture"):
        cleaned(files.avif_by_number(9, transfer), tmp_path)


def test_field_u02_a_profile_that_is_too_large_is_named_with_its_way_out(tmp_path: Path) -> None:
    large = profiles.rgb(profiles.DISPLAY_P3, pad=4_000_000)
    wide = profiles.rgb(profiles.DISPLAY_P3, pad=1_500_000)

    with pytest.raises(intake.NotAPicture, match=r"profile has more than 4 MB.*convert it to sRGB"):
        cleaned(png_with(files.iccp(large)), tmp_path)

    copy = cleaned(png_with(files.iccp(wide)), tmp_path)
    plain = cleaned(saved(photo(), "PNG", icc_profile=profiles.rgb(profiles.DISPLAY_P3)), tmp_path)
    assert copy.tobytes() == plain.tobytes() != photo("RGBA").tobytes()
