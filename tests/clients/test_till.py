"""A till of the Python client over lines of every kind: nothing counts twice, nothing stays half done, nothing is lost."""

from __future__ import annotations

import random
from typing import Any

import pytest
from omotenashi_client import GaveUp, NoAnswer, Outbox, Refused, Till, upload

from tests.clients.wires import FAULTS, one_after_another

AT = "2026-11-20T02:55:00Z"
BASKET = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1980}]}


def purchase(name, amount=1980, **more):
    line = {"line_id": "1", "quantity": 1, "amount": amount}
    said = {"purchase_id": name, "source": "pos", "occurred_at": AT, "state": "completed", "lines": [line]}
    return said | {"member": {"member_id": "taro"}} | more


def redemption(name, code):
    return {"redemption_id": name, "codes": [code], "channel": "pos", "basket": BASKET, "order_ref": name}


def deaf(request):
    return "lost answer"


@pytest.fixture
def till(line, tmp_path):
    with Outbox(tmp_path / "outbox") as box:
        yield Till(line.client(), box)


def balance(shop):
    return shop.points.get_members_balance("taro")["available"]


def states(shop):
    return sorted(one["state"] for one in shop.coupons.get_members_coupons("taro", limit=100)["items"])


def test_a_sale_goes_through_and_nothing_is_left_in_the_outbox(till, shop, coupon):
    assert till.redeem(redemption("r-1", coupon()))["discount_total"] == 300
    assert till.record(purchase("p-1"))["points"]["available"] == 19
    assert not till.outbox.waiting()
    assert not till.outbox.begun()
    assert balance(shop) == 19


def test_a_refusal_leaves_nothing_behind(till):
    with pytest.raises(Refused):
        till.redeem(redemption("r-1", "0000-0000-0000-00"))
    assert not till.outbox.waiting()
    assert not till.outbox.begun()


def test_who_gives_up_undoes_what_had_arrived(till, line, shop, coupon):
    code = coupon()
    line.faults = deaf
    with pytest.raises(GaveUp):
        till.redeem(redemption("r-1", code))
    with pytest.raises(GaveUp):
        till.record(purchase("p-1"))
    assert (balance(shop), states(shop)) == (19, ["redeemed"])
    assert till.catch_up() == []  # still no line: it waits on
    assert len(till.outbox.waiting()) == 2
    line.faults = one_after_another()
    assert [(one.outcome, one.body["state"]) for one in till.catch_up()] == [
        ("undone", "voided"),
        ("undone", "reversed"),
    ]
    assert (balance(shop), states(shop)) == (0, ["issued"])
    assert till.catch_up() == []


def test_what_arrives_after_its_undoing_is_refused(till, line, shop):
    line.faults = lambda request: "lost request"
    with pytest.raises(GaveUp):
        till.record(purchase("p-1"))
    late = line.tried[0][1]
    line.faults = one_after_another()
    assert [one.body["state"] for one in till.catch_up()] == ["not_arrived"]
    assert line.arrive(late).status == 409
    assert balance(shop) == 0


def test_a_till_that_went_down_undoes_what_was_under_way(line, shop, tmp_path):
    line.client().points.post_purchases(purchase("earned", 10_000))

    def power_cut(request):
        line.arrive(request)
        raise SystemError("power cut")

    with Outbox(tmp_path / "outbox") as box:
        line.faults = power_cut
        with pytest.raises(SystemError):
            Till(line.client(), box).record(purchase("p-1"))
    line.faults = one_after_another()
    with Outbox(tmp_path / "outbox") as box:
        till = Till(line.client(), box)
        assert till.resume() == ["p-1"]
        assert [one.outcome for one in till.catch_up()] == ["undone"]
        assert till.resume() == []
    assert balance(shop) == 100


@pytest.mark.parametrize("name", ["", "a b", "../p-1", "店-1", "x" * 65])
def test_what_is_no_id_is_not_sent(till, line, name):
    line.tried.clear()
    with pytest.raises(ValueError, match="an id is"):
        till.record(purchase(name))
    assert not line.tried
    assert not till.outbox.begun()


def test_a_refusal_may_be_mended_under_its_id(till, shop):
    with pytest.raises(Refused, match="currency_mismatch"):
        till.record(purchase("p-1", currency="EUR"))
    till.record(purchase("p-1"))
    assert balance(shop) == 19


def test_a_try_that_arrives_after_the_refusal_of_the_next_one_counts_for_nothing(till, line, shop):
    """The first try is held up, the second is refused; then the member earns, and the first one would be let in."""
    owner = Till(shop, till.outbox)
    spend: Any = {"spend_id": "s-1", "member": {"member_id": "taro"}, "points": 5, "order_ref": "o"}
    wire = shop._wire
    wire.faults = one_after_another("lost request")
    with pytest.raises(Refused, match="insufficient_points"):
        owner.spend(spend)
    till.record(purchase("p-1"))
    assert [one.outcome for one in owner.catch_up()] == ["undone"]
    assert wire.arrive(wire.tried[-2][1]).status == 409
    assert balance(shop) == 19


def test_points_are_spent_and_held_and_undone(till, line, shop):
    till.record(purchase("p-1", 10_000))
    scan = till.client.points.post_members_resolve({"member": {"member_id": "taro"}})["scan"]
    with pytest.raises(Refused, match="presence_required"):
        till.spend({"spend_id": "s-1", "member": {"scan": scan}, "points": 5, "order_ref": "o"})
    owner = Till(shop, till.outbox)
    assert (
        owner.spend({"spend_id": "s-1", "member": {"member_id": "taro"}, "points": 5, "order_ref": "o"})["balance"]
        == 95
    )
    assert (
        owner.hold({"hold_id": "h-1", "member": {"member_id": "taro"}, "points": 5, "order_ref": "o"})["balance"] == 90
    )
    owner.undo("spend", "s-1")
    owner.undo("hold", "h-1")
    assert balance(shop) == 100


def test_sales_without_a_line_are_told_once_and_in_their_order(till, line, shop, coupon):
    for n in range(3):
        till.outbox.add_sale("purchase", purchase(f"p-{n}"), AT)
    till.outbox.add_sale("redemption", redemption("r-1", coupon()), AT)
    line.faults = one_after_another("lost answer")
    told = till.catch_up()
    assert [one.outcome for one in told] == ["duplicate"] * 4  # the first try had arrived
    assert [one.entry.id for one in told] == ["p-0", "p-1", "p-2", "r-1"]
    assert states(shop) == ["redeemed"]
    assert till.catch_up() == []
    numbers = till.client.coupons.get_offline_terminals("till-1", business_day="2026-11-20")
    assert (numbers["missing"], numbers["repeated"]) == ([], 0)


def test_an_item_that_is_refused_is_told_and_harms_no_other(till, line, shop, coupon):
    code = coupon()
    till.redeem(redemption("r-0", code))
    till.outbox.add_sale("redemption", redemption("r-1", code), AT)
    till.outbox.add_sale("purchase", purchase("p-1"), AT)
    refused, applied = till.catch_up()
    assert (refused.outcome, refused.code, refused.needs_a_person) == ("conflict_refused", "code_not_usable", True)
    assert (applied.outcome, applied.needs_a_person) == ("applied", False)


def test_a_day_of_sales_goes_in_calls_that_are_small_enough(till, line):
    for n in range(250):
        till.outbox.add_sale("purchase", purchase(f"p-{n}"), AT)
    line.tried.clear()
    told = till.catch_up()
    assert [one.entry.seq for one in told] == list(range(1, 251))
    assert [len(request.body) < 1_000_000 for _, request in line.tried] == [True] * 3


def test_large_sales_go_in_calls_of_less_than_a_mebibyte(till, line):
    lines = [{"line_id": str(n), "sku": "x" * 60, "quantity": 1, "amount": 1} for n in range(500)]
    for n in range(40):
        till.outbox.add_sale("purchase", purchase(f"p-{n}", lines=lines), AT)
    line.tried.clear()
    assert {one.outcome for one in till.catch_up()} == {"applied"}
    assert all(len(request.body) < 1024 * 1024 for _, request in line.tried)
    assert len(line.tried) > 1


def test_a_key_that_is_refused_loses_nothing(till, line):
    till.outbox.add_sale("purchase", purchase("p-1"), AT)
    till.outbox.give_up("purchase p-0", till_undo("p-0"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line.front, "key", lambda who: "omo_test_nobody_x")
        with pytest.raises(Refused, match="unauthenticated"):
            till.catch_up()
    assert len(till.outbox.waiting()) == 2
    assert [one.outcome for one in till.catch_up()] == ["applied", "undone"]


def till_undo(name):
    from omotenashi_client import Call

    said = f'{{"reverse_id": "{name}", "kind": "purchase", "source": "pos"}}'
    return Call(f"undo purchase {name}", "points", f"/v1/operations/{name}/reverse", said)


def test_a_head_office_tells_purchases_in_batches(line, shop, tmp_path):
    with Outbox(tmp_path / "outbox") as box:
        for n in range(3):
            box.add_sale("purchase", purchase(f"p-{n}", store_id="shibuya"), AT)
        box.add_sale("purchase", purchase("p-bad", currency="EUR"), AT)
        told = upload(shop, box)
        assert [(one.outcome, one.code) for one in told] == [("recorded", None)] * 3 + [
            ("refused", "currency_mismatch")
        ]
        assert not box.waiting()
        assert upload(shop, box) == []
        box.add_sale("redemption", {"redemption_id": "r-1"}, AT)
        with pytest.raises(ValueError, match="purchases"):
            upload(shop, box)
    assert balance(shop) == 57


def test_what_a_batch_could_not_judge_waits_on(line, shop, tmp_path):
    with Outbox(tmp_path / "outbox") as box:
        for n in range(2):
            box.add_sale("purchase", purchase(f"p-{n}", store_id="shibuya"), AT)
        real = shop.points.post_purchases_batch

        def half(body):
            said = real(body)
            said["results"][0] |= {"status": 503, "body": {"code": "temporarily_unavailable"}}
            return said

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shop.points, "post_purchases_batch", half)
            assert [one.entry.key for one in upload(shop, box)] == ["purchase p-1"]
        assert [one.entry.key for one in upload(shop, box)] == ["purchase p-0"]
    assert balance(shop) == 38


@pytest.mark.parametrize("seed", range(6))
def test_a_day_over_a_bad_line_ends_with_exactly_what_the_receipts_say(line, shop, coupon, tmp_path, seed):
    """Any fault at any try, and power cuts: what the till has told its guests is what the books say."""
    dice = random.Random(seed)
    codes = [coupon(f"o-{n}") for n in range(6)]
    path, earned, used = tmp_path / "outbox", 0, 0

    def bad(request):
        if dice.random() < 0.04:
            if dice.random() < 0.5:
                line.arrive(request)
            raise SystemError("power cut")
        return dice.choice([*FAULTS, "lost request", None]) if dice.random() < 0.75 else None

    box = Outbox(path)
    till = Till(line.client(), box)
    line.faults = bad
    for n in range(24):
        try:
            if n % 4 == 0:
                till.redeem(redemption(f"r-{n}", codes[n // 4]))
                used += 1
            elif n % 4 == 1:
                box.add_sale("purchase", purchase(f"p-{n}"), AT)
                till.catch_up()
            else:
                earned += till.record(purchase(f"p-{n}"))["points"]["available"]
        except GaveUp:
            pass
        except SystemError:
            box.close()
            box = Outbox(path)
            till = Till(line.client(), box)
            till.resume()
    line.faults = one_after_another()
    till.resume()
    till.catch_up()
    assert not box.waiting()
    box.close()
    online = [one for one in shop.points.get_members_entries("taro", limit=100)["items"] if one["kind"] != "opened"]
    assert balance(shop) == earned, online
    assert states(shop) == sorted(["redeemed"] * used + ["issued"] * (6 - used))


def test_the_control_without_an_undoing_books_and_receipts_differ(line, shop):
    """A till that gives up and does nothing: the guest was told no, and has the points."""
    line.faults = deaf
    with pytest.raises(NoAnswer):
        line.client().points.post_purchases(purchase("p-1"))
    assert balance(shop) == 19
