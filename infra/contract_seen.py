"""What was seen of a till, put in order: what named itself how, what undid what; and the list of rules, to which others add."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.contract_record import Exchange, route_of

UNDONE = {"purchase": "/v1/purchases", "spend": "/v1/spends", "hold": "/v1/holds", "award": "/v1/awards"}
REDEMPTIONS = "/v1/redemptions"
VOID, REVERSE = "/v1/redemptions/{redemption_id}/void", "/v1/operations/{operation_id}/reverse"
SYNC, BATCH = "/v1/offline/sync", "/v1/purchases/batch"


@dataclass(frozen=True)
class Broken:
    """One place where a rule was broken: what happened, and the numbers of the requests that show it."""

    says: str
    requests: tuple[int, ...]


@dataclass(frozen=True)
class Verdict:
    """A rule: how often it could have been broken, and where it was."""

    rule: str
    says: str
    occasions: int
    broken: tuple[Broken, ...]


@dataclass(frozen=True)
class Try:
    """An exchange that names itself."""

    of: Exchange
    route: str
    id: str
    content: str

    @property
    def name(self) -> tuple[str, str, str]:
        return self.of.key, self.route, self.id


@dataclass(frozen=True)
class Seen:
    """All that was seen, in order, and the tries by the name that they gave themselves."""

    exchanges: Sequence[Exchange]
    tries: Sequence[Try]
    named: dict[tuple[str, str, str], list[Try]]
    undone: dict[tuple[str, str, str], list[Try]]  # by the name of what is undone
    told: dict[tuple[str, str, str], list[Exchange]]  # by the name: syncs and batches that had its outcome


Occasions = Iterator[Broken | None]
"""One for each occasion: None where the rule was kept."""
Rule = Callable[[Seen], Occasions]
RULES: dict[str, tuple[str, Rule]] = {}


def rule(name: str, says: str) -> Callable[[Rule], Rule]:
    """Put a rule into the list, under a name that reports show."""

    def put(judge: Rule) -> Rule:
        RULES[name] = (says, judge)
        return judge

    return put


def see(exchanges: Sequence[Exchange]) -> Seen:
    """The exchanges with their names worked out."""
    tries = [one for one in map(_try, exchanges) if one]
    named, undone, told = defaultdict(list), defaultdict(list), defaultdict(list)
    for one in tries:
        named[one.name].append(one)
        of = _undoes(one)
        if of is not None:
            undone[one.of.key, *of].append(one)
    for exchange in exchanges:
        for of in _told_together(exchange):
            told[exchange.key, *of].append(exchange)
    return Seen(exchanges, tries, named, undone, told)


def _try(exchange: Exchange) -> Try | None:
    route, _ = route_of(exchange.service, exchange.method, exchange.path)
    if route is None or route.id_field is None or not isinstance(exchange.body, dict | None):
        return None
    own = (exchange.body or {}).get(route.id_field) or exchange.named
    if not isinstance(own, str):
        return None
    where = exchange.path if "{" in route.path else ""
    content = canonical([exchange.target, exchange.body])
    return Try(exchange, route.path, f"{own} {where}".strip(), content)


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _undoes(one: Try) -> tuple[str, str] | None:
    """Route and id of what a reversal or void undoes."""
    _, variables = route_of(one.of.service, one.of.method, one.of.path)
    if one.route == VOID:
        return REDEMPTIONS, variables["redemption_id"]
    kind = (one.of.body or {}).get("kind")
    if one.route == REVERSE and kind in UNDONE:
        return UNDONE[kind], variables["operation_id"]
    return None


def items(exchange: Exchange) -> list[dict[str, Any]]:
    """The items of a sync or batch that are at least objects."""
    name = {SYNC: "items", BATCH: "purchases"}.get(exchange.path)
    found = exchange.body.get(name) if name and isinstance(exchange.body, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def of_item(item: dict[str, Any]) -> tuple[str, str] | None:
    """Route and id by which an item of a sync or batch is the same as one that came alone."""
    body = item.get("body", item)
    if not isinstance(body, dict):
        return None
    if item.get("kind") == "redemption":
        return REDEMPTIONS, str(body.get("redemption_id", item.get("id")))
    return ("/v1/purchases", str(body["purchase_id"])) if "purchase_id" in body else None


def _told_together(exchange: Exchange) -> Iterator[tuple[str, str]]:
    if exchange.is_yes:
        for item, said in zip(items(exchange), exchange.answer.get("results", []), strict=False):
            of = of_item(item)
            if of and said.get("status", 200) not in (429, 500, 503):
                yield of
