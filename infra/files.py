"""Small things done to files that must be done right: whole or not at all, private, one at a time."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO


@contextmanager
def private(path: Path) -> Iterator[BinaryIO]:
    """A file to write, put in place by rename at the end, readable by its owner only; nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600.
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_private(path: Path, content: bytes) -> None:
    """The same for bytes that are there already."""
    with private(path) as file:
        file.write(content)


def write_json(path: Path, value: Any) -> None:
    """The same for a JSON document."""
    write_private(path, (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode())


def read_json(path: Path) -> Any:
    """The document, or None where there is no such file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def own_folder(path: Path) -> None:
    """A folder that only its owner can look into, made if it is not there."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock between processes; it goes with the process, so a crash leaves nothing to clean up."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
