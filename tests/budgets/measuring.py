"""A shop at work on stores that count: what each operation of `infra.units` costs there, all told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import partial
from typing import Any

from checkin.routes import ROUTES as CHECKIN
from coupons.routes import ROUTES as COUPONS
from infra.units import UNITS, Units
from points import alarms, reports
from points.routes import ROUTES as POINTS
from shared import keys, relay
from shared.http import Routes
from shared.memory import MemoryTable, size
from shared.table import Item
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import CAFE, EC, OPERATOR, TILL, Answer, Client, FakeClock, make_world, member, purchase
from tests.passing import INBOXES, Passing

TIMES = 20
BATCH = 100
MEMBERS = 100
LINES = [{"line_id": str(n), "sku": f"4901234567{n:03d}", "quantity": 1, "amount": 298} for n in range(8)]
FOREVER = float("inf")
BYTES = ("answer", "sent", "kept", "passing")
_OF_ITEM = 100  # bytes that DynamoDB adds to each item where it bills what lies there

Done = tuple[int, Answer | None]
"""How many times it was that, and what a caller was answered; None where nobody asked."""


class Table(MemoryTable):
    """A table that counts what the product does, and not how the tests look at it: they scan, as only a job would."""

    counts_scans = False

    def scan(self, *, after: Any = None, limit: int = 1_000_000) -> list[Item]:
        before = replace(self.usage)
        found = super().scan(after=after, limit=limit)
        if not self.counts_scans:
            self.usage = before
        return found


@dataclass
class Shop:
    """A world with members, a store, a partner and a campaign, whose streams have been worked off."""

    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.ledger, self.directory, self.transient = self.tables = Table(), Table(), Table()
        self.world = make_world(self.clock, self.tables)
        self.passing = Passing(self.world)
        self._profiles: dict[tuple[Any, Any], Item] = {}
        self._n = 0
        self.last_code = ""
        operator = self.client(POINTS).as_(OPERATOR)
        operator.put("/v1/partners/cafe", {"name": "cafe", "budget": {"kind": "monthly", "points": 10**7}})
        store = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
        store["rewards"] = [{"points": 5}]
        self.client(CHECKIN).as_(OPERATOR).put("/v1/stores/shibuya", store)
        self.client(COUPONS).as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | {"valid_until": "2028-12-31"})
        for n in range(MEMBERS):
            self.join(f"member-{n}")
        self.buy("member-0")
        self.award(self.code())
        self.checkin()
        self.redeem(self.issue())
        self.settle()

    def client(self, routes: Routes) -> Client:
        return Client(routes, self.world)

    def settle(self) -> int:
        """Let the streams and the inboxes work until nothing new happens; how many messages that were."""
        count = 0
        while messages := self.passing.step() + self._of_directory():
            self.passing.deliver(messages)
            count += len(messages)
        return count

    def _of_directory(self) -> list[tuple[str, dict[str, Any]]]:
        """What the directory's stream brings since the last time, for whoever obeys it."""
        events: list[dict[str, Any]] = []
        for item in self.directory.scan():
            old = self._profiles.get((item["pk"], item["sk"]))
            if item != old:
                events += relay._of_directory(old, item)
            self._profiles[item["pk"], item["sk"]] = item
        self.passing.seen += events
        return [
            (service, event) for event in events for service, (react, _) in INBOXES.items() if event["type"] in react
        ]

    def number(self) -> int:
        self._n += 1
        return self._n

    # ---- what is done there ----

    def join(self, member_id: str | None = None) -> Answer:
        member_id = member_id or f"new-{self.number()}"
        card = {"type": "card", "value": f"card-{member_id}"}
        consents = {"location": {"granted": True, "version": "1"}}
        said = {"member_id": member_id, "identities": [card], "consents": consents}
        return self.client(POINTS).as_(EC).post("/v1/members", said)

    def sale(self, member_id: str) -> dict[str, Any]:
        at = self.clock.now().isoformat()
        return purchase(
            purchase_id=f"shibuya-1-{self.number():08d}", occurred_at=at, lines=LINES,
            member={"identity": {"type": "card", "value": f"card-{member_id}"}},
        )  # fmt: skip

    def buy(self, member_id: str = "member-0") -> Answer:
        return self.client(POINTS).as_(TILL).post("/v1/purchases", self.sale(member_id))

    def buy_many(self) -> Answer:
        said = {"purchases": [self.sale(f"member-{n % MEMBERS}") for n in range(BATCH)]}
        return self.client(POINTS).as_(EC).post("/v1/purchases/batch", said)

    def give_back(self) -> Answer:
        last = f"shibuya-1-{self._n:08d}"
        said = {"return_id": f"r-{self.number()}", "channel": "pos", "lines": [{"line_id": "1", "quantity": 1}]}
        return self.client(POINTS).as_(TILL).post(f"/v1/purchases/pos/{last}/returns", said)

    def spend(self) -> Answer:
        n = self.number()
        said = {"spend_id": f"s-{n}", "member": {"member_id": "member-0"}, "points": 1, "order_ref": f"o-{n}"}
        return self.client(POINTS).as_(EC).post("/v1/spends", said)

    def code(self) -> str:
        return str(self.client(POINTS).as_(member("member-0")).get("/v1/me/code").body["static"]["value"])

    def award(self, code: str) -> Answer:
        said = {"award_id": f"a-{self.number()}", "member": {"code": code}, "points": 5, "reason": "latte"}
        return self.client(POINTS).as_(CAFE).post("/v1/awards", said)

    def look(self) -> Answer:
        return self.client(POINTS).as_(member("member-0")).get("/v1/me/balance")

    def checkin(self) -> Answer:
        at = self.clock.now().isoformat()
        fix = {"lat": 35.6595, "lon": 139.7005, "accuracy_m": 10, "captured_at": at}
        said = {"checkin_id": f"c-{self.number()}", "store_id": "shibuya", "location": fix}
        return self.client(CHECKIN).as_(member("member-0")).post("/v1/me/checkins", said)

    def issue(self) -> str:
        return str(self.give().body["code"])

    def _wish(self, member_id: str) -> dict[str, Any]:
        return {"campaign_id": "spring", "source_id": f"s-{self.number()}", "member": {"member_id": member_id}}

    def give(self) -> Answer:
        answer = self.client(COUPONS).as_(EC).post("/v1/issues", self._wish("member-0"))
        self.last_code = answer.body["code"]
        return answer

    def give_many(self) -> Answer:
        said = {"issues": [self._wish(f"member-{n % MEMBERS}") for n in range(BATCH)]}
        return self.client(COUPONS).as_(EC).post("/v1/issues/batch", said)

    def validate(self, code: str) -> Answer:
        said = {"codes": [code], "channel": "pos", "basket": {"lines": LINES}}
        return self.client(COUPONS).as_(TILL).post("/v1/validations", said)

    def redeem(self, code: str) -> Answer:
        n = self.number()
        said = {"redemption_id": f"shibuya-1-{n}", "codes": [code], "channel": "pos", "order_ref": f"o-{n}"}
        return self.client(COUPONS).as_(TILL).post("/v1/redemptions", said | {"basket": {"lines": LINES}})


# ---- measuring ------------------------------------------------------------------------------------------------------


def measured(name: str) -> Units:
    """The mean of some times that an operation was performed, a week apart."""
    shop, sums, times = Shop(), Counter[str](), 0
    for act in _acts(shop, name):
        _warm(shop)
        each, found = _once(shop, act)
        sums.update(found)
        times += each
    means = {one.name: sums[one.name] / times for one in fields(Units) if one.type != "Caller"}
    told: dict[str, Any] = {one: round(mean, 2) if one not in BYTES else round(mean) for one, mean in means.items()}
    return Units(UNITS[name].caller, **told)


def _once(shop: Shop, act: Callable[[], Done]) -> tuple[int, dict[str, float]]:
    for table in shop.tables:
        table.usage.reset()
    before, seen = _lying(shop), len(shop.passing.seen)
    times, answer = act()
    trips = _used(shop, "round_trips")
    messages = shop.settle()
    events = shop.passing.seen[seen:]
    after = _lying(shop)
    return times, {
        "requests": 0 if answer is None else 1,
        "answer": 0 if answer is None else len(json.dumps(answer.body, ensure_ascii=False).encode()),
        "writes": _used(shop, "write_units"),
        "reads": _used(shop, "read_units"),
        "trips": trips if answer is not None else 0,
        "trips_behind": _used(shop, "round_trips") - (trips if answer is not None else 0),
        "records": after["records"] - before["records"],
        "events": len(events),
        "sent": sum(len(json.dumps(event).encode()) for event in events),
        "messages": messages,
        "kept": after["kept"] - before["kept"],
        "passing": after["passing"] - before["passing"],
    }


def _used(shop: Shop, what: str) -> float:
    return sum(getattr(table.usage, what) for table in shop.tables)


def _lying(shop: Shop) -> dict[str, int]:
    kept = shop.ledger.scan() + shop.directory.scan()
    passing = shop.transient.scan()
    items = {"kept": kept, "passing": passing}
    return {"records": len(kept)} | {one: sum(size(item) + _OF_ITEM for item in lying) for one, lying in items.items()}


def _warm(shop: Shop) -> None:
    """Settings come from the cache, as in a function that is at work."""
    directory = shop.world.directory
    for kind in ("campaign", "locator", "webhook"):
        directory.settings(kind)
    for key in (keys.campaign("spring"), keys.programme(), keys.partner("cafe"), keys.store("shibuya")):
        directory.setting(key)
    directory.setting(keys.terms("spring", 1))


# ---- what is measured -----------------------------------------------------------------------------------------------


def _acts(shop: Shop, name: str) -> Iterator[Callable[[], Done]]:
    """The operation, some times. What has to be there for it is made in between, and not counted."""
    if name in ("dues", "nights"):
        yield from (_dues if name == "dues" else _nights)(shop)
        return
    is_batch = name.endswith("_in_batch")
    for _ in range(2 if is_batch else TIMES):
        shop.clock.forward(days=7)
        act = _ready(shop, name)
        shop.settle()
        yield lambda act=act: (BATCH if is_batch else 1, act())  # type: ignore[misc]


def _ready(shop: Shop, name: str) -> Callable[[], Answer]:
    if name == "returns":
        shop.buy()
    if name in ("validations", "redemptions"):
        code = shop.issue()
        return partial(shop.validate if name == "validations" else shop.redeem, code)
    if name == "awards":
        return partial(shop.award, shop.code())
    if name == "issues" and shop.last_code:
        shop.redeem(shop.last_code)
    acts: dict[str, Callable[[], Answer]] = {
        "joins": shop.join,
        "purchases": shop.buy,
        "purchases_in_batch": shop.buy_many,
        "returns": shop.give_back,
        "spends": shop.spend,
        "looks": shop.look,
        "checkins": shop.checkin,
        "issues": shop.give,
        "issues_in_batch": shop.give_many,
    }
    return acts[name]


def _dues(shop: Shop) -> Iterator[Callable[[], Done]]:
    """The dates on which the points of many members fall due: three reminders, and the expiry."""
    shop.buy_many()
    shop.settle()
    start = shop.clock.now()
    for days in (335, 358, 364, 366):
        shop.clock.at = start + timedelta(days=days)
        yield lambda: _looked_at(shop)


def _looked_at(shop: Shop) -> Done:
    day = shop.clock.now().date().toordinal()
    entered = [alarms.look(shop.world, f"member-{n}", day) for n in range(1, MEMBERS)]
    assert set(entered) == {"entered"}
    return len(entered), None


def _nights(shop: Shop) -> Iterator[Callable[[], Done]]:
    """The report of what the shop owes, for a day that has ended."""
    shop.buy_many()
    shop.settle()
    reports.work(shop.world, FOREVER)
    shop.directory.counts_scans = True
    shop.clock.forward(days=1)
    yield lambda: _reported(shop)


def _reported(shop: Shop) -> Done:
    assert reports.work(shop.world, FOREVER)
    return MEMBERS, None
