"""Coupons of members who turn out to be one: the book follows the merge, in whatever order the service hears of it."""

import itertools

import pytest

from infra import invariants
from shared import relay
from tests.api.coupons.test_inbox import deliver
from tests.events.test_relay import Box, ledger_records
from tests.kit import OPERATOR, member


@pytest.fixture
def told(points):
    """Delivers what the relay publishes of merges; answers the numbers of the messages that come again."""
    seen: set[str] = set()

    def make(*, only=None):
        box = Box()
        relay.relay_ledger(points.world, ledger_records(points), box)
        new = [event for event in box.sent if ".member." in event["type"] and event["id"] not in seen]
        wanted = [event for event in new if only is None or only in event["type"]]
        again = deliver(points.world, *wanted)
        seen.update(event["id"] for n, event in enumerate(wanted) if n not in again)
        return again

    return make


@pytest.fixture
def merge(points):
    def make(merge_id="m-1", leaver="taro", host="hanako"):
        body = {"merge_id": merge_id, "into_member_id": host}
        assert points.as_(OPERATOR).post(f"/v1/members/{leaver}/merge", body).status == 200

    return make


@pytest.fixture
def unmerge(points):
    def make(merge_id="m-1", leaver="taro"):
        assert points.as_(OPERATOR).post(f"/v1/members/{leaver}/unmerge", {"merge_id": merge_id}).status == 200

    return make


def listed(client, member_id):
    return {one["source_id"]: one["state"] for one in client.get(f"/v1/members/{member_id}/coupons").body["items"]}


def redeem(till, redemption, *codes, redemption_id="r-1", **changes):
    return till.post("/v1/redemptions", redemption(*codes, redemption_id=redemption_id, **changes))


def test_what_one_used_counts_for_that_one_alone_when_the_merge_has_ended(
    client, till, campaign, issue, redemption, merge, unmerge, told
):
    campaign(limits={"per_member": 1})
    redeem(till, redemption, issue("of-taro")["code"])
    merge()
    assert told() == []
    unmerge()
    assert told() == []
    wanted = {"campaign_id": "spring", "source_id": "of-hanako", "member": {"member_id": "hanako"}}
    assert client.post("/v1/issues", wanted).status == 201
    for member_id in ("taro", "hanako"):
        more = wanted | {"source_id": f"more-{member_id}", "member": {"member_id": member_id}}
        assert client.post("/v1/issues", more).code == "member_limit_reached"
    merge("m-2")
    assert told() == []
    assert client.post("/v1/issues", wanted | {"source_id": "more"}).code == "member_limit_reached"


def test_the_merged_member_has_the_coupons_of_both(client, till, campaign, issue, redemption, merge, told):
    campaign()
    campaign("autumn")
    taros, hanakos = issue("of-taro"), issue("of-hanako", "autumn", "hanako")
    merge()
    assert told() == []
    for member_id in ("taro", "hanako"):
        assert listed(client, member_id) == {"of-taro": "issued", "of-hanako": "issued"}
    for who in (member("taro"), member("hanako")):
        assert len(client.as_(who).get("/v1/me/coupons").body["items"]) == 2
        assert client.as_(who).get(f"/v1/me/coupons/{taros['coupon_id']}").status == 200
    answer = redeem(till, redemption, taros["code"], hanakos["code"])
    assert (answer.status, len(answer.body["applied"])) == (201, 2)


@pytest.mark.parametrize(
    "way", [{"member_id": "taro"}, {"member_id": "hanako"}, {"identity": {"type": "card", "value": "card-taro"}}]
)
def test_a_coupon_is_good_for_whoever_shows_either_member(client, till, campaign, issue, basket, merge, told, way):
    campaign()
    code = issue()["code"]
    merge()
    told()
    asked = {"codes": [code], "member": way, "channel": "pos", "basket": basket(1000)}
    assert till.post("/v1/validations", asked).body["discount_total"] == 300
    best = till.post("/v1/validations", asked | {"codes": []}).body
    assert best["discount_total"] == 300
    resolved = till.post("/v1/redemptions", asked | {"redemption_id": "r", "order_ref": "o"})
    assert resolved.status == 201


def test_a_till_is_offered_the_coupons_of_both(points, client, campaign, issue, merge, told):
    campaign()
    issue("of-taro")
    issue("of-hanako", member_id="hanako")
    merge()
    told()
    said = points.post("/v1/members/resolve", {"member": {"member_id": "taro"}}).body
    assert len(said["coupons"]) == 2


def test_a_campaigns_limit_counts_the_merged_member_once(client, campaign, issue, merge, unmerge, told):
    campaign(limits={"per_member": 2})
    issue("1")
    issue("2", member_id="hanako")
    merge()
    told()

    def refused(member_id):
        said = {"campaign_id": "spring", "source_id": f"more-{member_id}", "member": {"member_id": member_id}}
        return client.post("/v1/issues", said).code

    assert [refused(one) for one in ("taro", "hanako")] == ["member_limit_reached"] * 2
    unmerge()
    told()
    issue("3")
    issue("4", member_id="hanako")
    assert [refused(one) for one in ("taro", "hanako")] == ["member_limit_reached"] * 2


def test_what_can_be_used_goes_back_and_what_was_used_stays(
    client, till, campaign, issue, redemption, merge, unmerge, told
):
    campaign()
    coupons = {name: issue(name) for name in ("kept", "used", "held", "lapsed")}
    issue("of-hanako", member_id="hanako")
    merge()
    told()
    assert redeem(till, redemption, coupons["used"]["code"]).status == 201
    assert redeem(till, redemption, coupons["held"]["code"], redemption_id="r-2", hold_seconds=3600).status == 201
    unmerge()
    told()
    assert listed(client, "taro") == {"kept": "issued", "lapsed": "issued"}
    assert listed(client, "hanako") == {"of-hanako": "issued", "used": "redeemed", "held": "held"}
    assert till.post("/v1/redemptions/r-2/capture", {}).status == 200
    assert till.post("/v1/redemptions/r-1/void", {"void_id": "v"}).body["state"] == "voided"
    assert listed(client, "hanako")["used"] == "issued"
    assert redeem(till, redemption, coupons["used"]["code"], redemption_id="r-3").status == 201
    assert redeem(till, redemption, coupons["kept"]["code"], redemption_id="r-4").status == 201


def test_what_was_used_before_the_merge_is_voided_after_it_and_after_its_end(
    client, till, campaign, issue, redemption, merge, unmerge, told
):
    campaign()
    codes = [issue(str(n))["code"] for n in range(2)]
    for n, code in enumerate(codes):
        assert redeem(till, redemption, code, redemption_id=f"r-{n}").status == 201
    merge()
    told()
    assert redeem(till, redemption, codes[0], redemption_id="r-0").is_replay
    for _ in range(2):
        assert till.post("/v1/redemptions/r-0/void", {"void_id": "v"}).body["state"] == "voided"
    unmerge()
    told()
    for _ in range(2):
        answer = till.post("/v1/redemptions/r-1/void", {"void_id": "v"})
        assert [one["source_id"] for one in answer.body["coupons"]] == ["1"]
    assert redeem(till, redemption, codes[1], redemption_id="r-5").status == 201
    assert redeem(till, redemption, codes[0], redemption_id="r-6").status == 201


@pytest.mark.parametrize("ends", [["capture"], ["void"], ["capture", "void"]])
def test_a_redemption_of_both_members_coupons_ends_once_also_when_they_are_one(
    client, till, campaign, issue, redemption, merge, told, ends
):
    campaign()
    campaign("autumn")
    codes = [issue("of-taro")["code"], issue("of-hanako", "autumn", "hanako")["code"]]
    first = redeem(till, redemption, *codes, hold_seconds=3600)
    merge()
    told()
    assert redeem(till, redemption, *codes, hold_seconds=3600).body == first.body
    for end in ends:
        body = {"void_id": "v"} if end == "void" else {}
        answers = [till.post(f"/v1/redemptions/r-1/{end}", body) for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200]
        assert answers[0].body == answers[1].body
    states = set(listed(client, "hanako").values())
    assert states == ({"issued"} if ends[-1] == "void" else {"redeemed"})
    if ends[-1] == "void":
        assert {one["source_id"] for one in answers[0].body["coupons"]} == {"of-taro", "of-hanako"}
        assert redeem(till, redemption, *codes, hold_seconds=3600).code == "reversed"


@pytest.mark.parametrize("end", ["capture", "void"])
def test_what_ended_before_the_merge_is_answered_as_before(client, till, campaign, issue, redemption, merge, told, end):
    campaign()
    campaign("autumn")
    codes = [issue("of-taro")["code"], issue("of-hanako", "autumn", "hanako")["code"]]
    redeem(till, redemption, *codes, hold_seconds=3600)
    body = {"void_id": "v"} if end == "void" else {}
    first = till.post(f"/v1/redemptions/r-1/{end}", body)
    merge()
    told()
    again = till.post(f"/v1/redemptions/r-1/{end}", body)
    assert (again.status, again.is_replay) == (200, True)
    assert again.body == first.body


def test_a_coupon_that_was_being_issued_enters_the_book_that_the_member_led_to(client, campaign, merge, told):
    campaign()
    ledger, enter = client.world.ledger, client.world.ledger.enter
    ledger.enter = None
    said = {"campaign_id": "spring", "source_id": "s", "member": {"member_id": "taro"}}
    assert client.post("/v1/issues", said).status == 500
    ledger.enter = enter
    merge()
    told()
    answer = client.post("/v1/issues", said)
    assert (answer.status, listed(client, "hanako")) == (201, {"s": "issued"})
    assert client.post("/v1/issues", said).body == answer.body


def test_heard_of_twice_it_happens_once(client, points, campaign, issue, merge):
    campaign()
    issue()
    merge()
    box = Box()
    relay.relay_ledger(points.world, ledger_records(points), box)
    event = next(event for event in box.sent if "merged" in event["type"])
    assert deliver(points.world, event, event) == []
    assert deliver(points.world, event) == []
    assert len(client.world.ledger.table.items("B#hanako")) == 1


def test_an_end_that_is_heard_of_first_keeps_the_merge_from_happening(client, campaign, issue, merge, unmerge, told):
    campaign()
    issue()
    merge()
    unmerge()
    assert told(only="unmerged") == []
    assert told() == []
    assert listed(client, "taro") == {"s-1": "issued"}
    assert listed(client, "hanako") == {}
    assert client.world.ledger.table.items("B#hanako") == []


def test_a_second_merge_waits_until_the_end_of_the_first_is_heard_of(points, client, campaign, issue, merge, unmerge):
    points.post("/v1/members", {"member_id": "jiro"})
    campaign()
    issue()
    merge()
    unmerge()
    merge("m-2", "taro", "jiro")
    box = Box()
    relay.relay_ledger(points.world, ledger_records(points), box)
    events = {event["id"]: event for event in box.sent if ".member." in event["type"]}
    first, end = (event for event in events.values() if event["subject"] == "hanako")
    second = next(event for event in events.values() if event["subject"] == "jiro")
    assert deliver(points.world, first, second) == [1]
    assert deliver(points.world, end, second) == []
    assert listed(client, "jiro") == listed(client, "taro") == {"s-1": "issued"}
    assert listed(client, "hanako") == {}


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_a_chain_of_merges_may_be_heard_of_in_any_order(points, client, campaign, issue, merge, order):
    points.post("/v1/members", {"member_id": "jiro"})
    campaign()
    for member_id in ("taro", "hanako", "jiro"):
        issue(f"of-{member_id}", member_id=member_id)
    merge("m-1", "taro", "hanako")
    merge("m-2", "hanako", "jiro")
    box = Box()
    relay.relay_ledger(points.world, ledger_records(points), box)
    events = [event for event in box.sent if ".merged" in event["type"]]
    assert deliver(points.world, *(events[n] for n in order)) == []
    for member_id in ("taro", "hanako", "jiro"):
        assert set(listed(client, member_id)) == {"of-taro", "of-hanako", "of-jiro"}
    for letter in ("taro", "hanako", "jiro"):
        assert invariants.faults(client.world.ledger.table.items(f"B#{letter}")) == []


@pytest.mark.parametrize("data", [{}, {"merge_id": "m", "from": "taro"}, {"merge_id": "m", "from": 1, "into": "x"}])
def test_what_is_no_merge_is_parked(points, data):
    event = {
        "id": "x",
        "type": "omotenashi.member.merged.v1",
        "time": "2026-11-20T03:00:00Z",
        "subject": "hanako",
        "sequence": "1",
        "data": {"some": 1} | data,
    }
    assert deliver(points.world, event) == []
    assert [item["pk"] for item in points.world.transient.scan()] == ["parked#omo-test-coupons-inbox"]


def test_following_a_merge_costs_six_writes(points, client, campaign, issue, merge, told):
    campaign()
    issue()
    issue("2", member_id="hanako")
    merge()
    box = Box()
    relay.relay_ledger(points.world, ledger_records(points), box)
    event = next(event for event in box.sent if ".merged" in event["type"])
    usage = client.world.ledger.table.usage
    usage.reset()
    assert deliver(points.world, event) == []
    assert (usage.write_units, usage.read_units) == (6, 1)


def test_a_code_is_good_wherever_merges_have_left_its_coupon(
    points, till, campaign, issue, redemption, merge, unmerge, told
):
    """Hanako is merged into Jiro, and that is heard of before taro was merged into her; then she comes back."""
    points.post("/v1/members", {"member_id": "jiro"})
    campaign()
    code = issue()["code"]
    merge("m-1", "taro", "hanako")
    merge("m-2", "hanako", "jiro")
    box = Box()
    relay.relay_ledger(points.world, ledger_records(points), box)
    events = [event for event in box.sent if ".merged" in event["type"]]
    assert deliver(points.world, *sorted(events, key=lambda event: event["subject"], reverse=True)) == []
    unmerge("m-2", "hanako")
    told(only="unmerged")
    assert redeem(till, redemption, code).status == 201
