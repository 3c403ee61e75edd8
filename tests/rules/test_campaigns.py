"""The shapes of the coupons' routes: what they take, what they refuse, and where they point when they do."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from coupons.campaign import Campaign, CampaignChange
from coupons.model import Basket, IssueRequest, RedemptionRequest, ValidationRequest
from shared.shapes import pointer

_CAMPAIGN: dict[str, Any] = {
    "campaign_id": "spring-26",
    "name": {"ja": "春の割引", "en": "Spring"},
    "offer": {"type": "percent_off", "value": 10},
    "valid_from": "2026-03-01",
}
_FULL: dict[str, Any] = _CAMPAIGN | {
    "offer": {"type": "amount_off", "value": 300, "max_discount": 200, "skus": ["a"], "categories": ["b"]},
    "min_purchase": 1000,
    "valid_until": "2026-03-31",
    "valid_days": 14,
    "channels": ["ec", "pos"],
    "stores": ["ginza"],
    "limits": {"total": 100, "per_member": 1},
    "stacking": {"group": "spring", "exclusive": False, "priority": 5},
    "trigger": {"event": "checkin.accepted", "filter": {"store_id": ["ginza", "shibuya"], "evidence_level": 2}},
    "code": {"mode": "unique", "sleeping": False},
    "state": "draft",
}
_LINE = {"line_id": "1", "quantity": 1, "amount": 100}
_REDEMPTION: dict[str, Any] = {
    "redemption_id": "r-1",
    "codes": ["0000-0000-0000-00"],
    "channel": "pos",
    "basket": {"lines": [_LINE]},
    "order_ref": "order 1",
}


def _problems(model: type[BaseModel], body: Any) -> dict[str, str]:
    """What is wrong with a body: code by pointer."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)
    return {pointer(error["loc"]): error["type"] for error in caught.value.errors()}


def _wire(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_none=True)


@pytest.mark.parametrize("body", [_CAMPAIGN, _FULL], ids=["smallest", "fullest"])
def test_a_campaign_survives_the_wire(body: dict[str, Any]) -> None:
    campaign = Campaign.model_validate(body)
    assert Campaign.model_validate(_wire(campaign)) == campaign
    assert body.items() <= _wire(campaign).items()


def test_the_defaults_of_a_campaign() -> None:
    campaign = Campaign.model_validate(_CAMPAIGN)
    assert (campaign.state, campaign.stacking.priority, campaign.code.mode) == ("active", 100, "unique")
    assert (campaign.channels, campaign.stores, campaign.limits.total) == (None, None, None)


@pytest.mark.parametrize("missing", list(_CAMPAIGN))
def test_what_a_campaign_can_not_do_without(missing: str) -> None:
    assert _problems(Campaign, {k: v for k, v in _CAMPAIGN.items() if k != missing}) == {f"/{missing}": "missing"}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"offer": {"type": "percent_off", "value": 101}}, "/offer/value"),
        ({"offer": {"type": "percent_off", "value": 0}}, "/offer/value"),
        ({"offer": {"type": "amount_off", "value": 10**12 + 1}}, "/offer/value"),
        ({"offer": {"type": "amount_off", "value": True}}, "/offer/value"),
        ({"offer": {"type": "amount_off", "value": 1.0}}, "/offer/value"),
        ({"offer": {"type": "amount_off", "value": "1"}}, "/offer/value"),
        ({"offer": {"type": "gift", "value": 1}}, "/offer/type"),
        ({"offer": {"type": "amount_off", "value": 1, "skus": []}}, "/offer/skus"),
        ({"offer": {"type": "amount_off", "value": 1, "skus": "apple"}}, "/offer/skus"),
        ({"valid_until": "2026-02-28"}, "/valid_until"),
        ({"valid_until": "2026-02-30"}, "/valid_until"),
        ({"valid_until": "2026-3-1"}, "/valid_until"),
        ({"valid_until": "2026-03-31T00:00:00Z"}, "/valid_until"),
        ({"valid_until": 20260331}, "/valid_until"),
        ({"valid_from": "1999-12-31"}, "/valid_from"),
        ({"valid_days": -1}, "/valid_days"),
        ({"min_purchase": -1}, "/min_purchase"),
        ({"stores": ["a b"]}, "/stores/0"),
        ({"stores": ["s"] * 1001}, "/stores"),
        ({"limits": {"total": 0}}, "/limits/total"),
        ({"stacking": {"exclusive": 1}}, "/stacking/exclusive"),
        ({"name": {"ja": "春"}}, "/name/en"),
        ({"name": {"ja": "春" * 201, "en": "Spring"}}, "/name/ja"),
        ({"name": {"ja": "\ud800", "en": "Spring"}}, "/name/ja"),
        ({"campaign_id": "a\n"}, "/campaign_id"),
        ({"trigger": {"event": "checkin.accepted", "filter": {"a": {"b": 1}}}}, "/trigger/filter/a"),
        ({"trigger": {"event": "checkin.accepted", "filter": {"a": 1.5}}}, "/trigger/filter/a"),
        ({"trigger": {"event": "checkin.accepted", "filter": {"a": []}}}, "/trigger/filter/a"),
        ({"trigger": {"event": "checkin.accepted", "filter": {"a": 10**40}}}, "/trigger/filter/a"),
        ({"colour": "red"}, "/colour"),
        ({"state": "on"}, "/state"),
    ],
)
def test_a_bad_value_is_pointed_at(change: dict[str, Any], where: str) -> None:
    assert where in _problems(Campaign, _CAMPAIGN | change)


def test_a_patch_changes_what_it_sends_and_null_takes_away() -> None:
    campaign = Campaign.model_validate(_FULL)
    changed = campaign.changed(CampaignChange.model_validate({"valid_until": "2026-04-30", "stores": None}))
    expected = _FULL | {"valid_until": "2026-04-30"}
    del expected["stores"]
    assert changed == Campaign.model_validate(expected)


def test_a_patch_goes_around_no_rule() -> None:
    campaign = Campaign.model_validate(_FULL)
    for body, where in [
        ({"valid_until": "2020-01-01"}, "/valid_until"),
        ({"name": None}, "/name"),
    ]:
        with pytest.raises(ValidationError) as caught:
            campaign.changed(CampaignChange.model_validate(body))
        assert [pointer(error["loc"]) for error in caught.value.errors()] == [where]
    assert _problems(CampaignChange, {"offer": _CAMPAIGN["offer"]}) == {"/offer": "extra_forbidden"}


def test_a_coupon_keeps_the_terms_alone() -> None:
    terms = Campaign.model_validate(_FULL).terms
    assert set(_wire(terms)) == {
        "offer",
        "valid_from",
        "valid_until",
        "min_purchase",
        "channels",
        "stores",
        "stacking",
    }
    assert type(terms).model_validate(_wire(terms)) == terms


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"codes": []}, "/codes"),
        ({"codes": ["x"] * 11}, "/codes"),
        ({"codes": ["x" * 65]}, "/codes/0"),
        ({"codes": [5]}, "/codes/0"),
        ({"channel": "fax"}, "/channel"),
        ({"hold_seconds": 3601}, "/hold_seconds"),
        ({"hold_seconds": 0}, "/hold_seconds"),
        ({"redemption_id": ""}, "/redemption_id"),
        ({"member": {}}, "/member"),
        ({"basket": {"lines": []}}, "/basket/lines"),
        ({"basket": {"lines": [_LINE] * 2}}, "/basket/lines/1/line_id"),
        ({"basket": {"lines": [_LINE | {"quantity": 0.5}]}}, "/basket/lines/0/quantity"),
        ({"basket": {"lines": [_LINE | {"amount": -1}]}}, "/basket/lines/0/amount"),
        ({"basket": {"lines": [_LINE], "currency": "yen"}}, "/basket/currency"),
    ],
)
def test_a_bad_redemption_is_pointed_at(change: dict[str, Any], where: str) -> None:
    assert where in _problems(RedemptionRequest, _REDEMPTION | change)


def test_a_dry_run_needs_no_codes() -> None:
    body = {"channel": "ec", "member": {"member_id": "m-1"}, "basket": _REDEMPTION["basket"]}
    assert ValidationRequest.model_validate(body).codes == ()


@pytest.mark.parametrize("body", [None, [], "x", 1, {}])
def test_what_is_no_object_is_refused(body: Any) -> None:
    for model in (Campaign, Basket, RedemptionRequest, IssueRequest):
        assert _problems(model, body)
