"""What it costs to measure a campaign, in units of the tables; and that it costs nothing where nobody asks for it."""

import pytest

from checkin.routes import ROUTES as CHECKIN
from coupons.attribution import EXPOSURES, EXPOSURES_MAX, Exposure
from coupons.routes import ROUTES
from points.routes import ROUTES as POINTS
from shared import chain
from shared.chain import Part, Step
from shared.holdout import is_held_out
from shared.memory import size
from tests.api.coupons.conftest import CAMPAIGN, SHIBUYA
from tests.api.coupons.test_inbox import deliver
from tests.api.points import shop as till
from tests.kit import NOON, OPERATOR, Client, FakeClock, make_world
from tests.stream import Stream

MEASURED = {"claimable": False, "attribution": {"window_hours": 24, "holdout_share_bp": 5000}}
OUT = next(name for name in ("taro", "hanako", "jiro", "saburo") if is_held_out("measured", name, 5000))
IN = next(name for name in ("taro", "hanako", "jiro", "saburo") if not is_held_out("measured", name, 5000))


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def shop(clock):
    world = make_world(clock)
    for member_id in (IN, OUT):
        Client(POINTS, world).post("/v1/members", {"member_id": member_id})
    assert Client(CHECKIN, world, OPERATOR).put("/v1/stores/shibuya", SHIBUYA).status == 200
    operator = Client(ROUTES, world, OPERATOR)
    for campaign_id, more in (("measured", MEASURED), ("plain", {})):
        operator.post("/v1/campaigns", CAMPAIGN | {"campaign_id": campaign_id} | more)
    return Client(ROUTES, world)


@pytest.fixture
def stream(shop):
    return Stream(shop.world)


def spent(world, act):
    """Write and read units of the ledger."""
    used = world.ledger.table.usage
    used.reset()
    act()
    return used.write_units, used.read_units


def issue(shop, campaign_id, member_id, source_id="s-1"):
    said = {"campaign_id": campaign_id, "source_id": source_id, "member": {"member_id": member_id}}
    return shop.post("/v1/issues", said)


def heard(shop, events):
    return [spent(shop.world, lambda event=event: deliver(shop.world, event)) for event in events]


def buy(shop, clock, member_id, purchase_id="p-1"):
    said = {"member": {"member_id": member_id}, "occurred_at": clock.forward(minutes=1).isoformat()}
    assert till.buy(Client(POINTS, shop.world), purchase_id, **said).status == 201


def named(events, name):
    return [event for event in events if name in event["type"]]


def test_an_issue_costs_no_more_for_being_measured(shop):
    issue(shop, "measured", IN, "warm")
    assert spent(shop.world, lambda: issue(shop, "plain", IN)) == (2, 0.5)
    assert spent(shop.world, lambda: issue(shop, "measured", IN)) == (2, 0.5)


def test_who_is_held_out_costs_one_write_and_what_a_refusal_reads(shop):
    assert issue(shop, "measured", OUT, "s-0").code == "held_out"
    writes, reads = spent(shop.world, lambda: issue(shop, "measured", OUT))
    assert (writes, reads) == (0, 3)  # the book twice and the name, as for any refusal; and the exposures, half a unit


def test_the_first_coupon_of_a_member_costs_three_writes_more_and_the_next_half_a_read(shop, stream):
    issue(shop, "measured", IN)
    (issued,) = named(stream.run(), "coupon.issued")
    assert heard(shop, [issued]) == [(1 + 1, 0.5 + 0.5 * 2)]  # counted as ever; exposed
    (exposure,) = named(stream.run(), "campaign.exposed")
    writes, reads = heard(shop, [exposure])[0]
    assert writes == 1 + 1  # in the figures, and in the day at the store
    assert reads <= 1 + 2  # and back through what points and check-in have told of the last minutes
    issue(shop, "measured", IN, "s-2")
    (issued,) = named(stream.run(), "coupon.issued")
    assert heard(shop, [issued]) == [(1, 0.5 + 0.5)]


def test_a_purchase_in_the_window_costs_three_writes_and_any_other_a_read(shop, stream, clock):
    issue(shop, "measured", IN)
    while told := stream.run():
        deliver(shop.world, *told)
    buy(shop, clock, IN)
    (bought,) = named(stream.run(), "purchase.recorded")
    assert heard(shop, [bought]) == [(1, 1)]
    (counted,) = named(stream.run(), "campaign.attributed")
    assert heard(shop, [counted]) == [(2, 1)]
    buy(shop, clock, OUT, "p-2")
    assert heard(shop, named(stream.run(), "purchase.recorded")) == [(0, 1)]


def test_a_purchase_costs_nothing_where_nothing_is_measured(clock):
    world = make_world(clock)
    Client(POINTS, world).post("/v1/members", {"member_id": IN})
    shop = Client(ROUTES, world)
    buy(shop, clock, IN)
    assert heard(shop, named(Stream(world).run(), "purchase.recorded")) == [(0, 0)]


def test_a_member_of_many_campaigns_stays_within_three_kilobytes_and_of_ten_within_one():
    head = chain.head_of(EXPOSURES, "E#taro", None)
    for count, most in ((10, 1024), (EXPOSURES_MAX, 3 * 1024)):
        some = tuple(Exposure(f"campaign-2026-{n:02d}", n % 2 == 0, NOON, 168, 123_456) for n in range(count))
        data = {"campaign_id": "campaign-2026-01", "arm": "held_out", "amount": 123_456, "sales": 1, "spent": 99_999}
        step = Step("bought", ref=("purchase", "pos/20261120-000123"), data=data)
        assert size(chain.next_item(EXPOSURES, head, [Part(b"12345678", (step, step))], some, NOON)) <= most
