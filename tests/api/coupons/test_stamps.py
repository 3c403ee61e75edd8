"""Stamp cards: by hand, by purchase, by visit; a full card is a coupon, and a return takes back what nobody has used."""

import itertools
import json
import random

import pytest

from coupons.reactions import CARRY_ON, REACTIONS
from infra import invariants
from shared import events, inbox
from tests.api.coupons.test_inbox import checkin, deliver
from tests.api.points.shop import buy, cancel, claim, complete, give_back, of_nobody, part, reverse
from tests.kit import OPERATOR, member
from tests.stream import Stream

CARD = {
    "programme_id": "coffee",
    "name": {"ja": "コーヒー", "en": "Coffee"},
    "stamps": 3,
    "by": "manual",
    "per_day": 100,
    "campaign_id": "spring",
}


@pytest.fixture
def programme(operator, campaign):
    """Makes a stamp programme, with changes."""
    campaign()

    def make(programme_id="coffee", **changes):
        answer = operator.post("/v1/stamp-programmes", CARD | {"programme_id": programme_id} | changes)
        assert answer.status == 201, answer.body
        return answer.body

    return make


@pytest.fixture
def stream(client):
    return Stream(client.world)


@pytest.fixture
def hear(client, stream):
    """Relays what is new and delivers it, in any order that is wanted; answers the events."""

    def run(times=1, order=None):
        sent = stream.run()
        for _ in range(times):
            assert deliver(client.world, *(order(sent) if order else sent)) == []
        assert [one for one in client.world.transient.scan() if one["pk"].startswith("parked")] == []
        return sent

    return run


@pytest.fixture(autouse=True)
def _books_are_right(client):
    yield
    items = client.world.ledger.table.scan(after=None, limit=100_000)
    assert invariants.faults(sorted(items, key=lambda item: (item["pk"], item["sk"]))) == []


def stamp(client, stamp_id="st-1", count=1, member_id="taro", **changes):
    said = {"stamp_id": stamp_id, "member": {"member_id": member_id}, "programme_id": "coffee", "count": count}
    return client.post("/v1/stamps", said | changes)


def cards(client, member_id="taro"):
    answer = client.as_(member(member_id)).get("/v1/me/stamp-cards")
    assert answer.status == 200, answer.body
    return answer.body["items"]


def card(client, member_id="taro"):
    """Stamps and completed cards of the only card; nothing for none."""
    return [(one["stamps"], one["completed"]) for one in cards(client, member_id)]


def coupons(client, member_id="taro", **query):
    items = client.as_(member(member_id)).get("/v1/me/coupons?limit=100").body["items"]
    return [(one["source_id"], one["state"]) for one in items]


def names(sent, prefix=("stamp", "coupon")):
    short = [event["type"].removeprefix("omotenashi.").removesuffix(".v1") for event in sent]
    return [name for name in short if name.startswith(prefix)]


# ---- programmes ------------------------------------------------------------------------------------------------------


def test_a_programme_is_made_and_read(operator, programme):
    made = programme()
    assert made == CARD
    assert operator.get("/v1/stamp-programmes/coffee").body == CARD
    assert operator.get("/v1/stamp-programmes").body == {"items": [CARD], "next_cursor": None}
    again = operator.post("/v1/stamp-programmes", CARD)
    assert (again.status, again.body, again.is_replay) == (201, CARD, True)
    assert operator.post("/v1/stamp-programmes", CARD | {"stamps": 4}).code == "id_reused"
    assert operator.get("/v1/stamp-programmes/tea").code == "programme_not_found"


def test_what_is_left_out_has_its_defaults(operator, campaign):
    campaign()
    said = {"programme_id": "p", "name": "Tea", "stamps": 5, "by": "purchase", "campaign_id": "spring"}
    answer = operator.post("/v1/stamp-programmes", said)
    assert answer.body == said | {"name": {"ja": "Tea", "en": "Tea"}, "per_day": 1}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"by": "spend"}, "/spend_per_stamp"),
        ({"spend_per_stamp": 100}, "/spend_per_stamp"),
        ({"stamps": 0}, "/stamps"),
        ({"per_day": 0}, "/per_day"),
        ({"expires_days": 0}, "/expires_days"),
        ({"by": "luck"}, "/by"),
        ({"campaign_id": "capped"}, "/campaign_id"),
        ({"campaign_id": "over"}, "/campaign_id"),
        ({"name": {"ja": "x"}}, "/name/en"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_programme_that_can_not_be_kept_is_refused(operator, campaign, changes, pointer):
    campaign()
    campaign("capped", limits={"total": 5})
    campaign("over")
    operator.post("/v1/campaigns/over/end")
    answer = operator.post("/v1/stamp-programmes", CARD | changes)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [error["pointer"] for error in answer.body["errors"]] == [pointer]


def test_a_programme_needs_its_campaign(operator):
    assert operator.post("/v1/stamp-programmes", CARD).code == "campaign_not_found"


# ---- by hand ---------------------------------------------------------------------------------------------------------


def test_a_full_card_is_a_coupon_and_what_is_over_is_on_the_next(client, programme, hear):
    programme()
    answer = stamp(client, count=2)
    expected = {"programme_id": "coffee", "stamps": 2, "needed": 3, "completed": 0}
    assert (answer.status, answer.body) == (201, expected | {"stamp_id": "st-1", "count": 2, "coupons": []})
    assert cards(client) == [expected]
    full = stamp(client, "st-2", 5)
    assert (full.body["stamps"], full.body["completed"], len(full.body["coupons"])) == (1, 2, 2)
    assert coupons(client) == [("stamps.coffee.2", "issued"), ("stamps.coffee.1", "issued")]
    told = hear()
    assert names(told) == ["stamp.added", "stamp.added"] + ["coupon.issued", "stamp_card.completed"] * 2
    added, completed = (
        next(e["data"] for e in told[1:] if e["type"].endswith(f"{kind}.v1")) for kind in ("added", "completed")
    )
    assert added == expected | {
        "stamps": 1, "completed": 2, "added": 5, "member_id": "taro", "ref": {"kind": "stamp", "id": "st-2"},
        "occurred_at": "2026-11-20T03:00:00Z",
    }  # fmt: skip
    assert completed["coupon_id"] in full.body["coupons"]


def test_a_stamp_sent_again_is_one_stamp(client, programme):
    programme()
    first = stamp(client, count=4)
    stamp(client, "st-2")
    again = stamp(client, count=4)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert card(client) == [(2, 1)]
    assert stamp(client, count=5).code == "id_reused"
    assert stamp(client, member_id="hanako", count=4).code == "id_reused"


def test_a_day_that_has_had_its_stamps_takes_no_more_and_a_refusal_leaves_nothing(client, programme, clock):
    programme(per_day=1)
    assert stamp(client, count=2).status == 201
    refused = stamp(client, "st-2")
    assert (refused.status, refused.code, refused.body["per_day"]) == (409, "stamp_limit_reached", 1)
    assert card(client) == [(2, 0)]
    clock.forward(days=1)
    assert stamp(client, "st-2").status == 201, "a refusal is not remembered"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"count": 0}, 422, "invalid_request"),
        ({"count": 31}, 422, "invalid_request"),
        ({"programme_id": "tea"}, 404, "programme_not_found"),
        ({"member": {"member_id": "nobody"}}, 404, "member_not_found"),
        ({"member": {}}, 422, "invalid_request"),
        ({"stamp_id": "?"}, 422, "invalid_request"),
    ],
)
def test_a_wrong_stamp_is_refused(client, programme, changes, status, code):
    programme()
    answer = stamp(client, **changes)
    assert (answer.status, answer.code) == (status, code)
    assert card(client) == []


def test_a_coupon_of_a_card_is_redeemed_by_its_bare_code(client, till, programme, redemption):
    programme()
    stamp(client, count=3)
    (coupon,) = client.as_(member("taro")).get("/v1/me/coupons").body["items"]
    assert till.post("/v1/redemptions", redemption(coupon["code"])).body["discount_total"] == 300
    assert coupons(client) == [("stamps.coffee.1", "redeemed")]


def test_a_full_card_waits_while_its_campaign_is_paused(client, operator, programme):
    programme()
    operator.post("/v1/campaigns/spring/pause")
    assert stamp(client, count=4).body["stamps"] == 4
    assert (card(client), coupons(client)) == ([(4, 0)], [])
    operator.post("/v1/campaigns/spring/resume")
    assert stamp(client, "st-2").body["completed"] == 1
    assert (card(client), len(coupons(client))) == ([(2, 1)], 1)


def test_a_full_card_waits_for_a_limit_of_the_campaign(client, campaign, programme):
    campaign("once", limits={"per_member": 1})
    programme(campaign_id="once")
    assert stamp(client, count=7).body["completed"] == 1
    assert card(client) == [(4, 1)]


def test_stamps_lapse_some_days_after_the_last(client, programme, clock):
    programme(expires_days=10)
    stamp(client)
    clock.forward(days=5)
    assert stamp(client, "st-2").body["expires_on"] == "2026-12-05"
    clock.forward(days=10)
    assert cards(client) == [
        {"programme_id": "coffee", "stamps": 2, "needed": 3, "completed": 0, "expires_on": "2026-12-05"}
    ]
    clock.forward(days=1)
    assert card(client) == [(0, 0)]
    assert stamp(client, "st-3").body["stamps"] == 1


def test_cards_come_in_pages(client, programme):
    for one in ("tea", "cake", "coffee"):
        programme(one)
        stamp(client, one, programme_id=one)
    taro = client.as_(member("taro"))
    first = taro.get("/v1/me/stamp-cards?limit=2").body
    rest = taro.get(f"/v1/me/stamp-cards?limit=2&cursor={first['next_cursor']}").body
    assert [one["programme_id"] for one in first["items"] + rest["items"]] == ["cake", "coffee", "tea"]
    assert rest["next_cursor"] is None


# ---- by purchase -----------------------------------------------------------------------------------------------------


def test_a_purchase_is_a_stamp_and_its_return_takes_it_back(client, points, programme, hear):
    programme(by="purchase")
    buy(points, "p-1", 1000, 500)
    hear(times=3)
    assert card(client) == [(1, 0)]
    give_back(points, "p-1", "r-1", part("1"))
    hear(times=2)
    assert card(client) == [(1, 0)], "something of it is left"
    give_back(points, "p-1", "r-2")
    hear(times=2)
    assert card(client) == []


def test_a_purchase_without_a_member_is_no_stamp_until_it_is_claimed(client, points, programme, hear):
    programme(by="spend", spend_per_stamp=500)
    of_nobody(points, "p-1", 1000, 500)
    give_back(points, "p-1", "r-1", part("1"))
    hear()
    assert card(client) == []
    claim(points, 1500)
    hear()
    assert card(client) == [(1, 0)]


def test_an_order_gives_its_stamp_when_it_is_completed(client, points, programme, hear):
    programme(by="purchase")
    buy(points, "p-1", 1000, state="placed")
    buy(points, "p-2", 1000, state="placed")
    hear()
    assert card(client) == []
    complete(points, "p-1")
    cancel(points, "p-2")
    hear(times=2)
    assert card(client) == [(1, 0)]


def test_money_spent_counts_in_full_measures_without_tax(client, points, programme, hear):
    programme(by="spend", spend_per_stamp=400, stamps=5)
    buy(points, "p-1", 1000, 599)
    hear()
    assert card(client) == [(3, 0)]
    give_back(points, "p-1", "r-1", part("1"))
    hear()
    assert card(client) == [(1, 0)]


def test_a_day_takes_so_many_and_the_rest_is_not_given(client, points, programme, hear, clock):
    """The day is the store's: shibuya's ends at four in the morning."""
    programme(by="purchase", per_day=1)
    buy(points, "p-1", 1000)
    buy(points, "p-2", 1000)
    buy(points, "p-3", 1000, occurred_at="2026-11-19T18:30:00Z")  # 03:30, still of the day before
    buy(points, "p-4", 1000, occurred_at="2026-11-19T19:30:00Z")
    hear(times=2)
    assert card(client) == [(2, 0)]
    give_back(points, "p-1", "r-1")
    hear(times=2)
    assert card(client) == [(1, 0)]


def test_a_return_takes_back_the_coupon_that_nobody_has_used(client, points, programme, hear, till, redemption):
    programme(by="purchase")
    for n in range(3):
        buy(points, f"p-{n}", 1000)
    hear()
    (coupon,) = client.as_(member("taro")).get("/v1/me/coupons").body["items"]
    assert card(client) == [(0, 1)]
    hear()
    reverse(points, "p-1")
    told = hear() + hear()
    assert names(told) == ["coupon.voided"]
    assert next(e["data"] for e in told if "voided" in e["type"])["taken_back"] is True
    assert (card(client), coupons(client)) == ([(2, 0)], [("stamps.coffee.1", "voided")])
    assert till.post("/v1/redemptions", redemption(coupon["code"])).code == "code_not_usable"
    told = client.as_(OPERATOR).post("/v1/redemptions", redemption(coupon["code"], member={"member_id": "taro"}))
    assert told.body["reason"] == "taken_back"
    buy(points, "p-3", 1000)
    hear()
    assert coupons(client) == [("stamps.coffee.2", "issued"), ("stamps.coffee.1", "voided")]


def test_a_coupon_that_was_used_leaves_the_card_below_zero(client, points, programme, hear, till, redemption):
    programme(by="purchase")
    for n in range(3):
        buy(points, f"p-{n}", 1000)
    hear()
    (coupon,) = client.as_(member("taro")).get("/v1/me/coupons").body["items"]
    till.post("/v1/redemptions", redemption(coupon["code"]))
    give_back(points, "p-0")
    hear()
    assert (card(client), coupons(client)) == ([(-1, 1)], [("stamps.coffee.1", "redeemed")])
    buy(points, "p-3", 1000)
    hear()
    assert card(client) == [(0, 1)]


def test_what_has_lapsed_is_not_missed_again(client, points, programme, hear, clock):
    programme(by="purchase", expires_days=5)
    buy(points, "p-1", 1000)
    hear()
    clock.forward(days=6)
    buy(points, "p-2", 1000, occurred_at="2026-11-26T03:00:00Z")
    hear()
    assert card(client) == [(1, 0)]
    give_back(points, "p-1")
    hear()
    assert card(client) == [(1, 0)]


def life(points):
    """An order, what happens to it and to another purchase; all of one day."""
    buy(points, "p-1", 1000, 700, 300, state="placed")
    give_back(points, "p-1", "r-1", part("3"))
    complete(points, "p-1")
    buy(points, "p-2", 500)
    give_back(points, "p-1", "r-2", part("2"))
    reverse(points, "p-2")


@pytest.mark.parametrize("seed", range(30))
def test_events_in_any_order_and_any_number_end_in_the_same(client, points, programme, hear, seed):
    programme(by="spend", spend_per_stamp=100, stamps=100)
    life(points)
    chance = random.Random(seed)

    def order(sent):
        shuffled = sent * 2
        chance.shuffle(shuffled)
        return shuffled

    hear(order=order)
    assert card(client) == [(10, 0)]


def test_each_order_of_the_events_of_one_purchase_ends_in_the_same(client, points, programme, stream):
    programme(by="purchase")
    buy(points, "p-1", 1000, state="placed")
    complete(points, "p-1")
    give_back(points, "p-1")
    sent = [event for event in stream.run() if "purchase." in event["type"]]
    for order in itertools.permutations(sent):
        assert deliver(client.world, *order) == []
        assert card(client) == []


def test_a_purchase_of_long_ago_is_found_again(client, points, programme, hear, clock):
    programme(by="purchase", stamps=50)
    buy(points, "p-0", 1000)
    hear()
    for n in range(20):
        clock.forward(days=1)
        buy(points, f"p-{n + 1}", 1000)
        hear()
    give_back(points, "p-0")
    hear(times=2)
    assert card(client) == [(20, 0)]


# ---- by visit --------------------------------------------------------------------------------------------------------


def test_a_visit_is_a_stamp_once_and_within_the_limit_of_its_day(client, programme):
    programme(by="visit", per_day=1)
    programme("manual-one")
    for _ in range(2):
        assert deliver(client.world, checkin(1), checkin(2), checkin(3, "hanako")) == []
    assert (card(client), card(client, "hanako")) == ([(1, 0)], [(1, 0)])
    deliver(client.world, checkin(4, business_day="2026-11-21"))
    assert card(client) == [(2, 0)]


# ---- merges ----------------------------------------------------------------------------------------------------------


def merge(points, hear):
    answer = points.as_(OPERATOR).post("/v1/members/taro/merge", {"merge_id": "m-1", "into_member_id": "hanako"})
    assert answer.status == 200, answer.body
    hear()


def unmerge(points, hear):
    assert points.as_(OPERATOR).post("/v1/members/taro/unmerge", {"merge_id": "m-1"}).status == 200
    hear()


def test_cards_become_one_and_two_again(client, points, programme, hear):
    programme()
    stamp(client, "a", 4)
    stamp(client, "b", 2, "hanako")
    merge(points, hear)
    assert card(client, "hanako") == [(3, 1)], "a card that is full by a merge waits for the next stamp"
    unmerge(points, hear)
    assert (card(client), card(client, "hanako")) == ([(1, 1)], [(2, 0)])
    assert coupons(client) == [("stamps.coffee.1", "issued")]


def test_stamps_that_were_used_meanwhile_are_owed_by_the_card_that_used_them(client, points, programme, hear):
    programme()
    stamp(client, "a", 2)
    stamp(client, "b", 1, "hanako")
    merge(points, hear)
    stamp(client, "c", 1, "hanako")
    assert card(client, "hanako") == [(1, 1)]
    unmerge(points, hear)
    assert (card(client), card(client, "hanako")) == ([(2, 0)], [(-1, 1)])


def test_a_return_finds_the_purchase_before_and_after_a_merge(client, points, programme, hear):
    programme(by="purchase")
    buy(points, "p-1", 1000)
    buy(points, "p-2", 1000)
    hear()
    merge(points, hear)
    give_back(points, "p-1")
    hear(times=2)
    assert card(client, "hanako") == [(1, 0)]
    unmerge(points, hear)
    give_back(points, "p-2", "r-2")
    hear(times=2)
    assert (card(client), card(client, "hanako")) == ([(1, 0)], [(-1, 0)]), (
        "what came back meanwhile is where it came back"
    )


@pytest.mark.parametrize("is_return_first", [True, False])
def test_a_purchase_that_a_merge_has_led_elsewhere_meets_its_return(
    client, points, programme, hear, stream, monkeypatch, is_return_first
):
    """Its process died before it was in; the merge is over when the stream brings it in, where the merge had led."""
    programme(by="purchase")
    put_new = client.world.ledger.table.put_new

    def dies(item):
        if item["pk"] == "M#taro":
            raise RuntimeError
        return put_new(item)

    with monkeypatch.context() as dying:
        dying.setattr(client.world.ledger.table, "put_new", dies)
        assert buy(points, "p-1", 1000).status == 500
    merge(points, hear)
    unmerge(points, hear)
    give_back(points, "p-1")
    events = [event for event in stream.run() if ".purchase." in event["type"]]
    recorded, returned = sorted(events, key=lambda event: event["type"])
    assert (recorded["subject"], recorded["data"]["asked_of"], returned["subject"]) == ("hanako", "taro", "taro")
    for event in (returned, recorded) if is_return_first else (recorded, returned):
        assert deliver(client.world, event) == []
    assert (card(client), card(client, "hanako")) == ([], [])


def test_what_is_taken_back_stays_so_through_a_merge_and_its_end(client, points, programme, hear):
    programme(by="purchase", stamps=1)
    buy(points, "p-1", 1000)
    hear()
    give_back(points, "p-1")
    hear()
    merge(points, hear)
    unmerge(points, hear)
    assert coupons(client) == [("stamps.coffee.1", "voided")]


def test_a_wrong_message_is_parked(client, programme):
    programme(by="purchase")
    wrong = checkin() | {"type": events.type_name("purchase.returned")}
    records = [{"messageId": "m", "body": json.dumps(wrong)}]
    assert (
        inbox.work(client.world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON)["batchItemFailures"]
        == []
    )
    assert len(client.world.transient.scan()) == 1
