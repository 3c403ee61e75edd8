"""Campaigns over HTTP: made once, changed for everyone at once, and coupons that keep their terms."""

import pytest

from shared import keys
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import EC, TILL


def test_a_campaign_is_made_and_read(operator):
    made = operator.post("/v1/campaigns", CAMPAIGN)
    assert made.status == 201
    assert CAMPAIGN.items() <= made.body.items()
    assert (made.body["state"], made.body["stacking"]["priority"]) == ("active", 100)
    assert operator.get("/v1/campaigns/spring").body == made.body


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-11-01T14:59:59Z", "2026-12-31T14:59:59Z", ("2026-11-01", "2026-12-31")),
        ("2026-11-01T15:00:00Z", "2026-12-31T15:00:00Z", ("2026-11-02", "2026-12-31")),  # midnight ends a day
        ("2026-11-01", "2026-12-31T15:00:01Z", ("2026-11-01", "2027-01-01")),
    ],
)
def test_a_time_counts_as_its_day_by_the_programmes_clock(operator, first, last, days):
    made = operator.post("/v1/campaigns", CAMPAIGN | {"valid_from": first, "valid_until": last})
    assert (made.status, made.body["valid_from"], made.body["valid_until"]) == (201, *days)
    changed = operator.patch("/v1/campaigns/spring", {"valid_until": last})
    assert (changed.status, changed.body["valid_until"]) == (200, days[1])


def test_a_window_without_a_day_is_refused_however_it_is_written(operator):
    empty = {"valid_from": "2026-11-02T00:00:00Z", "valid_until": "2026-11-01T15:00:00Z"}
    answer = operator.post("/v1/campaigns", CAMPAIGN | empty)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/valid_until")


def test_a_campaign_sent_again_is_replayed_as_it_was(operator):
    first = operator.post("/v1/campaigns", CAMPAIGN)
    assert operator.post("/v1/campaigns/spring/pause").status == 200
    again = operator.post("/v1/campaigns", CAMPAIGN)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)


def test_a_campaign_id_with_other_content_is_refused(operator):
    operator.post("/v1/campaigns", CAMPAIGN)
    answer = operator.post("/v1/campaigns", CAMPAIGN | {"valid_until": "2026-11-30"})
    assert (answer.status, answer.code) == (422, "id_reused")
    assert operator.get("/v1/campaigns/spring").body["valid_until"] == "2026-12-31"


def test_a_campaign_that_was_begun_and_not_finished_gets_the_same_locator(operator, monkeypatch):
    table = operator.world.directory.table
    monkeypatch.setattr(table, "transact", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        operator.post("/v1/campaigns", CAMPAIGN)
    monkeypatch.undo()
    assert operator.post("/v1/campaigns", CAMPAIGN).status == 201
    assert len(table.items(keys.locator(0)[0])) == 1


def test_two_campaigns_that_draw_the_same_locator_get_two(operator, monkeypatch):
    monkeypatch.setattr("coupons.locators.LOCATORS", 2)
    for campaign_id in ("one", "two"):
        assert operator.post("/v1/campaigns", CAMPAIGN | {"campaign_id": campaign_id}).status == 201
    assert len(operator.world.directory.table.items(keys.locator(0)[0])) == 2
    full = operator.post("/v1/campaigns", CAMPAIGN | {"campaign_id": "three"})
    assert (full.status, full.code) == (409, "campaigns_full")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"offer": {"type": "percent_off", "value": 101}}, "/offer/value"),
        ({"offer": {"type": "amount_off"}}, "/offer/value"),
        ({"offer": {"type": "bonus_points", "value": 10, "max_discount": 5}}, "/offer/max_discount"),
        ({"bind": "order_ref", "price_points": 10}, "/bind"),
        ({"valid_until": "2026-10-31"}, "/valid_until"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_bad_campaign_is_pointed_at(operator, change, where):
    answer = operator.post("/v1/campaigns", CAMPAIGN | change)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [error["pointer"] for error in answer.body["errors"]] == [where]


@pytest.mark.parametrize("who", [EC, TILL])
def test_only_operators_make_campaigns(client, who):
    assert client.as_(who).post("/v1/campaigns", CAMPAIGN).code == "forbidden"


@pytest.mark.parametrize("way", ["", "/pause", "/resume", "/end"])
def test_a_campaign_that_is_not_there(operator, way):
    method = "POST" if way else "GET"
    answer = operator.send(method, f"/v1/campaigns/nothing{way}")
    assert (answer.status, answer.code) == (404, "campaign_not_found")
    assert operator.send("PATCH", "/v1/campaigns/nothing", {}).code == "campaign_not_found"


def test_a_change_holds_everywhere_when_it_has_answered(operator, campaign, issue, clock):
    campaign()
    issue("s-1")  # the campaign is in the cache now
    before = clock.slept
    assert operator.post("/v1/campaigns/spring/pause").body["state"] == "paused"
    assert clock.slept - before >= 1
    said = {"campaign_id": "spring", "source_id": "s-2", "member": {"member_id": "taro"}}
    assert operator.post("/v1/issues", said).code == "campaign_not_active"


def test_a_paused_campaign_stands_still_until_it_is_resumed(operator, campaign, issue, till, redemption):
    campaign()
    coupon = issue()
    operator.post("/v1/campaigns/spring/pause")
    assert till.post("/v1/redemptions", redemption(coupon["code"])).code == "code_not_usable"
    operator.post("/v1/campaigns/spring/resume")
    assert till.post("/v1/redemptions", redemption(coupon["code"])).status == 201


def test_an_ended_campaign_issues_no_more_but_its_coupons_stay_good(operator, campaign, issue, till, redemption):
    campaign()
    coupon = issue()
    assert operator.post("/v1/campaigns/spring/end").body["state"] == "ended"
    assert operator.post("/v1/campaigns/spring/end").status == 200
    for way in ("resume", "pause"):
        assert operator.post(f"/v1/campaigns/spring/{way}").code == "campaign_not_active"
    said = {"campaign_id": "spring", "source_id": "s-2", "member": {"member_id": "taro"}}
    assert operator.post("/v1/issues", said).code == "campaign_not_active"
    assert till.post("/v1/redemptions", redemption(coupon["code"])).status == 201


def test_a_draft_issues_nothing_until_it_is_resumed(operator, campaign, issue):
    campaign(state="draft")
    said = {"campaign_id": "spring", "source_id": "s-1", "member": {"member_id": "taro"}}
    assert operator.post("/v1/issues", said).code == "campaign_not_active"
    assert operator.post("/v1/campaigns/spring/resume").body["state"] == "active"
    issue()


def test_a_patch_changes_what_it_names(operator, campaign):
    before = campaign(limits={"total": 5, "per_member": 1}, stores=["shibuya"])
    change = {"valid_until": "2027-01-31", "stores": None, "limits": {"total": 6}}
    answer = operator.send("PATCH", "/v1/campaigns/spring", change)
    assert answer.status == 200
    del before["stores"]
    assert answer.body == before | {"valid_until": "2027-01-31", "limits": {"total": 6}}
    assert operator.get("/v1/campaigns/spring").body == answer.body


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"offer": {"type": "amount_off", "value": 1}}, "/offer"),
        ({"valid_until": "2026-10-01"}, "/valid_until"),
        ({"name": None}, "/name"),
        ({"limits": {"total": 0}}, "/limits/total"),
    ],
)
def test_a_bad_patch_is_pointed_at_and_changes_nothing(operator, campaign, change, where):
    before = campaign()
    answer = operator.send("PATCH", "/v1/campaigns/spring", change)
    assert answer.status == 422
    assert [error["pointer"] for error in answer.body["errors"]] == [where]
    assert operator.get("/v1/campaigns/spring").body == before


def test_coupons_keep_the_terms_they_were_issued_with(operator, campaign, issue, till, redemption):
    campaign()
    old = issue("s-1")
    operator.send("PATCH", "/v1/campaigns/spring", {"stores": ["umeda"], "valid_until": "2026-11-25"})
    new = issue("s-2")
    assert (old["valid_until"], new["valid_until"]) == ("2026-12-31", "2026-11-25")
    refused = till.post("/v1/redemptions", redemption(new["code"]))
    assert (refused.code, refused.body["reason"]) == ("code_not_applicable", "wrong_store")
    assert till.post("/v1/redemptions", redemption(old["code"])).status == 201


def test_campaigns_are_listed_in_the_order_of_their_ids_each_once(operator):
    made = {}
    for name in ("c", "a", "b"):
        code = {"code": {"mode": "shared"}} if name == "b" else {}
        made[name] = operator.post("/v1/campaigns", CAMPAIGN | {"campaign_id": name} | code).body
    first = operator.get("/v1/campaigns?limit=2").body
    rest = operator.get(f"/v1/campaigns?limit=2&cursor={first['next_cursor']}").body
    assert first["items"] + rest["items"] == [made["a"], made["b"], made["c"]]
    assert rest["next_cursor"] is None
    assert operator.get("/v1/campaigns").body["items"][1]["shared_code"]


def test_nobody_but_the_operator_lists_campaigns_and_only_with_an_own_cursor(operator):
    for caller in (EC, TILL):
        assert operator.as_(caller).get("/v1/campaigns").code == "forbidden"
    assert operator.get("/v1/campaigns?cursor=x").code == "bad_cursor"
    answer = operator.get("/v1/campaigns?limit=101")
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/limit")
