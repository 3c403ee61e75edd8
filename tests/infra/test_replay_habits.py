"""The whole replay against the real points service in memory: returns and payments, verified to the last point."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st

from infra import habits, invariants
from infra.client import Answer, NoAnswer
from infra.receipts import Row
from infra.replay import replay
from points import obeying
from tests.infra.shopping import LAST, Service, in_order, kept, line, plan, since
from tests.kit import NOON, FakeClock, make_world


@pytest.fixture
def service():
    return Service(make_world(FakeClock()))


@pytest.fixture
def often(monkeypatch):
    """Dice that fall on returns and payments all the time."""
    monkeypatch.setattr(habits, "RETURNED_PERCENT", 40)
    monkeypatch.setattr(habits, "PAYING_SIDES", 8)


def test_a_real_year_of_twenty_households_agrees_to_the_last_point(service):
    report = replay(plan(kept()), line(service))
    assert (report.refused, report.differences) == ([], [])
    assert report.returns > 60
    assert report.payments > 40
    assert report.baskets == len({row.basket_id for row in kept()})


def test_an_audit_of_what_was_replayed_finds_no_fault(service, often):
    assert replay(plan(since(kept(), 60)), line(service)).is_right
    items = service.client.world.ledger.table.scan()
    assert invariants.faults(items, NOON + timedelta(days=1)) == []


def test_when_everybody_returns_and_pays_all_the_time_it_still_agrees(service, often):
    report = replay(plan(since(kept(), 120)), line(service))
    assert (report.refused, report.differences) == ([], [])
    assert report.returns > 300
    kinds = {path.split("/")[2] for path, _ in service.sent}
    assert kinds == {"members", "purchases", "spends", "holds"}


def test_the_same_replay_again_sends_the_same_bytes_and_changes_nothing(service, often):
    rows = since(kept(), 20)
    first, sent = replay(plan(rows), line(service)), list(service.sent)
    before = list(service.client.world.ledger.table.scan())
    service.sent.clear()
    again = replay(plan(rows), line(service))
    assert first.is_right
    assert (again, service.sent) == (first, sent)
    assert list(service.client.world.ledger.table.scan()) == before


def test_a_shorter_slice_sends_the_same_bytes(often):
    def sent(days):
        service = Service(make_world(FakeClock()))
        assert replay(plan(since(kept(), days)), line(service)).is_right
        return {body for path, body in service.sent if not path.endswith("/batch")}

    assert sent(10) < sent(30)


# ---- interrupted ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", range(2, 27, 4))
def test_a_replay_that_was_cut_off_anywhere_ends_right(often, after):
    """At its second start with a longer slice, as the journal makes it."""
    short, long = since(kept(), 5), since(kept(), 10)
    service = Broken(lambda number: number > after, is_done=after % 2 == 0)
    with pytest.raises(NoAnswer):
        replay(plan(short), line(service))
    service.is_broken = lambda _: False
    report = replay(plan(long), line(service))
    assert (report.refused, report.differences) == ([], [])


@pytest.mark.parametrize("is_done", [True, False])
def test_what_got_no_answer_is_sent_again_and_nothing_doubles(often, is_done):
    service = Broken(lambda number: number % 3 == 0, is_done=is_done)
    report = replay(plan(since(kept(), 20)), line(service, seconds=60.0))
    assert (report.refused, report.differences) == ([], [])


class Broken(Service):
    """The line breaks before or after a request was done."""

    def __init__(self, is_broken: Callable[[int], bool], *, is_done: bool) -> None:
        super().__init__(make_world(FakeClock()))
        self.is_broken, self.is_done, self.calls = is_broken, is_done, 0

    def __call__(self, method: str, path: str, body: bytes | None) -> Answer:
        self.calls += 1
        if not self.is_broken(self.calls):
            return super().__call__(method, path, body)
        if self.is_done:
            super().__call__(method, path, body)
        raise ConnectionResetError(104, "Connection reset by peer")


# ---- what is wrong is found ----------------------------------------------------------------------------------------


def wrong_ones(service):
    report = replay(plan(since(kept(), 20)), line(service))
    assert not report.is_right
    assert report.refused == []
    return report.differences


def test_a_claw_back_of_one_point_too_few_is_found_and_named(service, often, monkeypatch):
    real = obeying.claw_back
    wronged: list[str] = []

    def once_too_kind(account, earned, *more):
        if wronged or not earned:
            return real(account, earned, *more)
        wronged.append(service.sent[-1][0].split("/")[4])
        first, *others = earned
        return real(account, (first.with_points(first.points - 1), *others), *more)

    monkeypatch.setattr(obeying, "claw_back", once_too_kind)
    (found,) = wrong_ones(service)
    assert found["member_id"] in {f"hh-{row.household_id}" for row in kept() if str(row.basket_id) in wronged}
    assert found["balance"]["available"] == found["receipts"]["available"] + 1


@pytest.mark.parametrize("name", ["clawed_back", "given_back", "forfeited", "debt"])
def test_a_return_that_answers_one_point_more_is_found_and_named(service, often, name):
    def altered(method, path, body):
        answer = service(method, path, body)
        if not path.endswith("/returns"):
            return answer
        said = json.loads(answer.body)
        said["points"][name] += 1
        return Answer(answer.status, json.dumps(said).encode())

    found = wrong_ones(altered)
    assert all(one["answer"][name] == one["receipts"][name] + 1 for one in found)
    assert {one["return_id"].rpartition("-")[0] for one in found} <= {str(row.basket_id) for row in kept()}


@pytest.mark.parametrize(("kind", "entry"), [("spends", "spent"), ("returns", "returned")])
def test_what_was_answered_and_not_done_is_missing(service, often, kind, entry):
    def forgetful(method, path, body):
        if not path.endswith(f"/{kind}"):
            return service(method, path, body)
        points = dict.fromkeys(("clawed_back", "given_back", "forfeited", "debt"), 0)
        return Answer(201, json.dumps({"points": points}).encode())

    assert {one["missing"][0] for one in wrong_ones(forgetful) if "missing" in one} == {entry}


def test_an_entry_that_is_there_twice_is_found(service, often):
    def doubling(method, path, body):
        answer = service(method, path, body)
        if "/entries" not in path:
            return answer
        page = json.loads(answer.body)
        page["items"] = [item for item in page["items"] for _ in range(2)]
        return Answer(answer.status, json.dumps(page).encode())

    assert any("twice" in one for one in wrong_ones(doubling))


def test_a_member_who_cannot_be_asked_is_a_difference(service, often):
    def closed(method, path, body):
        return Answer(403, b"{}") if "/entries" in path else service(method, path, body)

    assert {one["status"] for one in wrong_ones(closed)} == {403}


# ---- any households, any slices ------------------------------------------------------------------------------------

line_of_a_basket = st.tuples(st.integers(0, 4), st.integers(0, 3000))


@st.composite
def households(draw):
    """Rows of a few households: baskets of a few lines at any time of the year, under any ids."""
    baskets = draw(
        st.lists(
            st.tuples(
                st.integers(1, 3),
                st.integers(0, 365 * 24 * 60),
                st.lists(line_of_a_basket, min_size=1, max_size=3),
                st.integers(0, 10**6),
            ),
            min_size=1,
            max_size=10,
            unique_by=lambda basket: basket[3],
        )
    )
    return in_order(
        Row(household, 330, name, 1, quantity, amount / 100, LAST - timedelta(minutes=ago))
        for household, ago, lines, name in baskets
        for quantity, amount in lines
    )


slices = st.tuples(st.integers(1, 366), st.sets(st.integers(1, 3), min_size=1), st.integers(0, 40))


@given(rows=households(), parts=st.lists(slices, min_size=1, max_size=4))
@settings(max_examples=150)
def test_slices_in_any_order_agree_and_nothing_is_refused(rows, parts):
    """Days pass between them, so points expire meanwhile."""
    now, monkeypatch = FakeClock(), pytest.MonkeyPatch()
    service, sent = Service(make_world(now)), set()
    with monkeypatch.context() as dice:
        dice.setattr(habits, "RETURNED_PERCENT", 60)
        dice.setattr(habits, "PAYING_SIDES", 5)
        for days, members, pause in parts:
            part = since(rows, days, members)
            sent |= {row.basket_id for row in part}
            report = replay(plan(part, [row for row in rows if row.basket_id in sent]), line(service))
            assert (report.refused, report.differences) == ([], [])
            now.forward(days=pause)
