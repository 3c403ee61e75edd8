"""Tills without a line: allowances, tokens, and syncs whose items each have one outcome."""

from datetime import UTC, date, datetime

import pytest

from coupons.allowances import MAX_REDEMPTIONS, MAX_VALUE
from coupons.reactions import CARRY_ON
from infra import invariants
from points.reactions import CARRY_ON as POINTS_CARRY_ON
from shared import keys, offline_token
from shared.offline_till import Declined, Till
from shared.offline_token import NotAToken, is_genuine, read, unspelt
from tests.kit import CAFE, EC, NOON, OPERATOR, OTHER_TILL, key, member
from tests.stream import Stream

DAY = "2026-11-20"
SECOND_TILL = key("pos", key_id="second", store_id="shibuya", terminal_id="till-2")
AT = "2026-11-20T02:30:00Z"


@pytest.fixture
def allowance(till):
    """Gives a till its allowance."""

    def make(allowance_id="a-1", by=till, business_day=DAY, **more):
        said = {"allowance_id": allowance_id, "terminal_id": by.who.terminal_id, "business_day": business_day}
        return by.post("/v1/offline/allowances", said | more)

    return make


@pytest.fixture
def token(client):
    """Reads the token of a coupon as its member's app does."""

    def read_it(coupon, member_id="taro"):
        answer = client.as_(member(member_id)).get(f"/v1/me/coupons/{coupon['coupon_id']}")
        assert answer.status == 200
        return answer.body.get("offline_token")

    return read_it


@pytest.fixture
def item(basket):
    """Makes an item of a sync: a redemption by token."""

    def make(offline_token, item_id="i-1", seq=1, body=None, **changes):
        said = {"redemption_id": f"r-{item_id}", "order_ref": f"o-{item_id}", "basket": basket(1000)} | (body or {})
        base = {"id": item_id, "kind": "redemption", "allowance_id": "a-1", "occurred_at": AT, "terminal_seq": seq}
        return base | {"offline_token": offline_token, "body": said} | changes

    return make


@pytest.fixture
def sync(till):
    """Sends items and answers the results."""

    def send(*items, by=till):
        answer = by.post("/v1/offline/sync", {"items": list(items)})
        assert answer.status == 200, answer.body
        return answer.body["results"]

    return send


@pytest.fixture
def day(till):
    """Reads what a till's day cost."""

    def read_it(by=till, business_day=DAY, more=""):
        path = f"/v1/offline/terminals/{by.who.terminal_id or 'till-1'}?business_day={business_day}{more}"
        answer = by.get(path)
        assert answer.status == 200, answer.body
        return answer.body

    return read_it


@pytest.fixture(autouse=True)
def _books(points):
    """Whatever a test did, the books are right in the end."""
    yield
    stream = Stream(points.world)
    stream.run()
    carry_on(points.world, stream)
    table = points.world.ledger.table
    assert invariants.faults(table.scan(after=None, limit=100_000)) == []


def carry_on(world, stream):
    """Finish what the stream asked for, as the inboxes do."""
    for one in stream.carried:
        _, name = one.split(" ", 1)
        kind = name.partition("/")[0].split("#")[1]
        found = world.ledger.table.get(name.partition("/")[0], 0)
        if found.get("state") != "reversed":
            (CARRY_ON | POINTS_CARRY_ON)[kind](world, found)
    stream.carried.clear()


def public(client):
    told = client.get("/v1/offline/keys").body["public_keys"]
    return {one["kid"]: unspelt(one["key"]) for one in told}


# ---- allowances -----------------------------------------------------------------------------------------------------


def test_an_allowance_is_signed_and_tells_its_limits_and_its_end(client, allowance):
    answer = allowance()
    assert answer.status == 201
    told = answer.body
    assert (told["max_redemptions"], told["max_value"]) == (MAX_REDEMPTIONS, MAX_VALUE)
    assert (told["terminal_id"], told["store_id"], told["business_day"]) == ("till-1", "shibuya", DAY)
    assert told["expires_at"] == "2026-11-20T22:00:00Z"  # the day ends at 4:00 in Shibuya; three hours of grace
    assert is_genuine(told, public(client))
    assert not is_genuine(told | {"max_value": 10**9}, public(client))
    assert not is_genuine(told | {"signature": "AAAA"}, public(client))


def test_a_tills_allowance_is_its_own_where_the_body_names_no_till(till, client):
    said = {"allowance_id": "a-1", "business_day": DAY}
    answer = till.post("/v1/offline/allowances", said)
    assert (answer.status, answer.body["terminal_id"]) == (201, till.who.terminal_id)
    others = client.as_(key("pos", key_id="till-9", store_id="shibuya", terminal_id="till-9"))
    assert others.post("/v1/offline/allowances", said).code == "id_reused"
    nobodys = client.as_(OPERATOR).post("/v1/offline/allowances", said)
    assert (nobodys.status, nobodys.body["errors"][0]["pointer"]) == (422, "/terminal_id")


def test_the_same_allowance_again_is_the_first_one(allowance, clock):
    first = allowance()
    clock.forward(days=3)
    again = allowance()
    assert (again.status, again.is_replay, again.body) == (201, True, first.body)
    assert allowance(business_day="2026-11-24").code == "id_reused"


def test_a_second_allowance_of_a_day_doubles_nothing(allowance, token, issue, campaign, item, sync, day):
    allowance()
    assert allowance("a-2").body["max_value"] == MAX_VALUE
    assert day()["max_value"] == MAX_VALUE


@pytest.mark.parametrize("business_day", ["2026-11-19", "2026-11-28", "2020-01-01"])
def test_an_allowance_is_neither_for_a_past_day_nor_far_ahead(allowance, business_day):
    answer = allowance(business_day=business_day)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.body["errors"][0]["pointer"] == "/business_day"


def test_an_allowance_a_week_ahead_is_given(allowance):
    assert allowance(business_day="2026-11-27").status == 201


def test_a_till_gets_its_own_allowance_alone(client, allowance, till):
    said = {"allowance_id": "a-1", "terminal_id": "till-2", "business_day": DAY}
    assert till.post("/v1/offline/allowances", said).code == "forbidden"
    assert allowance(store_id="umeda").code == "wrong_store"
    assert client.as_(EC).post("/v1/offline/allowances", said).code == "forbidden"
    assert client.as_(CAFE).post("/v1/offline/allowances", said).code == "forbidden"
    assert till.post("/v1/offline/allowances", {"allowance_id": "a b"}).status == 422


def test_an_operator_gets_an_allowance_for_any_till_whose_store_is_known(operator, points):
    said = {"allowance_id": "a-1", "terminal_id": "till-1", "business_day": DAY}
    assert operator.post("/v1/offline/allowances", said).code == "terminal_not_found"
    assert operator.post("/v1/offline/allowances", said | {"store_id": "shibuya"}).body["store_id"] == "shibuya"
    made = points.as_(OPERATOR).post(
        "/v1/keys", {"key_id": "t7", "owner": "o", "kind": "pos", "store_id": "shibuya", "terminal_id": "till-7"}
    )
    assert made.status == 201
    found = operator.post(
        "/v1/offline/allowances", {"allowance_id": "a-7", "terminal_id": "till-7", "business_day": DAY}
    )
    assert (found.status, found.body["store_id"]) == (201, "shibuya")


# ---- tokens ---------------------------------------------------------------------------------------------------------


def test_a_members_coupon_shows_a_token_that_tells_a_till_all_it_needs(client, campaign, issue, token, points):
    campaign("spring", min_purchase=500, stores=["shibuya"])
    coupon = issue()
    text = token(coupon)
    assert len(text) <= 155
    found = read(text, public(client))
    assert (found.type, found.value, found.min_purchase, found.max_discount) == ("amount_off", 300, 500, None)
    assert (found.first, found.last) == (date(2026, 11, 20), date(2026, 12, 31))
    assert found.stores == (offline_token.store_mark("shibuya"),)
    assert found.expires == datetime(2026, 11, 21, 15, tzinfo=UTC)  # the end of tomorrow in Tokyo
    assert client.as_(member("taro")).get("/v1/me/coupons").body["items"][0]["offline_token"] == text
    assert client.get("/v1/members/taro/coupons").body["items"][0]["offline_token"] == text


def test_a_token_changes_with_the_day_and_a_write_never_shows_one(client, campaign, issue, token, clock):
    campaign()
    coupon = issue()
    assert "offline_token" not in coupon
    first = token(coupon)
    assert token(coupon) == first
    clock.forward(days=1)
    assert token(coupon) != first


@pytest.mark.parametrize(
    "changes",
    [
        {"limits": {"per_store_day": 5}},
        {"limits": {"budget": 5000}},
        {"offer": {"type": "bonus_points", "value": 50}},
        {"offer": {"type": "amount_off", "value": 300, "skus": ["x"]}},
        {"offer": {"type": "amount_off", "value": 300, "categories": ["x"]}},
        {"channels": ["ec"]},
        {"stores": ["a", "b", "c", "d"]},
        {"bind": "order_ref"},
        {"code": {"mode": "unique", "sleeping": True}},
        {"valid_until": "2900-01-01"},
    ],
)
def test_what_only_the_server_can_decide_gets_no_token(client, campaign, token, changes):
    campaign(**changes)
    said = {"campaign_id": "spring", "source_id": "s", "member": {"member_id": "taro"}}
    answer = client.post("/v1/issues", said | ({"order_ref": "o"} if "bind" in changes else {}))
    assert answer.status == 201, answer.body
    assert token(answer.body) is None


def test_a_used_or_paused_or_past_coupon_has_no_token(
    client, campaign, issue, token, operator, till, redemption, clock
):
    campaign()
    used, other = issue("s-1"), issue("s-2")
    assert till.post("/v1/redemptions", redemption(used["code"])).status == 201
    assert token(used) is None
    assert token(other) is not None
    operator.post("/v1/campaigns/spring/pause", {})
    assert token(other) is None
    operator.post("/v1/campaigns/spring/resume", {})
    clock.forward(days=60)
    assert token(other) is None


# ---- redemptions ----------------------------------------------------------------------------------------------------


def test_a_coupon_taken_without_a_line_is_used_from_the_time_of_the_sale(
    client, allowance, campaign, issue, token, item, sync, state, day
):
    campaign()
    coupon = issue()
    allowance()
    assert sync(item(token(coupon))) == [{"id": "i-1", "outcome": "applied", "discount": 300}]
    assert state(coupon) == "redeemed"
    shown = client.as_(member("taro")).get(f"/v1/me/coupons/{coupon['coupon_id']}").body
    assert shown["redeemed_at"] == AT
    assert (day()["absorbed"], day()["refused"]) == ({"count": 0, "value": 0},) * 2


def test_the_event_tells_of_the_till_and_the_time_of_the_sale(points, allowance, campaign, issue, token, item, sync):
    campaign()
    text = token(issue())
    allowance()
    stream = Stream(points.world)
    stream.run()
    sync(item(text))
    (event,) = [one for one in stream.run() if one["type"] == "omotenashi.coupon.redeemed.v1"]
    data = event["data"]
    assert (data["redemption_id"], data["discount"], data["store_id"]) == ("r-i-1", 300, "shibuya")
    assert (data["terminal_id"], data["offline"], data["occurred_at"]) == ("till-1", True, AT)


def test_the_same_item_again_is_a_duplicate_and_tells_the_first_outcome(allowance, campaign, issue, token, item, sync):
    campaign()
    one = item(token(issue()))
    allowance()
    sync(one)
    duplicate = {"outcome": "duplicate", "first": "applied", "discount": 300}
    assert sync(one, one) == [{"id": "i-1", **duplicate}] * 2
    assert sync(one | {"id": "other"}) == [{"id": "other", **duplicate}]


def test_the_same_redemption_with_other_content_changes_nothing(allowance, campaign, issue, token, item, sync, basket):
    campaign()
    text = token(issue())
    allowance()
    sync(item(text))
    (result,) = sync(item(text, body={"basket": basket(50)}))
    assert (result["outcome"], result["code"]) == ("conflict_refused", "id_reused")


def test_two_tills_with_one_token_one_applied_one_absorbed(client, allowance, campaign, issue, token, item, sync, day):
    campaign()
    text, second = token(issue()), client.as_(SECOND_TILL)
    allowance()
    allowance("a-2", by=second)
    assert sync(item(text))[0]["outcome"] == "applied"
    other = item(text, "i-2", allowance_id="a-2")
    assert sync(other, by=second) == [{"id": "i-2", "outcome": "conflict_absorbed", "discount": 300}]
    assert sync(other, by=second)[0] | {"id": ""} == {
        "id": "", "outcome": "duplicate", "first": "conflict_absorbed", "discount": 300
    }  # fmt: skip
    assert day()["absorbed"] == {"count": 0, "value": 0}
    assert day(second)["absorbed"] == {"count": 1, "value": 300}


def test_a_coupon_that_was_used_online_meanwhile_is_the_tills_loss(
    allowance, campaign, issue, token, item, sync, till, redemption, day
):
    campaign()
    coupon = issue()
    text = token(coupon)
    allowance()
    assert till.post("/v1/redemptions", redemption(coupon["code"])).status == 201
    assert sync(item(text))[0]["outcome"] == "conflict_absorbed"
    assert day()["absorbed"] == {"count": 1, "value": 300}


def test_a_coupon_that_another_order_holds_is_the_tills_loss(
    client, allowance, campaign, issue, token, item, sync, redemption
):
    campaign()
    coupon = issue()
    text = token(coupon)
    allowance()
    held = client.post("/v1/redemptions", redemption(coupon["code"], channel="ec", hold_seconds=60, order_ref="web"))
    assert held.status == 201
    assert sync(item(text))[0]["outcome"] == "conflict_absorbed"
    assert client.post("/v1/redemptions/r-1/capture", {}).status == 200


def test_a_coupon_lost_once_stays_lost_when_it_is_given_back(
    allowance, campaign, issue, token, item, sync, till, redemption, state
):
    campaign()
    coupon = issue()
    text = token(coupon)
    allowance()
    till.post("/v1/redemptions", redemption(coupon["code"]))
    sync(item(text))
    till.post("/v1/redemptions/r-1/void", {"void_id": "v"})
    assert state(coupon) == "issued"
    assert sync(item(text))[0]["first"] == "conflict_absorbed"
    assert state(coupon) == "issued"


def test_losses_end_with_the_allowance(
    client, allowance, campaign, issue, token, item, sync, till, redemption, day, basket
):
    campaign("big", offer={"type": "amount_off", "value": 20_000})
    allowance()
    outcomes = []
    for n in range(4):
        coupon = issue(f"s-{n}", "big")
        text = token(coupon)
        said = redemption(coupon["code"], redemption_id=f"on-{n}", basket=basket(30_000))
        assert till.post("/v1/redemptions", said).status == 201
        (result,) = sync(item(text, f"i-{n}", n, {"basket": basket(30_000)}))
        outcomes.append((result["outcome"], result.get("code")))
    assert outcomes == [("conflict_absorbed", None)] * 2 + [("conflict_refused", "allowance_used_up")] * 2
    assert day()["absorbed"] == {"count": 2, "value": 40_000}
    assert day()["refused"] == {"count": 2, "value": 40_000}


def test_what_ran_out_between_the_sale_and_the_sync_is_honoured(
    allowance, campaign, issue, token, item, sync, clock, state
):
    campaign("short", valid_days=0)
    campaign()
    coupon, other = issue("s-1", "short"), issue("s-2")
    texts = token(coupon), token(other)
    allowance()
    clock.forward(days=4)
    assert [one["outcome"] for one in sync(*(item(text, f"i-{n}", n) for n, text in enumerate(texts)))] == [
        "expired_but_honoured"
    ] * 2  # of the first its coupon, of the second its token
    assert sync(item(texts[0], "i-0", 0))[0]["first"] == "expired_but_honoured"
    assert state(coupon) == "redeemed"


def test_a_discount_smaller_than_the_terms_is_booked_as_given_and_a_larger_one_is_not(
    client, allowance, campaign, issue, token, item, sync, basket
):
    campaign()
    allowance()
    small = item(token(issue("s-1")), "i-1", 1, {"discount": 120, "basket": basket(700, 300)})
    large = item(token(issue("s-2")), "i-2", 2, {"discount": 900})
    assert [one["discount"] for one in sync(small, large)] == [120, 300]
    applied = client.as_(SECOND_TILL).post("/v1/redemptions/r-i-1/capture", {}).body["applied"][0]
    assert applied["lines"] == [{"line_id": "1", "discount": 84}, {"line_id": "2", "discount": 36}]
    assert sum(step["amount"] for step in applied["explain"]) == 120


@pytest.mark.parametrize(
    ("changes", "body", "code"),
    [
        ({"offline_token": "AQ"}, {}, "token_invalid"),
        ({"offline_token": "not base 64!"}, {}, "token_invalid"),
        ({"allowance_id": "unknown"}, {}, "allowance_not_found"),
        ({"allowance_id": None, "occurred_at": "2026-11-18T02:00:00Z"}, {}, "allowance_not_found"),
        ({"occurred_at": "2026-11-18T02:00:00Z"}, {}, "allowance_over"),
        ({"occurred_at": "2026-11-20T09:00:00Z"}, {}, "occurred_in_future"),
        ({}, {"store_id": "umeda"}, "wrong_store"),
        ({}, {"channel": "ec"}, "wrong_channel"),
        ({}, {"basket": {"lines": [{"line_id": "1", "quantity": 1, "amount": 499}]}}, "minimum_not_met"),
        ({}, {"codes": ["0000-0000-0000-00"]}, "invalid_request"),
        ({}, {"basket": {"currency": "USD", "lines": [{"line_id": "1", "quantity": 1, "amount": 999}]}}, "currency_mismatch"),
        ({}, {"hold_seconds": 60}, "invalid_request"),
        ({"terminal_seq": -1}, {}, "invalid_request"),
        ({"kind": "return"}, {}, "invalid_request"),
        ({"body": []}, {}, "invalid_request"),
    ],
)  # fmt: skip
def test_what_no_till_should_have_taken_is_refused_and_leaves_nothing(
    client, allowance, campaign, issue, token, item, sync, state, changes, body, code
):
    campaign(channels=["pos"], min_purchase=500)
    coupon = issue()
    good, bad = item(token(coupon), "good", 2), item(token(coupon), body=body) | changes
    allowance()
    before = client.world.ledger.table.usage.write_units
    (result,) = sync({name: value for name, value in bad.items() if value is not None})
    assert result["outcome"] == "conflict_refused"
    assert code in (result["code"], result.get("reason"))
    assert client.world.ledger.table.usage.write_units == before
    assert sync(good)[0]["outcome"] == "applied"
    assert state(coupon) == "redeemed"


def test_a_token_for_other_stores_or_days_is_refused(client, allowance, campaign, issue, token, item, sync, clock):
    campaign("elsewhere", stores=["umeda"])
    campaign("later", valid_from="2026-11-25")
    campaign()
    allowance()
    texts = token(issue("s-1", "elsewhere")), token(issue("s-2", "later")), token(issue("s-3"))
    first, second, _ = sync(*(item(text, f"i-{n}", n) for n, text in enumerate(texts)))
    assert (first["code"], first["reason"]) == ("code_not_applicable", "wrong_store")
    assert (second["code"], second["reason"]) == ("code_not_applicable", "not_yet_valid")
    old = token(issue("s-4"))
    clock.forward(days=4)
    allowance("a-4", business_day="2026-11-24")
    late = item(old, "late", 9, allowance_id="a-4", occurred_at="2026-11-24T02:00:00Z")
    assert sync(late)[0]["code"] == "token_expired"


def test_a_till_syncs_its_own_items_alone(client, allowance, campaign, issue, token, item, sync):
    campaign()
    text = token(issue())
    allowance()
    assert sync(item(text), by=client.as_(SECOND_TILL))[0]["code"] == "forbidden"
    assert sync(item(text), by=client.as_(OTHER_TILL))[0]["code"] == "wrong_store"
    assert sync(item(text), by=client.as_(OPERATOR))[0]["outcome"] == "applied"


@pytest.mark.parametrize("place", [None, 7, "", "a#b", "x" * 3000])
def test_an_item_of_no_till_is_refused_by_itself(sync, client, item, place):
    """What can't be a store never gets as far as a key."""
    said = item(None, allowance_id=None, body={"store_id": place, "terminal_id": "till-1"})
    (result,) = sync(said, by=client.as_(OPERATOR))
    assert (result["outcome"], result["errors"][0]["pointer"]) == ("conflict_refused", "/allowance_id")


def test_without_an_allowance_named_that_of_the_day_counts(allowance, campaign, issue, token, item, sync):
    campaign()
    text = token(issue())
    allowance()
    one = item(text)
    del one["allowance_id"]
    assert sync(one)[0]["outcome"] == "applied"


def test_a_forged_token_is_worth_nothing(allowance, campaign, issue, token, item, sync, client):
    campaign()
    text = token(issue())
    allowance()
    raw = bytearray(unspelt(text))
    raw[-70] ^= 1
    forged = offline_token.spelt(bytes(raw))
    with pytest.raises(NotAToken):
        read(forged, public(client))
    assert sync(item(forged))[0]["code"] == "token_invalid"


def test_after_a_rotation_of_the_root_the_old_tokens_are_good_still(
    allowance, campaign, issue, token, item, sync, client, monkeypatch
):
    campaign()
    text = token(issue())
    allowance()
    held = client.world.secrets
    monkeypatch.setitem(vars(held), "_roots", (b"n" * 64, b"r" * 64))
    held._derived.clear()
    assert len(public(client)) == 2
    assert sync(item(text))[0]["outcome"] == "applied"


# ---- together with what happens online ------------------------------------------------------------------------------


def test_a_redemption_whose_answer_was_lost_online_counts_once(
    allowance, campaign, issue, token, item, sync, till, redemption, day
):
    campaign()
    coupon = issue()
    text = token(coupon)
    allowance()
    assert till.post("/v1/redemptions", redemption(coupon["code"], redemption_id="r-i-1")).status == 201
    assert sync(item(text)) == [{"id": "i-1", "outcome": "duplicate", "first": "applied", "discount": 300}]
    assert day()["absorbed"]["count"] == 0


def test_a_redemption_that_comes_late_online_is_told_that_its_id_is_used(
    allowance, campaign, issue, token, item, sync, till, redemption
):
    campaign()
    coupon = issue()
    text = token(coupon)
    allowance()
    sync(item(text))
    assert till.post("/v1/redemptions", redemption(coupon["code"], redemption_id="r-i-1")).code == "id_reused"


def test_an_online_redemption_of_another_coupon_is_not_this_one(
    allowance, campaign, issue, token, item, sync, till, redemption
):
    campaign()
    first, second = issue("s-1"), issue("s-2")
    text = token(second)
    allowance()
    till.post("/v1/redemptions", redemption(first["code"], redemption_id="r-i-1"))
    assert sync(item(text))[0]["code"] == "id_reused"


def test_an_online_redemption_of_several_coupons_is_a_duplicate(
    allowance, campaign, issue, token, item, sync, till, redemption
):
    campaign()
    campaign("other")
    first, second = issue("s-1"), issue("s-2", "other")
    text = token(second)
    allowance()
    till.post("/v1/redemptions", redemption(first["code"], second["code"], redemption_id="r-i-1"))
    assert sync(item(text)) == [{"id": "i-1", "outcome": "duplicate", "first": "applied", "discount": 600}]


def test_a_held_redemption_is_captured_not_synced(allowance, campaign, issue, token, item, sync, till, redemption):
    campaign()
    coupon = issue()
    text = token(coupon)
    allowance()
    till.post("/v1/redemptions", redemption(coupon["code"], redemption_id="r-i-1", hold_seconds=60))
    assert sync(item(text))[0]["code"] == "hold_open"


def test_an_offline_redemption_is_voided_like_any(allowance, campaign, issue, token, item, sync, till, state):
    campaign()
    coupon = issue()
    text = token(coupon)
    allowance()
    sync(item(text))
    void = till.post("/v1/redemptions/r-i-1/void", {"void_id": "v"})
    assert (void.status, void.body["state"]) == (200, "voided")
    assert state(coupon) == "issued"
    assert sync(item(text))[0]["code"] == "reversed"


def test_a_redemption_that_was_voided_before_the_sync_never_counts(
    allowance, campaign, issue, token, item, sync, till, state
):
    campaign()
    coupon = issue()
    text = token(coupon)
    allowance()
    assert till.post("/v1/redemptions/r-i-1/void", {"void_id": "v"}).body["state"] == "not_arrived"
    assert sync(item(text))[0]["code"] == "reversed"
    assert state(coupon) == "issued"


def test_the_loss_of_a_voided_sale_is_lifted_by_the_stream(
    points, allowance, campaign, issue, token, item, sync, till, redemption, day, state
):
    campaign()
    coupon = issue()
    text = token(coupon)
    allowance()
    till.post("/v1/redemptions", redemption(coupon["code"]))
    sync(item(text))
    assert day()["absorbed"]["count"] == 1
    stream = Stream(points.world)
    stream.run()
    stream.carried.clear()
    void = till.post("/v1/redemptions/r-i-1/void", {"void_id": "v"})
    assert (void.status, void.body["state"], void.body["coupons"]) == (200, "not_arrived", [])
    stream.run()
    carry_on(points.world, stream)
    assert day()["absorbed"] == {"count": 0, "value": 0}
    assert state(coupon) == "redeemed"


def test_a_lost_redemption_can_not_be_captured(allowance, campaign, issue, token, item, sync, till, redemption):
    campaign()
    coupon = issue()
    text = token(coupon)
    allowance()
    till.post("/v1/redemptions", redemption(coupon["code"]))
    sync(item(text))
    assert till.post("/v1/redemptions/r-i-1/capture", {}).code == "code_not_usable"


def test_a_coupon_follows_its_member_through_a_merge(points, client, allowance, campaign, issue, token, item, sync):
    campaign()
    coupon = issue(member_id="hanako")
    text = token(coupon, "hanako")
    allowance()
    merged = points.as_(OPERATOR).post("/v1/members/hanako/merge", {"merge_id": "m", "into_member_id": "taro"})
    assert merged.status == 200
    assert sync(item(text))[0]["outcome"] == "applied"


def test_a_code_without_a_token_is_judged_as_if_it_came_online_now(
    allowance, campaign, issue, item, sync, redemption, state
):
    campaign()
    coupon = issue()
    one = {"id": "i", "kind": "redemption", "occurred_at": AT, "terminal_seq": 1, "body": redemption(coupon["code"])}
    assert sync(one) == [{"id": "i", "outcome": "applied", "discount": 300}]
    assert sync(one)[0]["outcome"] == "duplicate"
    assert sync(one | {"body": redemption(coupon["code"], redemption_id="r-2")})[0]["code"] == "code_not_usable"
    held = one | {"body": redemption(coupon["code"], redemption_id="r-3", hold_seconds=60)}
    assert sync(held)[0]["code"] == "invalid_request"


def test_a_sync_gives_no_right_that_the_key_lacks(client, allowance, sync, redemption, campaign, issue):
    campaign()
    bare = client.as_(key("pos", store_id="shibuya", terminal_id="till-1", scopes={"offline:sync"}))
    one = {"id": "i", "kind": "redemption", "occurred_at": AT, "terminal_seq": 1, "body": redemption(issue()["code"])}
    assert sync(one, by=bare)[0]["code"] == "forbidden"
    assert sync(one | {"kind": "purchase"}, by=bare)[0]["code"] == "forbidden"


# ---- sequence numbers -----------------------------------------------------------------------------------------------


def test_gaps_and_numbers_that_come_twice_are_reported_and_cost_no_sale(
    allowance, campaign, issue, token, item, sync, day
):
    campaign()
    allowance()
    items = [item(token(issue(f"s-{n}")), f"i-{n}", seq) for n, seq in enumerate([1, 2, 5, 9, 9])]
    assert {one["outcome"] for one in sync(*items)} == {"applied"}
    told = day()
    assert (told["last_seq"], told["repeated"]) == (9, 1)
    assert told["missing"] == [{"first": 3, "last": 4}, {"first": 6, "last": 8}]
    sync(*items)
    assert day() == told
    sync(item(token(issue("s-9")), "i-9", 4))
    assert day()["missing"] == [{"first": 3, "last": 3}, {"first": 6, "last": 8}]


@pytest.mark.parametrize("sent", [None, "x", [], {}, {"id": 7}])
def test_what_is_no_item_is_refused_beside_the_others(allowance, campaign, issue, token, item, sync, sent):
    campaign()
    good = item(token(issue()))
    allowance()
    bad, result = sync(sent, good)
    assert (bad["id"], bad["outcome"], bad["code"]) == (None, "conflict_refused", "invalid_request")
    assert result["outcome"] == "applied"


def test_who_reads_a_tills_day(client, allowance, till, operator):
    allowance()
    path = f"/v1/offline/terminals/till-1?business_day={DAY}"
    assert till.get(path).body["max_redemptions"] == MAX_REDEMPTIONS
    assert client.as_(SECOND_TILL).get(path).code == "forbidden"
    assert operator.get(path).code == "terminal_not_found"
    assert operator.get(path + "&store_id=shibuya").body["max_redemptions"] == MAX_REDEMPTIONS
    assert till.get("/v1/offline/terminals/till-1").status == 422


# ---- what a till does with it ---------------------------------------------------------------------------------------


def test_a_till_takes_each_token_once_within_its_allowance(client, allowance, campaign, issue, token):
    campaign("half", offer={"type": "percent_off", "value": 50, "max_discount": 30_000})
    texts = [token(issue(f"s-{n}", "half")) for n in range(3)]
    mine = Till("shibuya", allowance().body, public(client))
    assert mine.take(texts[0], [(1, 50_000)], NOON) == 25_000
    with pytest.raises(Declined, match="taken_here_before"):
        mine.take(texts[0], [(1, 100)], NOON)
    with pytest.raises(Declined, match="allowance_used_up"):
        mine.take(texts[1], [(1, 60_000)], NOON)
    with pytest.raises(Declined, match="allowance_over"):
        mine.take(texts[1], [(1, 100)], NOON.replace(day=21))
    with pytest.raises(NotAToken):
        mine.take(texts[1][:-4], [(1, 100)], NOON)
    assert mine.take(texts[2], [(1, 50_000)], NOON) == 25_000


def test_no_token_lies_in_the_tables(client, allowance, campaign, issue, token, item, sync):
    campaign()
    text = token(issue())
    allowance()
    sync(item(text))
    for table in (client.world.ledger.table, client.world.directory.table, client.world.transient):
        assert text not in str(table.scan(after=None, limit=100_000))
    assert client.world.ledger.table.get(keys.redemption("r-i-1"), 0) is not None
