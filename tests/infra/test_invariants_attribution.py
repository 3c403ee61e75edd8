"""What the audit says of exposures and of the days by store that are not as the product would have written them."""

import json
from copy import deepcopy
from datetime import timedelta

import pytest

from checkin.routes import ROUTES as CHECKIN
from coupons.reactions import REACTIONS
from coupons.routes import ROUTES
from infra import invariants
from infra.invariants_joins import faults_of
from points.reactions import REACTIONS as OF_POINTS
from points.routes import ROUTES as POINTS
from shared import inbox
from tests.api.coupons.conftest import CAMPAIGN, SHIBUYA
from tests.api.points import shop
from tests.infra.books import doctored, first_faults
from tests.kit import NOON, OPERATOR, Client, FakeClock, make_world
from tests.stream import Stream


@pytest.fixture(scope="module")
def books():
    """Taro checks in, gets a coupon, buys twice and brings something back; all is heard of."""
    clock = FakeClock()
    world = make_world(clock)
    points, stream = Client(POINTS, world), Stream(world)
    points.post("/v1/members", {"member_id": "taro"})
    staff = Client(CHECKIN, world, OPERATOR)
    assert staff.put("/v1/stores/shibuya", SHIBUYA).status == 200
    said = CAMPAIGN | {"campaign_id": "visit", "trigger": {"event": "checkin.accepted"}, "attribution": {}}
    assert Client(ROUTES, world, OPERATOR).post("/v1/campaigns", said).status == 201
    at_shibuya = {"store_id": "shibuya", "member": {"member_id": "taro"}}
    assert staff.post("/v1/checkins", {"checkin_id": "c-1", **at_shibuya}).status == 201
    now = {"occurred_at": clock.forward(minutes=1).isoformat()}
    for n in (1, 2):
        assert shop.buy(points, f"p-{n}", lines=[shop.line(1000, quantity=2)], **now).status == 201
    assert shop.give_back(points, "p-1", "r-1", shop.part(quantity=1)).status == 201
    while told := stream.run():
        records = [{"messageId": str(n), "body": json.dumps(one)} for n, one in enumerate(told)]
        for reactions in (REACTIONS, OF_POINTS):
            assert inbox.work(world, {"Records": records}, reactions=reactions) == {"batchItemFailures": []}
    return sorted(world.ledger.table.scan(after=None, limit=1000), key=lambda item: (item["pk"], item["sk"]))


@pytest.fixture
def items(books):
    return deepcopy(books)


def test_a_campaign_that_was_measured_has_no_fault(items):
    assert invariants.faults(items, NOON + timedelta(hours=1)) == []
    kinds = {(item["pk"][0], raw["k"]) for item in items if item["sk"] for raw in item["e"]}
    assert {("E", "exposed"), ("E", "visited"), ("E", "bought"), ("E", "noted"), ("Y", "counted")} <= kinds


def _of_state(change):
    def run(item, _):
        change(item["s"]["x"][0])

    return run


def _of_data(**values):
    return lambda _, raw: raw["x"].update(values)


@pytest.mark.parametrize(
    ("letter", "kind", "change", "said"),
    [
        ("E", "bought", _of_data(amount=1), "sums that do not follow"),
        ("E", "bought", _of_data(spent_before=5), "sums that do not follow"),
        ("E", "bought", _of_data(sales=1), "is 1 sales for visit"),
        ("E", "bought", _of_data(arm="held_out"), "was not exposed then"),
        ("E", "bought", lambda _, raw: raw.update(t=0), "was not exposed then"),
        ("E", "bought", lambda _, raw: raw.update(k="stolen"), "of the unknown kind stolen"),
        ("E", "bought", _of_state(lambda row: row.__setitem__(4, 9)), "9 spent for visit, by the entries"),
        ("E", "bought", _of_state(lambda row: row.__setitem__(1, 1)), "none is ever changed"),
        ("E", "noted", _of_data(n=7), "is noted as 7"),
        ("E", "noted", _of_data(left=999), "and 999 of it is left"),
        ("E", "visited", lambda _, raw: raw.update(t=0), "was not exposed then"),
        ("E", "exposed", _of_data(arm="held_out"), "and not as it is remembered"),
        ("Y", "counted", _of_data(amount=7), "the day is"),
    ],
)
def test_an_item_that_breaks_a_promise_is_found(items, letter, kind, change, said):
    doctored(items, kind, change, letter)
    assert any(said in fault for fault in first_faults(items)), first_faults(items)


COUNTS, DATED = ("counts", "E#taro entry 2", 0, 900), ("dated", "E#taro entry 2", 0, 900)
COUNTED, DAY = ("counted", "S#visit#1 entry 1", 0, 900), ("day", "Y#visit#2026-11-20#1 entry 1", 0, 900)
OF_COUPON = ("counts", "B#taro entry 2", 0, 0), ("counted", "S#visit#1 entry 1", 0, 0)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ((COUNTS, DATED, COUNTED, DAY), None),
        ((*OF_COUPON, (*DAY[:3], 0)), None),
        (OF_COUPON, None),
        ((COUNTS, DATED, COUNTED), "no days have counted it"),
        ((COUNTS, DATED, DAY), "no figures have counted it"),
        ((COUNTS, DATED, COUNTED, (*DAY[:3], 1)), "has counted 1 instead of 900"),
        ((COUNTS, DATED, COUNTED, DAY, DAY), "counted before"),
        ((DAY,), "counted, and nobody says so"),
    ],
    ids=str,
)
def test_what_counts_stands_once_in_the_figures_and_once_in_a_day(facts, said):
    found = list(faults_of(list(facts), 1000))
    assert (found == []) if said is None else any(said in fault for fault in found)
