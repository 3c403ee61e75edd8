"""A member was erased: no coupon or stamp of theirs is left, in whatever order the book hears of it and of merges."""

import itertools

import pytest

from coupons.pool import POOL
from infra import invariants
from shared import events, relay
from tests.api.coupons.test_inbox import deliver
from tests.events.test_relay import Box, ledger_records
from tests.kit import OPERATOR, member
from tests.passing import Passing
from tests.stream import record


@pytest.fixture
def erase(points):
    """Erases a member, and answers what the relay publishes of it."""

    def make(member_id="taro"):
        assert points.as_(OPERATOR).delete(f"/v1/members/{member_id}", {}).status == 202
        return told_of_members(points, "member.erased")

    return make


def told_of_members(points, *only):
    box, world = Box(), points.world
    relay.relay_ledger(world, ledger_records(points), box)
    relay.relay_directory([record(item) for item in world.directory.table.scan(after=None, limit=10_000)], box)
    return [event for event in box.sent if event["type"] in map(events.type_name, only)]


def faults(client):
    items = client.world.ledger.table.scan(after=None, limit=100_000)
    return invariants.faults(items)


def join(points, merge_id="m-1", leaver="taro", host="hanako", what="merge"):
    more = {"into_member_id": host} if what == "merge" else {}
    body = {"merge_id": merge_id, **more}
    assert points.as_(OPERATOR).post(f"/v1/members/{leaver}/{what}", body).status == 200


def test_no_coupon_of_an_erased_member_can_be_used_and_none_can_be_issued(
    client, till, campaign, issue, redemption, erase
):
    campaign()
    free, held, used = (issue(f"s-{n}") for n in range(3))
    assert till.post("/v1/redemptions", redemption(held["code"], redemption_id="h", hold_seconds=600)).status == 201
    assert till.post("/v1/redemptions", redemption(used["code"], redemption_id="u")).status == 201
    told = erase()
    assert deliver(client.world, *told) == []
    for n, coupon in enumerate((free, held, used)):
        assert (
            till.post("/v1/redemptions", redemption(coupon["code"], redemption_id=f"r-{n}")).code == "code_not_usable"
        )
    assert till.post("/v1/redemptions/h/capture", {}).code == "code_not_usable"
    said = {"campaign_id": "spring", "source_id": "new", "member": {"member_id": "taro"}}
    assert client.post("/v1/issues", said).code == "member_not_found"
    assert client.get("/v1/members/taro/coupons").code == "member_not_found"
    assert client.as_(member("taro")).get("/v1/me/coupons").code == "not_a_member"
    assert deliver(client.world, *told) == []
    assert faults(client) == []


def test_a_redemption_is_voided_though_its_member_was_erased_and_gives_nothing_back(
    client, till, campaign, issue, redemption, erase
):
    campaign()
    used = issue()
    assert till.post("/v1/redemptions", redemption(used["code"])).status == 201
    deliver(client.world, *erase())
    answer = till.post("/v1/redemptions/r-1/void", {"void_id": "v"})
    assert (answer.status, answer.body["state"]) == (200, "voided")
    assert till.post("/v1/redemptions", redemption(used["code"], redemption_id="r-2")).code == "code_not_usable"
    assert faults(client) == []


def test_stamps_go_and_none_comes_any_more(client, operator, points, campaign, erase):
    campaign()
    card = {"programme_id": "visits", "name": {"ja": "来店", "en": "Visits"}, "stamps": 3, "by": "manual"}
    assert operator.post("/v1/stamp-programmes", card | {"campaign_id": "spring", "per_day": 9}).status == 201
    for n in range(4):
        body = {"stamp_id": f"s-{n}", "member": {"member_id": "taro"}, "programme_id": "visits"}
        assert client.post("/v1/stamps", body).status == 201
    deliver(client.world, *erase())
    body = {"stamp_id": "late", "member": {"member_id": "taro"}, "programme_id": "visits"}
    assert client.post("/v1/stamps", body).code == "member_not_found"
    assert faults(client) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_in_whatever_order_merges_and_erasures_are_heard_of(client, points, till, campaign, issue, redemption, order):
    """Taro into Hanako, and both erased: four events, and coupons of each."""
    campaign()
    codes = [issue(f"of-{one}", member_id=one)["code"] for one in ("taro", "hanako")]
    join(points)
    assert points.as_(OPERATOR).delete("/v1/members/taro", {}).status == 202
    told = told_of_members(points, "member.merged", "member.erased")
    told.append(told[0])  # and once more
    assert len(told) == 4
    waiting = [told[n] for n in order]
    for _ in range(4):
        waiting = [waiting[n] for n in map(int, deliver(client.world, *waiting))]
    assert waiting == []
    for n, code in enumerate(codes):
        assert till.post("/v1/redemptions", redemption(code, redemption_id=f"r-{n}")).code == "code_not_usable"
    assert faults(client) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_who_was_parted_before_keeps_all_coupons_whatever_is_heard_first(
    client, points, till, campaign, issue, redemption, order
):
    """Taro into Hanako and out again; then Hanako is erased."""
    campaign()
    taros, hanakos = (issue(f"of-{one}", member_id=one)["code"] for one in ("taro", "hanako"))
    join(points)
    join(points, what="unmerge")
    assert points.as_(OPERATOR).delete("/v1/members/hanako", {}).status == 202
    told = told_of_members(points, "member.merged", "member.unmerged", "member.erased")
    waiting = [told[n] for n in order]
    for _ in range(4):
        waiting = [waiting[n] for n in map(int, deliver(client.world, *waiting))]
    assert waiting == []
    assert till.post("/v1/redemptions", redemption(taros)).status == 201
    assert till.post("/v1/redemptions", redemption(hanakos, redemption_id="r-2")).code == "code_not_usable"
    assert faults(client) == []


def test_what_is_paid_for_and_not_answered_yet_ends(client, points, campaign, erase):
    """The points have paid, or refused because they were erased first: the book answers either, and issues nothing."""
    campaign(price_points=5, limits={"total": 10})
    assert (
        points.as_(OPERATOR)
        .post("/v1/adjustments", {"adjustment_id": "a", "member": {"member_id": "taro"}, "points": 9, "reason": "gift"})
        .status
        == 201
    )
    taro = client.as_(member("taro"))
    for n in range(2):
        assert taro.post("/v1/me/claims", {"campaign_id": "spring", "claim_id": f"c-{n}"}).status == 202
    passing = Passing(client.world)
    first, second = (one for one in passing.step() if one[0] == "points" and "reserved" in str(one[1].get("type")))
    passing.deliver([first])
    assert deliver(client.world, *erase()) == []
    passing.deliver([second])
    passing.work()
    assert {"points.spent", "points.refused"} <= set(passing.types())
    assert [event["data"]["code"] for event in passing.seen if "points.refused" in event["type"]] == [
        "insufficient_points"
    ]
    pool = client.world.ledger.head(POOL, "spring").state
    assert pool.taken == 0
    assert faults(client) == []
