"""A shop whose tables lie in a real engine behind a bad wire: its setup, its environments, and those who ask.

Everybody keeps an id for what they want, and asks until there is an answer. Whoever serves them may die at any call;
then another environment takes over, which knows nothing but the tables.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checkin.reactions import CARRY_ON as CHECKIN_CARRY_ON, REACTIONS as CHECKIN_REACTIONS
from checkin.routes import ROUTES as CHECKIN
from coupons.reactions import CARRY_ON as COUPONS_CARRY_ON, REACTIONS as COUPONS_REACTIONS
from coupons.routes import ROUTES as COUPONS
from points.reactions import CARRY_ON as POINTS_CARRY_ON, REACTIONS as POINTS_REACTIONS
from points.routes import ROUTES as POINTS
from shared import inbox, relay
from shared.auth import Principal
from shared.clock import Clock, utc_now
from shared.dynamo import DynamoTable
from shared.errors import Unavailable
from shared.table import Item
from shared.world import World
from tests.api.coupons.conftest import CAMPAIGN
from tests.engines.wire import Dies, Wire
from tests.events.test_relay import Box
from tests.kit import NOON, OPERATOR, Answer, Client, make_world, member
from tests.stream import record

MEMBERS = ("aki", "ben", "chie")
STORES = {
    "shibuya": {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"},
    "umeda": {"name": "梅田店", "lat": 34.7025, "lon": 135.4959, "time_zone": "Asia/Tokyo"},
}
BUDGET, TOTAL, REWARD = 310, 9, 10
SERVICES = {"points": POINTS, "coupons": COUPONS, "checkin": CHECKIN}
INBOXES: dict[str, tuple[Any, Any]] = {
    "points": (POINTS_REACTIONS, POINTS_CARRY_ON),
    "coupons": (COUPONS_REACTIONS, COUPONS_CARRY_ON),
    "checkin": (CHECKIN_REACTIONS, CHECKIN_CARRY_ON),
}
ASKED_MAX = 80
Tables = tuple[DynamoTable, DynamoTable, DynamoTable]
AsTable = Callable[[Any, str], DynamoTable]


@dataclass(frozen=True)
class Ask:
    """What somebody wanted, and the answer in the end."""

    service: str
    who: Principal
    path: str
    body: dict[str, Any]
    answer: Answer
    kind: str
    key: str  # the id of what is wanted, or of what is undone


class Shop:
    """The tables, the wire to them, and all that was asked. `as_ledger` is another store in a control."""

    def __init__(self, wire: Wire, tables: Tables, as_ledger: AsTable = DynamoTable) -> None:
        self.wire = wire
        self._names = [table.name for table in tables]
        self._as_ledger = as_ledger
        self._here = threading.local()
        moved = utc_now() - NOON
        self.now: Callable[[], datetime] = lambda: utc_now() - moved
        self.asks: list[Ask] = []
        self.cards: dict[str, str] = {}
        self.is_open = True
        self._set_up()

    def _set_up(self) -> None:
        world = self._make(lambda _: None)
        points, operator = Client(POINTS, world), Client(POINTS, world, OPERATOR)
        consents = {"location": {"granted": True, "version": "1"}}
        said = [points.post("/v1/members", {"member_id": one, "consents": consents}) for one in MEMBERS]
        budget = {"kind": "prepaid", "points": BUDGET}
        said.append(
            operator.put("/v1/partners/cafe", {"name": "c", "budget": budget, "caps": {"per_member_day": 10_000}})
        )
        said.append(
            operator.put("/v1/programme", operator.get("/v1/programme").body | {"pos_spend_needs_presence": False})
        )
        for store_id, store in STORES.items():
            reward = {"rewards": [{"points": REWARD}]}
            said.append(Client(CHECKIN, world, OPERATOR).put(f"/v1/stores/{store_id}", store | reward))
        few = CAMPAIGN | {"campaign_id": "few", "limits": {"total": TOTAL}}
        said.append(Client(COUPONS, world, OPERATOR).post("/v1/campaigns", few))
        assert [one.body for one in said if one.status >= 300] == []
        for one in MEMBERS:
            self.cards[one] = points.as_(member(one)).get("/v1/me/code").body["static"]["value"]

    def _make(self, sleep: Callable[[float], None]) -> World:
        ledger, *others = self._names
        tables = [self._as_ledger(self.wire.client, ledger), *(DynamoTable(self.wire.client, one) for one in others)]
        return make_world(Clock(self.now, sleep), tables)

    def environment(self) -> World:
        """The world of this thread's environment; a new one if the last has died."""
        world: World | None = getattr(self._here, "world", None)
        if world is None:
            world = self._here.world = self._make(lambda seconds: time.sleep(seconds / 4))
        return world

    # ---- asking ------------------------------------------------------------------------------------------------------

    def ask(self, of: tuple[str, str], service: str, who: Principal, path: str, body: dict[str, Any]) -> Answer:
        """Ask until there is an answer, and remember it."""
        for _ in range(ASKED_MAX):
            answer = self.once(service, who, path, body)
            if answer is not None and answer.status != 503:
                assert answer.status != 500, answer.body
                self.asks.append(Ask(service, who, path, body, answer, *of))
                return answer
        raise AssertionError(f"never answered: {path} {body}")

    def once(self, service: str, who: Principal, path: str, body: dict[str, Any]) -> Answer | None:
        """One request; no answer if its process died."""
        try:
            return Client(SERVICES[service], self.environment(), who).post(path, body)
        except Dies:
            self._here.world = None
            return None

    # ---- the stream and the queues -----------------------------------------------------------------------------------

    def items(self) -> list[Item]:
        """The whole ledger, in order."""
        table = self.environment().ledger.table
        found: list[Item] = []
        after = None
        while page := table.scan(after=after, limit=1000):
            found += page
            after = (page[-1]["pk"], page[-1]["sk"])
        return sorted(found, key=lambda item: (item["pk"], item["sk"]))

    def relay(self) -> tuple[list[Any], list[str]]:
        """What the stream shows of the ledger, all of it once more, and every inbox makes of it; what was left over."""
        box, world = Box(), self.environment()
        relay.relay_ledger(world, [record(item) for item in self.items()], box)
        messages = [("all", json.dumps(event)) for event in box.sent]
        messages += [(service, json.dumps({"carry_on": name})) for service, name in box.carried]
        failed: list[str] = []
        for wanted, body in messages:
            for service, (reactions, carry_on) in INBOXES.items():
                if wanted in (service, "all"):
                    batch = {"Records": [{"messageId": f"m-{len(failed)}", "body": body}]}
                    done = inbox.work(world, batch, reactions=reactions, carry_on=carry_on)
                    failed += [body for _ in done["batchItemFailures"]]
        return box.parked, failed

    def keep_relaying(self) -> None:
        """The relay and the inboxes, which die and fail like everybody, while the shop is open."""
        while self.is_open:
            try:
                self.relay()
            except Dies:
                self._here.world = None
            except Unavailable:
                pass

    def sweep(self) -> None:
        """In calm weather: everything that is under way arrives."""
        before = -1
        while before != (before := len(self.items())):
            parked, failed = self.relay()
            assert (parked, failed) == ([], [])
        transient = self.environment().transient.scan(after=None, limit=10_000)
        assert [item for item in transient if item["pk"].startswith("parked")] == []
