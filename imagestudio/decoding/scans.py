"""How often a JPEG paints over itself. Each scan costs as much as the whole picture.

What cameras and tools write has a dozen; a file of 160 kB can hold thousands.
"""

from __future__ import annotations

import re

from imagestudio.decoding.facts import NotAPicture

MAX_SCANS = 64
START = b"\xff\xd8\xff"
SCAN, END = 0xDA, 0xD9
_BARE = (0x01, 0xD8)  # Without a length.
# Within the data of a scan, 0xFF is followed by zero or a restart.
MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def check_scans(data: bytes) -> None:
    """NotAPicture for a JPEG that takes for ever; whether it is whole is asked elsewhere."""
    if data.startswith(START) and _count(data) > MAX_SCANS:
        raise NotAPicture(f"it has more than {MAX_SCANS} scans")


def _count(data: bytes) -> int:
    count, at = 0, 2
    while count <= MAX_SCANS and (found := MARKER.search(data, at)):
        marker, at = data[found.start() + 1], found.end()
        if marker == END:
            break
        count += marker == SCAN
        if marker not in _BARE:
            at += int.from_bytes(data[at : at + 2], "big")
    return count
