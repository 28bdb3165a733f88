"""Children of one line of shell, for tests of the supervisor."""

import os
from pathlib import Path
from typing import Any

from imagestudio.engines.processes import Child


def shell(folder: Path, script: str, name: str = "child", **more: Any) -> Child:
    return Child(
        name=name,
        argv=("/bin/sh", "-c", script),
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        log=folder / f"{name}.log",
        **more,
    )
