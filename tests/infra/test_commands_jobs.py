"""`omo alarms` and `omo report`: what they do to a world, and how they tell it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from coupons.routes import ROUTES as COUPONS
from infra import cli, commands_jobs
from points.routes import ROUTES
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import NOON, OPERATOR, Client, FakeClock, make_world, purchase
from tests.stream import Stream


@pytest.fixture
def client(monkeypatch):
    client = Client(ROUTES, make_world(FakeClock()))
    client.post("/v1/members", {"member_id": "taro"})
    client.post("/v1/purchases", purchase())
    Stream(client.world).run()
    monkeypatch.setattr(commands_jobs, "world_of", lambda _: client.world)
    return client


def omo(capsys, *line):
    status = cli.run([*line, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "line",
    [["alarms", "--on", "soon"], ["report"], ["report", "weather"], ["report", "liability", "--on", "2026-13-01"]],
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
    assert omo(capsys, "alarms") == (0, {"points": NOBODY, "coupons": NOBODY})


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
