"""A lock on an open file, for one process at a time; it ends with the process, however that ends."""

from __future__ import annotations

import sys


def lock(file: int) -> None:
    """Lock it, or raise OSError at once if another process has."""
    if sys.platform == "win32":
        import msvcrt
        import os

        # Far behind all that is ever written: locked bytes can't be read there.
        os.lseek(file, 1 << 40, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
