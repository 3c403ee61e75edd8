"""Ledgers for the audit: everything that can happen to members, over the real routes of all three services."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from copy import deepcopy
from datetime import timedelta
from functools import cache
from typing import Any

from checkin.routes import ROUTES as CHECKIN
from coupons import alarms, losses
from coupons.reactions import REACTIONS as COUPONS_REACTIONS
from coupons.routes import ROUTES as COUPONS
from infra.invariants import Watch
from points.reactions import REACTIONS
from points.routes import ROUTES
from shared import chain, events, inbox, keys
from shared.clock import to_text
from shared.item_hash import hash_of
from shared.table import Item
from tests.api.points import shop
from tests.kit import CAFE, EC, OPERATOR, Client, FakeClock, key, make_world, member

ZONE = "Asia/Tokyo"
CAMPAIGN = {
    "campaign_id": "spring",
    "name": {"ja": "春の割引", "en": "Spring"},
    "offer": {"type": "amount_off", "value": 300},
    "valid_from": "2026-11-01",
    "valid_until": "2026-12-31",
}
BIG = {"type": "amount_off", "value": 20_000}
SHIBUYA = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo", "cutoff_hour": 4}


@cache
def _busy() -> tuple[Item, ...]:
    client = Client(ROUTES, make_world(FakeClock()))
    busy_month(client)
    return tuple(client.world.ledger.table.scan(after=None, limit=100_000))


def busy() -> list[Item]:
    """The items of a month in which everything has happened to members' points."""
    return deepcopy(list(_busy()))


def busy_month(client: Client) -> None:
    """Members buy, spend, hold, return, are given points, expire, are merged and parted."""
    clock: Any = client.world.clock.now.__self__  # type: ignore[attr-defined]
    for member_id in ("taro", "hanako", "jiro"):
        _yes(client.post("/v1/members", {"member_id": member_id}))
    shop.set_programme(client, expiry={"kind": "fixed_days", "n": 10}, pending={"ec": {"days": 3}, "pos": "complete"})
    for day in range(8):
        for member_id in ("taro", "hanako"):
            _yes(shop.buy(client, f"{member_id}-{day}", 1000 + day, member={"member_id": member_id}))
        _yes(shop.buy(client, f"ec-{day}", 2000, source="ec", state="placed"))
        if day % 2:
            _yes(shop.complete(client, f"ec-{day}", "ec"))
        _yes(shop.spend(client, 3, f"s-{day}"))
        _yes(shop.hold(client, 4, f"h-{day}"))
        clock.forward(hours=20)
    _yes(client.as_(EC).post("/v1/holds/h-7/capture", {"points": 1}))
    _yes(shop.give_back(client, "taro-3", "r-1"))
    _yes(shop.reverse(client, "s-4", "spend"))
    _yes(shop.reverse(client, "taro-7"))
    _adjust(client, "a-1", 30, "free")
    _adjust(client, "a-2", 20, "paid")
    _adjust(client, "a-3", -4, "free")
    _yes(client.as_(OPERATOR).post("/v1/members/hanako/merge", {"merge_id": "m-1", "into_member_id": "taro"}))
    clock.forward(days=2)
    _yes(client.as_(OPERATOR).post("/v1/members/hanako/unmerge", {"merge_id": "m-1"}))
    clock.forward(days=6)
    _yes(shop.spend(client, 35, "s-last"))
    _awards(client)
    _yes(Client(CHECKIN, client.world, OPERATOR).put("/v1/stores/shibuya", SHIBUYA))
    _outage(Client(COUPONS, client.world))
    _coupons(Client(COUPONS, client.world))
    _codes(Client(COUPONS, client.world))
    _visits(Client(CHECKIN, client.world))
    for days in (22, 9):  # the last week of the year, and after it
        today = clock.forward(days=days).date().toordinal()
        assert alarms.look(client.world, "jiro", today) == "entered"
    _hear(client, "B#jiro", COUPONS_REACTIONS)


def _awards(client: Client) -> None:
    settings = {"name": "Cafe", "budget": {"kind": "prepaid", "points": 100}}
    caps = {"caps": {"per_award": 50, "per_member_day": 60, "per_day": 90}}
    _yes(client.as_(OPERATOR).put("/v1/partners/cafe", settings | caps))
    code = client.as_(member("jiro")).get("/v1/me/code").body["static"]["value"]
    for award_id, points in (("w-1", 40), ("w-2", 15)):
        body = {"award_id": award_id, "member": {"code": code}, "points": points, "reason": "latte"}
        _yes(client.as_(CAFE).post("/v1/awards", body))
    _yes(client.as_(CAFE).post("/v1/operations/w-2/reverse", {"reverse_id": "u", "kind": "award"}))


def _coupons(client: Client) -> None:
    """Coupons are issued out of a pool, used, held and given back."""
    _yes(client.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | {"limits": {"total": 3, "per_member": 2}}))
    codes = []
    for n in range(2):
        said = {"campaign_id": "spring", "source_id": f"i-{n}", "member": {"member_id": "jiro"}}
        answer = client.post("/v1/issues", said)
        _yes(answer)
        codes.append(answer.body["code"])
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}
    for n, more in enumerate(({}, {"hold_seconds": 600})):
        said = {
            "redemption_id": f"x-{n}",
            "codes": [codes[n]],
            "basket": basket,
            "order_ref": f"o-{n}",
            "channel": "ec",
        }
        _yes(client.post("/v1/redemptions", said | more))
    _yes(client.post("/v1/redemptions/x-1/capture", {}))
    _yes(client.post("/v1/redemptions/x-0/void", {"void_id": "v"}))


def _codes(client: Client) -> None:
    """Two jobs make all the codes of a campaign, under terms that change between them."""
    operator = client.as_(OPERATOR)
    _yes(operator.post("/v1/campaigns", CAMPAIGN | {"campaign_id": "bulk", "limits": {"total": 11}}))
    for job_id, count in (("j-1", 6), ("j-2", 5)):
        _yes(operator.post("/v1/campaigns/bulk/codes", {"job_id": job_id, "count": count}))
        _yes(operator.patch("/v1/campaigns/bulk", {"stores": ["shibuya"]}))


def _outage(client: Client) -> None:
    """Two tills without a line take the same two tokens; one loss is lifted, one is beyond what a day allows."""
    _yes(client.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | {"campaign_id": "big", "offer": BIG}))
    for n in range(3):
        said = {"campaign_id": "big", "source_id": f"big-{n}", "member": {"member_id": "jiro"}}
        _yes(client.post("/v1/issues", said))
    tokens = [one["offline_token"] for one in client.get("/v1/members/jiro/coupons").body["items"]]
    clock: Any = client.world.clock.now.__self__  # type: ignore[attr-defined]
    day = (clock.at + timedelta(hours=9 - 4)).date().isoformat()
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 30_000}]}
    for terminal_id in ("till-1", "till-2"):
        till = client.as_(key("pos", key_id=terminal_id, store_id="shibuya", terminal_id=terminal_id))
        said = {"allowance_id": f"a-{terminal_id}", "terminal_id": terminal_id, "business_day": day}
        _yes(till.post("/v1/offline/allowances", said))
        items = []
        for n, token in enumerate(tokens):
            body = {"redemption_id": f"{terminal_id}-{n}", "order_ref": f"{terminal_id}-{n}", "basket": basket}
            named = {"id": f"i-{n}", "kind": "redemption", "terminal_seq": n, "offline_token": token}
            items.append(named | {"occurred_at": to_text(clock.at), "body": body})
        _yes(till.post("/v1/offline/sync", {"items": items}))
    _yes(till.post("/v1/redemptions/till-2-0/void", {"void_id": "v"}))
    losses.finish(client.world, client.world.ledger.table.get(keys.redemption("till-2-0"), 0) or {})


def _visits(client: Client) -> None:
    """Two stores are visited."""
    for store_id, lat in (("shibuya", 35.6595), ("umeda", 35.6596)):
        _yes(client.as_(OPERATOR).put(f"/v1/stores/{store_id}", SHIBUYA | {"lat": lat, "rewards": [{"points": 10}]}))
        scan = {"checkin_id": f"c-{store_id}", "member": {"member_id": "jiro"}, "store_id": store_id}
        _yes(client.as_(OPERATOR).post("/v1/checkins", scan))
        client.world.clock.now.__self__.forward(hours=1)  # type: ignore[attr-defined]
    _hear(client, "V#jiro", REACTIONS)


def _hear(client: Client, account: str, reactions: Any) -> None:
    """What has happened in an account reaches the services that listen to it."""
    entries = [entry for item in client.world.ledger.table.items(account) for entry in chain.entries_of(item)]
    sent = [event for entry in entries for event in events.of_entry(entry)]
    records = [{"messageId": f"m-{n}", "body": json.dumps(event)} for n, event in enumerate(sent)]
    failed = inbox.work(client.world, {"Records": records}, reactions=reactions, carry_on={})
    assert failed == {"batchItemFailures": []}, failed


def _adjust(client: Client, adjustment_id: str, points: int, consideration: str) -> None:
    said = {"adjustment_id": adjustment_id, "points": points, "reason": "r", "consideration": consideration}
    _yes(client.as_(OPERATOR).post("/v1/adjustments", {"member": {"member_id": "taro"}, **said}))


def _yes(answer: Any) -> None:
    assert answer.status < 300, answer.body


# ---- doctoring -------------------------------------------------------------------------------------------------------


def doctored(items: list[Item], kind: str, change: Callable[[Item, dict[str, Any]], object], letter: str = "M") -> Item:
    """Change the last item of a kind of account that has an entry of this kind, and all hashes after it, to fit."""
    chosen = next(one for one in reversed(items) if one["pk"][0] == letter and _entry(one, kind) is not None)
    change(chosen, _entry(chosen, kind) or {})
    rehash([one for one in items if one["pk"] == chosen["pk"] and one["sk"] >= chosen["sk"]])
    return chosen


def rehash(items: Iterable[Item]) -> None:
    """Let each item hold the hash of the one before it."""
    before = None
    for item in items:
        if before is not None and before["sk"]:
            item["h"] = hash_of(before)
        before = item


def _entry(item: Item, kind: str) -> dict[str, Any] | None:
    return next((raw for raw in item.get("e", ()) if raw["k"] == kind), None)


def first_faults(items: Iterable[Item], zone: str | None = ZONE) -> list[str]:
    """What is wrong with the first item that has a fault."""
    watch = Watch(zone)
    return next((found for item in items if (found := watch.see(item))), [])
