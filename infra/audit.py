"""Proving the books: every promise of `infra.invariants`, on a table or on a file that was exported from one.

A file needs no stack. Its chains are read one after the other, each line against its own hash, so that what was
altered is named by its line; memory holds one chain at a time, and what must fit between chains is joined on disk.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, cast

from pydantic_core import from_json

from infra import audit_lines
from infra.audit_lines import BEGINS, HEAD, MIDDLE, TAIL, Ending, read
from infra.deploy import Cloud
from infra.invariants import Watch
from points import audited
from shared import clock, keys
from shared.dynamo import DynamoTable, load
from shared.table import Item

_FAULTS_MAX = 1000


@dataclass
class Audit:
    """What was read, and what is wrong with it."""

    chains: int = 0
    entries: int = 0
    names: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.faults

    def add(self, faults: Iterable[str]) -> None:
        """More faults; the first thousand are told."""
        self.faults += list(faults)[: _FAULTS_MAX - len(self.faults)]


# ---- a table ---------------------------------------------------------------------------------------------------------


def audit(cloud: Cloud, member: str | None = None) -> Audit:
    """Audit a stage's ledger, or one member's points; of one member, not what lies between accounts."""
    found, watch = Audit(), Watch()
    whole = list(_read(cloud.client("dynamodb"), keys.Stage(cloud.stage).ledger, member))
    for item in sorted(whole, key=lambda item: (item["sk"] != 0, item["pk"], item["sk"])):  # names know the limits
        _count(found, item)
        found.add(watch.see(item))
    if member is None:
        found.add(watch.end(clock.utc_now()))
    return found


def export(cloud: Cloud, path: Path) -> tuple[int, int]:
    """Write a stage's ledger into a file; how many chains and items it has."""
    items = _read(cloud.client("dynamodb"), keys.Stage(cloud.stage).ledger, None)
    with _open(path, "wb") as file:
        return audit_lines.write((item for _, chain in _grouped(items) for item in chain), file)


def is_member(cloud: Cloud, member: str) -> bool:
    """Whether there is such a member, with entries or without."""
    directory = DynamoTable(cloud.client("dynamodb"), keys.Stage(cloud.stage).directory)
    return directory.get(*keys.member(member), consistent=True) is not None


def note(cloud: Cloud, began_at: datetime, found: Audit) -> None:
    """Note in the stage's directory what an audit of all of it has found; raises what hinders it."""
    directory = DynamoTable(cloud.client("dynamodb"), keys.Stage(cloud.stage).directory)
    audited.keep(directory, note_of(found, began_at, clock.utc_now()))


def note_of(found: Audit, began_at: datetime, ended_at: datetime) -> audited.AuditNote:
    """What is noted of an audit: its counts, and of its first faults where they are and what is wrong."""
    return audited.AuditNote(
        began_at=began_at,
        ended_at=ended_at,
        chains=found.chains,
        entries=found.entries,
        fault_count=len(found.faults),
        faults=[_told(one) for one in found.faults[: audited.TOLD_MAX]],
    )


def _told(fault: str) -> audited.AuditFault:
    match = _PARTS.fullmatch(fault)
    assert match is not None, "a fault is some text, and may name its place"
    chain, number, words = match.groups()
    words = _UNREADABLE.sub(r"\1", words)[: audited.WORDS_MAX]
    return audited.AuditFault(chain=chain, number=None if number is None else int(number), words=words)


_PARTS = re.compile(r"(?:([A-Z]#[^\s:]+)(?: entry (\d+))?: )?(.*)", re.DOTALL)
_UNREADABLE = re.compile(r"^(it can't be read: \w+).*", re.DOTALL)  # the error may show what stands there


def _count(found: Audit, item: Item) -> None:
    found.names += item["sk"] == 0
    found.chains += item["sk"] == 1
    found.entries += len(item.get("e", ()))


def _grouped(items: Iterable[Item]) -> Iterator[tuple[str, Iterator[Item]]]:
    """The chains of a table. DynamoDB scans them whole and in order; an emulator need not."""
    in_order = sorted(items, key=lambda item: (item["pk"], item["sk"]))
    return groupby(in_order, key=lambda item: str(item["pk"]))


def _read(client: Any, table: str, member: str | None) -> Iterator[Item]:
    if member is None:
        pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    else:
        pages = client.get_paginator("query").paginate(
            TableName=table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": keys.account(keys.MEMBER_POINTS, member)}},
        )
    for page in pages:
        for raw in page["Items"]:
            yield load(raw)


# ---- a file ----------------------------------------------------------------------------------------------------------


def audit_file(path: Path, now: datetime) -> Audit:
    """Audit an export; every line that is not as it was written is a fault of its own."""
    with _open(path, "rb") as file:
        return audit_lines_of(file, path.name, now)


def audit_lines_of(lines: Iterable[bytes], name: str, now: datetime, *, is_joined: bool = True) -> Audit:
    """Audit the lines of an export, wherever they come from; each chain for itself if they are not joined."""
    with TemporaryDirectory() as folder:
        reading = _Reading(name, Watch(folder=Path(folder), is_joined=is_joined))
        try:
            for line in lines:
                reading.see(line)
        except (EOFError, OSError, zlib.error) as error:
            reading.fault(f"can't be unpacked from here on: {error}")
        reading.close(now)
        return reading.found


def _open(path: Path, mode: str) -> BinaryIO:
    if path.suffix != ".gz":
        return cast("BinaryIO", path.open(mode, buffering=1 << 20))
    return cast("BinaryIO", gzip.open(path, mode, compresslevel=6))


class _Reading:
    """A file as far as it was read."""

    def __init__(self, name: str, watch: Watch) -> None:
        self.found = Audit()
        self._name = name
        self._watch = watch
        self._ending = Ending()
        self._line = 0
        self._chain = ""  # the partition that is being read
        self._number = 0
        self._partitions = 0
        self._items = self._entries = self._names = 0
        self._is_over = False
        self._was_altered = False  # the line before: what follows it in its chain can't be judged
        self._passed_over = ""
        self._bare: tuple[int, bytes] | None = None  # a name that nothing has followed yet: its time and its text

    def see(self, line: bytes) -> None:
        """The next line."""
        self._line += 1
        text = line[BEGINS:-2]
        digest = hashlib.sha256(text).digest()
        if line[:BEGINS] != HEAD + b2a_base64(digest, newline=False) + MIDDLE or line[-2:] != TAIL or self._is_over:
            self._see_other(line)
            return
        self._items += 1
        self._ending.add(digest)
        if text[2] == _ACC and (bare := _BARE(text)):
            self._see_bare(bare[1].decode(), int(bare[2]), text)
        else:
            self._see_item(read(from_json(text, cache_strings="keys")), digest)

    def _see_bare(self, name: str, at: int, text: bytes) -> None:
        """A purchase that only earns: as long as nothing follows its name, all that counts is that it came."""
        self._begin(name)
        self._was_altered = False
        self._bare = (at, text)
        self._number = 0
        self._names += 1

    def _see_item(self, item: Item, digest: bytes) -> None:
        partition, number = item["pk"], item["sk"]
        if partition != self._chain:
            self._begin(partition)
        elif self._bare is not None:
            self._watch.see(read(from_json(self._bare[1])))
            self._bare = None
        if self._was_altered:
            self._was_altered = False
            self._passed_over = partition if number > 1 else ""
        self._number = number
        if number:
            self._entries += len(item["e"])
        else:
            self._names += 1
        if partition != self._passed_over and (faults := self._watch.see(item, digest)):
            self.found.add(f"{self._name} line {self._line}: {fault}" for fault in faults)

    def _begin(self, partition: str) -> None:
        self._over()
        self._chain, self._number = partition, 0
        self._partitions += 1

    def _over(self) -> None:
        if self._bare is not None:
            self._watch.see_bare(self._chain, self._bare[0])
            self._bare = None
            return
        if self._number:
            self.found.chains += 1
        self._watch.forget(self._chain)

    def _see_other(self, line: bytes) -> None:
        """The end, or a line that is not as it was written."""
        if line == self._ending.line(self._partitions, self._items) and not self._is_over:
            self._is_over = True
        elif audit_lines.is_end(line) and not self._is_over:
            self._is_over = True
            self.fault("the end is not that of the lines before: some were altered, lost, added or moved")
        else:
            self._was_altered = True
            self.fault("altered since it was written", _named(line))

    def fault(self, what: str, where: str | None = None) -> None:
        """A fault of the line that is being read."""
        where = where or (f"after {self._chain} entry {self._number}" if self._chain else "at the beginning")
        self.found.add([f"{self._name} line {self._line} ({where}): {what}"])

    def close(self, now: datetime) -> None:
        """There is nothing more."""
        self._over()
        self.found.entries, self.found.names = self._entries, self._names
        if not self._is_over:
            self._line += 1
            self.fault("the end is missing: the file was cut off")
        self.found.add(f"{self._name}: {fault}" for fault in self._watch.end(now))


_ACC = ord("a")  # with which the text of a name begins
_BARE = re.compile(
    rb'\{"acc":"[^"]*","carry":"points","fp":.*"pk":"(N#purchase\.[^"\\]*)","seen":\d+,"sk":0,"t":(\d+),"v":1\}',
    re.DOTALL,
).fullmatch
_PLACE = re.compile(rb'"pk":"([^"]*)".*"sk":(\d+)')


def _named(line: bytes) -> str | None:
    """The chain and the number of an altered line, as far as they can be read."""
    place = _PLACE.search(line)
    return f"{place[1].decode(errors='replace')} entry {int(place[2])}" if place else None
