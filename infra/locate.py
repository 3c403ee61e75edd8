"""Where the project's own files lie, and what one running stack keeps on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from shared.keys import SERVICES

ROOT = Path(__file__).resolve().parent.parent
INFRA = ROOT / "infra"
CONSOLE = ROOT / "console"
BUILD = ROOT / ".omo" / "build"
MINISTACK = ROOT / ".omo" / "ministack"

__all__ = ["BUILD", "CONSOLE", "INFRA", "MINISTACK", "ROOT", "SERVICES", "Home"]


@dataclass(frozen=True)
class Home:
    """The folder of one local stack; a second stack needs only another folder."""

    folder: Path

    @classmethod
    def find(cls, folder: str | None = None) -> Home:
        """The folder asked for, else `OMO_HOME`, else `.omo` beside the sources."""
        return cls(Path(folder or os.environ.get("OMO_HOME") or ROOT / ".omo").resolve())

    @property
    def local(self) -> Path:
        """Addresses and keys for whoever talks to the stack; there only while it runs."""
        return self.folder / "local.json"

    @property
    def keys(self) -> Path:
        return self.folder / "keys.json"

    @property
    def processes(self) -> Path:
        """What was started here: process ids and ports."""
        return self.folder / "processes.json"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def clean_stop(self) -> Path:
        """Marks that the state on disk is whole: written after a clean stop, removed by a start."""
        return self.folder / "clean-stop"

    @property
    def issuer_key(self) -> Path:
        return self.folder / "issuer.pem"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"
