"""Every row of the matrix has its test here, under its number."""

import re
from pathlib import Path

ROWS = {
    *(f"f{number:02}" for number in range(1, 43)),
    *(f"u{number:02}" for number in range(1, 21)),
    *(f"c{number:02}" for number in range(1, 8)),
}


def test_every_row_has_a_test() -> None:
    code = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))

    assert set(re.findall(r"def test_([fuc]\d\d)_", code)) == ROWS
