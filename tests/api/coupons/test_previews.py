"""POST /v1/campaign-previews: what a campaign would do to baskets before it is made."""

import pytest

from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import EC, TILL


def bought(*amounts, channel="pos", **more):
    lines = [{"line_id": str(n), "quantity": 1, "amount": amount} for n, amount in enumerate(amounts)]
    return {"channel": channel, "basket": {"lines": lines}, **more}


def preview(operator, *baskets, **campaign):
    body = {"campaign": CAMPAIGN | campaign, "baskets": list(baskets)}
    answer = operator.post("/v1/campaign-previews", body)
    assert answer.status == 200, answer.body
    return answer.body


def test_each_basket_is_judged_alone_and_all_are_added_up(operator):
    offer = {"type": "percent_off", "value": 10, "max_discount": 150}
    said = preview(operator, bought(990, 999), bought(400), bought(5000), offer=offer, min_purchase=500)
    assert said == {
        "results": [
            {"amount": 1989, "discount": 150, "bonus_points": 0},
            {"amount": 400, "discount": 0, "bonus_points": 0, "reason": "minimum_not_met"},
            {"amount": 5000, "discount": 150, "bonus_points": 0},
        ],
        "fitting": 2,
        "amount": 7389,
        "discount_total": 300,
        "bonus_points_total": 0,
    }


def test_points_are_told_apart_from_money(operator):
    said = preview(operator, bought(1000), bought(2000), offer={"type": "bonus_points", "value": 30})
    assert (said["discount_total"], said["bonus_points_total"]) == (0, 60)


def test_channel_and_store_count_and_a_campaign_to_come_is_judged_on_its_first_day(operator):
    terms = {"channels": ["pos"], "stores": ["shibuya"], "valid_from": "2030-01-01", "valid_until": "2030-02-01"}
    here, there = bought(1000, store_id="shibuya"), bought(1000, store_id="umeda")
    said = preview(operator, here, there, bought(1000, channel="ec"), **terms)
    assert [one.get("reason") for one in said["results"]] == [None, "wrong_store", "wrong_channel"]


def test_it_is_what_a_redemption_takes_off(operator, client, till, campaign, issue, redemption):
    offer = {"type": "item_free", "value": 2}
    campaign(offer=offer)
    made = redemption(issue()["code"])
    done = till.post("/v1/redemptions", made)
    (one,) = preview(operator, {"channel": "pos", "basket": made["basket"]}, offer=offer)["results"]
    assert one["discount"] == done.body["discount_total"] > 0


def test_nothing_is_written_and_the_programme_alone_is_read_for_its_clock(operator):
    directory, *others = operator.world.directory.table, operator.world.ledger.table, operator.world.transient
    for table in (directory, *others):
        table.usage.reset()
    preview(operator, *[bought(1000)] * 100)
    assert (directory.usage.round_trips, directory.usage.write_units) == (1, 0)
    assert all(table.usage.round_trips == 0 for table in others)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"campaign": CAMPAIGN | {"offer": {"type": "amount_off"}}, "baskets": [bought(1)]}, "/campaign/offer/value"),
        ({"campaign": CAMPAIGN, "baskets": []}, "/baskets"),
        ({"campaign": CAMPAIGN, "baskets": [bought(1)] * 101}, "/baskets"),
        ({"campaign": CAMPAIGN, "baskets": [bought(-1)]}, "/baskets/0/basket/lines/0/amount"),
        ({"baskets": [bought(1)]}, "/campaign"),
    ],
)
def test_a_preview_that_makes_no_sense_is_refused_at_its_place(operator, body, where):
    answer = operator.post("/v1/campaign-previews", body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert where in [one["pointer"] for one in answer.body["errors"]]


def test_nobody_but_the_operator_previews(operator):
    for caller in (EC, TILL):
        body = {"campaign": CAMPAIGN, "baskets": [bought(1)]}
        assert operator.as_(caller).post("/v1/campaign-previews", body).code == "forbidden"
