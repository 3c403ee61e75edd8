"""The replay of real coupons against the real services in memory: every sum agrees, and what is wrong is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from coupons import rules
from infra import coupon_mapping, invariants
from infra.client import Answer, NoAnswer
from infra.coupon_mapping import value_of
from infra.coupon_replay import Plan, is_heard, replay
from infra.redeemed import Bought, Membership, Redemption
from tests.infra.couponing import Services, memberships, of_households, plan, redemptions, windows
from tests.kit import NOON
from tests.passing import Passing

FIRST = min(window.first for window in windows().values())


@pytest.fixture
def services():
    return Services()


@pytest.fixture
def often(monkeypatch):
    """Dice that fall on voids and holds all the time."""
    monkeypatch.setattr(coupon_mapping, "VOIDED_PERCENT", 35)
    monkeypatch.setattr(coupon_mapping, "HELD_PERCENT", 35)


def test_the_coupons_of_twenty_real_households_agree_to_the_last_yen(services, often):
    report = replay(plan(), services.desk())
    assert (report.refused, report.differences) == ([], [])
    assert (report.households, report.memberships, report.redemptions) == (20, 114, 140)
    assert report.yen == sum(map(value_of, redemptions()))
    assert min(report.held, report.voided) > 30


def test_the_kept_rows_have_every_case():
    """Those that the data set has: no basket, no product of the coupon in it, too little of it, too many to name."""
    used = redemptions()
    own = [sum(line.amount for line in one.lines if line.product_id in one.products) for one in used]
    assert any(one.basket_id is None for one in used)
    assert any(one.basket_id is not None and not amount for one, amount in zip(used, own, strict=True))
    assert any(0 < amount < value_of(one) for one, amount in zip(used, own, strict=True))
    assert any(len(one.products) > 1000 and one.lines for one in used)
    assert len({value_of(one) for one in used}) > 5


def test_an_audit_of_what_was_replayed_finds_no_fault(services, often):
    assert replay(of_households(8), services.desk()).is_right
    found = invariants.faults(services.world.ledger.table.scan(), NOON + timedelta(days=1))
    uncounted = "no figures have counted it"  # they do so by the stream, which does not run here
    assert [fault for fault in found if not fault.endswith(uncounted)] == []


def test_a_replay_is_heard_when_the_figures_tell_of_all_its_redemptions_and_not_before(services):
    few, desk = of_households(3), services.desk()
    assert replay(few, desk).is_right
    assert not is_heard(few, desk, seconds=6)
    assert desk.patience.now() >= 6
    Passing(services.world).work()
    asked_at = desk.patience.now()
    assert is_heard(few, desk, seconds=6)
    assert desk.patience.now() == asked_at, "nobody waits for what is there"


def test_each_redemption_is_on_its_own_day(services):
    """The days are those of the data, moved by whole weeks; a day in Tokyo is that day."""
    few = of_households(3)
    assert replay(few, services.desk()).is_right
    for household in few.album.wallets:
        listed = services.coupons.get(f"/v1/members/hh-{household}/coupons?limit=100").body["items"]
        days = sorted(coupon["redeemed_at"][:10] for coupon in listed if coupon["state"] == "redeemed")
        assert days == sorted(
            day.isoformat() for (_, who, day), (count, _) in few.sums.items() if who == household for _ in range(count)
        )


def test_the_same_replay_again_sends_the_same_bytes_and_changes_nothing(services, often):
    some = of_households(4)
    first, sent = replay(some, services.desk()), list(services.sent)
    before = list(services.world.ledger.table.scan())
    services.sent.clear()
    again = replay(some, services.desk())
    assert first.is_right
    assert again == first
    assert services.sent == [one for one in sent if one[0] != "/v1/campaigns"]
    assert list(services.world.ledger.table.scan()) == before


def test_a_household_is_sent_the_same_bytes_alone_as_among_others(often):
    def sent(wanted: Plan) -> set[tuple[str, str | None, bytes]]:
        services = Services()
        assert replay(wanted, services.desk()).is_right
        return {one for one in services.sent if not one[0].endswith("/batch")}

    assert sent(of_households(1)) < sent(of_households(4))


def test_what_one_household_was_sent_and_redeemed_is_complete_after_it_was_replayed_among_others(services):
    for count in (1, 5, 2):
        assert replay(of_households(count), services.desk()).is_right


# ---- interrupted ---------------------------------------------------------------------------------------------------


class Broken(Services):
    """The line breaks before or after a request was done."""

    def __init__(self, is_broken: Callable[[int], bool], *, is_done: bool) -> None:
        super().__init__()
        self.is_broken, self.is_done, self.calls = is_broken, is_done, 0

    def answer(self, client, now, method, path, body):
        self.calls += 1
        if not self.is_broken(self.calls):
            return super().answer(client, now, method, path, body)
        if self.is_done:
            super().answer(client, now, method, path, body)
        raise ConnectionResetError(104, "Connection reset by peer")


@pytest.mark.parametrize("after", [1, 3, 40, *range(60, 120, 12)])
def test_a_replay_that_was_cut_off_anywhere_ends_right(often, after):
    services, wanted = Broken(lambda number: number > after, is_done=after % 2 == 0), of_households(4)
    with pytest.raises(NoAnswer):
        replay(wanted, services.desk())
    services.is_broken = lambda _: False
    report = replay(wanted, services.desk())
    assert (report.refused, report.differences) == ([], [])
    assert report == replay(wanted, Services().desk())


@pytest.mark.parametrize("is_done", [True, False])
def test_what_got_no_answer_is_sent_again_and_nothing_doubles(often, is_done):
    services = Broken(lambda number: number % 3 == 0, is_done=is_done)
    report = replay(of_households(4), services.desk(seconds=60.0))
    assert (report.refused, report.differences) == ([], [])


def test_only_the_issues_of_a_batch_that_may_pass_are_sent_again(services):
    sizes: list[int] = []

    class Moody(Services):
        def answer(self, client, now, method, path, body):
            if not path.endswith("/batch"):
                return super().answer(client, now, method, path, body)
            issues = json.loads(body)["issues"]
            sizes.append(len(issues))
            kept = issues[len(issues) // 2 :]
            answer = super().answer(client, now, method, path, json.dumps({"issues": kept}).encode())
            busy = [{"source_id": one["source_id"], "status": 503, "body": {}} for one in issues if one not in kept]
            return Answer(200, json.dumps({"results": json.loads(answer.body)["results"] + busy}).encode())

    assert replay(of_households(1), Moody().desk()).is_right
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1


# ---- what is wrong is found ----------------------------------------------------------------------------------------


def test_one_row_of_the_tables_that_is_another_is_found_and_named(services):
    few = of_households(3)
    key, (count, yen) = next(iter(few.sums.items()))
    other = Plan(few.album, few.memberships, {**few.sums, key: (count, yen + 1)})
    (found,) = replay(other, services.desk()).differences
    assert (found["campaign_id"], found["member_id"], found["day"]) == (key[0], f"hh-{key[1]}", key[2].isoformat())
    assert (found["tables"], found["answers"], found["coupons"]) == ([count, yen + 1], [count, yen], [count, yen])


def test_a_membership_that_was_never_issued_is_found(services):
    few = of_households(2)
    more = Membership(27, next(iter(few.album.wallets)))
    other = Plan(few.album, [*few.memberships, more], few.sums)
    (found,) = replay(other, services.desk()).differences
    assert found == {
        "campaign_id": 27,
        "member_id": f"hh-{more.household_id}",
        "tables": 1 + (more in few.memberships),
    } | {"coupons": int(more in few.memberships)}


def test_a_discount_of_one_yen_too_much_is_found(services, monkeypatch):
    real = rules._steps

    def too_kind(offer, eligible):
        first, *others = real(offer, eligible)
        yield first.model_copy(update={"amount": first.amount + (offer.value < eligible)})
        yield from others

    monkeypatch.setattr(rules, "_steps", too_kind)
    found = replay(of_households(2), services.desk()).differences
    assert found
    assert all(one["answers"][1] > one["tables"][1] == one["coupons"][1] for one in found)


def test_a_discount_on_a_line_that_the_coupon_is_not_for_is_found(services, monkeypatch):
    monkeypatch.setattr(rules, "_is_eligible", lambda _line, _offer: True)
    found = replay(plan(), services.desk()).differences
    assert found
    assert all("eligible" in one for one in found)


def test_a_redemption_that_was_answered_and_not_done_is_found(services):
    class Forgetful(Services):
        def answer(self, client, now, method, path, body):
            if path != "/v1/redemptions":
                return super().answer(client, now, method, path, body)
            said = json.loads(body)
            total = 100
            applied = [
                {"lines": [{"line_id": line["line_id"], "discount": total} for line in said["basket"]["lines"][-1:]]}
            ]
            return Answer(201, json.dumps({"discount_total": total, "redeemed_at": now, "applied": applied}).encode())

    found = replay(of_households(2), Forgetful().desk()).differences
    assert any(one.get("coupons") == [0, 0] and one["answers"][0] == one["tables"][0] for one in found)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/campaigns", "campaign_id"),
        ("/v1/members", "member_id"),
        ("/batch", "source_id"),
        ("ions", "redemption_id"),
    ],
)
def test_a_refusal_is_told_with_its_name(path, field):
    class Closed(Services):
        def answer(self, client, now, method, asked, body):
            if method == "POST" and asked.endswith(path):
                return Answer(403, b'{"code": "forbidden"}')
            return super().answer(client, now, method, asked, body)

    report = replay(of_households(1), Closed().desk())
    assert not report.is_right
    assert report.refused[0]["status"] == 403
    assert any(field in one for one in report.refused)


def test_a_member_who_cannot_be_asked_is_a_difference(services):
    class Closed(Services):
        def answer(self, client, now, method, path, body):
            is_list = method == "GET" and "/coupons" in path
            return Answer(403, b"{}") if is_list else super().answer(client, now, method, path, body)

    found = replay(of_households(1), Closed().desk()).differences
    assert any(one.get("status") == 403 for one in found)


# ---- any rows ------------------------------------------------------------------------------------------------------

line_of_a_basket = st.builds(Bought, st.integers(1, 6), st.integers(0, 3), st.integers(0, 900), st.integers(0, 500))


@st.composite
def redemptions_of_any_kind(draw):
    lines = draw(st.lists(line_of_a_basket, max_size=4))
    campaign = draw(st.sampled_from(sorted(windows())))
    days = windows()[campaign]
    day = max(date(2017, 1, 1), days.first) + timedelta(days=draw(st.integers(0, 12)))
    products = draw(st.sets(st.integers(1, 6), min_size=1, max_size=3))
    coupon, household = draw(st.integers(1, 50)), draw(st.integers(1, 3))
    basket = draw(st.integers(1, 9)) if lines else None
    return Redemption(household, day, campaign, coupon, tuple(sorted(products)), basket, 330, tuple(lines))


@given(used=st.lists(redemptions_of_any_kind(), max_size=8, unique_by=lambda one: (one.campaign_id, one.coupon_upc)))
@settings(max_examples=60)
def test_any_redemptions_take_off_exactly_their_discount(used):
    used = sorted(used)
    sent = sorted({Membership(one.campaign_id, one.household_id) for one in used})
    report = replay(plan(sent, used), Services().desk())
    assert (report.refused, report.differences) == ([], [])


def test_coupons_are_issued_before_any_campaign_begins():
    few = of_households(1)
    assert few.album.issued_at.date() == FIRST + timedelta(weeks=463) - timedelta(days=1)
    assert memberships()
