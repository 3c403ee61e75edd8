"""Voiding and capturing over HTTP: every coupon back once, whatever became of the redemption."""

import pytest

from shared.ledger import Ledger
from tests.kit import OTHER_TILL

VOID = {"void_id": "v-1"}


def test_a_void_gives_the_coupon_back(till, campaign, issue, redemption, state):
    campaign()
    coupon = issue()
    till.post("/v1/redemptions", redemption(coupon["code"]))
    answer = till.post("/v1/redemptions/r-1/void", VOID)
    assert answer.status == 200
    assert answer.body == {"redemption_id": "r-1", "state": "voided", "coupons": [coupon]}
    assert state(coupon) == "issued"
    assert till.post("/v1/redemptions", redemption(coupon["code"], redemption_id="r-2")).status == 201


def test_a_void_gives_back_once(till, campaign, issue, redemption, state):
    campaign()
    coupon = issue()
    till.post("/v1/redemptions", redemption(coupon["code"]))
    first = till.post("/v1/redemptions/r-1/void", VOID)
    till.post("/v1/redemptions", redemption(coupon["code"], redemption_id="r-2"))
    for void_id in ("v-1", "v-2"):
        again = till.post("/v1/redemptions/r-1/void", {"void_id": void_id})
        assert (again.status, again.body, again.is_replay) == (200, first.body, True)
    assert state(coupon) == "redeemed"


def test_a_voided_redemption_is_closed_for_good(till, campaign, issue, redemption):
    campaign()
    said = redemption(issue()["code"])
    till.post("/v1/redemptions", said)
    till.post("/v1/redemptions/r-1/void", VOID)
    answer = till.post("/v1/redemptions", said)
    assert (answer.status, answer.code) == (409, "reversed")
    assert till.post("/v1/redemptions/r-1/capture", {}).code == "reversed"


def test_a_second_void_of_what_never_arrived_says_so_though_a_read_shows_the_past(till, clock, monkeypatch):
    first = till.post("/v1/redemptions/r-1/void", VOID)
    clock.forward(seconds=1)
    table = till.world.ledger.table
    get = table.get
    monkeypatch.setattr(table, "get", lambda pk, sk, *, consistent=False: get(pk, sk) if consistent else None)
    again = till.post("/v1/redemptions/r-1/void", VOID)
    assert (first.is_replay, again.body, again.is_replay) == (False, first.body, True)


def test_what_never_arrived_is_closed_for_good(till, campaign, issue, redemption, state):
    campaign()
    coupon = issue()
    answer = till.post("/v1/redemptions/r-1/void", VOID)
    assert (answer.status, answer.body) == (200, {"redemption_id": "r-1", "state": "not_arrived", "coupons": []})
    assert not answer.is_replay
    assert till.post("/v1/redemptions/r-1/void", VOID).is_replay  # at the very same moment
    assert till.post("/v1/redemptions/r-1/void", VOID).body == answer.body
    late = till.post("/v1/redemptions", redemption(coupon["code"]))
    assert (late.status, late.code) == (409, "reversed")
    assert till.post("/v1/redemptions/r-1/capture", {}).code == "reversed"
    assert state(coupon) == "issued"


def test_a_redemption_under_way_that_is_voided_can_not_enter_any_more(
    till, campaign, issue, redemption, monkeypatch, clock, state
):
    """The till's first request has its name and is slow; the void comes; the first goes on."""
    campaign()
    coupon = issue()
    said = redemption(coupon["code"])
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "enter", lambda *_args, **_more: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            till.post("/v1/redemptions", said)
    clock.forward(seconds=5)
    for _ in range(2):
        answer = till.post("/v1/redemptions/r-1/void", VOID)
        assert answer.body == {"redemption_id": "r-1", "state": "not_arrived", "coupons": []}
    assert till.post("/v1/redemptions", said).code == "reversed"
    assert state(coupon) == "issued"


def test_coupons_of_two_members_come_back_together(till, campaign, issue, redemption, state):
    campaign("one")
    campaign("two")
    his, hers = issue("s-1", "one"), issue("s-1", "two", "hanako")
    said = redemption(his["code"], hers["code"])
    till.post("/v1/redemptions", said)
    answer = till.post("/v1/redemptions/r-1/void", VOID)
    assert (answer.body["state"], answer.body["coupons"]) == ("voided", [his, hers])
    assert (state(his), state(hers, "hanako")) == ("issued", "issued")
    assert till.post("/v1/redemptions/r-1/void", VOID).body == answer.body
    assert till.post("/v1/redemptions", said).code == "reversed"


def test_a_till_voids_its_own_stores_redemptions_only(till, client, campaign, issue, redemption):
    campaign()
    till.post("/v1/redemptions", redemption(issue()["code"]))
    answer = till.as_(OTHER_TILL).post("/v1/redemptions/r-1/void", VOID)
    assert (answer.status, answer.code) == (403, "wrong_store")
    assert client.post("/v1/redemptions/r-1/void", VOID).body["state"] == "voided"


def test_a_till_voids_until_the_end_of_the_next_business_day(till, client, campaign, issue, redemption, clock):
    """Shibuya closes its books at 4 in the morning: the redemption of Friday noon may be voided until Sunday at 4."""
    campaign()
    for n in (1, 2):
        till.post("/v1/redemptions", redemption(issue(f"s-{n}")["code"], redemption_id=f"r-{n}"))
    clock.forward(hours=39, minutes=59)
    first = till.post("/v1/redemptions/r-1/void", VOID)
    assert first.body["state"] == "voided"
    clock.forward(minutes=1)
    answer = till.post("/v1/redemptions/r-2/void", VOID)
    assert (answer.status, answer.code) == (409, "void_window_over")
    assert till.post("/v1/redemptions/r-1/void", VOID).body == first.body
    assert client.post("/v1/redemptions/r-2/void", VOID).body["state"] == "voided"


def test_a_coupon_that_comes_back_late_is_expired(client, till, campaign, issue, redemption, clock, state):
    campaign(valid_until="2026-11-20")
    coupon = issue()
    till.post("/v1/redemptions", redemption(coupon["code"]))
    clock.forward(days=2)
    assert client.post("/v1/redemptions/r-1/void", VOID).body["coupons"][0]["state"] == "expired"
    assert state(coupon) == "expired"


@pytest.mark.parametrize("body", [{}, {"void_id": "a b"}, {"void_id": 1}, {"void_id": "v", "more": 1}])
def test_a_bad_void(till, body):
    answer = till.post("/v1/redemptions/r-1/void", body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert till.world.ledger.table.scan() == []


def test_ids_that_can_not_be(till):
    assert till.post("/v1/redemptions/a%20b/void", VOID).code == "redemption_not_found"
    assert till.post(f"/v1/redemptions/{'x' * 65}/capture", {}).code == "redemption_not_found"


# ---- holds ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def held(till, campaign, issue, redemption):
    """A coupon that an order holds for ten minutes."""
    campaign()
    coupon = issue()
    answer = till.post("/v1/redemptions", redemption(coupon["code"], hold_seconds=600))
    assert (answer.status, answer.body["state"]) == (201, "held")
    assert answer.body["held_until"] == "2026-11-20T03:10:00Z"
    assert "redeemed_at" not in answer.body
    return coupon


def test_a_held_coupon_is_nobody_elses(till, held, redemption, state):
    assert state(held) == "held"
    other = redemption(held["code"], redemption_id="r-2", order_ref="order-2")
    assert till.post("/v1/redemptions", other).code == "code_not_usable"


def test_a_hold_is_captured_once(till, held, state, redemption):
    answer = till.post("/v1/redemptions/r-1/capture", {})
    assert (answer.status, answer.body["state"], answer.body["discount_total"]) == (200, "redeemed", 300)
    assert answer.body["applied"][0]["code"] == held["code"]
    again = till.post("/v1/redemptions/r-1/capture", {})
    assert (again.status, again.body, again.is_replay) == (200, answer.body, True)
    assert state(held) == "redeemed"
    replay = till.post("/v1/redemptions", redemption(held["code"], hold_seconds=600))
    assert (replay.body["state"], replay.is_replay) == ("held", True)  # its first answer


def test_the_owners_own_hold_is_never_in_its_way(till, held, redemption, state):
    """Another request of the same order takes the coupon over; then the first has nothing to capture or give back."""
    answer = till.post("/v1/redemptions", redemption(held["code"], redemption_id="r-2"))
    assert (answer.status, answer.body["state"]) == (201, "redeemed")
    assert till.post("/v1/redemptions/r-1/capture", {}).code == "code_not_usable"
    assert till.post("/v1/redemptions/r-1/void", VOID).body["state"] == "not_arrived"
    assert state(held) == "redeemed"


def test_a_hold_ends_by_itself(till, held, redemption, state, clock):
    clock.forward(seconds=600)
    assert state(held) == "issued"
    other = redemption(held["code"], redemption_id="r-2", order_ref="order-2")
    assert till.post("/v1/redemptions", other).status == 201
    assert till.post("/v1/redemptions/r-1/capture", {}).code == "code_not_usable"


def test_a_capture_after_the_end_succeeds_while_the_coupon_is_free(till, held, state, clock):
    clock.forward(seconds=601)
    assert till.post("/v1/redemptions/r-1/capture", {}).body["state"] == "redeemed"
    assert state(held) == "redeemed"


def test_a_hold_that_is_voided_is_free_at_once(till, held, redemption, state):
    assert till.post("/v1/redemptions/r-1/void", VOID).body["state"] == "voided"
    assert state(held) == "issued"
    assert till.post("/v1/redemptions/r-1/capture", {}).code == "reversed"


def test_a_captured_redemption_may_be_voided(till, held, state):
    till.post("/v1/redemptions/r-1/capture", {})
    assert till.post("/v1/redemptions/r-1/void", VOID).body["state"] == "voided"
    assert state(held) == "issued"
    assert till.post("/v1/redemptions/r-1/capture", {}).code == "reversed"


def test_a_hold_protects_from_the_end_of_the_last_day(till, campaign, issue, redemption, clock):
    campaign(valid_until="2026-11-20")
    clock.forward(hours=15, minutes=55)  # five minutes before Shibuya's day ends
    code = _issue_early(clock, issue)
    assert till.post("/v1/redemptions", redemption(code, hold_seconds=600)).status == 201
    clock.forward(minutes=9)
    assert till.post("/v1/redemptions/r-1/capture", {}).status == 200


def _issue_early(clock, issue):
    clock.forward(hours=-12)
    code = issue()["code"]
    clock.forward(hours=12)
    return code


def test_holds_of_two_members_are_captured_together(till, campaign, issue, redemption, state):
    campaign("one")
    campaign("two")
    his, hers = issue("s-1", "one"), issue("s-1", "two", "hanako")
    till.post("/v1/redemptions", redemption(his["code"], hers["code"], hold_seconds=60))
    answer = till.post("/v1/redemptions/r-1/capture", {})
    assert (answer.body["state"], answer.body["discount_total"]) == ("redeemed", 600)
    assert till.post("/v1/redemptions/r-1/capture", {}).body == answer.body
    assert (state(his), state(hers, "hanako")) == ("redeemed", "redeemed")


def test_a_capture_of_two_members_is_all_or_nothing(till, campaign, issue, redemption, state, clock):
    """The holds ended, and somebody else took one of the coupons."""
    campaign("one")
    campaign("two")
    his, hers = issue("s-1", "one"), issue("s-1", "two", "hanako")
    till.post("/v1/redemptions", redemption(his["code"], hers["code"], hold_seconds=60))
    clock.forward(seconds=61)
    other = redemption(hers["code"], redemption_id="r-2", order_ref="order-2")
    assert till.post("/v1/redemptions", other).status == 201
    assert till.post("/v1/redemptions/r-1/capture", {}).code == "code_not_usable"
    assert (state(his), state(hers, "hanako")) == ("issued", "redeemed")
    answer = till.post("/v1/redemptions/r-1/void", VOID)
    assert [one["coupon_id"] for one in answer.body["coupons"]] == [his["coupon_id"]]
    assert till.post("/v1/redemptions/r-1/capture", {}).code == "reversed"


def test_a_redemption_without_a_hold_has_nothing_to_capture(till, campaign, issue, redemption):
    campaign()
    said = redemption(issue()["code"])
    first = till.post("/v1/redemptions", said)
    answer = till.post("/v1/redemptions/r-1/capture", {})
    assert (answer.status, answer.body) == (200, first.body)


def test_captures_that_are_refused(till, held):
    assert till.post("/v1/redemptions/nothing/capture", {}).code == "redemption_not_found"
    assert till.as_(OTHER_TILL).post("/v1/redemptions/r-1/capture", {}).code == "wrong_store"
    assert till.post("/v1/redemptions/r-1/capture", {"points": 1}).code == "invalid_request"


def test_a_redemption_that_has_not_arrived_yet_has_nothing_to_capture(till, campaign, issue, redemption, monkeypatch):
    """Its name is there and its entry is not: the capture must not say that it is reversed, it may still arrive."""
    campaign()
    said = redemption(issue()["code"])
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "enter", lambda *_args, **_more: (_ for _ in ()).throw(RuntimeError))
        assert till.post("/v1/redemptions", said).status == 500
    assert till.post("/v1/redemptions/r-1/capture", {}).code == "code_not_usable"
    assert till.post("/v1/redemptions", said).status == 201


@pytest.mark.parametrize("is_captured", [False, True])
def test_a_coupon_that_left_the_head_comes_back_to_who_used_it_for_good(
    till, campaign, issue, redemption, clock, is_captured
):
    """A hold that ended without a capture gives back nothing that another redemption has used since."""
    campaign()
    coupon, *_ = [issue(f"s-{n}") for n in range(100)]
    assert till.post("/v1/redemptions", redemption(coupon["code"], hold_seconds=10)).status == 201
    if is_captured:
        assert till.post("/v1/redemptions/r-1/capture", {}).status == 200
    clock.forward(seconds=60)
    other = redemption(coupon["code"], redemption_id="r-2", order_ref="order-2")
    assert till.post("/v1/redemptions", other).status == (409 if is_captured else 201)
    issue("s-100")  # makes room: the used coupon leaves the head
    answer = till.post("/v1/redemptions/r-1/void", VOID)
    assert answer.body["state"] == ("voided" if is_captured else "not_arrived")
    clock.forward(seconds=60)
    third = redemption(coupon["code"], redemption_id="r-3", order_ref="order-3")
    assert till.post("/v1/redemptions", third).status == (201 if is_captured else 409)
