"""POST /v1/checkins: a member of staff scans the guest."""

import pytest

from tests.kit import CAFE, EC, OPERATOR, OTHER_TILL, TILL, member

SCAN = {"checkin_id": "scan-1", "member": {"member_id": "hanako"}}


def test_a_scan_at_the_till_is_evidence_of_level_3(operator):
    answer = operator.as_(TILL).post("/v1/checkins", SCAN)
    assert answer.status == 201
    assert (answer.body["store_id"], answer.body["outcome"], answer.body["evidence_level"]) == ("shibuya", "awarded", 3)
    assert answer.body["reward"] == {"points": 10, "campaigns": []}


def test_the_same_scan_again_is_answered_as_before(operator, clock):
    till = operator.as_(TILL)
    first = till.post("/v1/checkins", SCAN)
    clock.forward(days=31)
    again = till.post("/v1/checkins", SCAN)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)


def test_the_same_id_with_other_content_is_refused(operator):
    till = operator.as_(TILL)
    till.post("/v1/checkins", SCAN)
    assert till.post("/v1/checkins", SCAN | {"member": {"member_id": "taro"}}).code == "id_reused"
    assert till.post("/v1/checkins", SCAN | {"store_id": "shibuya"}).code == "id_reused"


def test_a_scan_after_a_checkin_of_the_day_gets_the_first_answer(taro, operator, checkin):
    first = taro.post("/v1/me/checkins", checkin())
    second = operator.as_(TILL).post("/v1/checkins", SCAN | {"member": {"member_id": "taro"}})
    assert (second.status, second.body) == (200, first.body | {"already": True})


def test_higher_rewards_ask_for_a_scan(operator, taro, checkin):
    rewards = [{"min_level": 3, "points": 50}]
    store = {"name": "s", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo", "rewards": rewards}
    operator.put("/v1/stores/shibuya", store)
    assert taro.post("/v1/me/checkins", checkin()).body["outcome"] == "recorded_no_award"
    scanned = operator.as_(TILL).post("/v1/checkins", SCAN | {"member": {"member_id": "taro"}})
    assert (scanned.body["outcome"], scanned.body["reward"]["points"]) == ("awarded", 50)


def test_a_scan_by_card_or_scan_token_finds_the_member(operator, points):
    card = {"identity": {"type": "card", "value": "card-hanako"}}
    token = points.as_(TILL).post("/v1/members/resolve", {"member": card}).body["scan"]
    assert operator.as_(TILL).post("/v1/checkins", SCAN | {"member": {"scan": token}}).status == 201
    assert operator.as_(TILL).post("/v1/checkins", SCAN | {"checkin_id": "scan-2", "member": card}).status == 200


def test_a_till_scans_for_its_own_store_only(operator):
    wrong = operator.as_(OTHER_TILL).post("/v1/checkins", SCAN | {"store_id": "shibuya"})
    assert (wrong.status, wrong.code) == (403, "wrong_store")
    nobody = operator.as_(OTHER_TILL).post("/v1/checkins", SCAN | {"member": {"member_id": "nobody"}})
    elsewhere = {"store_id": "shibuya", "member": {"member_id": "nobody"}}
    neither = operator.as_(OTHER_TILL).post("/v1/checkins", SCAN | elsewhere)
    nowhere = operator.as_(OTHER_TILL).post("/v1/checkins", SCAN | {"store_id": "nowhere"})
    assert (nobody.code, neither.code) == ("member_not_found", "member_not_found")  # what is not there comes first
    assert nowhere.code == "store_not_found"
    assert operator.as_(OTHER_TILL).post("/v1/checkins", SCAN | {"store_id": "umeda"}).status == 201


@pytest.mark.parametrize("who", [EC, OPERATOR])
def test_a_key_without_a_store_has_to_name_one(operator, who):
    caller = operator.as_(who)
    without = caller.post("/v1/checkins", SCAN)
    assert (without.status, without.body["errors"][0]["pointer"]) == (422, "/store_id")
    assert caller.post("/v1/checkins", SCAN | {"store_id": "nowhere"}).code == "store_not_found"
    assert caller.post("/v1/checkins", SCAN | {"store_id": "umeda"}).status == 201


@pytest.mark.parametrize(
    "unknown",
    [{"member_id": "nobody"}, {"code": "2900000000000"}, {"scan": "x"}, {"identity": {"type": "card", "value": "y"}}],
)
def test_an_unknown_guest_leaves_nothing_behind(operator, unknown):
    answer = operator.as_(TILL).post("/v1/checkins", SCAN | {"member": unknown})
    assert (answer.status, answer.code) == (404, "member_not_found")
    assert operator.world.ledger.table.scan() == []


@pytest.mark.parametrize("who", [CAFE, member("taro")])
def test_others_may_not_scan(operator, who):
    assert operator.as_(who).post("/v1/checkins", SCAN).code == "forbidden"


@pytest.mark.parametrize(
    "change", [{"member": {}}, {"member": None}, {"checkin_id": ""}, {"store_id": 7}, {"location": {}}]
)
def test_a_bad_body_is_refused(operator, change):
    assert operator.as_(TILL).post("/v1/checkins", SCAN | change).code == "invalid_request"
    assert operator.world.ledger.table.scan() == []
