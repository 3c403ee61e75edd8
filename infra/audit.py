"""Proving the books: every chain of the ledger from its first item to its last.

Numbers without a gap, each item holding the hash of the one before, times that never go back, points that add up to
the balance, and on members' accounts lots that add up to it too. Between chains: the two halves of every merge, and
what purchases have decided and accounts have obeyed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra import audit_merges, audit_purchases
from infra.deploy import Cloud
from points.balances import ACCOUNT
from shared import chain, clock, keys
from shared.dynamo import DynamoTable, load
from shared.table import Item


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


def audit(cloud: Cloud, stage: str, member: str | None = None) -> Audit:
    """Audit a stage's ledger, or one member's points; of one member, not what lies between accounts."""
    found = Audit()
    held: dict[str, list[Item]] = {}
    purchases: dict[str, list[Item]] = {}
    for item in _read(cloud.client("dynamodb"), keys.Stage(stage).ledger, member):
        found.names += item["sk"] == 0
        if item["pk"].startswith(audit_purchases.PREFIX):
            purchases.setdefault(item["pk"], []).append(item)
        if item["sk"] != 0:
            held.setdefault(item["pk"], []).append(item)
    for account, items in sorted(held.items()):
        found.chains += 1
        found.entries += sum(len(item["e"]) for item in items)
        found.faults += faults(account, items)
    if member is None:
        found.faults += between({**held, **purchases}, clock.utc_now())
    return found


def between(partitions: Mapping[str, Iterable[Item]], now: datetime) -> Iterator[str]:
    """What is wrong between the chains of a whole ledger; purchases come with their names."""
    whole = {partition: in_order(items) for partition, items in partitions.items()}
    purchases = {name: items for name, items in whole.items() if name.startswith(audit_purchases.PREFIX)}
    accounts = {account: items for account, items in whole.items() if account not in purchases}
    yield from audit_merges.faults(accounts)
    yield from audit_purchases.faults(purchases, accounts, now)


def is_member(cloud: Cloud, stage: str, member: str) -> bool:
    """Whether there is such a member, with entries or without."""
    directory = DynamoTable(cloud.client("dynamodb"), keys.Stage(stage).directory)
    return directory.get(*keys.member(member), consistent=True) is not None


def faults(account: str, items: Iterable[Item]) -> Iterator[str]:
    """What is wrong with one chain."""
    ordered = in_order(items)
    yield from chain.faults(iter(ordered))
    if account.startswith(f"{keys.MEMBER_POINTS}#"):
        for item in ordered:
            state = ACCOUNT.unpack(item["s"])
            if state.available != item["b"]:
                yield f"{account} entry {item['sk']}: the lots add up to {state.available}, the balance is {item['b']}"


def in_order(items: Iterable[Item]) -> list[Item]:
    """The items of a chain by their numbers."""
    return sorted(items, key=lambda item: item["sk"])


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
