"""A PostgreSQL for a while, as Debian has it: on a socket of its own and no port, its data removed at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql")
USER = "bench"
IN_MEMORY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""It waits for no disk, as the engine beside it does not."""


def missing() -> str | None:
    """What it lacks on this machine."""
    return None if _program("initdb") else "there is no PostgreSQL (Debian: apt-get install postgresql)"


@contextmanager
def postgres() -> Iterator[Path]:
    """Start it; gives the folder of its socket."""
    with tempfile.TemporaryDirectory(prefix="omo-bench-") as made:
        folder = Path(made)
        data, user = folder / "data", _other_user()
        if user is not None:  # PostgreSQL refuses to run as root
            os.chown(folder, user.pw_uid, user.pw_gid)
        _run(["initdb", "--no-sync", "--auth=trust", f"--username={USER}", "--pgdata", str(data)], user, folder)
        options = " ".join(f"-c {name}={value}" for name, value in IN_MEMORY.items())
        options += f" -c listen_addresses='' -k {folder}"
        log = str(folder / "log")
        _run(["pg_ctl", "start", "--wait", "--pgdata", str(data), "--log", log, "--options", options], user, folder)
        try:
            yield folder
        finally:
            _run(["pg_ctl", "stop", "--mode=immediate", "--pgdata", str(data)], user, folder)


def _program(name: str) -> str | None:
    known = [str(one) for place in _PLACES for one in sorted(Path(place).glob("*/bin"), reverse=True)]
    return shutil.which(name, path=os.pathsep.join([*known, os.environ["PATH"]]))


def _other_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _run(command: Sequence[str], user: pwd.struct_passwd | None, folder: Path) -> None:
    program = _program(command[0])
    assert program is not None
    done = subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr}")
