"""`omo alarms` and `omo report`: what they do to a world, and how they tell it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from coupons import stats
from coupons.figures import Figures
from coupons.routes import ROUTES as COUPONS
from infra import cli, reach
from points.routes import ROUTES
from shared import keys
from tests.api.coupons.conftest import CAMPAIGN
from tests.api.coupons.test_inbox import deliver
from tests.kit import CAFE, NOON, OPERATOR, Client, FakeClock, make_world, member, purchase
from tests.stream import Stream


@pytest.fixture
def client(monkeypatch):
    client = Client(ROUTES, make_world(FakeClock()))
    client.post("/v1/members", {"member_id": "taro"})
    client.post("/v1/purchases", purchase())
    Stream(client.world).run()
    monkeypatch.setattr(reach.Place, "world", lambda _: client.world)
    return client


def omo(capsys, *line):
    status = cli.run([*line, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "line",
    [
        ["alarms", "--on", "soon"],
        ["report"],
        ["report", "weather"],
        ["report", "liability", "--on", "2026-13-01"],
        ["report", "liability", "all"],
        ["report", "campaign"],
        ["report", "campaign", "a", "b"],
        ["report", "statement", "cafe"],
    ],
)
def test_wrong_usage_exits_with_2(line, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.run(line)
    assert ended.value.code == 2
    assert "usage: omo" in capsys.readouterr().err


@pytest.mark.parametrize("line", [["alarms"], ["report", "liability"]])
def test_a_stack_that_does_not_run_is_said_to_be_down(line, tmp_path, capsys):
    assert cli.run([*line, "--dir", str(tmp_path)]) == 1
    assert "omo up" in capsys.readouterr().err


NOBODY = {"members": 0, "entered": 0, "parked": 0}


def test_alarms_of_today(client, capsys):
    left = {"erased": 0, "failed": 0}
    assert omo(capsys, "alarms") == (0, {"points": NOBODY, "coupons": NOBODY, "leaving": left})


def test_who_leaves_is_erased_when_the_day_has_come(client, capsys):
    assert client.as_(member("taro")).delete("/v1/me", {"confirm": True}).status == 202
    for on, erased in (("2026-12-04", 0), ("2026-12-05", 1), ("2026-12-05", 0)):
        assert omo(capsys, "alarms", "--on", on)[1]["leaving"] == {"erased": erased, "failed": 0}
    assert client.get("/v1/members/taro").body["state"] == "erased"


def test_alarms_of_a_day_to_come_are_worked_off_as_if_it_were_that_day(client, capsys):
    reminder = date(2027, 10, 21)
    assert omo(capsys, "alarms", "--on", (reminder - timedelta(days=1)).isoformat())[1]["points"]["members"] == 0
    status, told = omo(capsys, "alarms", "--on", reminder.isoformat())
    assert (status, told["points"]) == (0, {"members": 1, "entered": 1, "parked": 0})
    told = omo(capsys, "alarms", "--on", reminder.isoformat())[1]
    assert told["points"] == {"members": 1, "entered": 0, "parked": 0}
    assert omo(capsys, "alarms", "--on", "2027-11-21")[1]["points"]["entered"] == 1
    assert client.get("/v1/members/taro/balance").body["available"] == 0


def test_alarms_are_those_of_coupons_too(client, capsys):
    coupons = Client(COUPONS, client.world)
    coupons.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN)
    body = {"campaign_id": "spring", "source_id": "s-1", "member": {"member_id": "taro"}}
    assert coupons.post("/v1/issues", body).status == 201
    Stream(client.world).run()
    assert omo(capsys, "alarms", "--on", "2026-12-23")[1]["coupons"] == NOBODY
    assert omo(capsys, "alarms", "--on", "2026-12-24")[1]["coupons"] == {"members": 1, "entered": 1, "parked": 0}


def test_members_that_can_not_be_handled_are_no_success(client, capsys):
    client.world.ledger.table.newest = None
    status = cli.run(["alarms", "--on", "2027-10-21"])
    assert status == 1
    assert "1        0  could not be handled" in capsys.readouterr().out


def test_the_liability_of_this_moment(client, capsys):
    status, told = omo(capsys, "report", "liability")
    assert (status, told["on"], told["total"], told["members"]) == (0, NOON.date().isoformat(), 10, 1)


def test_the_liability_as_a_table(client, capsys):
    assert cli.run(["report", "liability"]) == 0
    words = capsys.readouterr().out
    assert "2027-11  regular  free  purchase                 10" in words
    assert "Points outstanding on 2026-11-20 (Asia/Tokyo)" in words


def test_a_day_without_a_report_is_no_success(client, capsys):
    status, told = omo(capsys, "report", "liability", "--on", "2026-11-01")
    assert (status, told["error"]) == (1, "There is no report of 2026-11-01: each is made in the night after its day.")


def test_a_campaigns_figures(client, capsys):
    coupons = Client(COUPONS, client.world)
    coupons.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | {"limits": {"budget": 5000}})
    said = {"campaign_id": "spring", "source_id": "s-1", "member": {"member_id": "taro"}}
    code = coupons.post("/v1/issues", said).body["code"]
    line = {"line_id": "1", "quantity": 1, "amount": 1000}
    body = {"redemption_id": "r-1", "codes": [code], "channel": "ec", "order_ref": "o-1", "basket": {"lines": [line]}}
    assert coupons.post("/v1/redemptions", body).status == 201
    deliver(client.world, *[event for event in Stream(client.world).run() if ".coupon." in event["type"]])
    status, told = omo(capsys, "report", "campaign", "spring")
    assert (status, told["redeemed"], told["discount_total"], told["budget"]["left"]) == (0, 1, 300, 4700)
    assert told == coupons.as_(OPERATOR).get("/v1/campaigns/spring/stats").body
    assert cli.run(["report", "campaign", "spring"]) == 0
    words = capsys.readouterr().out
    assert "discount given                                  300" in words
    assert "such a basket on average                      1,000" in words


def test_what_a_measured_campaign_has_brought(client, capsys):
    """By figures as if 400 members had the coupon and 100 had not: 0.3 and 0.2 of them buy for 1,000 yen."""
    coupons = Client(COUPONS, client.world, OPERATOR)
    said = {"claimable": False, "attribution": {"holdout_share_bp": 2000}}
    assert coupons.post("/v1/campaigns", CAMPAIGN | said).status == 201
    assert cli.run(["report", "campaign", "spring"]) == 0
    assert "too little data" in capsys.readouterr().out
    told = {"exposed": 400, "buyers": 120, "spent": 120_000, "squares": 120 * 10**6, "visits": 7}
    told |= {"held_out": 100, "held_out_buyers": 20, "held_out_spent": 20_000, "held_out_squares": 20 * 10**6}
    client.world.ledger.obey(stats.COUNT, keys.figures("spring", 0), [("all", NOON, Figures(**told))])
    assert cli.run(["report", "campaign", "spring"]) == 0
    words = capsys.readouterr().out
    assert "with coupon          400         7       120        120,000       300.00" in words
    assert "held out             100         0        20         20,000       200.00" in words
    assert "more spent by each        100.00, and in 95 of 100 campaigns between 8.63 and 191.37" in words
    assert "more buyers               10.00%, and" in words


def test_a_partners_statement(client, capsys):
    settings = {"name": "cafe", "budget": {"kind": "prepaid", "points": 400}, "caps": {"per_award": 150}}
    assert client.as_(OPERATOR).put("/v1/partners/cafe", settings).status == 200
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    award = {"award_id": "w-1", "member": {"code": code}, "points": 40, "reason": "latte"}
    assert client.as_(CAFE).post("/v1/awards", award).status == 201
    status, told = omo(capsys, "report", "statement", "cafe", "2026-11")
    assert (status, told["awards"], told["points"]) == (0, 1, 40)
    assert told == client.as_(CAFE).get("/v1/partner/statements/2026-11").body
    assert cli.run(["report", "statement", "cafe", "2026-11"]) == 0
    words = capsys.readouterr().out
    assert "w-1" in words
    assert "points given                                     40" in words


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (["campaign", "none"], "There is no campaign 'none'."),
        (["statement", "none", "2026-11"], "There is no partner 'none'."),
        (["statement", "cafe", "2026-13"], "'2026-13' is no month such as 2026-11."),
        (["campaign", "none", "--on", "2026-11-01"], "--on is for the liability"),
    ],
)
def test_what_there_is_no_report_of_is_no_success(client, capsys, line, why):
    settings = {"name": "cafe", "budget": {"kind": "prepaid", "points": 400}}
    client.as_(OPERATOR).put("/v1/partners/cafe", settings)
    status, told = omo(capsys, "report", *line)
    assert (status, told["error"].startswith(why)) == (1, True)
