"""The processes of a local stack: found again by the next command, and the two small servers started."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace

from infra import console, files
from infra.locate import ROOT, Home
from infra.process import Process, free_port, start

PORTS = {"ministack": 4566, "issuer": 4567, "console": 4568}


@dataclass(frozen=True)
class Running:
    """The processes of a stack that answers. One that an earlier version started has no console."""

    home: Home
    ministack: Process
    issuer: Process
    console: Process | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ministack.port}"

    @property
    def console_address(self) -> str:
        """Where the pages are, and from where a browser may call the services."""
        assert self.console
        return console.address(self.console.port)

    @classmethod
    def find(cls, home: Home) -> Running | None:
        """The stack of this folder, if MiniStack and the issuer live."""
        record = files.read_json(home.processes) or {}
        ministack, issued = Process.of(record.get("ministack")), Process.of(record.get("issuer"))
        if ministack and issued and ministack.is_alive() and issued.is_alive():
            return cls(home, ministack, issued, Process.of(record.get("console")))
        return None


def start_issuer(home: Home, port: int) -> Process:
    """Start the local issuer."""
    return _serve(home, "issuer", port, "--key", str(home.issuer_key))


def with_console(running: Running) -> Running:
    """The same with a console that lives, at the port that it had before if that is free: browsers remember it."""
    if running.console and running.console.is_alive():
        return running
    home = running.home
    record = files.read_json(home.processes)
    port = free_port(record.get("console", {}).get("port"), PORTS["console"])
    started = _serve(home, "console", port, "--local", str(home.local), "--api", running.endpoint)
    files.write_json(home.processes, {**record, "console": started.record()})
    return replace(running, console=started)


def _serve(home: Home, name: str, port: int, *more: str) -> Process:
    command = [sys.executable, "-m", f"infra.{name}", "--port", str(port), *more]
    return start(command, {**os.environ, "PYTHONPATH": str(ROOT)}, home.logs / f"{name}.log", port)
