"""Merges meet tills, tablets and cafés at once: every request counts once; and a control that counts some twice."""

import sys
from collections import Counter

import pytest

from infra import invariants
from points.routes import ROUTES
from shared import chain, closings
from shared.clock import Clock
from tests.chain.test_merges import only_while_closed
from tests.kit import CAFE, OPERATOR, Client, make_world, member, purchase
from tests.races.test_chain import all_at_once

ROUNDS = 4
KINDS = ("merge", "purchase", "spend", "capture", "award", "purchase", "spend", "award")


@pytest.fixture(autouse=True)
def _switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def lines(amount):
    return [{"line_id": "1", "quantity": 1, "amount": amount}]


class Shop:
    """Two members with 1,000 points each, some of them held; a café with a budget; and whoever comes by."""

    def __init__(self):
        self.client = Client(ROUTES, make_world(Clock()))
        self.client.world.directory.clock = Clock(sleep=lambda _: None)
        self.codes = {}
        said = {"name": "c", "budget": {"kind": "monthly", "points": 10_000}, "caps": {"per_member_day": 10_000}}
        self.client.as_(OPERATOR).put("/v1/partners/cafe", said)
        for member_id in ("taro", "hanako"):
            self.client.post("/v1/members", {"member_id": member_id})
            code = self.client.as_(member(member_id)).get("/v1/me/code").body["static"]["value"]
            self.codes[member_id] = code
            self.buy(f"first-{member_id}", member_id, 100_000)
            for n in range(8):
                body = {"hold_id": f"{member_id}-{n}", "order_ref": "o", "points": 10}
                self.client.post("/v1/holds", body | {"member": {"member_id": member_id}})

    def buy(self, purchase_id, member_id, amount):
        body = purchase(purchase_id=purchase_id, member={"member_id": member_id}, lines=lines(amount))
        return self.client.post("/v1/purchases", body | {"occurred_at": "2026-10-01T00:00:00Z"})

    def ask(self, kind, n):
        """One request; twins of it come from the neighbours."""
        member_id = ("taro", "hanako")[n // 2 % 2]
        if kind == "purchase":
            return self.buy(f"p{n // 2}", member_id, 500)
        if kind == "spend":
            body = {"spend_id": f"s{n // 2}", "member": {"member_id": "taro"}, "points": 7, "order_ref": "o"}
            return self.client.post("/v1/spends", body)
        if kind == "capture":
            return self.client.post(f"/v1/holds/{member_id}-{n % 8}/capture", {})
        if kind == "award":
            body = {"award_id": f"a{n // 2}", "member": {"code": self.codes["taro"]}, "points": 3, "reason": "latte"}
            return self.client.as_(CAFE).post("/v1/awards", body)
        body = {"merge_id": f"m{n}", "into_member_id": "hanako"}
        merged = self.client.as_(OPERATOR).post("/v1/members/taro/merge", body)
        self.client.as_(OPERATOR).post("/v1/members/taro/unmerge", {"merge_id": f"m{n}"})
        return merged

    def entries(self):
        table = self.client.world.ledger.table
        items = [item for one in ("taro", "hanako") for item in table.items(f"M#{one}")]
        return [entry for item in items for entry in chain.entries_of(item)]

    def faults(self):
        """What is wrong with the books."""
        table = self.client.world.ledger.table
        held = [item for account in ("M#taro", "M#hanako", "P#cafe") for item in table.items(account)]
        yield from invariants.faults(held, self.client.world.clock.now())
        times = Counter((entry.kind, entry.ref) for entry in self.entries() if entry.kind not in ("merged", "held"))
        for what, count in times.items():
            if count > 1:
                yield f"{what} {count} times"


def storm(shop):
    """All at once, and then everything that may be sent again once more."""
    asked = [(KINDS[n % len(KINDS)], n // len(KINDS)) for n in range(ROUNDS * len(KINDS))]
    answers = all_at_once(len(asked), lambda n: shop.ask(*asked[n]))
    again = [shop.ask(kind, n) for kind, n in asked if kind != "merge"]
    return answers, again


def test_every_request_counts_once_though_its_member_is_merged_and_parted():
    for _ in range(4):
        shop = Shop()
        answers, again = storm(shop)
        assert {answer.status for answer in answers} <= {200, 201, 409, 503}
        assert {answer.status for answer in again} <= {200, 201}
        assert list(shop.faults()) == []
        assert sum(entry.points for entry in shop.entries()) == sum(
            shop.client.world.ledger.table.items(f"M#{one}")[-1]["b"] for one in ("taro", "hanako")
        )


def test_control_requests_that_follow_where_the_account_leads_now_count_twice(monkeypatch):
    """Shows that the requests above do meet the merges."""
    monkeypatch.setattr(closings, "first", only_while_closed)
    for _ in range(40):
        shop = Shop()
        storm(shop)
        if any(" times" in fault for fault in shop.faults()):
            return
    pytest.fail("the race never showed: this test proves nothing")
