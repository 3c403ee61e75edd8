"""Proving the books: every chain of the ledger from its first item to its last.

Numbers without a gap, each item holding the hash of the one before, times that never go back, points that add up to
the balance, and on members' accounts lots that add up to it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from infra.deploy import Cloud
from points.balances import ACCOUNT
from shared import chain, keys
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
    """Audit a stage's ledger, or one member's points."""
    found = Audit()
    held: dict[str, list[Item]] = {}
    for item in _read(cloud.client("dynamodb"), keys.Stage(stage).ledger, member):
        if item["pk"].startswith(keys.NAME_PREFIX):
            found.names += 1
        else:
            held.setdefault(item["pk"], []).append(item)
    for account, items in sorted(held.items()):
        found.chains += 1
        found.entries += sum(len(item["e"]) for item in items)
        found.faults += faults(account, items)
    return found


def is_member(cloud: Cloud, stage: str, member: str) -> bool:
    """Whether there is such a member, with entries or without."""
    directory = DynamoTable(cloud.client("dynamodb"), keys.Stage(stage).directory)
    return directory.get(*keys.member(member), consistent=True) is not None


def faults(account: str, items: Iterable[Item]) -> Iterator[str]:
    """What is wrong with one chain."""
    ordered = sorted(items, key=lambda item: item["sk"])
    yield from chain.faults(iter(ordered))
    if account.startswith(f"{keys.MEMBER_POINTS}#"):
        for item in ordered:
            state = ACCOUNT.unpack(item["s"])
            if state.available != item["b"]:
                yield f"{account} entry {item['sk']}: the lots add up to {state.available}, the balance is {item['b']}"


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
