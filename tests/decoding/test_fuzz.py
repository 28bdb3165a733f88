"""Two thousand damaged files: each is judged, none breaks the decoder or its bounds.

The seed is printed; a mutant is made again by `mutant(seed, number)`.
"""

import random
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imagestudio.decoding.facts import Facts
from imagestudio.decoding.gate import Gate, Reply
from imagestudio.decoding.integrity import facts_if_whole
from imagestudio.decoding.limits import RESULT
from tests.decoding import made, svgs
from tests.decoding.made import animated, photo, saved

MUTANTS = 2_000
SEED = 20_261_122
MAX_CPU_S = 5
MAX_PEAK_BYTES = 600 * 1024 * 1024

PARENTS = [
    saved(photo(), "PNG"),
    saved(photo("P"), "PNG", transparency=3),
    saved(made.glass(), "PNG", exif=made.exif(6), icc_profile=made.wide_gamut_profile()),
    made.gray_16_png(),
    animated("PNG"),
    saved(photo(), "JPEG", exif=made.exif(6, with_place=True), comment=b"a fox"),
    saved(photo(), "JPEG", progressive=True, icc_profile=made.wide_gamut_profile()),
    saved(photo("CMYK"), "JPEG"),
    animated("MPO", 2),
    saved(photo(), "WEBP", exif=made.exif(3)),
    saved(made.glass(), "WEBP", lossless=True),
    animated("WEBP"),
    animated("GIF"),
    saved(photo("P"), "GIF", transparency=4),
    svgs.GOOD["gradient"],
    svgs.GOOD["style sheet"],
]


def mutant(seed: int, number: int) -> bytes:
    dice = random.Random(f"{seed}-{number}")  # noqa: S311 - It must come out the same again.
    data = bytearray(dice.choice(PARENTS))
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        dice.choice((flip, overwrite, cut, repeat, insert, splice))(data, dice)
    if dice.random() < 0.7:
        return made.with_checksums(bytes(data))
    return bytes(data)


def flip(data: bytearray, dice: random.Random) -> None:
    # Most of what steers a decoder stands at the beginning.
    end = dice.choice((64, 512, len(data)))
    at = dice.randrange(max(1, min(end, len(data))))
    data[at : at + 1] = bytes([dice.randrange(256)])


def overwrite(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    word = dice.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
    data[at : at + 4] = word


def cut(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    del data[at : at + dice.choice((1, 4, 64, len(data)))]


def repeat(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    data[at:at] = data[at : at + dice.randrange(1, 200)] * dice.choice((1, 2, 50))


def insert(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    data[at:at] = dice.randbytes(dice.randrange(1, 64))


def splice(data: bytearray, dice: random.Random) -> None:
    other = dice.choice(PARENTS)
    at = dice.randrange(min(len(data), len(other)) + 1)
    data[at:] = other[at:]


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


@pytest.mark.slow
def test_no_damage_breaks_the_decoder_or_its_bounds(gate: Gate, tmp_path: Path) -> None:
    def judged(number: int) -> tuple[Reply, Facts | None]:
        path = tmp_path / str(number)
        path.write_bytes(mutant(SEED, number))
        with path.open("rb") as file, tempfile.TemporaryFile() as copy:
            # One half is only looked at, the other copied as uploads are.
            if number % 2:
                return gate.clean(file, copy, RESULT), None
            return gate.inspect(file, RESULT), facts_if_whole(path, RESULT)

    print(f"seed {SEED}")
    with ThreadPoolExecutor(2) as threads:
        judgements = list(threads.map(judged, range(MUTANTS)))

    replies = [reply for reply, _ in judgements]
    odd = [number for number, reply in enumerate(replies) if is_odd(reply)]
    assert odd == []
    assert [number for number, judged in enumerate(judgements) if is_contradicted(*judged)] == []

    assert any(reply.facts for reply in replies)
    peak = max(reply.peak_bytes for reply in replies)
    longest = max(reply.cpu_s for reply in replies)
    print(f"largest {peak >> 20} MiB, longest {longest:.2f} s of processor time")


def is_odd(reply: Reply) -> bool:
    crashed = "breaks the decoder" in str(reply.refusal)
    within = reply.cpu_s < MAX_CPU_S and reply.peak_bytes < MAX_PEAK_BYTES
    return bool(crashed or reply.trouble or not within)


def is_contradicted(reply: Reply, proven: Facts | None) -> bool:
    """Where both know what a picture is, they say the same."""
    if proven is None or reply.facts is None or not reply.facts.is_whole:
        return False
    decoded = reply.facts
    return (proven.format, proven.width, proven.height, proven.frames) != (
        decoded.format,
        decoded.width,
        decoded.height,
        decoded.frames,
    )
