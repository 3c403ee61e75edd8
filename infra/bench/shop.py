"""A shop behind its three Chalice apps, as API Gateway calls them: an event in, an answer out, the caller known.

One shop is one environment: its apps hold the request that they are at, so each thread has a shop of its own.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalice.app import Chalice

from checkin.routes import ROUTES as CHECKIN
from coupons.routes import ROUTES as COUPONS
from infra.bench_shop import CAFE, CAMPAIGN, EC, OPERATOR, STORE
from points.routes import ROUTES as POINTS
from shared import log, member_ref, web, world
from shared.auth import Principal
from shared.clock import Clock, to_text
from shared.http import Routes
from shared.keys import Stage
from shared.secrets import Secrets
from shared.table import Table
from shared.world import World

Event = dict[str, Any]
SERVICES: Mapping[str, Routes] = {"points": POINTS, "coupons": COUPONS, "checkin": CHECKIN}
ROOT = json.dumps({"root": "bench" * 8})
"""One for all processes; nothing that a benchmark keeps is worth a secret."""
CAPS = {"per_award": 1000, "per_member_day": 10**9, "per_day": 10**9}
BUDGET = {"name": "Café", "budget": {"kind": "prepaid", "points": 10**9}, "caps": CAPS}


class Unexpected(Exception):
    """An answer that is no success; the message holds it."""


class Shop:
    """The apps over three tables, and the events that people send them. `name` keeps the ids of shops apart."""

    def __init__(self, tables: Sequence[Table], name: str = "b", members: int = 50, clock: Clock | None = None) -> None:
        self.name, self.members = name, members
        ledger, directory, transient = tables
        held = Secrets(lambda: ROOT)
        made = world.make(Stage("bench"), ledger, directory, transient, held, clock or Clock())
        self.world: World = replace(made, has_test_clock=True)
        self._apps = {service: _serve(service, routes, lambda: self.world) for service, routes in SERVICES.items()}
        self._number = itertools.count()
        self._visitors = itertools.count()
        self._holds: deque[str] = deque()
        self._codes: deque[str] = deque()

    # ---- sending ----------------------------------------------------------------------------------------------------

    def answer(self, event: Event) -> dict[str, Any]:
        """What API Gateway would send back."""
        answered: dict[str, Any] = self._apps[event["service"]](event, None)
        if event["path"] == "/v1/issues" and answered["statusCode"] == 201:
            self._codes.append(json.loads(answered["body"])["code"])
        return answered

    def do(self, event: Event) -> Any:
        """The body of a success; raises `Unexpected` for anything else."""
        answered = self.answer(event)
        if answered["statusCode"] >= 300:
            raise Unexpected(f"{event['path']}: {answered['statusCode']} {answered['body']}")
        return json.loads(answered["body"])

    def open(self) -> None:
        """A café, a store, a campaign."""
        self.do(event(OPERATOR, "points", "PUT", "/v1/partners/{partner_id}", BUDGET, partner_id="cafe"))
        self.do(event(OPERATOR, "checkin", "PUT", "/v1/stores/{store_id}", STORE, store_id="shibuya"))
        self.do(event(OPERATOR, "coupons", "POST", "/v1/campaigns", CAMPAIGN))

    def fill(self) -> None:
        """Members who have bought and are rich."""
        for n in range(self.members):
            self.join(f"{self.name}-m{n}")
            self.do(self.purchase(n))
            self.enrich(self.who(n))

    def enrich(self, member_id: str, points: int = 9000) -> None:
        member = {"member_id": member_id}
        said = {"adjustment_id": f"rich-{self.number()}", "member": member, "points": points, "reason": "bench"}
        self.do(event(OPERATOR, "points", "POST", "/v1/adjustments", said))

    def join(self, member_id: str) -> None:
        consents = {"location": {"granted": True, "version": "1"}}
        card = {"type": "card", "value": member_id}
        said = {"member_id": member_id, "consents": consents, "identities": [card]}
        self.do(event(EC, "points", "POST", "/v1/members", said))

    def number(self) -> str:
        return f"{self.name}-{next(self._number)}"

    def who(self, n: int) -> str:
        return f"{self.name}-m{n % self.members}"

    # ---- what is sent -----------------------------------------------------------------------------------------------

    def balance(self, n: int) -> Event:
        return event(EC, "points", "GET", "/v1/members/{member_id}/balance", None, member_id=self.who(n))

    def purchase(self, n: int) -> Event:
        lines = [{"line_id": str(n), "sku": f"sku-{n}", "quantity": 1, "amount": 480 + n} for n in range(3)]
        said: dict[str, Any] = {
            "source": "ec",
            "occurred_at": to_text(datetime.now(UTC)),
            "state": "completed",
            "lines": lines,
        }
        said |= {"member": {"member_id": self.who(n)}, "purchase_id": self.number()}
        return event(EC, "points", "POST", "/v1/purchases", said)

    def spend(self, n: int) -> Event:
        return event(EC, "points", "POST", "/v1/spends", self._taking("spend_id", n))

    def hold(self, n: int) -> Event:
        said = self._taking("hold_id", n)
        self._holds.append(said["hold_id"])
        return event(EC, "points", "POST", "/v1/holds", said)

    def capture(self, n: int) -> Event:
        """Of the oldest hold that is open, so that nobody has more and more of them."""
        if not self._holds:
            self.do(self.hold(n))
        hold_id = self._holds.popleft()
        return event(EC, "points", "POST", "/v1/holds/{hold_id}/capture", {}, hold_id=hold_id)

    def award(self, n: int) -> Event:
        ref = member_ref.pseudonym(self.world, "cafe", self.who(n))
        said = {"award_id": self.number(), "member": {"member_ref": ref}, "points": 5, "reason": "latte"}
        return event(CAFE, "points", "POST", "/v1/awards", said)

    def checkin(self, _: int) -> Event:
        """The visit of somebody who was there yesterday, too: the first of a day is rewarded."""
        visitor = f"{self.name}-v{next(self._visitors)}"
        self.join(visitor)
        yesterday = datetime.now(UTC) - timedelta(days=1)
        before = self.visit(visitor, yesterday)
        before["headers"]["X-Omo-Now"] = to_text(yesterday)
        self.do(before)
        return self.visit(visitor, datetime.now(UTC))

    def visit(self, visitor: str, at: datetime) -> Event:
        who = Principal("member", frozenset(), issuer="https://bench", subject=visitor, is_local=True)
        fix = {"lat": 35.6595, "lon": 139.7005, "accuracy_m": 10, "captured_at": to_text(at)}
        said = {"checkin_id": self.number(), "store_id": "shibuya", "location": fix}
        return event(who, "checkin", "POST", "/v1/me/checkins", said)

    def issue(self, n: int) -> Event:
        said = {"campaign_id": "bench", "source_id": self.number(), "member": {"member_id": self.who(n)}}
        return event(EC, "coupons", "POST", "/v1/issues", said)

    def given(self, n: int) -> Event:
        """An issue after all that were given have been used, so that nobody's book grows."""
        while self._codes:
            self.do(self.redeem(n))
        return self.issue(n)

    def redeem(self, n: int) -> Event:
        if not self._codes:
            self.do(self.issue(n))
        return self.redemption(self._codes.popleft())

    def redemption(self, code: str) -> Event:
        lines = [{"line_id": "1", "sku": "sku-1", "quantity": 1, "amount": 1480}]
        number = self.number()
        said: dict[str, Any] = {"redemption_id": number, "codes": [code], "channel": "ec", "order_ref": number}
        return event(EC, "coupons", "POST", "/v1/redemptions", said | {"basket": {"lines": lines}})

    def _taking(self, name: str, n: int) -> dict[str, Any]:
        number = self.number()
        return {name: number, "member": {"member_id": self.who(n)}, "points": 3, "order_ref": number}


IMPATIENT = Clock(sleep=lambda _: None)
"""For whoever prepares: nobody waits for other environments yet."""
MAIN: Mapping[str, Callable[[Shop, int], Event]] = {
    "redeem": Shop.redeem,
    "spend": Shop.spend,
    "purchase": Shop.purchase,
    "award": Shop.award,
    "check-in": Shop.checkin,
    "balance": Shop.balance,
}
"""The operations that somebody waits for."""
ALL: Mapping[str, Callable[[Shop, int], Event]] = {
    **MAIN,
    "hold": Shop.hold,
    "capture": Shop.capture,
    "issue": Shop.given,
}


def event(who: Principal, service: str, method: str, path: str, body: Any, **names: str) -> Event:
    """What API Gateway hands to the function of a service, with what its authorizer has found."""
    return {
        "service": service,  # which app it goes to; an app takes no notice of it
        "path": path.format(**names),
        "headers": {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "bench"},
        "multiValueQueryStringParameters": None,
        "pathParameters": names or None,
        "stageVariables": None,
        "isBase64Encoded": False,
        "body": None if body is None else json.dumps(body),
        "requestContext": {
            "resourcePath": path,
            "httpMethod": method,
            "requestId": "00000000-0000-4000-8000-000000000000",
            "identity": {"sourceIp": "203.0.113.7"},
            "authorizer": {"who": who.to_context(), "principalId": who.key_id or "member"},
        },
    }


def _serve(service: str, routes: Routes, here: Callable[[], World]) -> Chalice:
    """The app of a service. The common routes are added to a copy, for a process may serve many times."""
    own = Routes()
    own.all += [one for one in routes.all if one.path.startswith("/v1/") and one.path != "/v1/whoami"]
    return web.serve(service, own, here)


@contextmanager
def quiet() -> Iterator[None]:
    """Each request writes its line, as in a function, and nobody reads it."""
    logger = logging.getLogger("omotenashi")
    before = logger.handlers, logger.level, logger.propagate
    logger.handlers = []
    log.set_up("bench")
    (made,) = logger.handlers
    assert isinstance(made, logging.StreamHandler)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
        made.setStream(nowhere)
        try:
            yield
        finally:
            logger.handlers, _, logger.propagate = before
            logger.setLevel(before[1])
