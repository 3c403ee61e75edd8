"""Sixty-four writers at once on one chain: a member's, a campaign's pool, a partner's budget; how fast, and if right."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from infra import invariants
from infra.bench.shop import IMPATIENT, Event, Shop, event as an_event, quiet
from infra.bench.size import Size
from infra.bench.tables import Row, Table, Told
from infra.bench.wire import Recorder
from infra.bench_shop import CAFE, CAMPAIGN, EC, OPERATOR
from infra.dynamodb_local import dynamodb_local, missing
from infra.engine import client, new_table
from shared.dynamo import DynamoTable

WRITES_MAX, SECONDS_MAX = 8, 2.5
"""What each of 64 that come at once may cost, and how long the last may wait."""


class Answered(NamedTuple):
    """One request: its status, and how long it took."""

    status: int
    seconds: float


@dataclass(frozen=True)
class Crowd:
    """What all do at once; `count` is a number that each success must change by `each`, to the last one."""

    what: str
    make: Callable[[Shop, int], Event]
    count: Callable[[Shop], int]
    each: int


def measure(size: Size) -> Told:
    """Each crowd, over and over; and the whole ledger audited at the end."""
    if lack := missing():
        return Told(left_out=lack)
    with _hall(size.crowd) as hall:
        rows = [_row(hall, crowd, size.rounds) for crowd in CROWDS]
        faults = len(invariants.faults(hall.items()))
    rows.append(["the ledger's faults at the end", *[""] * 6, str(faults)])
    columns = [
        "all at once on",
        "done a second",
        "writes a success",
        "most",
        "p50, ms",
        "last, ms",
        "no success",
        "right",
    ]
    says = f"{size.crowd} threads; allowed: {WRITES_MAX} writes each, and the last answered within {SECONDS_MAX} s."
    return Told([Table("Contention", columns, rows, says)])


class Hall:
    """So many environments over the same tables, and everybody's members."""

    def __init__(self, dynamodb: Any, crowd: int) -> None:
        names = [new_table(dynamodb).name, new_table(dynamodb, sort="S").name, new_table(dynamodb, sort="S").name]
        opened = Shop([DynamoTable(dynamodb, name) for name in names], clock=IMPATIENT)
        opened.open()
        opened.do(an_event(OPERATOR, "coupons", "POST", "/v1/campaigns", CAPPED | {"limits": {"total": crowd * 1000}}))
        self.recorders = [Recorder(dynamodb) for _ in range(crowd)]
        self.shops = [
            Shop([DynamoTable(recorder, name) for name in names], name=f"w{n}", members=1)
            for n, recorder in enumerate(self.recorders)
        ]
        for shop in self.shops:
            shop.fill()
            shop.do(shop.issue(0))
        self._pool = ThreadPoolExecutor(crowd)

    def together(self, make: Callable[[Shop, int], Event]) -> list[Answered]:
        """Everybody's request in the same moment."""
        events = [make(shop, 0) for shop in self.shops]
        for recorder in self.recorders:
            recorder.take()
        barrier = threading.Barrier(len(events))

        def send(shop: Shop, made: Event) -> Answered:
            barrier.wait()
            started = time.perf_counter()
            status = shop.answer(made)["statusCode"]
            return Answered(status, time.perf_counter() - started)

        return list(self._pool.map(send, self.shops, events))

    def puts(self) -> list[int]:
        """How many writes each tried since."""
        writes = ("put_item", "transact_write_items")
        return [sum(name in writes for name, _ in recorder.take()) for recorder in self.recorders]

    def items(self) -> list[dict[str, Any]]:
        """The whole ledger, in order."""
        table, found, after = self.shops[0].world.ledger.table, [], None
        while page := table.scan(after=after, limit=1000):
            found += page
            after = (page[-1]["pk"], page[-1]["sk"])
        return sorted(found, key=lambda item: (item["pk"], item["sk"]))

    def close(self) -> None:
        self._pool.shutdown()


@contextmanager
def _hall(crowd: int) -> Iterator[Hall]:
    with (
        tempfile.TemporaryDirectory() as folder,
        dynamodb_local(Path(folder)) as address,
        client(address) as dynamodb,
        quiet(),
    ):
        hall = Hall(dynamodb, crowd)
        try:
            yield hall
        finally:
            hall.close()


def _row(hall: Hall, crowd: Crowd, rounds: int) -> Row:
    statuses: Counter[int] = Counter()
    seconds, lasts, puts, took = [], [], [], 0.0
    before = crowd.count(hall.shops[0])
    for _ in range(rounds):
        started = time.perf_counter()
        answered = hall.together(crowd.make)
        took += time.perf_counter() - started
        puts += hall.puts()
        statuses.update(one.status for one in answered)
        seconds += [one.seconds for one in answered]
        lasts.append(max(one.seconds for one in answered))
    done = statuses[200] + statuses[201]
    other = ", ".join(f"{count} × {status}" for status, count in statuses.items() if status >= 300) or "none"
    is_right = crowd.count(hall.shops[0]) - before == crowd.each * done
    p50 = sorted(seconds)[len(seconds) // 2] * 1000
    return [crowd.what, round(done / took), round(sum(puts) / max(done, 1), 1), max(puts), round(p50),
            round(max(lasts) * 1000), other, "yes" if is_right else "**no**"]  # fmt: skip


# ---- the crowds -----------------------------------------------------------------------------------------------------

CAPPED = CAMPAIGN | {"campaign_id": "capped"}
_FIRST = "w0-m0"


def _spend(shop: Shop, _: int) -> Event:
    """All of one member's points."""
    number = shop.number()
    said = {"spend_id": number, "member": {"member_id": _FIRST}, "points": 3, "order_ref": number}
    return an_event(EC, "points", "POST", "/v1/spends", said)


def _left(shop: Shop) -> int:
    return int(shop.do(shop.balance(0))["available"])


def _capped(shop: Shop, _: int) -> Event:
    said = {"campaign_id": "capped", "source_id": shop.number(), "member": {"member_id": shop.who(0)}}
    return an_event(EC, "coupons", "POST", "/v1/issues", said)


def _issued(shop: Shop) -> int:
    path = "/v1/campaigns/{campaign_id}/stats"
    told = shop.do(an_event(OPERATOR, "coupons", "GET", path, None, campaign_id="capped"))
    return int(told["total"]["used"])


def _given(shop: Shop) -> int:
    return int(shop.do(an_event(CAFE, "points", "GET", "/v1/partner/budget", None))["used"])


CROWDS = (
    Crowd("one member (spend)", _spend, _left, -3),
    Crowd("one campaign (issue of a limited number)", _capped, _issued, 1),
    Crowd("one partner (award)", Shop.award, _given, 5),
)
