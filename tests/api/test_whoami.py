"""`GET /v1/whoami` names the member that a login is today, in every service."""

import pytest

from checkin.routes import ROUTES as CHECKIN
from coupons.routes import ROUTES as COUPONS
from points.routes import ROUTES as POINTS
from shared.http import Routes
from shared.web import add_common
from tests.kit import OPERATOR, Client, make_world, member

SERVICES = {"points": POINTS, "coupons": COUPONS, "checkin": CHECKIN}


@pytest.fixture(params=SERVICES)
def asked(request):
    """Points, and who a member is to one of the services in the same world."""
    routes = Routes()
    routes.all += [route for route in SERVICES[request.param].all if route.path != "/v1/whoami"]
    add_common(request.param, routes)
    points = Client(POINTS, make_world())
    for member_id in ("m1", "m2"):
        assert points.post("/v1/members", {"member_id": member_id}).status == 201
    service = Client(routes, points.world)
    return points, lambda member_id: service.as_(member(member_id)).get("/v1/whoami").body


def test_a_member_is_named(asked):
    _, who = asked
    assert (who("m1")["kind"], who("m1")["member_id"]) == ("member", "m1")


@pytest.mark.parametrize("subject", ["ghost", "no id"])
def test_a_login_without_a_member_names_none(asked, subject):
    _, who = asked
    assert who(subject)["kind"] == "member"
    assert "member_id" not in who(subject)


def test_after_a_merge_it_is_who_the_login_leads_to(asked):
    points, who = asked
    merge = {"merge_id": "x", "into_member_id": "m2"}
    assert points.as_(OPERATOR).post("/v1/members/m1/merge", merge).status == 200
    assert who("m1")["member_id"] == points.as_(member("m1")).get("/v1/me").body["member_id"] == "m2"


def test_who_was_erased_is_none(asked):
    points, who = asked
    assert points.as_(OPERATOR).delete("/v1/members/m1", {}).status in (200, 202)
    assert "member_id" not in who("m1")
