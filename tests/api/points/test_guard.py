"""The insider guard over the real routes, relay and inbox: what it finds, what follows, and what it leaves alone."""

from __future__ import annotations

import gzip
import json
import random
from datetime import timedelta
from pathlib import Path

import pytest

from points.reactions import REACTIONS
from shared import inbox, keys
from shared.clock import to_text
from tests.api.points.shop import (
    balance,
    buy,
    cancel,
    claim as claim_receipt,
    entries,
    faults,
    give_back,
    line,
    of_nobody,
    points,
    set_programme,
)
from tests.kit import EC, NOON, OPERATOR, OTHER_TILL, TILL, key, purchase
from tests.passing import Passing
from tests.stream import Stream

DAY = "2026-11-20"
HOURS = {day: [["10:00", "21:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


@pytest.fixture
def stream(client):
    """Each message comes thrice, in any order."""
    return Passing(client.world, random.Random(6))


@pytest.fixture
def shop(client, stream):
    """A store with hours and a past of two weeks: three hundred sales, the largest of them 20,000 yen."""
    pk, sk = keys.store("shibuya")
    said = {"body": json.dumps({"hours": HOURS}), "time_zone": "Asia/Tokyo", "cutoff_hour": 0}
    client.world.directory.table.put({"pk": pk, "sk": sk, "version": 1, **said})
    has_a_past(client, [20_000] * 10 + [3000] * 290)
    return client


def has_a_past(client, amounts, store_id="shibuya", days=14):
    for n, amount in enumerate(amounts):
        at = NOON - timedelta(days=1 + n % days, minutes=n // days)
        item = {"pk": keys.sales(store_id, at.date()), "sk": keys.sale(int(at.timestamp() * 1000), f"past-{n}")}
        client.world.transient.put({**item, "n": amount, "p": amount // 100})


def at_till(client, purchase_id, amount=1000, member_id="taro", **more):
    body = purchase(purchase_id=purchase_id, lines=[line(amount)], member={"member_id": member_id})
    answer = client.as_(TILL).post("/v1/purchases", body | {"occurred_at": to_text(NOON)} | more)
    assert answer.status == 201, answer.body
    return answer


def alerts(client, query=""):
    answer = client.as_(OPERATOR).get(f"/v1/alerts{query}")
    assert answer.status == 200, answer.body
    return answer.body["items"]


def rules(client):
    return sorted(one["rule"] for one in alerts(client))


def resolve(client, alert_id, verdict="fraud", **headers):
    return client.as_(OPERATOR).post(f"/v1/alerts/{alert_id}/resolve", {"verdict": verdict}, **headers)


def watch(client, **rules):
    """The guard's settings, each rule with its outcome."""
    set_programme(client, guard={rule: {"outcome": outcome} for rule, outcome in rules.items()})


# ---- the cases of 2016 and of 2004 to 2006 ---------------------------------------------------------------------------


def test_the_clerk_of_2016_is_found_on_the_first_day(shop, stream):
    """A clerk gave himself 4,698 points; as if with a card of his own, wherever a customer has none, twenty a shift."""
    assert shop.as_(OPERATOR).put("/v1/staff/s-7", {"member_id": "hanako"}).status == 200
    for n in range(20):
        at_till(shop, f"own-{n}", 700, "hanako", staff_id="s-7")
    stream.work()
    found = {one["rule"]: one for one in alerts(shop)}
    assert set(found) == {"same_member", "own_card"}
    one = found["same_member"]
    assert (one["store_id"], one["terminal_id"], one["member_id"]) == ("shibuya", "till-1", "hanako")
    assert (one["staff_ids"], one["business_day"], one["state"]) == (["s-7"], DAY, "open")
    assert {each["purchase_id"] for each in one["evidence"]} == {f"own-{n}" for n in range(20)}
    listed = shop.as_(EC).get("/v1/members/hanako/entries?limit=100").body["items"]
    assert {each["entry_id"] for each in one["evidence"]} <= {entry["entry_id"] for entry in listed}


def test_the_clerk_of_2016_is_found_without_any_word_about_staff(shop, stream):
    for n in range(6):
        at_till(shop, f"own-{n}", 700, "hanako")
    stream.work()
    assert rules(shop) == ["same_member"]


def test_the_fake_purchases_of_2004_are_found_on_the_first_day(shop, stream, clock):
    """150 million yen in two years: typed in at the till after closing time, none of it ever sold."""
    clock.forward(hours=10)
    for n, amount in enumerate((120_000, 85_000)):
        at_till(shop, f"fake-{n}", amount, "hanako", occurred_at=to_text(clock.at))
    stream.work()
    assert rules(shop) == ["after_hours", "unusual_amount"]


def test_one_entry_of_eight_and_a_half_million_does_not_go_unnoticed(shop, stream):
    at_till(shop, "fake", 8_500_000, "hanako")
    at_till(shop, "real", 3000, "taro")
    stream.work()
    (found,) = alerts(shop)
    assert (found["rule"], found["member_id"]) == ("unusual_amount", "hanako")
    assert [one["amount"] for one in found["evidence"]] == [8_500_000]


def test_what_was_typed_in_and_never_sold_is_found_when_the_day_is_closed(shop, stream):
    for n in range(3):
        at_till(shop, f"fake-{n}", 85_000 // 3, "hanako", staff_id="s-7")
    at_till(shop, "real", 3000)
    stream.work()
    journal = [{"purchase_id": "real", "amount": 3000}]
    body = {"reconciliation_id": "close", "store_id": "shibuya", "business_day": DAY, "lines": journal}
    for _ in range(2):
        assert shop.as_(OPERATOR).post("/v1/reconciliations", body).status == 200
    (found,) = alerts(shop)
    assert (found["rule"], found["terminal_id"], found["member_id"]) == ("not_in_journal", "till-1", "hanako")
    assert {one["purchase_id"] for one in found["evidence"]} == {"fake-0", "fake-1", "fake-2"}
    assert found["staff_ids"] == ["s-7"]


def test_an_empty_journal_makes_a_few_alerts_and_not_thousands(shop, stream):
    for n in range(40):
        at_till(shop, f"p-{n}", 1000 + n, ("taro", "hanako")[n % 2], terminal_id=f"till-{n % 20}")
    stream.work()
    body = {"reconciliation_id": "close", "store_id": "shibuya", "business_day": DAY, "lines": []}
    assert len(shop.as_(OPERATOR).post("/v1/reconciliations", body).body["missing_in_pos"]) == 40
    assert len(alerts(shop, "?limit=100")) <= 20


def test_what_a_guest_left_behind_and_a_clerk_claims_is_counted_too(shop, stream):
    shop.as_(OPERATOR).put("/v1/staff/s-7", {"member_id": "hanako"})
    for n in range(6):
        of_nobody(shop, f"left-{n}", 700, terminal_id="till-1", staff_id="s-7")
        assert claim_receipt(shop, 700, f"left-{n}", f"c-{n}", "hanako").status == 201
    stream.work()
    assert rules(shop) == ["own_card", "same_member"]


def test_a_return_has_no_member_so_a_refund_goes_to_nobody_else(shop):
    at_till(shop, "p-1", 1000, "taro")
    body = {"return_id": "r-1", "channel": "pos", "all": True, "member": {"member_id": "hanako"}}
    assert shop.as_(TILL).post("/v1/purchases/pos/p-1/returns", body).status == 422
    assert give_back(shop, "p-1").status == 201
    assert (points(shop, "taro"), points(shop, "hanako")) == ((0, 0, 0, 0), (0, 0, 0, 0))


# ---- honest controls -------------------------------------------------------------------------------------------------


def test_a_family_with_one_card_is_not_found(shop, stream):
    for n in range(5):
        at_till(shop, f"p-{n}", 4000)
    stream.work()
    assert alerts(shop) == []


def test_real_baskets_are_found_in_less_than_one_of_a_thousand(client):
    """Real baskets, each on its day and of its household, as if one store with two tills had them all."""
    baskets = sorted(real_baskets(), key=lambda basket: basket["occurred_at"])[-1001:]
    for member_id in {basket["member"]["member_id"] for basket in baskets}:
        assert client.post("/v1/members", {"member_id": member_id}).status == 201
    for start in range(0, len(baskets), 100):
        answer = client.post("/v1/purchases/batch", {"purchases": baskets[start : start + 100]})
        assert {one["status"] for one in answer.body["results"]} == {201}
    told = [one for one in Stream(client.world).run() if one["type"] == "omotenashi.purchase.recorded.v1"]
    records = [{"messageId": f"m-{n}", "body": json.dumps(one)} for n, one in enumerate(told)]
    assert inbox.work(client.world, {"Records": records}, reactions=REACTIONS) == {"batchItemFailures": []}
    found = alerts(client, "?limit=100")
    assert len(baskets) > 1000
    assert 1000 * len(found) < len(baskets), found


def real_baskets():
    rows = gzip.decompress((Path(__file__).parents[2] / "data" / "baskets.jsonl.gz").read_bytes()).splitlines()
    for n, (household, basket_id, _, at, lines) in enumerate(map(json.loads, rows)):
        yield purchase(
            purchase_id=basket_id,
            member={"member_id": f"h-{household}"},
            terminal_id=f"till-{n % 2}",
            occurred_at=at,
            lines=[line(sum(amount for _, _, amount in lines))],
        )


def test_a_busy_saturday_of_a_store_is_not_found(shop, stream):
    """Ten times as many guests as on other days, each once or twice, some with a large trolley."""
    chance = random.Random(3)
    guests = [f"guest-{n}" for n in range(150)]
    for guest in guests:
        shop.post("/v1/members", {"member_id": guest})
    for n in range(300):
        amount = chance.choice((700, 3000, 8000, 19_000, 45_000))
        at_till(shop, f"sat-{n}", amount, guests[n % 150], occurred_at="2026-11-20T02:00:00Z", terminal_id=f"t-{n % 3}")
    stream.work()
    assert alerts(shop) == []


def test_the_opening_day_of_a_store_is_not_found(client, stream):
    chance = random.Random(1)
    for n in range(100):
        at_till(client, f"p-{n}", chance.randint(300, 90_000), ("taro", "hanako")[n % 2], terminal_id=f"t-{n // 8}")
    stream.work()
    assert alerts(client) == []


def test_the_web_shop_and_purchases_of_no_store_are_not_watched(shop, stream):
    for n in range(8):
        buy(shop, f"w-{n}", 9_000_000, source="ec")
        buy(shop, f"n-{n}", 9_000_000, store_id=None)
    stream.work()
    assert alerts(shop) == []


# ---- what follows ----------------------------------------------------------------------------------------------------


def test_an_alert_is_there_once_however_often_its_sales_are_heard_of(shop, stream):
    for n in range(8):
        at_till(shop, f"p-{n}")
        stream.work()
    (found,) = alerts(shop)
    assert len(found["evidence"]) == 8
    assert found["text"] == "One member bought 8 times at this till on this day, for 8,000."
    ja = shop.as_(OPERATOR).get(f"/v1/alerts/{found['alert_id']}", Accept_Language="ja").body
    assert ja["text"] == "同じ会員がこの日にこのレジで8回、合計8,000の買い物をしています。"


def test_what_is_resolved_is_closed_for_good(shop, stream):
    for n in range(6):
        at_till(shop, f"p-{n}")
    messages = stream.step()
    stream.deliver(messages)
    (found,) = alerts(shop)
    done = resolve(shop, found["alert_id"], "harmless")
    assert (done.status, done.body["state"], done.body["resolution"]["verdict"]) == (200, "resolved", "harmless")
    assert done.body["resolution"]["by"] == "operator-owner"
    again = resolve(shop, found["alert_id"], "harmless")
    assert (again.status, again.body, again.is_replay) == (200, done.body, True)
    assert resolve(shop, found["alert_id"], "fraud").code == "alert_resolved"
    stream.deliver(messages)
    at_till(shop, "p-6")
    stream.work()
    assert alerts(shop) == []
    assert alerts(shop, "?state=all") == [done.body]


def test_an_unknown_alert_and_a_bad_verdict_are_refused(shop):
    assert resolve(shop, "none").code == "alert_not_found"
    assert shop.as_(OPERATOR).get("/v1/alerts/none").code == "alert_not_found"
    assert resolve(shop, "none", "perhaps").code == "invalid_request"


def test_the_list_goes_on_by_its_cursor_and_begins_where_one_says(shop, stream):
    for till in range(3):
        for n in range(6):
            at_till(shop, f"p-{till}-{n}", terminal_id=f"t-{till}")
    stream.work()
    seen, cursor = [], ""
    while cursor is not None:
        page = shop.as_(OPERATOR).get(f"/v1/alerts?limit=1{cursor and '&cursor=' + cursor}").body
        seen += [one["alert_id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == sorted(seen)
    assert len(set(seen)) == 3
    assert len(alerts(shop, f"?since={DAY}")) == 3
    assert alerts(shop, "?since=2026-11-21") == []


def test_on_hold_what_the_member_earns_in_the_store_waits_for_somebody_else(shop, stream):
    watch(shop, same_member="hold")
    for n in range(6):
        at_till(shop, f"p-{n}")
    stream.work()
    (found,) = alerts(shop)
    assert found["outcome"] == "hold"
    shop.world.clock.sleep(1)
    held = at_till(shop, "p-6")
    assert (held.body["state"], held.body["points"]) == ("placed", {"pending": 10, "available": 0})
    assert at_till(shop, "p-6").body == held.body
    other = at_till(shop, "p-7", member_id="hanako")
    assert other.body["points"] == {"pending": 0, "available": 10}
    elsewhere = purchase(purchase_id="u-1", store_id="umeda")
    assert shop.as_(OTHER_TILL).post("/v1/purchases", elsewhere).body["points"]["available"] == 10
    stream.work()
    assert alerts(shop)[0]["waiting"] == ["p-6"]

    path = "/v1/purchases/pos/p-6/complete"
    assert shop.as_(TILL).post(path, {}).code == "approval_required"
    assert shop.as_(EC).post(path, {}).code == "approval_required"
    assert shop.as_(OPERATOR).post(path, {}).body["points"] == {"pending": 0, "available": 10}
    resolve(shop, found["alert_id"], "harmless")
    assert at_till(shop, "p-8").body["points"] == {"pending": 0, "available": 10}
    assert faults(shop) == []


def test_what_waits_can_be_taken_away(shop, stream):
    watch(shop, same_member="hold")
    for n in range(6):
        at_till(shop, f"p-{n}")
    stream.work()
    shop.world.clock.sleep(1)
    at_till(shop, "p-6")
    assert cancel(shop, "p-6").status == 200
    assert points(shop) == (60, 0, 0, 0)
    assert faults(shop) == []


def test_a_blocked_till_may_write_nothing_until_it_is_resolved(shop, stream):
    watch(shop, own_card="block")
    shop.as_(OPERATOR).put("/v1/staff/s-7", {"member_id": "taro"})
    at_till(shop, "p-0", staff_id="s-7")
    stream.work()
    shop.world.clock.sleep(1)
    till = shop.as_(TILL)
    for path, body in (
        ("/v1/purchases", purchase()),
        ("/v1/spends", {}),
        ("/v1/members/resolve", {}),
        ("/v1/operations/p-0/reverse", {}),
    ):
        answer = till.post(path, body)
        assert (answer.status, answer.code) == (403, "terminal_paused"), path
    assert till.get("/v1/members/taro").status == 200
    neighbour = key("pos", key_id="till-2-key", store_id="shibuya", terminal_id="till-2")
    assert shop.as_(neighbour).post("/v1/purchases", purchase(purchase_id="n-1")).status == 201
    (found,) = alerts(shop)
    assert resolve(shop, found["alert_id"]).status == 200
    assert till.post("/v1/purchases", purchase(purchase_id="p-9")).status == 201


def test_a_till_stays_paused_as_long_as_any_alert_pauses_it(shop, stream):
    watch(shop, own_card="block", same_member="block")
    shop.as_(OPERATOR).put("/v1/staff/s-7", {"member_id": "taro"})
    for n in range(6):
        at_till(shop, f"p-{n}", staff_id="s-7")
    stream.work()
    shop.world.clock.sleep(1)
    first, second = alerts(shop)
    resolve(shop, first["alert_id"])
    assert shop.as_(TILL).post("/v1/purchases", purchase()).code == "terminal_paused"
    resolve(shop, second["alert_id"])
    assert shop.as_(TILL).post("/v1/purchases", purchase(purchase_id="p-9")).status == 201


def test_nothing_is_stopped_unless_the_shop_says_so(shop, stream):
    shop.as_(OPERATOR).put("/v1/staff/s-7", {"member_id": "taro"})
    for n in range(8):
        at_till(shop, f"p-{n}", 3_000_000, staff_id="s-7")
    stream.work()
    shop.world.clock.sleep(1)
    assert rules(shop) == ["own_card", "same_member", "unusual_amount"]
    assert at_till(shop, "p-8").body["points"]["available"] == 10
    assert balance(shop)["pending"] == 0
    assert entries(shop)[-1] == ("earned", 10)


# ---- staff -----------------------------------------------------------------------------------------------------------


def test_who_is_staff_is_told_told_again_and_forgotten(client):
    operator = client.as_(OPERATOR)
    assert operator.get("/v1/staff/s-7").code == "staff_not_found"
    assert operator.put("/v1/staff/s-7", {"member_id": "nobody"}).code == "member_not_found"
    assert operator.put("/v1/staff/s-7", {"member": "taro"}).code == "invalid_request"
    for _ in range(2):
        assert operator.put("/v1/staff/s-7", {"member_id": "taro"}).body == {"staff_id": "s-7", "member_id": "taro"}
    assert operator.get("/v1/staff/s-7").body["member_id"] == "taro"
    assert operator.delete("/v1/staff/s-7").status == 204
    assert operator.get("/v1/staff/s-7").status == 404


def test_a_card_that_was_merged_is_still_ones_own(shop, stream):
    shop.as_(OPERATOR).put("/v1/staff/s-7", {"member_id": "taro"})
    merge = {"merge_id": "m", "into_member_id": "hanako"}
    assert shop.as_(OPERATOR).post("/v1/members/taro/merge", merge).status == 200
    at_till(shop, "p-0", member_id="taro", staff_id="s-7")
    at_till(shop, "p-1", member_id="hanako", staff_id="s-7")
    stream.work()
    (found,) = alerts(shop)
    assert (found["rule"], found["member_id"], len(found["evidence"])) == ("own_card", "hanako", 2)


def test_a_colleagues_card_is_nobodys_fault(shop, stream):
    shop.as_(OPERATOR).put("/v1/staff/s-7", {"member_id": "taro"})
    at_till(shop, "p-0", member_id="taro", staff_id="s-8")
    stream.work()
    assert alerts(shop) == []
