"""What a campaign has brought: counted once from each event, in any order, and never in the way of anybody."""

import random

import pytest
from hypothesis import given, settings, strategies as st

from coupons import alarms, figures, stats
from coupons.figures import FIGURES, SHOWN_EACH, Figures
from coupons.routes import ROUTES
from infra import invariants
from points.routes import ROUTES as POINTS
from shared import keys
from shared.errors import Unavailable
from tests.api.coupons.conftest import CAMPAIGN
from tests.api.coupons.test_inbox import deliver
from tests.kit import OPERATOR, Client, FakeClock, make_world, member
from tests.stream import Stream

PATH = "/v1/campaigns/spring/stats"
NOTHING = {"used": 0}


@pytest.fixture
def stream(client):
    return Stream(client.world)


@pytest.fixture
def hear(client, stream):
    """Brings what has happened to the coupons inbox."""

    def run():
        assert deliver(client.world, *stream.run()) == []

    return run


def sums(world, campaign_id="spring"):
    holders = [keys.figures(campaign_id, shard) for shard in range(keys.FIGURES_SHARDS)]
    return figures.total(world.ledger.head(FIGURES, holder).state for holder in holders)


def test_a_campaign_of_which_nothing_has_happened(operator, campaign, clock):
    campaign()
    answer = operator.get(PATH)
    assert (answer.status, answer.body) == (
        200,
        {
            "campaign_id": "spring",
            "state": "active",
            **dict.fromkeys(
                ("issued", "codes_made", "shown", "held", "redeemed", "voided", "released", "expired", "taken_back"), 0
            ),
            "discount_total": 0,
            "bonus_points_total": 0,
            "total": NOTHING,
            "budget": NOTHING,
            "uplift": {"redeemed_basket_amount": 0},
            "as_of": clock.now().isoformat().replace("+00:00", "Z"),
        },
    )


def test_an_unknown_campaign(operator):
    answer = operator.get("/v1/campaigns/none/stats")
    assert (answer.status, answer.code) == (404, "campaign_not_found")


def test_only_who_runs_campaigns_may_ask(client, till, campaign):
    campaign()
    for caller in (client, till, client.as_(member("taro"))):
        assert caller.get(PATH).status == 403


def test_what_was_issued_held_redeemed_voided_and_what_it_cost(
    client, operator, campaign, issue, redemption, basket, hear
):
    campaign(limits={"total": 10, "budget": 5000})
    codes = [issue(f"s-{n}")["code"] for n in range(5)]
    for n, amounts in enumerate(((1000,), (2000,), (200,))):
        body = redemption(codes[n], redemption_id=f"r-{n}", order_ref=f"o-{n}", basket=basket(*amounts))
        assert client.post("/v1/redemptions", body).status == 201
    for n in (3, 4):
        body = redemption(codes[n], redemption_id=f"r-{n}", order_ref=f"o-{n}", hold_seconds=60)
        assert client.post("/v1/redemptions", body).status == 201
    assert client.post("/v1/redemptions/r-3/capture", {}).status == 200
    for n in (1, 4):
        assert client.post(f"/v1/redemptions/r-{n}/void", {"void_id": f"v-{n}"}).status == 200
    hear()
    told = operator.get(PATH).body
    assert {name: told[name] for name in ("issued", "held", "redeemed", "voided", "released", "discount_total")} == {
        "issued": 5,
        "held": 2,
        "redeemed": 3,
        "voided": 1,
        "released": 1,
        "discount_total": 300 + 200 + 300,
    }
    assert told["total"] == {"limit": 10, "used": 5, "left": 5}
    assert told["budget"] == {"limit": 5000, "used": 800, "left": 4200}
    assert told["uplift"] == {
        "redeemed_basket_amount": 1000 + 200 + 1000,
        "average_basket_amount": 733,
        "average_discount": 266,
    }
    assert invariants.faults(client.world.ledger.table.scan()) == []


def test_bonus_points_that_coupons_give_are_counted(client, operator, campaign, issue, redemption, hear):
    campaign(offer={"type": "bonus_points", "value": 50})
    body = redemption(issue()["code"], member={"member_id": "taro"})
    assert client.post("/v1/redemptions", body).status == 201
    hear()
    told = operator.get(PATH).body
    assert (told["redeemed"], told["discount_total"], told["bonus_points_total"]) == (1, 0, 50)


def test_of_a_code_that_all_share_the_total_counts_redemptions(client, operator, campaign, redemption, hear):
    code = campaign(code={"mode": "shared"}, limits={"total": 5})["shared_code"]
    for n in range(2):
        assert (
            client.post("/v1/redemptions", redemption(code, redemption_id=f"r-{n}", order_ref=f"o-{n}")).status == 201
        )
    hear()
    told = operator.get(PATH).body
    assert (told["issued"], told["redeemed"], told["discount_total"]) == (0, 2, 600)
    assert told["total"] == {"limit": 5, "used": 2, "left": 3}


def test_codes_made_in_bulk_are_told_and_use_the_total(client, operator, campaign):
    campaign(limits={"total": 50})
    assert operator.post("/v1/campaigns/spring/codes", {"job_id": "j-1", "count": 20}).status == 202
    told = operator.get(PATH).body
    assert (told["codes_made"], told["total"]) == (20, {"limit": 50, "used": 20, "left": 30})


def test_campaigns_are_counted_apart(client, operator, campaign, issue, hear):
    campaign()
    campaign("autumn")
    issue("s-1")
    issue("s-2", campaign_id="autumn")
    issue("s-3", campaign_id="autumn")
    hear()
    assert operator.get(PATH).body["issued"] == 1
    assert operator.get("/v1/campaigns/autumn/stats").body["issued"] == 2


def test_an_event_that_comes_twice_late_or_in_any_order_counts_once(client, campaign, issue, redemption, clock, stream):
    campaign()
    codes = [issue(f"s-{n}")["code"] for n in range(40)]
    for n in range(30):
        body = redemption(codes[n], redemption_id=f"r-{n}", order_ref=f"o-{n}")
        assert client.post("/v1/redemptions", body).status == 201
        clock.forward(minutes=1)
    events = stream.run()
    mixed = [*events, *events]
    random.Random(7).shuffle(mixed)
    for start in range(0, len(mixed), 10):
        assert deliver(client.world, *mixed[start : start + 10]) == []
    clock.forward(days=20)
    assert deliver(client.world, *events) == []
    assert sums(client.world) == Figures(issued=40, redeemed=30, discount=30 * 300, basket_amount=30 * 1000)
    assert invariants.faults(client.world.ledger.table.scan()) == []


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_whatever_order_they_come_in_the_sums_are_the_same(chance):
    clock = FakeClock()
    world = make_world(clock)
    Client(POINTS, world).post("/v1/members", {"member_id": "taro"})
    client, stream = Client(ROUTES, world), Stream(world)
    client.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN)
    for n in range(6):
        said = {"campaign_id": "spring", "source_id": f"s-{n}", "member": {"member_id": "taro"}}
        code = client.post("/v1/issues", said).body["code"]
        body = {"redemption_id": f"r-{n}", "codes": [code], "channel": "ec", "order_ref": f"o-{n}"}
        line = {"line_id": "1", "quantity": 1, "amount": 1000}
        client.post("/v1/redemptions", body | {"basket": {"lines": [line]}})
        if n % 2:
            client.post(f"/v1/redemptions/r-{n}/void", {"void_id": "v"})
        clock.forward(hours=5)
    events = [*stream.run(), *stream.sent[:4]]
    chance.shuffle(events)
    for event in events:
        assert deliver(world, event) == []
    assert sums(world) == Figures(issued=6, redeemed=6, voided=3, discount=900, basket_amount=3000)


@pytest.mark.parametrize("data", [{}, {"campaign_id": 5}, {"campaign_id": "a#b"}, {"campaign_id": ""}])
def test_an_event_that_names_no_campaign_is_parked_and_harms_no_neighbour(client, campaign, issue, stream, data):
    campaign()
    issue()
    (good,) = stream.run()
    assert deliver(client.world, good | {"id": "bad", "data": data | {"coupon_id": "c"}}, good) == []
    assert sums(client.world) == Figures(issued=1)
    assert [item["sk"] for item in client.world.transient.scan() if item["pk"].startswith("parked")] == ["m-0"]


def test_expired_coupons_are_counted(client, clock, campaign, issue, hear):
    campaign(valid_days=3)
    alarms.work(client.world, float("inf"))
    issue()
    hear()
    clock.forward(days=6)
    alarms.work(client.world, float("inf"))
    hear()
    assert sums(client.world) == Figures(issued=1, expired=1)


# ---- shown ----------------------------------------------------------------------------------------------------------


def test_a_coupon_that_is_shown_to_its_member_is_counted_and_a_list_is_not(client, campaign, issue):
    campaign()
    coupon, taro = issue(), client.as_(member("taro"))
    for _ in range(3):
        assert taro.get(f"/v1/me/coupons/{coupon['coupon_id']}").status == 200
    taro.get("/v1/me/coupons")
    client.get("/v1/members/taro/coupons")
    assert taro.get("/v1/me/coupons/0000-0000000000").status == 404
    assert sums(client.world) == Figures(shown=3)


def test_beyond_some_hundreds_the_count_is_an_estimate_that_seldom_writes(client, campaign):
    campaign()
    random.seed(1)
    showings = 20_000
    for _ in range(showings):
        stats.on_shown(client.world, "spring")
    assert abs(sums(client.world).shown - showings) < showings * 0.06
    exact = keys.FIGURES_SHARDS * SHOWN_EACH
    assert client.world.ledger.table.usage.write_units < exact + (showings - exact) / 16 * 1.3
    assert invariants.faults(client.world.ledger.table.scan(after=None, limit=100_000)) == []


def test_whoever_asks_to_see_a_coupon_sees_it_though_it_can_not_be_counted(client, campaign, issue):
    campaign()
    coupon, taro = issue(), client.as_(member("taro"))
    table = client.world.ledger.table
    put_new, newest = table.put_new, table.newest

    def out(*_, **__):
        raise Unavailable

    table.put_new = out
    assert taro.get(f"/v1/me/coupons/{coupon['coupon_id']}").status == 200
    table.put_new = put_new
    table.newest = lambda account, **more: out() if account.startswith("S#") else newest(account, **more)
    assert taro.get(f"/v1/me/coupons/{coupon['coupon_id']}").status == 200
    table.newest = newest
    assert sums(client.world) == Figures()
    assert client.world.clock.elapsed() < 5


def test_a_showing_that_meets_another_writer_is_given_up(client, campaign, monkeypatch):
    campaign()
    monkeypatch.setattr(keys, "FIGURES_SHARDS", 1)
    interrupt(client.world.ledger.table, lambda: stats.on_shown(client.world, "spring"))
    stats.on_shown(client.world, "spring")
    assert sums(client.world) == Figures(shown=1)


# ---- at the same moment ---------------------------------------------------------------------------------------------


def interrupt(table, meanwhile, *, has_condition=True):
    """The next append is overtaken by something else, after it has read its head."""
    put_new = table.put_new

    def late(item):
        table.put_new = put_new
        meanwhile()
        return put_new(item) if has_condition else table.put(item)

    table.put_new = late


def two_events_meet(client, issue, stream, monkeypatch, **how):
    """Two coupons are counted in one chain at once."""
    monkeypatch.setattr(keys, "FIGURES_SHARDS", 1)
    issue("s-1")
    issue("s-2")
    first, second = stream.run()
    interrupt(client.world.ledger.table, lambda: deliver(client.world, second), **how)
    assert deliver(client.world, first) == []
    return sums(client.world).issued


def test_two_consumers_at_one_chain_count_both(client, campaign, issue, stream, monkeypatch):
    campaign()
    assert two_events_meet(client, issue, stream, monkeypatch) == 2


def test_without_the_appends_condition_one_of_them_is_lost(client, campaign, issue, stream, monkeypatch):
    campaign()
    assert two_events_meet(client, issue, stream, monkeypatch, has_condition=False) == 1


# ---- limits that come later ----------------------------------------------------------------------------------------


def test_a_total_that_is_added_later_counts_what_came_before(operator, campaign, issue, hear):
    campaign()
    issue("s-1")
    hear()
    changed = operator.patch("/v1/campaigns/spring", {"limits": {"total": 2}})
    assert (changed.status, changed.body["limits"]) == (200, {"total": 2})
    assert operator.get("/v1/campaigns/spring").body["limits"] == {"total": 2}
    issue("s-2")
    said = {"campaign_id": "spring", "source_id": "s-3", "member": {"member_id": "taro"}}
    assert operator.post("/v1/issues", said).code == "campaign_exhausted"
    assert operator.get("/v1/campaigns/spring/stats").body["total"] == {"limit": 2, "used": 2, "left": 0}
    operator.patch("/v1/campaigns/spring", {"limits": None})
    issue("s-4")
    hear()
    operator.patch("/v1/campaigns/spring", {"limits": {"total": 4}})
    issue("s-5")
    assert operator.post("/v1/issues", said).code == "campaign_exhausted"
    assert operator.patch("/v1/campaigns/spring", {"limits": {"total": 5}}).status == 200
    issue("s-3")


def test_a_budget_that_is_added_later_counts_what_came_before(operator, campaign, issue, till, redemption, hear):
    campaign()
    first, second = issue("s-1"), issue("s-2")
    assert till.post("/v1/redemptions", redemption(first["code"])).body["discount_total"] == 300
    hear()
    assert operator.patch("/v1/campaigns/spring", {"limits": {"budget": 599}}).status == 200
    over = till.post("/v1/redemptions", redemption(second["code"], redemption_id="r-2"))
    assert (over.code, over.body["reason"]) == ("code_not_applicable", "limit_reached")
    assert operator.patch("/v1/campaigns/spring", {"limits": {"budget": 600}}).status == 200
    assert till.post("/v1/redemptions", redemption(second["code"], redemption_id="r-2")).status == 201
    assert operator.get("/v1/campaigns/spring/stats").body["budget"] == {"limit": 600, "used": 600, "left": 0}
