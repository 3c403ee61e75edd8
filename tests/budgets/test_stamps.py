"""What stamps cost, from what the tables report: a member with a history, settings in the cache."""

import json

import pytest

from coupons.reactions import REACTIONS
from coupons.routes import ROUTES
from points.routes import ROUTES as POINTS
from shared import inbox
from shared.memory import size
from tests.api.coupons.conftest import CAMPAIGN
from tests.api.coupons.test_inbox import checkin
from tests.budgets.test_coupons import spent
from tests.kit import OPERATOR, Client, FakeClock, make_world
from tests.races.test_stamps import told


@pytest.fixture
def shop():
    world = make_world(FakeClock())
    Client(POINTS, world).post("/v1/members", {"member_id": "taro"})
    operator, shop = Client(ROUTES, world, OPERATOR), Client(ROUTES, world)
    operator.post("/v1/campaigns", CAMPAIGN)
    for by in ("manual", "purchase", "visit"):
        said = {"programme_id": by, "name": by, "stamps": 10, "by": by, "per_day": 100, "campaign_id": "spring"}
        assert operator.post("/v1/stamp-programmes", said).status == 201
    for n in range(9):
        assert stamp(shop, f"before-{n}").status == 201
    deliver(shop, told("recorded", 0))
    deliver(shop, checkin(0))
    return shop


def stamp(shop, stamp_id="st-1"):
    said = {"stamp_id": stamp_id, "member": {"member_id": "taro"}, "programme_id": "manual"}
    return shop.post("/v1/stamps", said)


def deliver(shop, event):
    records = [{"messageId": "m", "body": json.dumps(event)}]
    assert inbox.work(shop.world, {"Records": records}, reactions=REACTIONS) == {"batchItemFailures": []}


def used(shop, event):
    """Write units, read units and round trips of the ledger for an event."""
    usage = shop.world.ledger.table.usage
    usage.reset()
    deliver(shop, event)
    return usage.write_units, usage.read_units, usage.round_trips


def test_a_stamp_of_a_purchase_is_one_write_and_half_a_read(shop):
    assert used(shop, told("recorded", 1)) == (1, 0.5, 2)
    assert used(shop, told("recorded", 1)) == (0, 0.5, 1), "told again it costs a look"
    assert used(shop, told("returned", 1, amount_left=0)) == (1, 0.5, 2)


def test_a_stamp_of_a_visit_is_one_write_and_half_a_read(shop):
    assert used(shop, checkin(1)) == (1, 0.5, 2)


def test_a_stamp_by_hand_is_two_writes(shop):
    stamp(shop)
    assert spent(shop, lambda: stamp(shop, "st-2")) == (2, 0.5, 3)
    assert spent(shop, lambda: stamp(shop, "st-2")) == (1, 0.5, 2)


def test_a_full_card_is_a_transaction_of_its_entry_and_its_coupons_name(shop):
    assert stamp(shop, "st-1").body["completed"] == 1
    for n in range(9):
        stamp(shop, f"more-{n}")
    assert spent(shop, lambda: stamp(shop, "st-2")) == (1 + 2 * 2, 0.5, 3)


def test_a_book_with_three_cards_stays_within_one_kilobyte(shop):
    deliver(shop, told("recorded", 1))
    assert size(shop.world.ledger.table.newest("B#taro")) <= 1024
