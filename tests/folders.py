import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A folder that the engines of root can reach; pytest's own lie under a private one."""
    path = Path(tempfile.mkdtemp(prefix="imagestudio engines ")).resolve()
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Be somebody whom the rights of files bind: root, who may run the tests, passes them all."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(before)
