"""What a campaign brings against what would have come anyway: who is held out, what counts, once, in whatever order."""

import json
import random

import pytest

from checkin.reactions import REACTIONS as CHECKIN_REACTIONS
from checkin.routes import ROUTES as CHECKIN
from coupons.attribution import EXPOSURES
from infra import invariants
from points.reactions import REACTIONS as POINTS
from shared import events, inbox
from shared.holdout import is_held_out
from tests.api.coupons.conftest import CAMPAIGN, SHIBUYA
from tests.api.coupons.test_inbox import deliver
from tests.api.points import shop
from tests.kit import OPERATOR, Client, member
from tests.stream import Stream

VISIT = {"event": "checkin.accepted"}
HALF = {"window_hours": 24, "holdout_share_bp": 5000}
PATH = "/v1/campaigns/visit/stats"


@pytest.fixture
def members(points):
    """Some members who are held out of the campaign, and as many who are not."""
    everybody = [f"m-{n}" for n in range(40)]
    out = [one for one in everybody if is_held_out("visit", one, 5000)][:5]
    treated = [one for one in everybody if not is_held_out("visit", one, 5000)][:5]
    for member_id in (*out, *treated):
        assert points.post("/v1/members", {"member_id": member_id}).status == 201
    return out, treated


@pytest.fixture
def stream(client):
    return Stream(client.world)


@pytest.fixture
def hear(client, stream):
    """Brings what has happened to the inboxes, until nothing more follows from it."""

    def run():
        while sent := stream.run():
            assert deliver(client.world, *sent) == []
            records = [{"messageId": str(n), "body": json.dumps(one)} for n, one in enumerate(sent)]
            assert inbox.work(client.world, {"Records": records}, reactions=POINTS) == {"batchItemFailures": []}

    return run


@pytest.fixture
def checkin(client, clock):
    """A member of staff sees a guest."""
    staff = operator_of_stores(client)

    def make(member_id, checkin_id=None, store_id="shibuya"):
        said = {"checkin_id": checkin_id or f"c-{member_id}", "store_id": store_id, "member": {"member_id": member_id}}
        answer = staff.post("/v1/checkins", said)
        assert answer.status == 201, answer.body
        return answer.body

    return make


@pytest.fixture
def buy(points, clock):
    """A purchase at the till, now."""

    def make(member_id, amount, purchase_id=None, **more):
        said = {"member": {"member_id": member_id}, "occurred_at": clock.now().isoformat(), "store_id": "shibuya"}
        wanted = {"lines": [shop.line(amount)]} | said | more
        answer = shop.buy(points, purchase_id or f"p-{member_id}", **wanted)
        assert answer.status == 201, answer.body
        return answer.body

    return make


def operator_of_stores(client):
    return Client(CHECKIN, client.world, OPERATOR)


def coupons(client, member_id):
    return client.as_(member(member_id)).get("/v1/me/coupons").body["items"]


def arms(operator, path=PATH):
    told = operator.get(path).body["attribution"]
    return told["treated"], told["held_out"]


def arm(members=0, visits=0, buyers=0, spent=0):
    mean = {"mean_spent": spent / members} if members else {}
    return {"members": members, "visits": visits, "buyers": buyers, "spent": spent} | mean


def test_a_campaign_that_is_not_measured_tells_nothing_of_it(operator, campaign, client, issue, hear):
    campaign()
    issue()
    hear()
    assert "attribution" not in operator.get("/v1/campaigns/spring/stats").body
    assert not [one for one in client.world.ledger.table.scan(after=None, limit=1000) if one["pk"][0] in "EY"]


def test_who_is_held_out_gets_no_coupon_and_counts_for_the_other_arm(
    client, operator, campaign, members, checkin, buy, hear, clock
):
    campaign("visit", trigger=VISIT, attribution=HALF)
    out, treated = members
    for member_id in (*out, *treated):
        checkin(member_id)
    hear()
    assert [len(coupons(client, one)) for one in (*out, *treated)] == [0] * 5 + [1] * 5
    clock.forward(hours=1)
    buy(out[0], 1000)
    buy(treated[0], 3000)
    buy(treated[1], 500)
    hear()
    assert arms(operator) == (arm(5, 5, 2, 3500), arm(5, 5, 1, 1000))
    assert invariants.faults(client.world.ledger.table.scan(after=None, limit=10_000), clock.now()) == []


def test_a_purchase_counts_after_the_exposure_and_until_the_window_is_over(
    operator, campaign, members, checkin, buy, hear, clock
):
    campaign("visit", trigger=VISIT, attribution=HALF)
    _, (taro, *_) = members
    buy(taro, 100, "before")
    checkin(taro)
    buy(taro, 200, "at-once")
    clock.forward(minutes=1)
    buy(taro, 400, "within")
    clock.forward(hours=24)
    buy(taro, 800, "after")
    hear()
    assert arms(operator)[0] == arm(1, 1, 1, 400)


def test_both_arms_begin_when_the_coupon_was_asked_for_also_where_it_came_later(
    client, operator, campaign, members, checkin, buy, issue, stream, hear, clock
):
    """The events of the check-ins are late: meanwhile both members got other coupons, and bought something."""
    campaign()
    campaign("visit", trigger=VISIT, attribution=HALF)
    both = members[0][0], members[1][0]
    for one in both:
        checkin(one)
    late = stream.run()
    clock.forward(minutes=1)
    for one in both:
        buy(one, 1000)
    clock.forward(minutes=1)
    for one in both:
        issue(f"s-{one}", member_id=one)
    hear()
    assert deliver(client.world, *late) == []
    hear()
    assert arms(operator) == (arm(1, 1, 1, 1000), arm(1, 1, 1, 1000))


def test_only_the_first_exposure_opens_a_window(operator, campaign, members, checkin, buy, hear, clock):
    campaign("visit", trigger=VISIT, attribution=HALF)
    _, (taro, *_) = members
    checkin(taro)
    hear()
    clock.forward(hours=30)
    checkin(taro, "c-2")
    hear()
    clock.forward(hours=1)
    buy(taro, 1000)
    hear()
    assert arms(operator)[0] == arm(1, 1)


def test_what_comes_back_counts_less_and_all_of_it_is_no_sale(
    points, operator, campaign, members, checkin, buy, hear, clock
):
    campaign("visit", trigger=VISIT, attribution=HALF)
    _, (taro, hanako, *_) = members
    for one in (taro, hanako):
        checkin(one)
    clock.forward(minutes=1)
    for one in (taro, hanako):
        buy(one, 0, lines=[shop.line(1000, quantity=2)])
    hear()
    assert arms(operator)[0] == arm(2, 2, 2, 2000)
    assert shop.give_back(points, f"p-{taro}", "r-1", shop.part(quantity=1)).status == 201
    assert shop.reverse(points, f"p-{hanako}").status == 200
    hear()
    assert arms(operator)[0] == arm(2, 2, 1, 500)
    (row,) = operator.get(f"{PATH}/store-days?since=2026-11-20&until=2026-11-20").body["items"]
    assert (row["sales"], row["amount"]) == (1, 500)


@pytest.mark.parametrize("seed", range(6))
def test_events_in_any_order_and_any_number_make_the_same_figures(
    client, points, operator, campaign, members, checkin, buy, stream, clock, seed
):
    """Also a purchase or a return that is heard of before the coupon that exposes its member."""
    campaign("visit", trigger=VISIT, attribution=HALF)
    campaign("twin", trigger=VISIT, attribution={"window_hours": 48})
    out, treated = members
    for member_id in (*out[:2], *treated[:2]):
        checkin(member_id)
    clock.forward(minutes=1)
    for member_id in (*out[:2], *treated[:2]):
        buy(member_id, 0, lines=[shop.line(4000, quantity=4)])
        assert shop.give_back(points, f"p-{member_id}", f"r-{member_id}", shop.part(quantity=1)).status == 201
    buy(treated[0], 700, "second")
    shuffled, told = random.Random(seed), stream.run()
    while told:
        told = told * 2
        shuffled.shuffle(told)
        assert deliver(client.world, *told) == []
        told = stream.run()
    assert arms(operator) == (arm(2, 2, 2, 6700), arm(2, 2, 2, 6000))
    assert arms(operator, "/v1/campaigns/twin/stats") == (arm(4, 4, 4, 12_700), arm())
    assert invariants.faults(client.world.ledger.table.scan(after=None, limit=10_000), clock.now()) == []


def test_an_issue_to_who_is_held_out_says_so_and_a_greater_share_only_adds(client, operator, campaign, members, hear):
    campaign("visit", claimable=False, attribution=HALF)
    out, treated = members
    said = {"campaign_id": "visit", "source_id": "s-1", "member": {"member_id": out[0]}}
    for _ in range(2):
        answer = client.post("/v1/issues", said)
        assert (answer.status, answer.code) == (409, "held_out")
    batch = [said, {"campaign_id": "visit", "source_id": "s-2", "member": {"member_id": treated[0]}}]
    results = client.post("/v1/issues/batch", {"issues": batch}).body["results"]
    assert [(one["status"], one["body"].get("code")) for one in results[:1]] == [(409, "held_out")]
    assert results[1]["status"] == 201
    hear()
    assert arms(operator) == (arm(1), arm(1))


def test_who_is_refused_anyway_is_compared_with_nobody(client, operator, campaign, members, hear):
    campaign("visit", claimable=False, attribution=HALF, limits={"total": 1})
    out, treated = members
    for n, member_id in enumerate((treated[0], out[0], treated[1])):
        said = {"campaign_id": "visit", "source_id": f"s-{n}", "member": {"member_id": member_id}}
        assert client.post("/v1/issues", said).code in (None, "campaign_exhausted") or n == 0
    hear()
    assert arms(operator) == (arm(1), arm())


def test_a_coupon_that_was_issued_stays_its_members_when_the_share_grows(client, operator, campaign, members):
    campaign("visit", claimable=False, attribution={"window_hours": 24})
    out, _ = members
    said = {"campaign_id": "visit", "source_id": "s-1", "member": {"member_id": out[0]}}
    first = client.post("/v1/issues", said)
    assert operator.patch("/v1/campaigns/visit", {"attribution": HALF}).status == 200
    again = client.post("/v1/issues", said)
    assert (again.status, again.is_replay, again.body) == (201, True, first.body)
    assert client.post("/v1/issues", said | {"source_id": "s-2"}).code == "held_out"


@pytest.mark.parametrize(
    "changes",
    [{}, {"code": {"mode": "shared"}}, {"code": {"mode": "imported"}, "trigger": VISIT}, {"price_points": 5}],
)
def test_nobody_is_held_out_of_what_all_can_take(operator, changes):
    answer = operator.post("/v1/campaigns", CAMPAIGN | {"attribution": HALF} | changes)
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, "open_to_all")


@pytest.mark.parametrize(
    "attribution", [{"holdout_share_bp": 5001}, {"holdout_share_bp": -1}, {"window_hours": 0}, {"window_hours": 721}]
)
def test_a_measurement_out_of_bounds(operator, attribution):
    said = CAMPAIGN | {"trigger": VISIT, "attribution": attribution}
    assert operator.post("/v1/campaigns", said).status == 422


def test_the_days_by_store_with_their_redemptions(
    client, operator, campaign, members, checkin, buy, hear, clock, redemption
):
    campaign("visit", trigger=VISIT, attribution=HALF)
    out, treated = members
    for member_id in (*out[:2], *treated[:3]):
        checkin(member_id)
    hear()
    clock.forward(hours=1)
    code = coupons(client, treated[0])[0]["code"]
    for n, (member_id, amount) in enumerate(((treated[0], 900), (out[0], 400))):
        buy(member_id, amount, f"p-{n}")
    assert client.post("/v1/redemptions", redemption(code, store_id="shibuya")).status == 201
    hear()
    found = operator.get(f"{PATH}/store-days?since=2026-11-01&until=2026-12-01").body
    assert found == {
        "items": [
            {
                "business_day": "2026-11-20",
                "store_id": "shibuya",
                "exposed": 3,
                "held_out": 2,
                "visits": 3,
                "held_out_visits": 2,
                "redeemed": 1,
                "sales": 1,
                "held_out_sales": 1,
                "amount": 900,
                "held_out_amount": 400,
            }
        ],
        "next_cursor": None,
    }
    assert client.post("/v1/redemptions/r-1/void", {"void_id": "v-1"}).status == 200
    hear()
    assert operator.get(f"{PATH}/store-days?since=2026-11-20&until=2026-11-20").body["items"][0]["redeemed"] == 0


def test_the_days_are_pages_in_order(client, operator, campaign, hear, clock, points):
    campaign("visit", claimable=False, attribution={})
    for n in range(3):
        said = {"campaign_id": "visit", "source_id": f"s-{n}", "member": {"member_id": "taro" if n else "hanako"}}
        assert client.post("/v1/issues", said).status == 201
        clock.forward(days=20)
    hear()
    found, cursor, pages = [], "", 0
    while cursor is not None:
        path = f"{PATH}/store-days?since=2026-11-01&until=2027-03-01&limit=1"
        page = operator.get(path + (f"&cursor={cursor}" if cursor else "")).body
        found += [(one["business_day"], one["store_id"], one["exposed"]) for one in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
        assert pages < 20
    assert found == [("2026-11-20", None, 1), ("2026-12-10", None, 1)]


@pytest.mark.parametrize("days", ["since=2026-11-02&until=2026-11-01", "since=2026-11-01&until=2027-11-02"])
def test_a_window_that_is_none_or_too_long(operator, campaign, days):
    campaign("visit", attribution={})
    answer = operator.get(f"{PATH}/store-days?{days}")
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, "window")


def test_the_days_of_an_unknown_campaign(operator):
    assert operator.get(f"{PATH}/store-days?since=2026-11-01&until=2026-11-02").code == "campaign_not_found"


def test_a_purchase_leaves_nothing_behind_where_nothing_is_measured_or_nobody_exposed(client, buy, campaign, hear):
    buy("taro", 1000)
    hear()
    campaign("visit", trigger=VISIT, attribution=HALF)
    buy("taro", 1000, "p-2")
    hear()
    assert client.world.ledger.head(EXPOSURES, "taro").sequence == 0


def test_a_guest_who_is_held_out_is_told_of_no_coupon(client, operator, campaign, members, checkin, hear):
    campaign("visit", claimable=False, attribution=HALF)
    campaign("open", claimable=False)
    rewards = [{"points": 10, "campaign_id": one} for one in ("visit", "open")]
    assert operator_of_stores(client).put("/v1/stores/shibuya", SHIBUYA | {"rewards": rewards}).status == 200
    out, treated = members
    assert checkin(treated[0])["reward"]["campaigns"] == ["visit", "open"]
    assert checkin(out[0])["reward"]["campaigns"] == ["open"]
    mine = operator_of_stores(client).as_(member(out[0])).get("/v1/me/checkins").body["items"]
    assert mine[0]["reward"]["campaigns"] == ["open"]
    hear()
    assert [one["campaign_id"] for one in coupons(client, out[0])] == ["open"]
    assert len(coupons(client, treated[0])) == 2
    assert arms(operator) == (arm(1, 1), arm(1, 1))


def test_a_check_in_asked_again_is_answered_as_before_whatever_the_share_is_by_then(
    client, operator, campaign, members, checkin
):
    campaign("visit", claimable=False, attribution=HALF)
    rewards = [{"points": 10, "campaign_id": "visit"}]
    assert operator_of_stores(client).put("/v1/stores/shibuya", SHIBUYA | {"rewards": rewards}).status == 200
    out, treated = members
    first = [checkin(one) for one in (out[0], treated[0])]
    change = {"attribution": {"window_hours": 24, "holdout_share_bp": 0}}
    assert operator.patch("/v1/campaigns/visit", change).status == 200
    assert [checkin(one) for one in (out[0], treated[0])] == first
    assert [one["reward"]["campaigns"] for one in first] == [[], ["visit"]]


def test_a_trigger_of_the_shop_s_own_brings_nothing_to_who_is_held_out(client, operator, campaign, members, hear):
    campaign("visit", trigger={"event": "trigger.survey"}, attribution=HALF)
    out, treated = members
    for member_id in (out[0], treated[0]):
        said = {"trigger_id": f"t-{member_id}", "type": "survey", "member": {"member_id": member_id}}
        for _ in range(2):
            assert client.post("/v1/triggers", said).status == 202
    hear()
    assert [len(coupons(client, one)) for one in (out[0], treated[0])] == [0, 1]
    assert arms(operator) == (arm(1), arm(1))


def told_of_purchase(member_id, amount):
    at = "2026-11-20T04:00:00Z"
    return {
        "id": f"bought-{member_id}",
        "source": "/omotenashi/points",
        "type": events.type_name("purchase.recorded"),
        "time": at,
        "subject": member_id,
        "data": {"ref": {"kind": "purchase", "id": f"pos/{member_id}"}, "occurred_at": at, "amount": amount},
    }


def test_a_known_lift_is_found_from_the_list_to_the_report(client, points, operator, campaign, hear):
    """Of 400 members a third is held out. Of these two of ten buy for about 2,000 yen; with the coupon, three of ten do."""
    campaign("visit", claimable=False, attribution={"holdout_share_bp": 3300})
    seen, bought = {201: 0, 409: 0}, []
    for n in range(400):
        assert points.post("/v1/members", {"member_id": f"m-{n}"}).status == 201
    for start in range(0, 400, 100):
        numbers = range(start, start + 100)
        issues = [{"campaign_id": "visit", "source_id": f"s-{n}", "member": {"member_id": f"m-{n}"}} for n in numbers]
        for n, one in zip(numbers, client.post("/v1/issues/batch", {"issues": issues}).body["results"], strict=True):
            seen[one["status"]] += 1
            if seen[one["status"]] % 10 < (3 if one["status"] == 201 else 2):
                bought.append(told_of_purchase(f"m-{n}", 1000 + 97 * n % 2000))
    hear()
    assert deliver(client.world, *bought) == []
    hear()
    told = operator.get(PATH).body["attribution"]
    assert (told["treated"]["members"], told["held_out"]["members"]) == (seen[201], seen[409])
    lift = told["lift"]
    assert lift["state"] == "estimated"
    for name, truth in (("spent_per_member", 200), ("buyers_share", 0.1), ("relative", 0.5)):
        assert lift[name]["low"] <= truth <= lift[name]["high"]


def test_few_members_tell_of_no_lift_and_nobody_held_out_of_none(operator, campaign, client):
    campaign("visit", claimable=False, attribution=HALF)
    campaign("all", claimable=False, attribution={})
    assert operator.get(PATH).body["attribution"]["lift"] == {"state": "too_little_data"}
    assert operator.get("/v1/campaigns/all/stats").body["attribution"] == {
        "window_hours": 24,
        "holdout_share_bp": 0,
        "treated": arm(),
        "held_out": arm(),
        "lift": {"state": "nobody_held_out"},
    }


def test_what_was_measured_is_told_when_the_measuring_is_over(client, operator, campaign, hear):
    campaign("visit", claimable=False, attribution={})
    said = {"campaign_id": "visit", "source_id": "s-1", "member": {"member_id": "taro"}}
    assert client.post("/v1/issues", said).status == 201
    hear()
    assert operator.patch("/v1/campaigns/visit", {"attribution": None}).status == 200
    assert operator.get(PATH).body["attribution"]["treated"] == arm(1)
    assert "window_hours" not in operator.get(PATH).body["attribution"]


@pytest.mark.parametrize("is_treated", [False, True])
def test_after_a_merge_a_check_in_promises_what_the_account_gets_that_the_id_leads_to(
    client, points, operator, campaign, members, checkin, hear, stream, is_treated
):
    """Of the guest's own id and the account's one is held out, the other treated."""
    campaign("visit", claimable=False, attribution=HALF)
    store = SHIBUYA | {"rewards": [{"points": 10, "campaign_id": "visit"}]}
    assert operator_of_stores(client).put("/v1/stores/shibuya", store).status == 200
    leaver, host = members[not is_treated][0], members[is_treated][0]
    body = {"merge_id": "m", "into_member_id": host}
    assert points.as_(OPERATOR).post(f"/v1/members/{leaver}/merge", body).status == 200
    told = stream.run()
    assert deliver(client.world, *told) == []
    records = [{"messageId": str(n), "body": json.dumps(one)} for n, one in enumerate(told)]
    assert inbox.work(client.world, {"Records": records}, reactions=CHECKIN_REACTIONS) == {"batchItemFailures": []}
    promised = checkin(leaver)["reward"]["campaigns"]
    hear()
    assert promised == [one["campaign_id"] for one in coupons(client, host)] == ["visit"] * is_treated
