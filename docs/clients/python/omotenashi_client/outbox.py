"""What a till has to tell and has not told yet: a file that survives the till.

Each line is a record with its checksum, written and synced before the call that asked for it returns. What was written
only in part, because the power went, was never promised to anybody and is cut off. Sales have their running number
(`terminal_seq`) from here, so it goes on over days and restarts. One process at a time: the file is locked.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from omotenashi_client import locking
from omotenashi_client.asking import Request
from omotenashi_client.client import as_bytes

Kind = Literal["purchase", "redemption"]
_ID_OF = {"purchase": "purchase_id", "redemption": "redemption_id"}
_KNOWN_MAX = 20_000
_SMALL = 1024 * 1024
"""A file below this many bytes is left as it is."""


class Damaged(Exception):
    """A record in the middle of the file is not what was written. Keep the file: a person must look at it."""


class SameIdOtherContent(ValueError):
    """The id stands in the outbox for something else. Ids never come twice."""


@dataclass(frozen=True)
class Sale:
    """A sale that was made without a line."""

    kind: Kind
    seq: int
    occurred_at: str
    body: dict[str, Any]
    allowance_id: str | None = None
    offline_token: str | None = None

    @property
    def id(self) -> str:
        return str(self.body[_ID_OF[self.kind]])

    @property
    def key(self) -> str:
        return f"{self.kind} {self.id}"

    def item(self) -> dict[str, Any]:
        """As `POST /v1/offline/sync` takes it."""
        told = {"id": str(self.seq), "kind": self.kind, "occurred_at": self.occurred_at, "terminal_seq": self.seq}
        more = {"allowance_id": self.allowance_id, "offline_token": self.offline_token}
        return told | {name: value for name, value in more.items() if value is not None} | {"body": self.body}


@dataclass(frozen=True)
class Call:
    """A request that must get its answer some day, such as the reversal of what got none."""

    key: str
    service: str
    target: str
    body: str

    def request(self) -> Request:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return Request(self.service, "POST", self.target, self.body.encode(), headers)


@dataclass
class _State:
    seq: int = 1
    waiting: dict[str, Sale | Call] = field(default_factory=dict)  # in the order in which they came
    begun: dict[str, Call] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)  # fingerprints of all that was ever put here


class Outbox:
    """The file at `path`, made if it is missing. `first_seq` is where a till goes on that had another machine before.

    Raises `Damaged`; `BlockingIOError` where another process has it open.
    """

    def __init__(self, path: Path | str, first_seq: int = 1) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._state = _State(first_seq)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            locking.lock(self._file)
            self._load()
        except BaseException:
            os.close(self._file)
            raise
        _sync_folder(self.path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)

    # ---- what comes in ----

    def add_sale(
        self,
        kind: Kind,
        body: dict[str, Any],
        occurred_at: str,
        *,
        allowance_id: str | None = None,
        offline_token: str | None = None,
    ) -> Sale:
        """Keep a sale until its sync has an outcome; the same one again is the one that is there.

        Raises `SameIdOtherContent`, and ValueError for a body without its id.
        """
        if kind not in _ID_OF or not body.get(_ID_OF[kind]):
            raise ValueError(f"a {kind} is named by its {_ID_OF.get(kind, 'id')}")
        with self._lock:
            sale = Sale(kind, self._state.seq, occurred_at, body, allowance_id, offline_token)
            if self._is_new(sale.key, [occurred_at, body, allowance_id, offline_token]):
                self._write({"do": "sale", **asdict(sale)})
                return sale
            held = self._state.waiting.get(sale.key)
            return held if isinstance(held, Sale) else sale

    def begin(self, call: Call) -> None:
        """Note a request before it is sent; `end` or `give_up` closes it. Raises `SameIdOtherContent`."""
        with self._lock:
            if call.key not in self._state.begun:
                self._is_new(call.key, [call.target, call.body])
                self._write({"do": "begin", **asdict(call)})

    def end(self, key: str, *, is_refused: bool = False) -> None:
        """A clear answer has come. What was refused has not happened: its id is free for what is sent instead."""
        with self._lock:
            if key in self._state.begun:
                self._write({"do": "refused" if is_refused else "end", "key": key})

    def give_up(self, key: str, undo: Call) -> None:
        """No answer has come: what undoes it waits from now on. Both are one record, so that neither is without the other."""
        with self._lock:
            self._write({"do": "undo", "of": key, **asdict(undo)})

    def done(self, entries: list[Sale | Call]) -> None:
        """These have their outcome."""
        with self._lock:
            self._write({"do": "done", "keys": [entry.key for entry in entries]})

    # ---- what is there ----

    def waiting(self) -> list[Sale | Call]:
        """What is still to be told, oldest first."""
        return list(self._state.waiting.values())

    def begun(self) -> list[Call]:
        """What was about to be sent, or was, when the till went down: nobody knows what became of it."""
        return list(self._state.begun.values())

    # ---- the file ----

    def _is_new(self, key: str, content: Any) -> bool:
        known = self._state.known.get(key)
        if known is not None and known != _print(content):
            raise SameIdOtherContent(f"{key} was here with other content")
        return known is None

    def _write(self, record: dict[str, Any]) -> None:
        end = os.lseek(self._file, 0, os.SEEK_END)
        try:
            _write_all(self._file, _line(record))
            os.fsync(self._file)
        except BaseException:
            os.ftruncate(self._file, end)  # a full disk: half a record must not stand before the next one
            raise
        _apply(self._state, record)

    def _load(self) -> None:
        os.lseek(self._file, 0, os.SEEK_SET)
        with os.fdopen(os.dup(self._file), "rb") as reading:
            raw = reading.read()
        good = 0
        lines = raw.split(b"\n")
        for number, line in enumerate(lines[:-1], start=1):
            record = _read(line)
            if record is None:
                if number < len(lines) - 1 or lines[-1]:
                    raise Damaged(f"{self.path}, line {number}")
                break
            _apply(self._state, record)
            good += len(line) + 1
        if good < len(raw):
            os.ftruncate(self._file, good)
            os.fsync(self._file)
        if good > _SMALL and good > 3 * len(self._snapshot()):
            self._compact()

    def _snapshot(self) -> bytes:
        """All that still matters, as records."""
        state = self._state
        known = list(state.known.items())[-_KNOWN_MAX:]
        records: list[dict[str, Any]] = [{"do": "start", "seq": state.seq, "known": known}]
        records += [{"do": "begin", **asdict(call)} for call in state.begun.values()]
        records += [
            {"do": "sale" if isinstance(entry, Sale) else "call", **asdict(entry)} for entry in state.waiting.values()
        ]
        return b"".join(map(_line, records))

    def _compact(self) -> None:
        """Put a shorter file in its place. The lock goes on to the new one before the old one is let go."""
        beside = self.path.with_name(self.path.name + ".new")
        anew = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        locking.lock(anew)
        _write_all(anew, self._snapshot())
        os.fsync(anew)
        if (
            os.name == "nt"
        ):  # an open file can't be replaced there; it is made shorter at the next start of a till on others
            os.close(anew)
            beside.unlink()
            return
        beside.replace(self.path)
        os.close(self._file)
        self._file = anew


def _apply(state: _State, record: dict[str, Any]) -> None:
    """What a record means."""
    said = dict(record)
    match said.pop("do"):
        case "start":
            state.seq, state.known = said["seq"], dict(said["known"])
        case "sale":
            sale = Sale(**said)
            state.waiting[sale.key] = sale
            state.seq = max(state.seq, sale.seq + 1)
            state.known[sale.key] = _print([sale.occurred_at, sale.body, sale.allowance_id, sale.offline_token])
        case "call":
            state.waiting[said["key"]] = Call(**said)
        case "begin":
            call = Call(**said)
            state.begun[call.key] = call
            state.known[call.key] = _print([call.target, call.body])
        case "end":
            state.begun.pop(said["key"], None)
        case "refused":
            state.begun.pop(said["key"], None)
            state.known.pop(said["key"], None)
        case "undo":
            state.begun.pop(said.pop("of"), None)
            state.waiting[said["key"]] = Call(**said)
        case "done":
            for key in said["keys"]:
                state.waiting.pop(key, None)


def _line(record: dict[str, Any]) -> bytes:
    text = as_bytes(record)
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _read(line: bytes) -> dict[str, Any] | None:
    """The record of a line; None if it is not what was written."""
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    found: dict[str, Any] = json.loads(text)
    return found


def _print(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _sync_folder(folder: Path) -> None:
    """Make the file's name last, where a folder can be synced."""
    if os.name != "nt":
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)
