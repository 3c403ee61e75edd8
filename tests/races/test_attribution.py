"""Purchases of one exposed member that are heard of at once; each with a control that goes wrong without its condition."""

from dataclasses import replace

import pytest

from coupons.attribution import EXPOSURES
from infra import invariants
from shared import events, keys
from shared.directory import Directory
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import OPERATOR, Client
from tests.races.test_coupons import Careless, Crowded, _switch_often, all_at_once, make  # noqa: F401
from tests.races.test_stamps import deliver, told

CROWD = 32
EARLIER = "2026-11-20T02:00:00Z"


class CrowdedExposures(Crowded):
    crowd = keys.EXPOSURES


class CarelessExposures(Careless):
    crowd = keys.EXPOSURES


def shop(table):
    made = make(table, "taro")
    said = {"campaign_id": "spring", "claimable": False, "attribution": {"holdout_share_bp": 5000}}
    assert made.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | said).status == 201
    fresh = Directory(made.world.directory.table, made.world.directory.clock)  # it has not seen that there was none
    return Client(made.routes, replace(made.world, directory=fresh))


def exposed(n=1):
    """Taro was issued a coupon, an hour before."""
    return {
        "id": f"issued-{n}",
        "source": "/omotenashi/coupons",
        "type": events.type_name("coupon.issued"),
        "time": EARLIER,
        "subject": "taro",
        "data": {
            "campaign_id": "spring",
            "coupon_id": f"c-{n}",
            "source_id": f"s-{n}",
            "occurred_at": EARLIER,
            "exposed_at": EARLIER,
            "attribution_hours": 24,
        },
    }


def exposures(client):
    items = client.world.ledger.table.scan(after=None, limit=100_000)
    assert invariants.faults(sorted(items, key=lambda item: (item["pk"], item["sk"]))) == []
    return client.world.ledger.head(EXPOSURES, "taro", consistent=True).state


def test_coupons_that_are_heard_of_at_once_are_one_exposure():
    made = shop(table := CrowdedExposures())
    all_at_once(lambda n: deliver(made, exposed(n)), CROWD, table)
    assert len(exposures(made)) == 1


def test_purchases_that_are_heard_of_at_once_all_count():
    made = shop(table := CrowdedExposures())
    deliver(made, exposed())
    all_at_once(lambda n: deliver(made, told("recorded", n)), CROWD, table)
    assert [one.spent for one in exposures(made)] == [CROWD * 1000]


def test_control_without_the_condition_purchases_are_lost():
    made = shop(table := CarelessExposures())
    deliver(made, exposed())
    all_at_once(lambda n: deliver(made, told("recorded", n)), CROWD, table)
    (one,) = made.world.ledger.head(EXPOSURES, "taro").state
    assert one.spent < CROWD * 1000


def test_a_purchase_that_many_hear_of_at_once_counts_once():
    made = shop(table := CrowdedExposures())
    deliver(made, exposed())
    all_at_once(lambda _: deliver(made, told("recorded")), CROWD, table)
    assert [one.spent for one in exposures(made)] == [1000]


@pytest.mark.parametrize("left", [0, 400])
def test_a_purchase_and_its_return_at_once_end_in_what_is_left(left):
    made = shop(table := CrowdedExposures())
    deliver(made, exposed())
    life = [told("recorded"), told("returned", amount_left=left)]
    all_at_once(lambda n: deliver(made, life[n % 2]), 16, table)
    assert [one.spent for one in exposures(made)] == [left]
