"""Who runs the engines, and what that user can reach."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from imagestudio.engines.errors import StudioError


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int


def engine_account() -> Account | None:
    """None means: as we are. PostgreSQL refuses root, so for root the engines run as `nobody`."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise StudioError(
            "PostgreSQL refuses to run as root and this system has no user `nobody`: "
            "start the studio as an ordinary user."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def can(account: Account, check: str, path: Path) -> bool:
    """Whether the account passes `test CHECK PATH`.

    Asked as that user, since modes alone don't tell: parents, ACLs and mounts have a say too.
    """
    probe = subprocess.run(  # noqa: S603 - Fixed program; the path is an argument, not code.
        ["/bin/sh", "-c", 'test "$0" "$1"', check, str(path)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return probe.returncode == 0


def give(path: Path, account: Account | None) -> None:
    if account:
        os.chown(path, account.uid, account.gid)
