"""How fast an export is audited: `python -m infra.bench_audit`.

A block of accounts is made through the real routes, and written again and again for other members, each copy with its
own hashes: a million entries into a file, ten million straight from the generator. Making lines is not counted. Copies
name the same operations, so what lies between chains is not joined here; that is measured on a ledger with names.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import time
from binascii import b2a_base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, groupby, islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from infra import audit, audit_lines
from infra.audit_lines import HEAD, MIDDLE, TAIL, Ending
from points.routes import ROUTES
from shared import clock, http, world
from shared.auth import KINDS, Principal
from shared.clock import Clock
from shared.http import Request
from shared.item_hash import text_of
from shared.keys import Stage
from shared.memory import MemoryTable
from shared.secrets import Secrets
from shared.table import Item

MEMBERS, EACH = 100, 60
_SHOP = Principal("ec", KINDS["ec"], key_id="bench", owner="bench")
_CHUNK = 50_000
Chain = list[tuple[bytes, bytes]]


def ledger() -> list[Item]:
    """Members who have bought and paid with points for half a year, with the names of all that."""
    table, random, number = MemoryTable(), Random(1), count()  # noqa: S311 - the same block at every run
    here = world.make(Stage("bench"), table, MemoryTable(), MemoryTable(), Secrets(lambda: '{"root": "r"}'), Clock())
    start = datetime.now(UTC) - timedelta(days=EACH * 3)
    for day in range(EACH):
        at = start + timedelta(days=3 * day)
        for member in (f"b{n:06d}" for n in range(MEMBERS)):
            if not day:
                _send(here, at, "/v1/members", {"member_id": member})
            _send(here, at, *_something(random, member, f"x{next(number)}", at))
    return table.scan()


def block(items: list[Item]) -> list[Chain]:
    """Their accounts as their lines' texts, cut where the hash of the item before stands."""
    accounts = (item for item in items if item["pk"].startswith("M#"))
    return [[_cut(item) for item in own] for _, own in groupby(accounts, key=lambda item: str(item["pk"]))]


def _something(random: Random, member: str, name: str, at: datetime) -> tuple[str, dict[str, object]]:
    who = {"member": {"member_id": member}}
    if random.random() < 0.1:
        return "/v1/spends", {"spend_id": name, "points": 1, "order_ref": "o", **who}
    lines = [{"line_id": "1", "quantity": 1, "amount": random.randrange(500, 9000)}]
    said = {"source": "ec", "state": "completed", "occurred_at": clock.to_text(at), "lines": lines}
    return "/v1/purchases", {"purchase_id": name, **said, **who}


def _send(here: world.World, at: datetime, path: str, body: dict[str, object]) -> None:
    route = next(route for route in ROUTES.all if (route.method, route.path) == ("POST", path))
    http.answer(here.at(at), route, Request({}, raw=json.dumps(body).encode(), who=_SHOP))


def _cut(item: Item) -> tuple[bytes, bytes]:
    before, after = text_of({**item, "h": b"?"}).encode().split(b'"h":"Pw=="')
    return before + b'"h":"', b'"' + after


def lines(chains: list[Chain], entries: int) -> Iterator[bytes]:
    """So many entries' lines, or a few more, and the end."""
    ending, partitions, items = Ending(), 0, 0
    for copy in count():
        for n, chain in enumerate(chains):
            if items >= entries:
                yield ending.line(partitions, items)
                return
            partitions, items = partitions + 1, items + len(chain)
            before, old, new = b"", f"M#b{n:06d}".encode(), f"M#c{copy:04d}b{n:06d}".encode()
            for head, tail in chain:
                text = head + before + tail.replace(old, new)
                digest = hashlib.sha256(text).digest()
                before = b2a_base64(digest, newline=False)
                ending.add(digest)
                yield HEAD + before + MIDDLE + text + TAIL


class Counted:
    """Lines that are made in chunks, so that the time for making them can be told apart."""

    def __init__(self, made: Iterator[bytes]) -> None:
        self._made = made
        self.making = 0.0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            started = time.process_time()
            chunk = list(islice(self._made, _CHUNK))
            self.making += time.process_time() - started
            if not chunk:
                return
            yield from chunk


def _told(what: str, found: audit.Audit, started: float) -> None:
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    faults = f", {len(found.faults)} FAULTS" if found.faults else ""
    print(f"{what}: {found.entries:,} entries in {seconds:.0f} s of one core, {found.entries / seconds:,.0f} a second; "
          f"{found.names:,} names; {peak} MB at most{faults}", flush=True)  # fmt: skip


def main() -> None:
    """A file, then the generator."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--in-file", type=int, default=1_000_000, metavar="ENTRIES")
    parser.add_argument("--generated", type=int, default=10_000_000, metavar="ENTRIES")
    asked = parser.parse_args()
    now, items = datetime.now(UTC), ledger()
    chains = block(items)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        with path.open("wb") as file:
            audit_lines.write(items, file)
        started = time.process_time()
        _told("a ledger with names, joined", audit.audit_file(path, now), started)
        path = Path(folder) / "export.jsonl"
        with path.open("wb") as file:
            file.writelines(lines(chains, asked.in_file))
        with path.open("rb") as file:
            started = time.process_time()
            found = audit.audit_lines_of(file, path.name, now, is_joined=False)
        _told("from a file", found, started)
    counted, started = Counted(lines(chains, asked.generated)), time.process_time()
    found = audit.audit_lines_of(counted, "generated", now, is_joined=False)
    _told("generated", found, started + counted.making)


if __name__ == "__main__":
    main()
