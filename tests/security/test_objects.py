"""Whose is it? Every route that names an object, asked by somebody of the right kind whose object it is not.

A route with a variable in its path and no row here fails. Denied means denied: 403 or 404 as the contract says, and
nothing written. What belongs to the shop as a whole is open to every key of it that has the scope.
"""

import re
from importlib import import_module

import pytest

from tests.api.coupons.conftest import CAMPAIGN, SHIBUYA
from tests.kit import (
    CAFE,
    EC,
    NOON,
    OPERATOR,
    OTHER_CAFE,
    OTHER_TILL,
    TILL,
    Client,
    FakeClock,
    key,
    make_world,
    member,
    purchase,
)

SHOPS_OWN = {
    "points": {
        "GET /v1/members/{member_id}",
        "POST /v1/members/{member_id}/identities",
        "DELETE /v1/members/{member_id}/identities/{type}",
        "POST /v1/members/{member_id}/merge",
        "POST /v1/members/{member_id}/unmerge",
        "GET /v1/members/{member_id}/balance",
        "GET /v1/members/{member_id}/entries",
        "POST /v1/holds/{hold_id}/capture",
        "POST /v1/holds/{hold_id}/release",
        "POST /v1/holds/{hold_id}/extend",
        "PUT /v1/partners/{partner_id}",
        "GET /v1/partners/{partner_id}",
        "DELETE /v1/members/{member_id}",
        "GET /v1/members/{member_id}/export",
        "DELETE /v1/keys/{key_id}",
        "GET /v1/alerts/{alert_id}",
        "POST /v1/alerts/{alert_id}/resolve",
        "PUT /v1/staff/{staff_id}",
        "GET /v1/staff/{staff_id}",
        "DELETE /v1/staff/{staff_id}",
        "GET /v1/webhooks/{webhook_id}",
        "DELETE /v1/webhooks/{webhook_id}",
        "POST /v1/webhooks/{webhook_id}/rotate",
        "POST /v1/webhooks/{webhook_id}/replay",
        "GET /v1/webhooks/{webhook_id}/deliveries",
        # any till takes goods back, whichever sold them
        "POST /v1/purchases/{source}/{purchase_id}/complete",
        "POST /v1/purchases/{source}/{purchase_id}/cancel",
        "POST /v1/purchases/{source}/{purchase_id}/returns",
        "POST /v1/purchases/{source}/{purchase_id}/returns/preview",
        "PUT /v1/me/consents/{purpose}",  # the caller's own
        "GET /v1/partner/statements/{month}",  # the caller's own
    },
    "coupons": {
        "GET /v1/campaigns/{campaign_id}",
        "GET /v1/campaigns/{campaign_id}/stats",
        "GET /v1/campaigns/{campaign_id}/stats/store-days",
        "PATCH /v1/campaigns/{campaign_id}",
        "POST /v1/campaigns/{campaign_id}/pause",
        "POST /v1/campaigns/{campaign_id}/resume",
        "POST /v1/campaigns/{campaign_id}/end",
        "POST /v1/campaigns/{campaign_id}/codes/import",
        "POST /v1/campaigns/{campaign_id}/codes",
        "GET /v1/jobs/{job_id}",
        "POST /v1/coupons/{code}/activate",
        "GET /v1/members/{member_id}/coupons",
        "GET /v1/stamp-programmes/{programme_id}",
        "POST /v1/redemptions/{redemption_id}/capture",
    },
    "checkin": {
        "PUT /v1/stores/{store_id}",
        "GET /v1/stores/{store_id}",
        "PUT /v1/stores/{store_id}/rewards-pause",
        "GET /v1/stores/{store_id}/qr",
        "GET /v1/stores/{store_id}/guests",
        "GET /v1/members/{member_id}/checkins",
        "POST /v1/reviews/{review_id}/approve",
        "POST /v1/reviews/{review_id}/reject",
    },
}
BASKET = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}
REVERSE = "POST /v1/operations/{operation_id}/reverse"
AWARD = {"points": 100, "reason": "visit"}


class Town:
    """Two members, two tills, two partners, and one thing of each kind, which belongs to the first of the two."""

    def __init__(self):
        world = make_world(FakeClock())
        self.services = {name: Client(import_module(f"{name}.routes").ROUTES, world) for name in SHOPS_OWN}
        consents = {"location": {"granted": True, "version": "1"}}
        for member_id in ("taro", "hanako"):
            self.good("points POST /v1/members", EC, {"member_id": member_id, "consents": consents})
        for store_id in ("shibuya", "umeda"):
            self.good(f"checkin PUT /v1/stores/{store_id}", OPERATOR, SHIBUYA)
        for partner_id in ("cafe", "bakery"):
            said = {"name": partner_id, "budget": {"kind": "monthly", "points": 2000}}
            self.good(f"points PUT /v1/partners/{partner_id}", OPERATOR, said)
        self.good("points POST /v1/purchases", TILL, purchase())
        code = self.good("points GET /v1/me/code", member("taro")).body["static"]["value"]
        award = AWARD | {"award_id": "a-1", "member": {"code": code}}
        self.member_ref = self.good("points POST /v1/awards", CAFE, award).body["member_ref"]
        self.scan = self.good("points POST /v1/members/resolve", TILL, {"member": {"code": code}}).body["scan"]
        more = {"adjustment_id": "big", "member": {"member_id": "taro"}, "points": 10_001, "reason": "sorry"}
        self.good("points POST /v1/adjustments", OPERATOR, more)
        self.good("points POST /v1/keys", OPERATOR, {"key_id": "great", "owner": "HQ", "kind": "operator"})
        self.good("coupons POST /v1/campaigns", OPERATOR, CAMPAIGN)
        issued = {"campaign_id": "spring", "source_id": "s-1", "member": {"member_id": "taro"}}
        self.coupon = self.good("coupons POST /v1/issues", EC, issued).body
        other = self.good("coupons POST /v1/issues", EC, issued | {"source_id": "s-2"}).body
        self.good("coupons POST /v1/me/claims", member("taro"), {"claim_id": "c-1", "campaign_id": "spring"})
        redemption = {"redemption_id": "r-1", "channel": "pos", "order_ref": "o", "basket": BASKET}
        self.good("coupons POST /v1/redemptions", TILL, redemption | {"codes": [other["code"]]})
        page = self.good("points GET /v1/me/entries?limit=1", member("taro")).body
        self.cursor = page["next_cursor"]

    def ask(self, route, who, body=None, **more):
        service, method, path = route.split(" ")
        return self.services[service].as_(who).send(method, path, body, **more)

    def good(self, route, who, body=None):
        answer = self.ask(route, who, body)
        assert answer.status in (200, 201, 202), (route, answer.body)
        return answer


@pytest.fixture(scope="module")
def town():
    return Town()


def undo(kind, operation_id):
    return f"points POST /v1/operations/{operation_id}/reverse", {"reverse_id": "undo", "kind": kind}


# what it is, the route as a row, who asks, method and path, body, and how it is denied
DENIED = [
    ("a till undoes another store's sale", "points", REVERSE, OTHER_TILL,
     lambda _: ("points POST /v1/operations/p-1/reverse", {"reverse_id": "u", "kind": "purchase", "source": "pos"}),
     (403, "wrong_store")),
    ("whoever asked approves", "points", "POST /v1/adjustments/{adjustment_id}/approve", OPERATOR,
     lambda _: ("points POST /v1/adjustments/big/approve", {}), (403, "approval_required")),
    ("a key of the same owner approves", "points", "POST /v1/adjustments/{adjustment_id}/approve",
     key("operator", key_id="second"), lambda _: ("points POST /v1/adjustments/big/approve", {}),
     (403, "approval_required")),
    ("a lesser operator rotates a greater key", "points", "POST /v1/keys/{key_id}/rotate",
     key("operator", scopes=frozenset({"keys:admin"})),
     lambda _: ("points POST /v1/keys/great/rotate", {"overlap_seconds": 0}), (403, "forbidden")),
    ("a partner uses another's pseudonym", "points", None, OTHER_CAFE,
     lambda town: ("points POST /v1/awards", AWARD | {"award_id": "a-9", "member": {"member_ref": town.member_ref}}),
     (404, "member_not_found")),
    ("a partner names a member as the shop does", "points", None, CAFE,
     lambda _: ("points POST /v1/awards", AWARD | {"award_id": "a-9", "member": {"member_id": "taro"}}),
     (403, "forbidden")),
    ("a till uses another's scan", "points", None, OTHER_TILL,
     lambda town: ("points POST /v1/members/resolve", {"member": {"scan": town.scan}}), (404, "member_not_found")),
    ("a till sells for another store", "points", None, OTHER_TILL,
     lambda _: ("points POST /v1/purchases", purchase(purchase_id="p-9")), (403, "wrong_store")),
    ("a till sells for the web shop", "points", None, TILL,
     lambda _: ("points POST /v1/purchases", purchase(purchase_id="p-9", source="ec")), (403, "forbidden")),
    ("a till links a phone", "points", None, TILL,
     lambda _: ("points POST /v1/members/taro/identities", {"identity": {"type": "phone", "value": "+81312345678"}}),
     (403, "forbidden")),
    ("a member reads on in another's list", "points", None, member("hanako"),
     lambda town: (f"points GET /v1/me/entries?limit=1&cursor={town.cursor}", None), (400, "bad_cursor")),
    ("a stranger is no member", "points", None, member("nobody"),
     lambda _: ("points GET /v1/me/balance", None), (403, "not_a_member")),
    ("a member reads another's coupon", "coupons", "GET /v1/me/coupons/{coupon_id}", member("hanako"),
     lambda town: (f"coupons GET /v1/me/coupons/{town.coupon['coupon_id']}", None), (404, "coupon_not_found")),
    ("a member reads another's claim", "coupons", "GET /v1/me/claims/{claim_id}", member("hanako"),
     lambda _: ("coupons GET /v1/me/claims/c-1", None), (404, "claim_not_found")),
    ("a till voids another store's redemption", "coupons", "POST /v1/redemptions/{redemption_id}/void", OTHER_TILL,
     lambda _: ("coupons POST /v1/redemptions/r-1/void", {"void_id": "v"}), (403, "wrong_store")),
    ("a till redeems for another store", "coupons", None, TILL,
     lambda town: ("coupons POST /v1/redemptions",
                   {"redemption_id": "r-9", "channel": "pos", "order_ref": "o", "basket": BASKET, "store_id": "umeda"}
                   | {"codes": [town.coupon["code"]]}),
     (403, "wrong_store")),
    ("another member's coupon is used", "coupons", None, TILL,
     lambda town: ("coupons POST /v1/redemptions",
                   {"redemption_id": "r-9", "channel": "pos", "order_ref": "o", "basket": BASKET}
                   | {"codes": [town.coupon["code"]], "member": {"member_id": "hanako"}}),
     (409, "code_not_usable")),
    ("a till asks for another's allowance", "coupons", None, TILL,
     lambda _: ("coupons POST /v1/offline/allowances",
                {"allowance_id": "l", "terminal_id": "till-9", "business_day": "2026-11-20"}), (403, "forbidden")),
    ("a till looks at another store's till", "coupons", "GET /v1/offline/terminals/{terminal_id}", TILL,
     lambda _: ("coupons GET /v1/offline/terminals/till-9?business_day=2026-11-20&store_id=umeda", None),
     (403, "wrong_store")),
    ("a till shows another store's code", "checkin", "GET /v1/stores/{store_id}/presence-code", TILL,
     lambda _: ("checkin GET /v1/stores/umeda/presence-code", None), (403, "wrong_store")),
    ("a till scans for another store", "checkin", None, TILL,
     lambda _: ("checkin POST /v1/checkins", {"checkin_id": "x", "store_id": "umeda", "member": {"member_id": "taro"}}),
     (403, "wrong_store")),
]  # fmt: skip


@pytest.mark.parametrize("service", SHOPS_OWN)
def test_every_route_that_names_an_object_has_a_row(service):
    every = import_module(f"{service}.routes").ROUTES.all
    named = {f"{one.method} {one.path}" for one in every if re.search(r"{\w+}", one.path)}
    rows = {row for _, of, row, *_ in DENIED if of == service and row is not None}
    assert not rows & SHOPS_OWN[service]
    assert named == rows | SHOPS_OWN[service]


@pytest.mark.parametrize(
    ("service", "row", "who", "ask", "denied"), [one[1:] for one in DENIED], ids=[d[0] for d in DENIED]
)
def test_what_is_anothers_is_denied_and_nothing_is_written(town, service, row, who, ask, denied):
    world = town.services[service].world
    tables = (world.ledger.table, world.directory.table)
    for table in tables:
        table.usage.reset()
    route, body = ask(town)
    answer = town.ask(route, who, body)
    assert (answer.status, answer.code) == denied, answer.body
    assert [table.usage.write_units for table in tables] == [0, 0]


def test_what_another_partner_has_awarded_is_not_there_for_it(town):
    """A partner's ids are its own: it closes an id that was never used, and the other's award stays."""
    route, body = undo("award", "a-1")
    assert town.ask(route, OTHER_CAFE, body).body["state"] == "not_arrived"
    budgets = [town.ask("points GET /v1/partner/budget", who).body["used"] for who in (CAFE, OTHER_CAFE)]
    assert budgets == [100, 0]
    statements = [town.ask(f"points GET /v1/partner/statements/{NOON:%Y-%m}", who).body for who in (CAFE, OTHER_CAFE)]
    assert [one["awards"] for one in statements] == [1, 0]
