"""The same work on what a shop would otherwise install: django-oscar's vouchers, django-oscar-accounts, PostgreSQL.

In turns in one run: so many requests of ours on DynamoDB Local, so many of theirs on PostgreSQL, which waits for no
disk either. Then the races: sixteen at once with one code, and with all the points of one member.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.bench import postgres
from infra.bench.shop import IMPATIENT, Event, Shop, event, quiet
from infra.bench.size import Size
from infra.bench.tables import Row, Spread, Table, Told
from infra.bench_shop import EC
from infra.dynamodb_local import dynamodb_local, missing
from infra.engine import client, new_table
from infra.locate import INFRA, ROOT

PYTHON = ROOT / ".omo" / "bench-peers" / "bin" / "python"
THREADS = 16
ALL_POINTS = 300
WORK: Mapping[str, str] = {
    "redeem": "a code used once (django-oscar's voucher)",
    "spend": "points spent (django-oscar-accounts)",
}
Timed = Sequence[tuple[float, float]]
"""Of each request seconds on the clock, and of the process."""


def measure(size: Size) -> Told:
    """Latency, processor time, and what a race comes to."""
    if lack := missing() or postgres.missing() or _not_installed():
        return Told(left_out=lack)
    with postgres.postgres() as folder, _peer(folder) as peer, _shops() as shops:
        rounds = _rounds(shops[0], peer, WORK, size)
        races = {what: (_race(shops, what), peer.ask(what=what, threads=THREADS)) for what in WORK}
        peer.ask(paid=size.paid)
        later = _rounds(shops[0], peer, ["spend"], size)
    table = _times({WORK[what]: pairs for what, pairs in rounds.items()} | {_after(size): later["spend"]})
    return Told([table, _races(races)])


def _after(size: Size) -> str:
    return f"the same when {size.paid:,} others have paid"


def _rounds(shop: Shop, peer: Peer, works: Iterable[str], size: Size) -> dict[str, list[tuple[Timed, Timed]]]:
    rounds: dict[str, list[tuple[Timed, Timed]]] = {what: [] for what in works}
    for n in range(size.rounds + 1):
        for what, found in rounds.items():
            pair = _ours(shop, what, size.times), peer.ask(what=what, times=size.times)
            if n:  # the first warms
                found.append(pair)
    return rounds


def _not_installed() -> str | None:
    return None if PYTHON.exists() else "the other shop is not installed: run `make .omo/bench-peers/.installed`"


# ---- theirs ---------------------------------------------------------------------------------------------------------


class Peer:
    """The process of the other shop, and the line to it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **said: Any) -> Any:
        """Its answer to a line; or what it said when it died."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the other shop has ended")
        return json.loads(line)


@contextmanager
def _peer(folder: Path) -> Iterator[Peer]:
    script = INFRA / "bench" / "peer_shop.py"
    with subprocess.Popen(
        [str(PYTHON), "-I", str(script), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        peer = Peer(process)
        peer.hear()  # it is ready
        yield peer  # leaving closes its input, at which it ends


# ---- ours -----------------------------------------------------------------------------------------------------------


@contextmanager
def _shops() -> Iterator[list[Shop]]:
    """As many environments as threads, over the same tables."""
    with (
        tempfile.TemporaryDirectory() as folder,
        dynamodb_local(Path(folder)) as address,
        client(address) as dynamodb,
        quiet(),
    ):
        tables = [new_table(dynamodb), new_table(dynamodb, sort="S"), new_table(dynamodb, sort="S")]
        Shop(tables, clock=IMPATIENT).open()
        shops = [Shop(tables, name=f"t{n}", members=5) for n in range(THREADS)]
        for shop in shops:
            shop.fill()
        yield shops


def _ours(shop: Shop, what: str, times: int) -> Timed:
    found = []
    for n in range(times):
        made = shop.redeem(n) if what == "redeem" else shop.spend(n)
        started, cpu = time.perf_counter(), time.process_time()
        shop.do(made)
        found.append((time.perf_counter() - started, time.process_time() - cpu))
    return found


def _race(shops: Sequence[Shop], what: str) -> dict[str, int]:
    """All at once with one code, or each with all the points of one member: how many heard a yes, and what is left."""
    first = shops[0]
    if what == "redeem":
        (code,) = json.loads(first.redeem(0)["body"])["codes"]
        events = [shop.redemption(code) for shop in shops]
    else:
        first.join("all")
        first.enrich("all", ALL_POINTS)
        events = [_all_of_it(shop) for shop in shops]
    barrier = threading.Barrier(len(shops))

    def send(shop: Shop, made: Event) -> int:
        barrier.wait()
        return int(shop.answer(made)["statusCode"])

    with ThreadPoolExecutor(len(shops)) as pool:
        statuses = list(pool.map(send, shops, events))
    return {"yes": statuses.count(201), "left": 0 if what == "redeem" else _left(first)}


def _all_of_it(shop: Shop) -> Event:
    number = shop.number()
    said = {"spend_id": number, "member": {"member_id": "all"}, "points": ALL_POINTS, "order_ref": number}
    return event(EC, "points", "POST", "/v1/spends", said)


def _left(shop: Shop) -> int:
    path = "/v1/members/{member_id}/balance"
    return int(shop.do(event(EC, "points", "GET", path, None, member_id="all"))["available"])


# ---- what it comes to -----------------------------------------------------------------------------------------------


def _times(rounds: Mapping[str, list[tuple[Timed, Timed]]]) -> Table:
    rows: list[Row] = []
    for what, pairs in rounds.items():
        for name, part in (("ms", 0), ("ms of the processor", 1)):
            ours, theirs = ([_median(pair[which], part) for pair in pairs] for which in (0, 1))
            ratio = Spread.of([mine / other for mine, other in zip(ours, theirs, strict=True)])
            rows.append([what, name, Spread.of(ours), Spread.of(theirs), ratio])
    says = "A request's whole way, here through Chalice and boto3, there through Django and psycopg; the engines' own time is in the first."
    return Table("Beside django-oscar", ["work", "", "here", "there", "ratio"], rows, says)


def _median(timed: Timed, part: int) -> float:
    return statistics.median(one[part] for one in timed) * 1000


def _races(races: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]]) -> Table:
    rows: list[Row] = [
        [f"{THREADS} use one code", *(f"{one['yes']} succeed" for one in races["redeem"])],
        [f"{THREADS} spend all of {ALL_POINTS} points",
         *(f"{one['yes']} succeed, {one['left']:,} left" for one in races["spend"])],
    ]  # fmt: skip
    return Table("In the same moment", ["race", "here", "there"], rows)
