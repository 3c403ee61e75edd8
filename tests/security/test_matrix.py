"""Every route against every kind of caller: who is let in is written here, and a route without a row fails.

A call that is denied writes nothing and reads nothing but what it takes to say so.
"""

from importlib import import_module

import pytest

from shared import http
from shared.auth import KINDS
from shared.http import ANY_KEY, ANY_TOKEN, MEMBER, PUBLIC, Request
from tests.kit import CAFE, EC, OPERATOR, TILL, key, make_world, member

CALLERS = {"ec": EC, "pos": TILL, "partner": CAFE, "operator": OPERATOR, "member": member("taro")}

SHOPS = {"ec", "pos", "operator"}
ROWS = {
    "points": {
        "POST /v1/members": SHOPS,
        "GET /v1/members/{member_id}": SHOPS,
        "DELETE /v1/members/{member_id}": {"operator"},
        "POST /v1/members/{member_id}/identities": SHOPS,
        "DELETE /v1/members/{member_id}/identities/{type}": SHOPS,
        "POST /v1/members/{member_id}/merge": {"operator"},
        "POST /v1/members/{member_id}/unmerge": {"operator"},
        "POST /v1/members/resolve": SHOPS,
        "GET /v1/till": SHOPS,
        "POST /v1/purchases": SHOPS,
        "POST /v1/purchases/preview": SHOPS,
        "POST /v1/purchases/batch": SHOPS,
        "POST /v1/purchases/{source}/{purchase_id}/complete": SHOPS,
        "POST /v1/purchases/{source}/{purchase_id}/cancel": SHOPS,
        "POST /v1/purchases/{source}/{purchase_id}/returns": SHOPS,
        "POST /v1/purchases/{source}/{purchase_id}/returns/preview": SHOPS,
        "POST /v1/me/receipts": {"member"},
        "POST /v1/actions": SHOPS,
        "POST /v1/adjustments": {"operator"},
        "POST /v1/adjustments/{adjustment_id}/approve": {"operator"},
        "POST /v1/spends": SHOPS,
        "POST /v1/holds": SHOPS,
        "POST /v1/holds/{hold_id}/capture": SHOPS,
        "POST /v1/holds/{hold_id}/release": SHOPS,
        "POST /v1/holds/{hold_id}/extend": SHOPS,
        "POST /v1/operations/{operation_id}/reverse": set(CALLERS) - {"member"},
        "POST /v1/awards": {"partner", "operator"},
        "GET /v1/partner/budget": {"partner", "operator"},
        "GET /v1/partner/statements/{month}": {"partner", "operator"},
        "PUT /v1/partners/{partner_id}": {"operator"},
        "GET /v1/partners/{partner_id}": {"operator"},
        "GET /v1/reports/liability": {"operator"},
        "GET /v1/reports/movements": {"operator"},
        "GET /v1/reports/parked": {"operator"},
        "GET /v1/reports/dead-letters": {"operator"},
        "GET /v1/reports/audit": {"operator"},
        "POST /v1/reconciliations": {"operator"},
        "GET /v1/alerts": {"operator"},
        "GET /v1/alerts/{alert_id}": {"operator"},
        "POST /v1/alerts/{alert_id}/resolve": {"operator"},
        "PUT /v1/staff/{staff_id}": {"operator"},
        "GET /v1/staff/{staff_id}": {"operator"},
        "DELETE /v1/staff/{staff_id}": {"operator"},
        "POST /v1/webhooks": {"ec", "operator"},
        "GET /v1/webhooks": {"ec", "operator"},
        "GET /v1/webhooks/{webhook_id}": {"ec", "operator"},
        "DELETE /v1/webhooks/{webhook_id}": {"ec", "operator"},
        "POST /v1/webhooks/{webhook_id}/rotate": {"ec", "operator"},
        "POST /v1/webhooks/{webhook_id}/replay": {"ec", "operator"},
        "GET /v1/webhooks/{webhook_id}/deliveries": {"ec", "operator"},
        "GET /v1/programme": {"operator"},
        "POST /v1/programme/simulations": {"operator"},
        "PUT /v1/programme": {"operator"},
        "POST /v1/keys": {"operator"},
        "GET /v1/keys": {"operator"},
        "POST /v1/keys/{key_id}/rotate": {"operator"},
        "DELETE /v1/keys/{key_id}": {"operator"},
        "GET /v1/me": {"member"},
        "POST /v1/me": {"member"},
        "DELETE /v1/me": {"member"},
        "POST /v1/me/keep": {"member"},
        "GET /v1/me/export": {"member"},
        "GET /v1/members/{member_id}/export": {"operator"},
        "GET /v1/me/code": {"member"},
        "PUT /v1/me/consents/{purpose}": {"member"},
        "GET /v1/me/balance": {"member"},
        "GET /v1/me/entries": {"member"},
        "GET /v1/members/{member_id}/balance": {"ec", "operator"},
        "GET /v1/members/{member_id}/entries": {"ec", "operator"},
    },
    "coupons": {
        "POST /v1/campaigns": {"operator"},
        "GET /v1/campaigns": {"operator"},
        "POST /v1/campaign-previews": {"operator"},
        "GET /v1/campaigns/{campaign_id}": {"operator"},
        "GET /v1/campaigns/{campaign_id}/stats": {"operator"},
        "GET /v1/campaigns/{campaign_id}/stats/store-days": {"operator"},
        "PATCH /v1/campaigns/{campaign_id}": {"operator"},
        "POST /v1/campaigns/{campaign_id}/pause": {"operator"},
        "POST /v1/campaigns/{campaign_id}/resume": {"operator"},
        "POST /v1/campaigns/{campaign_id}/end": {"operator"},
        "POST /v1/campaigns/{campaign_id}/codes/import": {"operator"},
        "POST /v1/coupons/{code}/activate": {"ec", "operator"},
        "POST /v1/campaigns/{campaign_id}/codes": {"operator"},
        "GET /v1/jobs/{job_id}": {"operator"},
        "POST /v1/issues": {"ec", "operator"},
        "POST /v1/issues/batch": {"ec", "operator"},
        "POST /v1/validations": SHOPS,
        "POST /v1/redemptions": SHOPS,
        "POST /v1/redemptions/{redemption_id}/capture": SHOPS,
        "POST /v1/redemptions/{redemption_id}/void": SHOPS,
        "POST /v1/triggers": {"ec", "operator"},
        "POST /v1/me/claims": {"member"},
        "GET /v1/me/claims/{claim_id}": {"member"},
        "GET /v1/me/coupons": {"member"},
        "GET /v1/me/coupons/{coupon_id}": {"member"},
        "GET /v1/members/{member_id}/coupons": SHOPS,
        "POST /v1/stamp-programmes": {"operator"},
        "GET /v1/stamp-programmes": {"operator"},
        "GET /v1/stamp-programmes/{programme_id}": {"operator"},
        "GET /v1/me/stamp-cards": {"member"},
        "POST /v1/stamps": {"ec", "operator"},
        "POST /v1/offline/allowances": {"pos", "operator"},
        "POST /v1/offline/sync": {"pos", "operator"},
        "GET /v1/offline/keys": set(CALLERS),
        "GET /v1/offline/terminals/{terminal_id}": SHOPS,
    },
    "checkin": {
        "PUT /v1/stores/{store_id}": {"operator"},
        "GET /v1/stores/{store_id}": {"operator"},
        "GET /v1/stores": {"operator"},
        "GET /v1/stores/{store_id}/guests": {"operator"},
        "PUT /v1/stores/{store_id}/rewards-pause": {"operator"},
        "POST /v1/stores/import": {"operator"},
        "GET /v1/stores/{store_id}/qr": {"operator"},
        "GET /v1/stores/nearby": set(CALLERS),
        "GET /v1/geofences": set(CALLERS),
        "GET /v1/stores/{store_id}/presence-code": {"pos", "operator"},
        "POST /v1/me/checkins": {"member"},
        "GET /v1/me/checkins": {"member"},
        "POST /v1/me/checkins/challenges": {"member"},
        "POST /v1/me/approaches": {"member"},
        "POST /v1/checkins": SHOPS,
        "GET /v1/members/{member_id}/checkins": {"ec", "operator"},
        "GET /v1/reviews": {"operator"},
        "POST /v1/reviews/batch": {"operator"},
        "POST /v1/reviews/{review_id}/approve": {"operator"},
        "POST /v1/reviews/{review_id}/reject": {"operator"},
    },
}


def routes(service):
    every = import_module(f"{service}.routes").ROUTES.all
    return [route for route in every if route.scope != PUBLIC and route.path != "/v1/whoami"]


@pytest.mark.parametrize("service", ROWS)
def test_every_route_has_a_row_and_every_row_a_route(service):
    assert {f"{route.method} {route.path}" for route in routes(service)} == set(ROWS[service])


def asked(world, route, who):
    """The answer to an empty request: whoever is let in is told that the body is wrong, or what is not there."""
    path = {part[1:-1]: "x" for part in route.path.split("/") if part.startswith("{")}
    return http.answer(world, route, Request(headers={}, path=path, raw=b"{}", who=who))


@pytest.mark.parametrize("service", ROWS)
@pytest.mark.parametrize("kind", CALLERS)
def test_each_kind_of_caller_gets_in_exactly_where_its_row_says(service, kind):
    for route in routes(service):
        world = make_world()
        reply = asked(world, route, CALLERS[kind])
        may = kind in ROWS[service][f"{route.method} {route.path}"]
        denied = reply.status == 403 and reply.body["code"] == "forbidden"
        # An operator holds every scope, but awards are given out of a partner's own budget.
        if route.scope == "awards:write" and kind == "operator":
            assert reply.status in (403, 422)
            continue
        assert denied is not may, f"{kind}: {route.method} {route.path} → {reply.status}"
        if denied:
            assert world.ledger.table.usage.round_trips == 0
            assert world.directory.table.usage.write_units == 0


@pytest.mark.parametrize("service", ROWS)
def test_a_key_without_the_scope_is_denied_whatever_its_kind(service):
    for route in routes(service):
        if route.scope in (ANY_TOKEN, ANY_KEY, MEMBER):
            continue
        for kind in KINDS:
            lacking = key(kind, scopes=KINDS[kind] - {route.scope}, store_id="s", terminal_id="t", partner_id="p")
            reply = asked(make_world(), route, lacking)
            assert (reply.status, reply.body["code"]) == (403, "forbidden"), f"{kind}: {route.path}"


@pytest.mark.parametrize("service", ROWS)
def test_nobody_at_all_gets_nowhere(service):
    for route in routes(service):
        if route.scope == ANY_TOKEN:
            continue  # the gateway's authorizer stands before these; tests/api/test_chalice.py proves it
        assert asked(make_world(), route, None).status == 403
