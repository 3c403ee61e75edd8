"""How a run begins: a small chain of shops with its members, one café, some campaigns and stamp cards; one of several programmes.

What is the same for all runs is set up once in a process, by the real routes, and copied into each run's tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, Protocol
from unittest import mock

from checkin.reactions import CARRY_ON as CHECKIN_CARRY_ON, REACTIONS as CHECKIN_REACTIONS
from checkin.routes import ROUTES as CHECKIN
from coupons import alarms as of_coupons
from coupons.locators import draw_locator
from coupons.reactions import CARRY_ON as COUPONS_CARRY_ON, REACTIONS as COUPONS_REACTIONS, STEPS
from coupons.routes import ROUTES as COUPONS
from points import alarms as of_points, leaving
from points.reactions import CARRY_ON as POINTS_CARRY_ON, REACTIONS as POINTS_REACTIONS
from points.routes import ROUTES as POINTS
from shared import keys
from shared.clock import to_ms
from shared.codes import Form
from shared.coupons_of import Codebook
from shared.http import Route
from shared.memory import MemoryTable
from shared.secrets import Secrets
from shared.world import World
from tests.kit import CAFE, EC, NOON, OPERATOR, OTHER_TILL, ROOT, TILL, Client, FakeClock, key, make_world, member
from tests.sim.wires import Consumer

MEMBERS = ("aki", "ben", "chie")
LEAVERS = ("dai", "emi", "fumi")
"""Members who leave, each in a story of its own."""
PERSONAL = "what-only-this-person-said"
"""In every word that a leaver says: nothing of it may be left."""
GRACE_DAYS = 1
STORES: dict[str, dict[str, Any]] = {
    "shibuya": {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo", "cutoff_hour": 4},
    "umeda": {"name": "梅田店", "lat": 34.7025, "lon": 135.4959, "time_zone": "Asia/Tokyo"},
}
RUSHED: dict[str, dict[str, Any]] = {
    "ueno": {"name": "上野店", "lat": 35.7141, "lon": 139.7774, "time_zone": "Asia/Tokyo"},
}
"""A store that has paused by itself, until somebody resumes it."""
DWELL_SECONDS = 40
LOUNGES: dict[str, dict[str, Any]] = {
    "nagoya": {
        "name": "名古屋店",
        "lat": 35.1709,
        "lon": 136.8815,
        "time_zone": "Asia/Tokyo",
        "dwell_seconds": DWELL_SECONDS,
    },
}
"""A store that asks its guests to stay."""
PLACES = STORES | RUSHED | LOUNGES
COME_BY: dict[str, Any] = {"points": 10, "campaign_id": "welcome"}
BUDGET = 250
TOTAL = 2
MANY = 60
PER_MEMBER = 2
PRINTED, MONEY = 5, 350  # codes on paper, 100 off each
USES, USES_A_DAY = 3, 2  # of a code that all share
PRICE, BONUS = 15, 25
COSTLY_TOTAL = 3
BASE = {"rule_id": "base", "kind": "base", "points": 1, "per_amount": 100}
BAG: dict[str, Any] = {
    "rule_id": "bag",
    "kind": "bonus",
    "points": 5,
    "when": {"actions": ["own_bag"]},
    "cap": {"per_day": 10},
}
DOUBLE = {"rule_id": "double", "kind": "multiplier", "factor": "2/1", "when": {"channels": ["ec"]}}
APPROVAL_ABOVE = 100

HOLD_OUT = {"window_hours": 48, "holdout_share_bp": 5000}
"""Of three members this holds one out, who gets no welcome."""

CARDS: dict[str, dict[str, Any]] = {
    "money": {"by": "spend", "spend_per_stamp": 1500, "stamps": 4, "per_day": 1000},
    "coins": {"by": "spend", "spend_per_stamp": 30, "stamps": 90, "per_day": 1000},
    "sales": {"by": "purchase", "stamps": 2, "per_day": 2},
    "visits": {"by": "visit", "stamps": 2, "expires_days": 3},
    "desk": {"by": "manual", "stamps": 3, "per_day": 6, "expires_days": 1},
}
"""The stamp programmes. Of the first every stamp can be reckoned; of the second, where prices are small."""

PLAIN = {"earning": [BASE, BAG], "expiry": {"kind": "none"}, "approval_above": APPROVAL_ABOVE}
PROGRAMMES: dict[str, dict[str, Any]] = {
    "plain": PLAIN,
    "waiting": PLAIN | {"pending": {"ec": {"days": 2}, "pos": "complete"}},
    "fleeting": PLAIN | {"expiry": {"kind": "fixed_days", "n": 2}},
    "sliding": PLAIN | {"expiry": {"kind": "sliding", "n": 3}, "earning": [BASE, BAG, DOUBLE]},
    "strict": PLAIN | {"clawback": "refuse", "expiry": {"kind": "fixed_days", "n": 5}},
}
"""A programme for a run: the plain one can be reckoned with a pencil; the others hurry what takes months."""

TAKINGS = key("pos", key_id="till-2", store_id="shibuya", terminal_id="till-2")
SECOND = key("operator", key_id="operator-2", owner="second-owner")
CALLERS = {"ec": EC, "till": TILL, "till-2": TAKINGS, "other": OTHER_TILL, "cafe": CAFE, "operator": OPERATOR,
           "second": SECOND, **{name: member(name) for name in MEMBERS + LEAVERS}}  # fmt: skip


class Job(Protocol):
    """What runs by the clock."""

    def work(self, world: World, leave_at: float) -> Any: ...


JOBS: tuple[Job, ...] = (of_points.JOB, of_coupons.JOB, leaving)
SERVICES = {"points": POINTS, "coupons": COUPONS, "checkin": CHECKIN}


@cache
def route(service: str, method: str, path: str) -> Route:
    return next(one for one in SERVICES[service].all if (one.method, one.path) == (method, path))


def consumers() -> dict[str, Consumer]:
    return {
        "points": Consumer(POINTS_REACTIONS, POINTS_CARRY_ON),
        "coupons": Consumer(COUPONS_REACTIONS, COUPONS_CARRY_ON),
        "checkin": Consumer(CHECKIN_REACTIONS, CHECKIN_CARRY_ON),
        "codes": Consumer({}, STEPS),
    }


@cache
def secrets() -> Secrets:
    """The keys derived of one root are the same in all runs."""
    return Secrets(lambda: ROOT)


OFFER = {
    "offer": {"type": "amount_off", "value": 100},
    "valid_from": "2026-11-01",
    "valid_until": "2026-12-31",
}
CAMPAIGNS: dict[str, dict[str, Any]] = {
    "free": {"attribution": {"window_hours": 192}},
    "few": {"limits": {"total": TOTAL}},
    "many": {"limits": {"total": MANY}},
    "own": {"limits": {"per_member": PER_MEMBER}, "valid_days": 2},
    "welcome": {
        "limits": {"per_member": PER_MEMBER}, "valid_days": 9, "claimable": False, "attribution": HOLD_OUT,
    },
    "paper": {"limits": {"per_member": PER_MEMBER, "budget": MONEY}},
    "all": {"code": {"mode": "shared"}, "limits": {"total": USES, "per_store_day": USES_A_DAY}},
    "costly": {"limits": {"total": COSTLY_TOTAL}, "price_points": PRICE},
    "bonus": {"offer": {"type": "bonus_points", "value": BONUS}},
    "thanks": {"trigger": {"event": "trigger.survey"}},
    "stars": {"trigger": {"event": "trigger.survey", "filter": {"stars": 5}}, "limits": {"total": TOTAL}},
    "spender": {"trigger": {"event": "points.spent"}},
    "card": {},
}  # fmt: skip


@dataclass(frozen=True)
class Opening:
    """The tables as they are when the shops open; nothing is in the ledger. And each member's card."""

    directory: MemoryTable
    transient: MemoryTable
    cards: dict[str, str]
    papers: list[str]  # codes that were printed, and the one that all share


def real_time(passed_ms: Callable[[], int]) -> Any:
    """The time that no request may lie about (`clock.utc_now`) is the run's, or two runs of a seed would differ."""
    return mock.patch("shared.clock.time", SimpleNamespace(time_ns=lambda: (to_ms(NOON) + passed_ms()) * 1_000_000))


@cache
@real_time(lambda: 0)
def opening(programme: str) -> Opening:
    """The world before the first customer comes: the same at any time and in every process."""
    tables = MemoryTable(counts=False), MemoryTable(counts=False), MemoryTable(counts=False)
    world = make_world(FakeClock(), tables)
    points, coupons, checkin = (Client(routes, world) for routes in (POINTS, COUPONS, CHECKIN))
    consents = {"location": {"granted": True, "version": "1"}}
    for name in MEMBERS + LEAVERS:
        more = {"display_name": PERSONAL, "identities": [{"type": "card", "value": name}]} if name in LEAVERS else {}
        _sure(points.post("/v1/members", {"member_id": name, "consents": consents, **more}))
    budget = {
        "name": "cafe",
        "budget": {"kind": "prepaid", "points": BUDGET},
        "caps": {"per_award": 150, "per_member_day": 160},
    }
    _sure(points.as_(OPERATOR).put("/v1/partners/cafe", budget))
    settings = {"version": 1, "pos_spend_needs_presence": False, **PROGRAMMES[programme]} | {
        "erasure_grace_days": GRACE_DAYS
    }
    _sure(points.as_(OPERATOR).put("/v1/programme", settings))
    for store_id, store in PLACES.items():
        _sure(checkin.as_(OPERATOR).put(f"/v1/stores/{store_id}", store | {"rewards": [COME_BY]}))
    for store_id in RUSHED:
        item = tables[1].get(*keys.store(store_id), consistent=True)
        assert item is not None
        tables[1].put(item | {"paused": True, "paused_by": "anomaly", "anomaly": 1})
    world.clock.sleep(1)
    for campaign_id, more in CAMPAIGNS.items():
        said = {"campaign_id": campaign_id, "name": {"ja": campaign_id, "en": campaign_id}, **OFFER}
        _sure(coupons.as_(OPERATOR).post("/v1/campaigns", said | more))
    papers = [*_printed(world, "paper"), coupons.as_(OPERATOR).get("/v1/campaigns/all").body["shared_code"]]
    for programme_id, more in CARDS.items():
        said = {"programme_id": programme_id, "name": programme_id, "campaign_id": "card"}
        _sure(coupons.as_(OPERATOR).post("/v1/stamp-programmes", said | more))
    assert not tables[0].scan()
    cards = {name: points.as_(member(name)).get("/v1/me/code").body["static"]["value"] for name in MEMBERS + LEAVERS}
    for job in JOBS:
        job.work(world, float("inf"))  # they run by the clock for as long as there is a shop
    return Opening(tables[1], tables[2], cards, papers)


def _printed(world: World, campaign_id: str) -> list[str]:
    """Some codes of a campaign, as if a job had made them before the shops opened."""
    locator = draw_locator(world, campaign_id, Form.BULK)
    key = keys.locator(locator)
    item = world.directory.table.get(*key, consistent=True)
    assert item is not None
    world.directory.table.put(item | {"made": PRINTED, "editions": [[0, 1]]})
    world.clock.sleep(1)
    return [str(Codebook(world).code_of(locator, number)) for number in range(PRINTED)]


def _sure(answer: Any) -> None:
    assert answer.status < 300, answer.body
