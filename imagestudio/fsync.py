"""What must survive a power cut: a name in a folder is on the disk only when the folder is."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Bring the names of its files to the disk too, and not their bytes alone."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
