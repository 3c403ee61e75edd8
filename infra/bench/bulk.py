"""Much at once: a million codes, a real year of baskets, the audit of a million entries, a million stores."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets as random_source
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, unquote

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from infra import audit, bench_audit, bench_stores, plan as plans, receipts
from infra.bench.shop import IMPATIENT, SERVICES, Shop, event, quiet
from infra.bench.size import Size
from infra.bench.tables import Row, Spread, Table, Told
from infra.bench_shop import EC
from infra.client import Answer
from infra.delivery import Line
from infra.receipts import Slice
from infra.replay import replay
from shared import codes
from shared.memory import MemoryTable

S = TypeVar("S")
CHUNKS = 10
PLACES = 8
"""Around so many places the stores of a million are on the map."""
_FF1_ROUNDS = 10


def measure(size: Size) -> Told:
    """What is long: with seconds for all of it, and a rate."""
    rows = [_codes(size.codes), _audited(size.entries), *_replayed(size.baskets_of)]
    columns = ["what", "how many", "seconds", "a second and core", "÷ floor"]
    return Told([Table("In bulk", columns, rows, "The floor is told below."), _stores(size.stores)])


def _cpu(work: Callable[[S], object], given: S) -> float:
    started = time.process_time()
    work(given)
    return time.process_time() - started


def _row(what: str, count: int, seconds: float, ratio: Spread | str = "") -> Row:
    return [what, f"{count:,}", f"{seconds:.1f}", f"{count / seconds:,.0f}", ratio]


def _codes(count: int) -> Row:
    """Codes into a file, in chunks; beside each its floor: ten AES blocks and one HMAC a code."""
    codec = codes.Codec(random_source.token_bytes(32))
    generation = codes.Generation(1, codes.Form.BULK, random_source.token_bytes(32), 2**24)
    aes = Cipher(algorithms.AES(random_source.token_bytes(32)), modes.ECB()).encryptor()  # noqa: S305 - FF1's own
    key, block, message = random_source.token_bytes(32), bytes(16), bytes(10)

    def make(some: range) -> str:
        return "".join([f"{codes.show(codec.encode(generation, n))}\n" for n in some])

    def floor(some: range) -> None:
        update, digest = aes.update, hmac.digest
        for _ in some:
            digest(key, message, "sha256")
            for _ in range(_FF1_ROUNDS):
                update(block)

    each, seconds, ratios = count // CHUNKS, 0.0, []
    with tempfile.TemporaryFile("w") as file:
        for chunk in range(CHUNKS):
            some = range(chunk * each, (chunk + 1) * each)
            took = _cpu(lambda some: file.write(make(some)), some)
            ratios.append(took / _cpu(floor, some))
            seconds += took
    return _row("codes made and written", count, seconds, Spread.of(ratios))


def _audited(count: int) -> Row:
    """A file of entries; its floor is to read each line's JSON and to hash it."""
    with tempfile.TemporaryDirectory() as folder:
        path, now = Path(folder) / "export.jsonl", datetime.now(UTC)
        with path.open("wb") as file:
            file.writelines(bench_audit.lines(bench_audit.block(bench_audit.ledger()), count))
        with path.open("rb") as file:
            started = time.process_time()
            found = audit.audit_lines_of(file, path.name, now, is_joined=False)
            seconds = time.process_time() - started
        if found.faults:
            raise RuntimeError(f"{len(found.faults)} faults: {found.faults[0]}")
        with path.open("rb") as lines:
            floor = _cpu(_read, lines)
    return _row("entries audited, from a file", found.entries, seconds, Spread.of([seconds / floor]))


def _read(lines: Iterable[bytes]) -> None:
    for line in lines:
        json.loads(line)
        hashlib.sha256(line).digest()


def _replayed(part: Slice) -> list[Row]:
    """Real receipts in this process, through the apps, with every balance compared with the receipts at the end."""
    try:
        frame = receipts.load()
    except ModuleNotFoundError:
        return [["real baskets (not installed here: `make demo`)", "", "", "", ""]]
    weeks = receipts.weeks_to_shift(receipts.last_time(frame), datetime.now(UTC))
    with quiet():
        tables = [MemoryTable(counts=False) for _ in range(3)]
        line = Line(Gate(Shop(tables, clock=IMPATIENT)).send, workers=1)
        started = time.process_time()
        report = replay(plans.plan(frame, [part], [part], weeks), line)
        seconds = time.process_time() - started
    if not report.is_right:
        raise RuntimeError(report.text())
    what = f"real baskets of {report.lines:,} lines, {report.returns:,} returns, {report.members:,} balances compared"
    return [_row(what, report.baskets, seconds)]


class Gate:
    """A line to a shop in this process: finds the route of a path, as API Gateway does."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        every = [(service, route) for service, routes in SERVICES.items() for route in routes.all]
        every.sort(key=lambda one: one[1].path.count("{"))
        self._routes = [
            (re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path)), service, route) for service, route in every
        ]

    def send(self, method: str, path: str, body: bytes | None) -> Answer:
        path, _, said = path.partition("?")
        query = parse_qs(said) or None
        for pattern, service, route in self._routes:
            match = pattern.fullmatch(path) if route.method == method else None
            if match:
                names = {name: unquote(value) for name, value in match.groupdict().items()}
                made = event(EC, service, method, route.path, None, **names)
                sent = {"body": None if body is None else body.decode(), "multiValueQueryStringParameters": query}
                answered = self._shop.answer(made | sent)
                return Answer(answered["statusCode"], answered["body"].encode())
        raise LookupError(f"{method} {path}")


def _stores(stores: int) -> Table:
    imported, searches = bench_stores.measure(PLACES, stores)
    minutes = stores / imported.per_second / 60
    what = f"import of a store ({imported.stores:,} of them; all: {minutes:.0f} minutes)"
    rows: list[Row] = [[what, round(1000 / imported.per_second, 2), f"{imported.write_units:.0f} write", ""]]
    for one in searches:
        units, trips = (f"{usual:g} ({rare:g})" for usual, rare in (one.units, one.trips))
        rows.append([f"search within {one.radius_m:,} m", round(one.ms, 2), f"{units} read", trips])
    columns = ["what", "ms of a core", "units", "round trips"]
    return Table(f"Among {stores:,} stores", columns, rows, "In brackets that of one search in a hundred.")
