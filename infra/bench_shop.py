"""A shop at work for the benchmark: each kind of operation of a mixed day, over tables in memory."""

from __future__ import annotations

import itertools
import json
import secrets as random_source
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from checkin.routes import ROUTES as CHECKIN
from coupons.routes import ROUTES as COUPONS
from points.reactions import REACTIONS
from points.routes import ROUTES as POINTS
from shared import chain, events, http, inbox, keys, member_ref, world
from shared.auth import KINDS, Principal
from shared.clock import Clock, to_text
from shared.http import Request, Route
from shared.keys import Stage
from shared.memory import MemoryTable
from shared.secrets import Secrets
from shared.table import Item
from shared.world import World

MEMBERS = 50
BATCH = 10
"""Messages in one batch of the queue."""
STORE = {"name": "Shibuya", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
CAMPAIGN = {
    "campaign_id": "bench",
    "name": {"ja": "割引", "en": "off"},
    "offer": {"type": "amount_off", "value": 100},
    "valid_from": "2026-01-01",
    "valid_days": 30,
}
MIX = {
    "balance": 34,
    "purchase": 20,
    "purchase again": 4,
    "return": 2,
    "spend": 10,
    "spend again": 2,
    "hold": 4,
    "capture": 4,
    "award": 2,
    "check-in": 6,
    "reward of a check-in": 6,
    "issue": 3,
    "redeem": 3,
}
"""So many of each kind in a hundred operations: a shop whose members look more often than they buy."""

Sent = tuple[Route, Request]
EC = Principal("ec", KINDS["ec"], key_id="bench-ec", owner="bench")
OPERATOR = Principal("operator", KINDS["operator"], key_id="bench-operator", owner="bench")
CAFE = Principal("partner", KINDS["partner"], key_id="bench-cafe", owner="cafe", partner_id="cafe")
Timed = tuple[float, int]
"""Seconds, and for how many operations."""


class Shop:
    """A shop at work: it makes the requests of each kind beforehand, and sends them all while the time is taken."""

    def __init__(self, each: int) -> None:
        self.each = each
        self.acted = 0.0
        root = json.dumps({"root": random_source.token_hex(32)})
        ledger, directory, transient = (MemoryTable(counts=False) for _ in range(3))
        clock = Clock(sleep=lambda _: None)
        self.world: World = world.make(Stage("bench"), ledger, directory, transient, Secrets(lambda: root), clock)
        self._number = itertools.count()
        self._routes: dict[tuple[str, str], Route] = {}
        self._open()

    def kinds(self) -> Iterator[tuple[str, Callable[[], Timed]]]:
        """One round: each kind with what does it, each after what it needs."""
        ids = [f"{next(self._number)}" for _ in range(self.each)]
        buys, spends = self._purchases(ids), self._spends(ids)
        yield "purchase", lambda: self._all(buys)
        yield "purchase again", lambda: self._all(buys)
        yield "spend", lambda: self._all(spends)
        yield "spend again", lambda: self._all(spends)
        holds = [self._of(EC, "POST", "/v1/holds", _taking("hold_id", one)) for one in ids]
        yield "hold", lambda: self._all(holds)
        ended = [self._of(EC, "POST", "/v1/holds/{hold_id}/capture", {}, hold_id=one) for one in ids]
        yield "capture", lambda: self._all(ended)
        backs = [self._return(one) for one in ids]
        yield "return", lambda: self._all(backs)
        gifts = [self._of(CAFE, "POST", "/v1/awards", self._gift(one)) for one in ids]
        yield "award", lambda: self._all(gifts)
        looks = [self._of(EC, "GET", "/v1/members/{member_id}/balance", None, member_id=_who(one)) for one in ids]
        yield "balance", lambda: self._all(looks)
        for one in ids:  # only a member's first visit of the day is rewarded
            self._join(f"v{one}")
        visits = [self._visit(one) for one in ids]
        yield "check-in", lambda: self._all(visits)
        entered = [
            item for one in ids if (item := self.world.ledger.table.newest(keys.account(keys.VISITS, f"v{one}")))
        ]
        told = [event for item in entered for event in _events(item)]
        batches = [_batch(told[n : n + BATCH]) for n in range(0, len(told), BATCH)]
        yield "reward of a check-in", lambda: _timed(lambda: self._hear(batches), len(told))
        issues = [self._of(EC, "POST", "/v1/issues", _issue(one)) for one in ids]
        codes: list[str] = []
        yield "issue", lambda: self._all(issues, lambda body: codes.append(json.loads(body)["code"]))
        used = [self._redemption(one, code) for one, code in zip(ids, codes, strict=True)]
        yield "redeem", lambda: self._all(used)

    # ---- what is sent -----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        budget = {"kind": "prepaid", "points": 10**9}
        caps = {"per_award": 1000, "per_member_day": 10**9, "per_day": 10**9}
        cafe = {"name": "Café", "budget": budget, "caps": caps}
        self._do(OPERATOR, "PUT", "/v1/partners/{partner_id}", cafe, partner_id="cafe")
        self._do(OPERATOR, "PUT", "/v1/stores/{store_id}", STORE, store_id="shibuya")
        self._do(OPERATOR, "POST", "/v1/campaigns", CAMPAIGN)
        for n in range(MEMBERS):
            self._join(f"m{n}")
            rich = {"adjustment_id": f"rich{n}", "member": {"member_id": f"m{n}"}, "points": 9000, "reason": "bench"}
            self._do(OPERATOR, "POST", "/v1/adjustments", rich)

    def _join(self, member_id: str) -> None:
        consents = {"location": {"granted": True, "version": "1"}}
        card = {"type": "card", "value": member_id}
        said = {"member_id": member_id, "consents": consents, "identities": [card]}
        self._do(EC, "POST", "/v1/members", said)

    def _purchases(self, ids: list[str]) -> list[Sent]:
        lines = [{"line_id": str(n), "sku": f"sku-{n}", "quantity": 1, "amount": 480 + n} for n in range(3)]
        sent = {"source": "ec", "occurred_at": to_text(datetime.now(UTC)), "state": "completed", "lines": lines}
        member = [{"member": {"member_id": _who(one)}, "purchase_id": one} for one in ids]
        return [self._of(EC, "POST", "/v1/purchases", sent | one) for one in member]

    def _spends(self, ids: list[str]) -> list[Sent]:
        return [self._of(EC, "POST", "/v1/spends", _taking("spend_id", one)) for one in ids]

    def _return(self, one: str) -> Sent:
        path = {"source": "ec", "purchase_id": one}
        body = {"return_id": one, "channel": "ec", "lines": [{"line_id": "1"}]}
        return self._of(EC, "POST", "/v1/purchases/{source}/{purchase_id}/returns", body, **path)

    def _gift(self, one: str) -> dict[str, Any]:
        ref = member_ref.pseudonym(self.world, "cafe", _who(one))
        return {"award_id": one, "member": {"member_ref": ref}, "points": 5, "reason": "latte"}

    def _visit(self, one: str) -> Sent:
        who = Principal("member", frozenset(), issuer="https://bench", subject=f"v{one}", is_local=True)
        fix = {"lat": 35.6595, "lon": 139.7005, "accuracy_m": 10, "captured_at": to_text(datetime.now(UTC))}
        return self._of(who, "POST", "/v1/me/checkins", {"checkin_id": one, "store_id": "shibuya", "location": fix})

    def _redemption(self, one: str, code: str) -> Sent:
        lines = [{"line_id": "1", "sku": "sku-1", "quantity": 1, "amount": 1480}]
        body = {"redemption_id": one, "codes": [code], "channel": "ec", "order_ref": one, "basket": {"lines": lines}}
        return self._of(EC, "POST", "/v1/redemptions", body)

    def _of(self, who: Principal, method: str, path: str, body: Any, **names: str) -> Sent:
        raw = b"" if body is None else json.dumps(body).encode()
        return self._route(method, path), Request({}, path=names, raw=raw, who=who)

    def _route(self, method: str, path: str) -> Route:
        """A route whose action is watched."""
        if (method, path) not in self._routes:
            every = (*POINTS.all, *COUPONS.all, *CHECKIN.all)
            route = next(one for one in every if (one.method, one.path) == (method, path))
            self._routes[method, path] = replace(route, action=self._watched(route.action))
        return self._routes[method, path]

    def _watched(self, action: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def act(call: Any) -> Any:
            started = time.process_time()
            try:
                return action(call)
            finally:
                self.acted += time.process_time() - started

        return act

    # ---- sending ----------------------------------------------------------------------------------------------------

    def _do(self, who: Principal, method: str, path: str, body: Any, **names: str) -> None:
        self._all([self._of(who, method, path, body, **names)])

    def _all(self, sent: list[Sent], read: Callable[[str], None] = lambda _: None) -> Timed:
        return _timed(lambda: self._send(sent, read), len(sent))

    def _send(self, sent: list[Sent], read: Callable[[str], None]) -> None:
        for route, request in sent:
            reply = http.answer(self.world, route, request)
            if reply.status is None or reply.status >= 300:
                raise RuntimeError(f"{route.path}: {reply.body}")
            read(json.dumps(reply.body))

    def _hear(self, batches: list[dict[str, Any]]) -> None:
        for batch in batches:
            if inbox.work(self.world, batch, reactions=REACTIONS)["batchItemFailures"]:
                raise RuntimeError("a message failed")


def _timed(work: Callable[[], None], times: int) -> Timed:
    started = time.process_time()
    work()
    return time.process_time() - started, times


def _who(one: str) -> str:
    return f"m{int(one) % MEMBERS}"


def _taking(name: str, one: str) -> dict[str, Any]:
    return {name: one, "member": {"member_id": _who(one)}, "points": 3, "order_ref": one}


def _issue(one: str) -> dict[str, Any]:
    return {"campaign_id": "bench", "source_id": one, "member": {"member_id": _who(one)}}


def _events(item: Item) -> Iterator[dict[str, Any]]:
    """The events of an item, as the relay makes them."""
    return (dict(event) for entry in chain.entries_of(item) for event in events.of_entry(entry))


def _batch(told: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Records": [{"messageId": str(n), "body": json.dumps(event)} for n, event in enumerate(told)]}
