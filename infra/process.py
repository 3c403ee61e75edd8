"""Processes that outlive the command that started them: started, found again, stopped by their own id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import files


@dataclass(frozen=True)
class Process:
    """A process that we started. Its birth is kept with its id, for ids are used again."""

    pid: int
    birth: str
    port: int

    @classmethod
    def of(cls, record: Mapping[str, Any] | None) -> Process | None:
        """One read back from `processes.json`."""
        return cls(record["pid"], record["birth"], record["port"]) if record else None

    def record(self) -> dict[str, Any]:
        return {"pid": self.pid, "birth": self.birth, "port": self.port}

    def is_alive(self) -> bool:
        return _birth(self.pid) == self.birth

    def stop(self, patience_seconds: float = 60) -> bool:
        """Ask it to end and wait; whether it ended by itself."""
        if not self.is_alive():
            return True
        os.kill(self.pid, signal.SIGTERM)
        if self._ended_within(patience_seconds):
            return True
        os.kill(self.pid, signal.SIGKILL)
        self._ended_within(5)
        return False

    def _ended_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.is_alive():
                return True
            time.sleep(0.05)
        return False


def start(command: Sequence[str], environment: Mapping[str, str], log: Path, port: int) -> Process:
    """Start a process in a session of its own, so that Ctrl-C at the terminal does not reach it before we do.

    Nobody else on this machine can read what it writes.
    """
    files.own_folder(log.parent)
    with log.open("ab") as out:
        child = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            umask=0o077,
        )
    birth = _birth(child.pid) or ""
    child.returncode = 0  # It outlives us on purpose: without this Popen would complain when it is collected.
    return Process(child.pid, birth, port)


def free_port(*wanted: int | None) -> int:
    """The first wanted port that is free on loopback, else any."""
    for port in wanted:
        if port and _is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        chosen: int = probe.getsockname()[1]
        return chosen


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _birth(pid: int) -> str | None:
    """When a process began, as the system tells it; None when there is none (one that only waits to be reaped is none)."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    told = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    state, _, began = told.partition(" ")
    return None if not told or state.startswith("Z") else began.strip()
