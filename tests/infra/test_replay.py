"""The replay against a points service of a few lines: nothing is lost, nothing doubles, and a difference is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.client import Answer, NoAnswer, Patience, Wire, call
from infra.delivery import Line
from infra.journal import Journal
from infra.lanes import body_of, lanes
from infra.mapping import Purchase
from infra.plan import Plan
from infra.receipts import Slice
from infra.replay import replay

NOW = "2026-06-01T03:00:00Z"


def purchase(member: int, number: int, *, amount: int = 100, size: int = 0) -> Purchase:
    body = {"purchase_id": f"{member}-{number}", "member_id": f"hh-{member}", "amount": amount, "pad": "x" * size}
    return Purchase(f"hh-{member}", f"{member}-{number}", 1, json.dumps(body).encode())


def plan_of(purchases: list[Purchase], day: date = date(2026, 5, 30)) -> Plan:
    earned: dict[str, dict[date, int]] = {}
    for each in purchases:
        days = earned.setdefault(each.member_id, {day: 0})
        days[day] += json.loads(each.body)["amount"] // 100
    return Plan(purchases, earned, len(purchases), len(purchases), NOW, NOW)


@dataclass
class Points:
    """A points service: it keeps purchases by id, and fails as `trouble` says before or after it has kept them."""

    trouble: Callable[[int], str | None] = lambda _number: None
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)
    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, method: str, path: str, body: bytes | None) -> Answer:
        with self.lock:
            self.calls += 1
            trouble = self.trouble(self.calls)
            if trouble == "refused connection":
                raise ConnectionRefusedError(111, "Connection refused")
            answer = self._answer(path, json.loads(body) if body else {})
            if trouble == "lost answer":
                raise ConnectionResetError(104, "Connection reset by peer")
            return Answer(503, b"{}") if trouble == "busy" else answer

    def _answer(self, path: str, body: dict[str, Any]) -> Answer:
        if path == "/v1/members":
            self.members.add(body["member_id"])
            return Answer(201, b"{}")
        if path == "/v1/purchases/batch":
            results = [self._take(each) for each in body["purchases"]]
            return Answer(200, json.dumps({"results": results}).encode())
        member = path.split("/")[3]
        points = sum(each["amount"] // 100 for each in self.kept.values() if each["member_id"] == member)
        balance = {"available": points, "pending": 0, "held": 0, "debt": 0, "as_of": NOW}
        return Answer(200, json.dumps(balance).encode())

    def _take(self, sent: dict[str, Any]) -> dict[str, Any]:
        name = sent["purchase_id"]
        assert sent["member_id"] in self.members, "a purchase came before its member"
        if self.kept.setdefault(name, sent) != sent:
            return {"purchase_id": name, "status": 422, "body": {"code": "id_reused"}}
        self.order.append(name)
        return {"purchase_id": name, "status": 201, "body": {}}


@dataclass
class Time:
    """A clock that only sleeping moves."""

    at: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def now(self) -> float:
        return self.at


def line(service: Points, *, seconds: float = 120.0, workers: int = 3) -> Line:
    time = Time()
    return Line(service, Patience(seconds, time.sleep, time.now), workers)


SOME = [purchase(member, number) for member in range(30) for number in range(member)]


def test_every_balance_agrees_after_a_replay() -> None:
    service = Points()
    done: list[int] = []
    report = replay(plan_of(SOME), Line(service, tick=done.append))
    assert report.is_right
    assert (report.baskets, report.members, report.points) == (len(SOME), 29, len(SOME))
    assert sum(done) == len(SOME)


@pytest.mark.parametrize("trouble", ["refused connection", "lost answer", "busy"])
def test_what_got_no_clear_answer_is_sent_again_and_nothing_doubles(trouble: str) -> None:
    service = Points(trouble=lambda number: trouble if number % 3 else None)
    report = replay(plan_of(SOME), line(service))
    assert report.is_right
    assert len(service.kept) == len(SOME)


def test_only_the_items_of_a_batch_that_may_pass_are_sent_again() -> None:
    class Moody(Points):
        def _take(self, sent: dict[str, Any]) -> dict[str, Any]:
            if sent["purchase_id"].endswith("1") and self.calls < 40:
                return {"purchase_id": sent["purchase_id"], "status": 503, "body": {}}
            return super()._take(sent)

    service = Moody()
    assert replay(plan_of(SOME), line(service)).is_right
    assert sorted(service.order) == sorted(each.purchase_id for each in SOME)


def test_a_replay_that_was_cut_off_ends_right_when_started_again() -> None:
    def dead_after_20(number: int) -> str | None:
        return "refused connection" if number > 20 else None

    service = Points(trouble=dead_after_20)
    with pytest.raises(NoAnswer):
        replay(plan_of(SOME), line(service, seconds=5, workers=1))
    assert 0 < len(service.kept) < len(SOME)
    service.trouble = lambda _number: None
    assert replay(plan_of(SOME), line(service)).is_right
    assert len(service.kept) == len(SOME)


def test_a_difference_is_told_with_both_sides() -> None:
    service = Points()
    service.kept["stray"] = {"purchase_id": "stray", "member_id": "hh-5", "amount": 700}
    report = replay(plan_of(SOME), line(service))
    assert not report.is_right
    (wrong,) = report.differences
    assert (wrong["member_id"], wrong["balance"]["available"], wrong["receipts"]["available"]) == ("hh-5", 12, 5)
    assert "1 differ" in report.text()
    assert "hh-5" in report.text()
    assert report.as_dict()["ok"] is False


def test_a_refused_purchase_is_told_with_its_code() -> None:
    service = Points()
    service.kept["2-0"] = {"purchase_id": "2-0", "member_id": "hh-2", "amount": 100, "pad": "other"}
    report = replay(plan_of(SOME), line(service))
    assert report.refused == [{"purchase_id": "2-0", "status": 422, "code": "id_reused"}]
    assert not report.is_right


def test_expired_points_are_not_expected() -> None:
    class Forgetful(Points):
        def _answer(self, path: str, body: dict[str, Any]) -> Answer:
            if path.endswith("/balance"):
                balance = {"available": 0, "pending": 0, "held": 0, "debt": 0, "as_of": NOW}
                return Answer(200, json.dumps(balance).encode())
            return super()._answer(path, body)

    assert replay(plan_of(SOME, date(2025, 5, 31)), line(Forgetful())).is_right
    assert not replay(plan_of(SOME, date(2025, 6, 1)), line(Forgetful())).is_right


def test_no_member_is_in_two_lanes_and_its_purchases_keep_their_order() -> None:
    sent = [purchase(m, n) for m, count in enumerate([40, 70, 250, 1, 99, 100, 101, 3]) for n in range(count)]
    found: dict[str, list[str]] = {}
    for lane in lanes(sent):
        members = {each.member_id for batch in lane for each in batch}
        assert not members & set(found)
        assert all(len(batch) <= 100 for batch in lane)
        for each in (each for batch in lane for each in batch):
            found.setdefault(each.member_id, []).append(each.purchase_id)
    assert [name for names in found.values() for name in names] == [each.purchase_id for each in sent]


def test_a_batch_stays_below_a_mebibyte() -> None:
    batches = [batch for lane in lanes([purchase(1, n, size=30_000) for n in range(90)]) for batch in lane]
    assert len(batches) == 3
    assert all(len(body_of(batch)) <= 1_000_000 for batch in batches)


def test_small_members_share_a_batch() -> None:
    assert [len(lane) for lane in lanes([purchase(m, 0) for m in range(250)])] == [1, 1, 1]


def test_a_silent_stack_is_given_up_after_the_stated_time() -> None:
    time = Time()
    service = Points(trouble=lambda _number: "busy")
    with pytest.raises(NoAnswer, match="503, for 60 s"):
        call(service, "GET", "/v1/members/hh-1/balance", patience=Patience(60, time.sleep, time.now))
    assert 30 < time.at <= 60


# ---- the journal -----------------------------------------------------------------------------------------------------


def test_a_stack_keeps_the_dates_of_its_first_replay(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "replay.json", "stack-1")
    assert journal.begin(Slice(days=7), 460) == 460
    assert journal.begin(Slice(days=7), 461) == 460
    assert Journal(tmp_path / "replay.json", "stack-2").begin(Slice(days=7), 461) == 461


def test_what_was_interrupted_is_sent_with_the_next_replay(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "replay.json", "stack-1")
    journal.begin(Slice(days=30), 460)
    journal.begin(Slice(days=7, households=5), 460)
    assert journal.unfinished == [Slice(days=30), Slice(days=7, households=5)]
    journal.finish()
    assert journal.unfinished == []
    journal.begin(Slice(days=30), 460)
    assert journal.unfinished == [Slice(days=30)]
    assert journal.slices == [Slice(days=7, households=5), Slice(days=30)]


# ---- the line --------------------------------------------------------------------------------------------------------


def test_a_line_at_another_time_says_so_and_is_otherwise_the_same() -> None:
    heard: list[tuple[str, str | None, str | None]] = []

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append((self.path, self.headers["X-Omo-Now"], self.headers["Authorization"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        wire = Wire(f"http://127.0.0.1:{server.server_port}/base", "omo_key")
        for send in (wire, wire.at(datetime(2026, 5, 30, 3, tzinfo=UTC)), wire):
            assert send("GET", "/v1/whoami", None) == Answer(200, b"{}")
        server.shutdown()
    times = [None, "2026-05-30T03:00:00Z", None]
    assert heard == [("/base/v1/whoami", time, "Bearer omo_key") for time in times]
