"""Crashes and stale reads at any moment, repeats, and the stream's help: in the end the books of all chains agree."""

import itertools
import json
import random
from typing import Any

import pytest

from coupons import giving, reactions as coupon_reactions
from coupons.pool import POOL
from coupons.routes import ROUTES
from infra import invariants
from points import reactions as point_reactions
from points.budgets import BUDGET
from points.routes import ROUTES as POINTS
from shared import chain, inbox, relay
from shared.coupon_book import BOOK
from shared.memory import MemoryTable
from tests.api.coupons.conftest import CAMPAIGN
from tests.events.test_relay import Box
from tests.kit import CAFE, OPERATOR, TILL, Client, FakeClock, make_world, member
from tests.stream import record

MEMBERS = ("taro", "hana")
CARRY_ON = {"points": point_reactions.CARRY_ON, "coupons": coupon_reactions.CARRY_ON}


class Died(BaseException):
    """Not an Exception, so that nothing can swallow it."""


class StormyTable(MemoryTable):
    """While there is weather: processes die around their writes, and heads are read as they were one item before."""

    weather: random.Random | None = None

    def _strike(self):
        if self.weather and self.weather.random() < 0.06:
            raise Died

    def put_new(self, item):
        self._strike()
        old = super().put_new(item)
        self._strike()
        return old

    def transact(self, writes):
        self._strike()
        super().transact(writes)
        self._strike()

    def newest(self, pk, *, upto=None, consistent=False):
        found = super().newest(pk, upto=upto, consistent=True)
        if found and self.weather and not consistent and upto is None and self.weather.random() < 0.3:
            return super().newest(pk, upto=found["sk"] - 1, consistent=True)
        return found


class Stage:
    """A world with two members, and dice that are thrown by its seed."""

    def __init__(self, seed):
        self.dice, self.clock = random.Random(seed), FakeClock()
        self.ledger, self.parked = StormyTable(), MemoryTable()
        self.world = make_world(self.clock, (self.ledger, MemoryTable(), self.parked))
        self.points, self.coupons = Client(POINTS, self.world), Client(ROUTES, self.world)
        for member_id in MEMBERS:
            self.points.post("/v1/members", {"member_id": member_id})

    def campaign(self, campaign_id, **limits):
        said = CAMPAIGN | {"campaign_id": campaign_id, "limits": limits}
        assert self.coupons.as_(OPERATOR).post("/v1/campaigns", said).status == 201

    def issue(self, campaign_id, source_id, member_id):
        said = {"campaign_id": campaign_id, "source_id": source_id, "member": {"member_id": member_id}}
        return self.coupons.post("/v1/issues", said)

    def storm(self, acts, times=60):
        """So many acts, some of which end in the middle; none is answered by an error of ours."""
        self.ledger.weather = self.dice
        for _ in range(times):
            self.clock.forward(milliseconds=self.dice.choice((1, 500, 20_000)))
            try:
                answer = self.dice.choice(acts)()
            except Died:
                continue
            assert answer is None or answer.status in (200, 201, 404, 409, 422), answer.body
        self.ledger.weather = None
        self.is_whole()

    def sweep(self):
        """What the stream sees in the table, and the inboxes make of it."""
        box = Box()
        relay.relay_ledger(self.world, [record(item) for item in self.ledger.scan()], box)
        for service, name in box.carried:
            message = {"messageId": "m", "body": json.dumps({"carry_on": name})}
            inbox.work(self.world, {"Records": [message]}, reactions={}, carry_on=CARRY_ON[service])
        refused = [item for item in self.parked.scan() if item["pk"].startswith("parked#")]
        assert (box.parked, refused) == ([], [])

    def entries(self, letter, holder):
        items = self.world.ledger.table.items(f"{letter}#{holder}")
        return [entry for item in items for entry in chain.entries_of(item)]

    def is_whole(self):
        accounts = {item["pk"] for item in self.ledger.scan() if not item["pk"].startswith("N#")}
        assert [fault for account in accounts for fault in invariants.faults(self.ledger.items(account))] == []


@pytest.mark.parametrize("seed", range(25))
def test_a_budget_and_a_pool_have_given_exactly_what_members_got(seed):
    stage = Stage(seed)
    dice = stage.dice
    said = {"name": "c", "budget": {"kind": "prepaid", "points": 400}, "caps": {"per_member_day": 100}}
    stage.points.as_(OPERATOR).put("/v1/partners/cafe", said)
    codes = [stage.points.as_(member(one)).get("/v1/me/code").body["static"]["value"] for one in MEMBERS]
    stage.campaign("spring", total=7, per_member=4)

    def award():
        n = dice.randint(0, 9)
        said = {"award_id": f"a-{n}", "member": {"code": codes[n % 2]}, "points": 30 + n, "reason": "x"}
        return stage.points.as_(CAFE).post("/v1/awards", said)

    def issue():
        n = dice.randint(0, 9)
        return stage.issue("spring", f"s-{n}", MEMBERS[n % 2])

    stage.storm([award] * 4 + [issue] * 4 + [stage.sweep])
    for _ in range(3):  # what the first sweep appends, the next one sees
        stage.sweep()
    given = sum(entry.points for one in MEMBERS for entry in stage.entries("M", one))
    assert stage.world.ledger.head(BUDGET, "cafe").state.total == given <= 400
    issued = sum(len(stage.world.ledger.head(BOOK, one).state.coupons) for one in MEMBERS)
    assert stage.world.ledger.head(POOL, "spring").state.taken == issued <= 7


@pytest.mark.parametrize("seed", range(25))
def test_no_coupon_is_ever_good_twice(seed, monkeypatch):
    """Redemptions and holds of one or two members, captures and voids, and books so small that coupons leave them."""
    monkeypatch.setattr(giving, "COUPONS_MAX", 4)
    stage = Stage(seed)
    dice, till, numbers = stage.dice, stage.coupons.as_(TILL), itertools.count()
    sent: dict[int, Any] = {}
    for campaign_id in "ab":
        stage.campaign(campaign_id)
    codes = [stage.issue(one, who, who).body["code"] for one in "ab" for who in MEMBERS]
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}

    def redeem():
        n = dice.randint(0, 9)
        said: dict[str, Any] = {
            "redemption_id": f"r-{n}",
            "channel": "pos",
            "order_ref": f"o-{n // 2}",
            "basket": basket,
        }
        said |= {"codes": dice.sample(codes, dice.choice((1, 1, 2)))}
        said |= {"hold_seconds": 30} if dice.random() < 0.6 else {}
        return till.post("/v1/redemptions", sent.setdefault(n, said))

    def capture():
        n = dice.randint(0, 9)
        return till.post(f"/v1/redemptions/r-{n}/capture", {}) if n in sent else None

    def void():
        return till.post(f"/v1/redemptions/r-{dice.randint(0, 9)}/void", {"void_id": "v"})

    def issue():
        return stage.issue("a", f"x-{next(numbers)}", dice.choice(MEMBERS))

    stage.storm([redeem] * 4 + [capture] * 2 + [void, issue], times=80)
    used: dict[Any, Any] = {}
    for entry in itertools.chain(*(stage.entries("B", one) for one in MEMBERS)):
        by = entry.data.get("coupon_id"), entry.data.get("redemption_id")
        if entry.kind == "redeemed":
            assert not used.get(by[0]), by
            used[by[0]] = by[1]
        elif entry.kind == "voided" and used.get(by[0]):
            assert used[by[0]] == by[1]
            used[by[0]] = None
