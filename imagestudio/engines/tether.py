"""Becomes another program that dies with its owner: `tether.py OWNER SIGNAL USER -- PROGRAM ...`.

Run as its own tiny process rather than between fork and exec, where Python code is not safe as
soon as the owner has threads. USER is `uid:gid`, or `-` to stay who we are.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(owner: str, signal_number: str, user: str, separator: str, *program: str) -> None:
    if separator != "--":
        sys.exit("usage: tether.py OWNER SIGNAL USER -- PROGRAM ...")
    if user != "-":
        _become(*map(int, user.split(":")))
    if sys.platform == "linux":
        # After the change of user, which clears the request.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number))
    if os.getppid() != int(owner):
        sys.exit("The studio ended before this process began.")
    os.execv(program[0], program)  # noqa: S606 - Being another program is the purpose.


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


if __name__ == "__main__":
    main(*sys.argv[1:])
