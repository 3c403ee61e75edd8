"""Whether it stays as fast when there is much: the same operations among few, more and very many of one thing.

Three shops on one engine, alike but for the number of what grows, are asked in turns. What is there before is copied
from one real item, in batches past our code; what is measured goes through the whole handler.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from coupons import code_files
from infra.bench.shop import IMPATIENT, Event, Shop, event, quiet
from infra.bench.size import Size
from infra.bench.tables import Row, Spread, Table, Told
from infra.bench_shop import EC, OPERATOR
from infra.dynamodb_local import dynamodb_local, missing
from infra.engine import client, new_table
from shared import codes, keys
from shared.coupons_of import Codebook
from shared.dynamo import DynamoTable, _dump
from shared.table import Item

TARGET = 1.10
_LOADERS = 4
_BATCH = 25  # so many items DynamoDB takes in one call
Make = Callable[[Shop, int], Event]


@dataclass(frozen=True)
class Growing:
    """One thing of which there is more and more: how a shop gets so many, and what is asked then."""

    what: str
    fill: Callable[[Shop, int], None]
    asked: Mapping[str, Make]


def measure(size: Size) -> Told:
    """Each operation's time among many as a ratio of that among few."""
    if lack := missing():
        return Told(left_out=lack)
    with (
        tempfile.TemporaryDirectory() as folder,
        dynamodb_local(Path(folder)) as address,
        client(address) as dynamodb,
        quiet(),
    ):
        rows = [row for growing in GROWING for row in _rows(growing, dynamodb, size)]
    few, *more = size.grown
    columns = ["of what", "operation", f"ms among {few:,}", *(f"{many:,} ÷ {few:,}" for many in more)]
    says = f"Target: the last within {TARGET - 1:.0%} of the first."
    return Told([Table("Growth", columns, rows, says)])


def _rows(growing: Growing, dynamodb: Any, size: Size) -> Iterator[Row]:
    shops = [_shop(dynamodb, growing, count) for count in size.grown]
    for name, make in growing.asked.items():
        rounds = [_round(shops, make, size.times) for _ in range(size.rounds + 1)][1:]  # the first warms
        few = Spread.of([times[0] * 1000 for times in rounds])
        ratios = [Spread.of([times[n] / times[0] for times in rounds]) for n in range(1, len(shops))]
        yield [growing.what, name, few, *ratios]
    for shop in shops:
        for table in (shop.world.ledger.table, shop.world.directory.table, shop.world.transient):
            assert isinstance(table, DynamoTable)
            dynamodb.delete_table(TableName=table.name)


def _shop(dynamodb: Any, growing: Growing, count: int) -> Shop:
    tables = [new_table(dynamodb), new_table(dynamodb, sort="S"), new_table(dynamodb, sort="S")]
    Shop(tables, clock=IMPATIENT).open()
    shop = Shop(tables, members=1)
    shop.fill()
    growing.fill(shop, count)
    return shop


def _round(shops: Sequence[Shop], make: Make, times: int) -> list[float]:
    """The median seconds of a request in each shop, asked in turns."""
    seconds: list[list[float]] = [[] for _ in shops]
    for n in range(times):
        for shop, into in zip(shops, seconds, strict=True):
            made = make(shop, n)
            started = time.perf_counter()
            shop.do(made)
            into.append(time.perf_counter() - started)
    return [statistics.median(one) for one in seconds]


# ---- what grows -----------------------------------------------------------------------------------------------------


def _load(table: Any, items: Iterator[Item]) -> None:
    """Put items in batches, some calls at once."""
    assert isinstance(table, DynamoTable)
    dynamodb, name = table._client, table.name  # noqa: SLF001 - past the port on purpose: it has no such call

    def put(batch: list[Item]) -> None:
        asked = {name: [{"PutRequest": {"Item": _dump(item)}} for item in batch]}
        left = dynamodb.batch_write_item(RequestItems=asked).get("UnprocessedItems")
        if left:
            raise RuntimeError(f"the engine left {left} undone")

    with ThreadPoolExecutor(_LOADERS) as pool:
        while some := list(islice(items, 400 * _BATCH)):
            list(pool.map(put, (some[n : n + _BATCH] for n in range(0, len(some), _BATCH))))


def _lengthen(shop: Shop, partition: str, count: int) -> None:
    """A chain of so many entries, the last of which is the one that there was."""
    head = shop.world.ledger.table.newest(partition, consistent=True)
    assert head is not None
    _load(shop.world.ledger.table, (head | {"sk": n} for n in range(head["sk"] + 1, count + 1)))


def _entries(shop: Shop, count: int) -> None:
    _lengthen(shop, keys.account(keys.MEMBER_POINTS, shop.who(0)), count)


def _book(shop: Shop, count: int) -> None:
    shop.do(shop.redeem(0))
    _lengthen(shop, keys.account(keys.COUPON_BOOK, shop.who(0)), count)


def _codes(shop: Shop, count: int) -> None:
    """So many printed codes, and as many of another campaign that have been used."""
    said = {"job_id": "bench", "count": max(count, 10_000)}
    shop.do(event(OPERATOR, "coupons", "POST", "/v1/campaigns/{campaign_id}/codes", said, campaign_id="bench"))
    shop.do(_printed(shop, 0))
    used = shop.world.ledger.table.scan(after=None, limit=10_000)
    chain = next(item for item in used if item["pk"].startswith(f"{keys.CODE}#"))
    _load(shop.world.ledger.table, (chain | {"pk": keys.account(keys.CODE, keys.code(9999, n))} for n in range(count)))


def _printed(shop: Shop, _: int) -> Event:
    """The redemption of a printed code that nobody has used."""
    world = shop.world
    name = world.ledger.table.get(keys.codes("bench"), 0, consistent=True)
    job = code_files.decided(world, name) if name else None
    assert job is not None
    index = job.first + int(shop.number().rpartition("-")[2])
    return shop.redemption(codes.show(Codebook(world).code_of(job.locator, index)))


def _stores(shop: Shop, count: int) -> None:
    store = shop.world.directory.table.get(*keys.store("shibuya"), consistent=True)
    assert store is not None
    _load(shop.world.directory.table, (store | {"pk": keys.store(f"s{n}")[0]} for n in range(count)))


def _nearby(_shop: Shop, _: int) -> Event:
    made = event(EC, "checkin", "GET", "/v1/stores/nearby", None)
    return made | {"multiValueQueryStringParameters": {"lat": ["35.6595"], "lon": ["139.7005"]}}


def _coupons(shop: Shop, _: int) -> Event:
    return event(EC, "coupons", "GET", "/v1/members/{member_id}/coupons", None, member_id=shop.who(0))


def _listed(shop: Shop, _: int) -> Event:
    return event(EC, "points", "GET", "/v1/members/{member_id}/entries", None, member_id=shop.who(0))


GROWING = (
    Growing("entries of one member", _entries,
            {"purchase": Shop.purchase, "spend": Shop.spend, "balance": Shop.balance, "list of entries": _listed}),
    Growing("coupons that one member has had", _book,
            {"issue": Shop.given, "redeem": Shop.redeem, "list of coupons": _coupons}),
    Growing("printed codes in use", _codes, {"redeem a printed code": _printed}),
    Growing("stores", _stores, {"check-in": Shop.checkin, "stores nearby": _nearby}),
)  # fmt: skip
