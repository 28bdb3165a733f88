"""Collected static files for all studios of a test run: making them takes 13 s of a core."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from imagestudio.engines.data import PROJECT
from imagestudio.engines.statics import StaticFiles


def shared_static_files() -> Path | None:
    """Their folder, made by whoever asks first; None outside `manage.py test`, which clears up."""
    if "STUDIO_TEST_ENGINES" not in os.environ:
        return None
    folder = Path(os.environ["STUDIO_DATA"]).parent / "static"
    statics = StaticFiles(folder)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made_from = statics.fingerprint()
        if not statics.are_made_from(made_from):
            _collect(folder)
            statics.mark(made_from)
    return folder


def _collect(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"],
        cwd=PROJECT,
        env=os.environ | {"STUDIO_STATIC": str(folder)},
        check=True,
    )
