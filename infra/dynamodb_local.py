"""AWS's own engine for development and tests, which runs on Java: started here for a while, on loopback."""

from __future__ import annotations

import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.locate import ROOT
from infra.process import free_port, start

JARS = ROOT / ".omo" / "dynamodb-local"


def missing() -> str | None:
    """What it lacks on this machine."""
    if shutil.which("java") is None:
        return "there is no Java"
    return None if (JARS / "DynamoDBLocal.jar").exists() else "DynamoDB Local is not installed: run `make engines`"


@contextmanager
def dynamodb_local(folder: Path) -> Iterator[str]:
    """Start DynamoDB Local on a free port; gives its address, and stops it at the end. It keeps nothing."""
    port = free_port()
    where = [f"-Djava.library.path={JARS / 'DynamoDBLocal_lib'}", "-jar", str(JARS / "DynamoDBLocal.jar")]
    command = ["java", *where, "-inMemory", "-disableTelemetry", "-port", str(port)]
    process = start(command, {"PATH": os.environ["PATH"]}, folder / "dynamodb-local.log", port)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address)
        yield address
    finally:
        process.stop(10)


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=2).close()  # noqa: S310 - loopback
            return
        except urllib.error.HTTPError as answer:  # it wants a signature, so it is there
            answer.close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("DynamoDB Local does not answer")
