"""POST /v1/me/checkins."""

from dataclasses import replace
from typing import Any

import pytest

from shared import keys
from shared.memory import size
from tests.kit import EC, TILL, member

FIRST = {
    "checkin_id": "c-1",
    "store_id": "shibuya",
    "business_day": "2026-11-20",
    "outcome": "awarded",
    "already": False,
    "evidence_level": 0,
    "reward": {"points": 10, "campaigns": []},
    "next_possible_at": "2026-11-20T15:00:00Z",
}
NOTHING = {"points": 0, "campaigns": []}


def entries(client, member_id="taro"):
    return client.world.ledger.table.items(keys.account(keys.VISITS, member_id))


def test_a_visitor_who_is_there_is_awarded(taro, checkin):
    answer = taro.post("/v1/me/checkins", checkin())
    assert (answer.status, answer.body) == (201, FIRST)


def test_the_same_checkin_again_is_answered_as_before(taro, checkin, clock):
    body = checkin()
    taro.post("/v1/me/checkins", body)
    clock.forward(days=3)
    again = taro.post("/v1/me/checkins", body)
    assert (again.status, again.body, again.is_replay) == (201, FIRST, True)
    assert len(entries(taro)) == 1


def test_the_same_id_with_other_content_is_refused(taro, checkin):
    taro.post("/v1/me/checkins", checkin())
    answer = taro.post("/v1/me/checkins", checkin(store_id="umeda"))
    assert (answer.status, answer.code) == (422, "id_reused")
    assert taro.post("/v1/me/checkins", checkin(accuracy_m=11)).code == "id_reused"
    assert len(entries(taro)) == 1


def test_a_retry_is_answered_though_the_consent_or_the_login_is_gone_meanwhile(taro, checkin, points):
    body = checkin()
    taro.post("/v1/me/checkins", body)
    me = points.as_(member("taro"))
    assert me.put("/v1/me/consents/location", {"granted": False, "version": "2"}).status == 200
    assert taro.post("/v1/me/checkins", body).body == FIRST
    assert taro.post("/v1/me/checkins", checkin("c-2")).code == "consent_required"


def test_the_second_of_a_store_day_gets_the_first_answer(taro, checkin, clock):
    taro.post("/v1/me/checkins", checkin())
    clock.forward(hours=5)
    second = taro.post("/v1/me/checkins", checkin("c-2"))
    assert (second.status, second.body, second.is_replay) == (200, FIRST | {"already": True}, False)


def test_a_retry_of_the_second_stays_the_second_for_ever(taro, checkin, clock):
    taro.post("/v1/me/checkins", checkin())
    body = checkin("c-2")
    taro.post("/v1/me/checkins", body)
    clock.forward(days=40)
    again = taro.post("/v1/me/checkins", body)
    assert (again.status, again.body, again.is_replay) == (200, FIRST | {"already": True}, True)


def test_the_next_business_day_is_awarded_again(taro, checkin, clock):
    first = taro.post("/v1/me/checkins", checkin(store_id="umeda"))
    assert first.body["next_possible_at"] == "2026-11-20T19:00:00Z"
    clock.forward(hours=16)
    second = taro.post("/v1/me/checkins", checkin("c-2", store_id="umeda"))
    assert (second.status, second.body["outcome"], second.body["business_day"]) == (201, "awarded", "2026-11-21")


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({"at": "harajuku"}, None),
        ({"is_mock": True}, None),
        ({"accuracy_m": 201}, None),
        ({"captured_at": "2026-11-20T02:58:59Z"}, None),
        ({"captured_at": "2026-11-20T03:01:01Z"}, None),
    ],
)
def test_what_proves_nothing_is_recorded_and_tells_no_reason(taro, checkin, changes, level):
    answer = taro.post("/v1/me/checkins", checkin(**changes))
    assert answer.status == 201
    assert answer.body == FIRST | {"outcome": "recorded_no_award", "evidence_level": level, "reward": NOTHING}


def test_a_phone_that_knows_nothing_of_mocks_may_say_so(taro, checkin):
    assert taro.post("/v1/me/checkins", checkin(is_mock=None)).body["outcome"] == "awarded"


def test_without_any_evidence_nothing_is_paid(taro):
    for n, more in enumerate(({}, {"presence_code": "123456"}, {"qr": "static"}, {"device_id": "phone"})):
        answer = taro.post("/v1/me/checkins", {"checkin_id": f"c-{n}", "store_id": "shibuya"} | more)
        assert (answer.status, answer.body["outcome"]) == (201, "recorded_no_award")


def test_after_a_try_without_award_a_new_id_is_judged_anew(taro, checkin):
    taro.post("/v1/me/checkins", checkin("far", at="harajuku"))
    assert taro.post("/v1/me/checkins", checkin()).body == FIRST


def test_the_fourth_store_of_a_day_and_the_one_too_soon_are_recorded(taro, checkin, clock, operator):
    for n in range(4):
        operator.put(f"/v1/stores/s-{n}", {"name": f"{n}", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"})
    found: list[str] = []
    for n, minutes in ((0, 0), (1, 29), (1, 1), (2, 31), (3, 31)):
        clock.forward(minutes=minutes)
        body = checkin(f"c-{len(found)}", at="shibuya") | {"store_id": f"s-{n}"}
        found.append(taro.post("/v1/me/checkins", body).body["outcome"])
    assert found == ["awarded", "recorded_no_award", "awarded", "awarded", "recorded_no_award"]


def test_a_journey_that_nobody_can_make_is_reviewed_and_takes_the_store_day(taro, checkin, clock):
    taro.post("/v1/me/checkins", checkin())
    clock.forward(minutes=40)
    flagged = taro.post("/v1/me/checkins", checkin("c-2", store_id="umeda"))
    assert flagged.status == 201
    assert (flagged.body["outcome"], flagged.body["evidence_level"]) == ("pending_review", 0)
    assert flagged.body["reward"] == NOTHING
    again = taro.post("/v1/me/checkins", checkin("c-3", store_id="umeda"))
    assert (again.status, again.body) == (200, flagged.body | {"already": True})


def test_a_paused_or_closed_store_records_only(taro, checkin, operator):
    assert operator.put("/v1/stores/shibuya/rewards-pause", {"paused": True}).status == 200
    assert taro.post("/v1/me/checkins", checkin()).body["outcome"] == "recorded_no_award"
    assert operator.put("/v1/stores/shibuya/rewards-pause", {"paused": False}).status == 200
    assert taro.post("/v1/me/checkins", checkin("c-2")).body["outcome"] == "awarded"


def test_rewards_of_the_level_are_given(taro, checkin, operator):
    rewards = [{"points": 5, "campaign_id": "visit"}, {"points": 7}, {"min_level": 3, "points": 100}]
    operator.put(
        "/v1/stores/shibuya",
        {"name": "s", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo", "rewards": rewards},
    )
    assert taro.post("/v1/me/checkins", checkin()).body["reward"] == {"points": 12, "campaigns": ["visit"]}


def test_refusals_leave_nothing_behind(taro, checkin, operator):
    unknown = taro.post("/v1/me/checkins", checkin() | {"store_id": "nowhere"})
    assert (unknown.status, unknown.code) == (404, "store_not_found")
    without = operator.as_(member("hanako")).post("/v1/me/checkins", checkin())
    assert (without.status, without.code) == (403, "consent_required")
    stranger = operator.as_(member("nobody")).post("/v1/me/checkins", checkin())
    assert (stranger.status, stranger.code) == (403, "not_a_member")
    assert taro.world.ledger.table.scan() == []
    assert taro.post("/v1/me/checkins", checkin()).body == FIRST


def test_a_foreign_login_checks_in_as_the_member_it_is_linked_to(operator, points, checkin):
    login = replace(member("someone"), is_local=False)
    joined = points.as_(login).post("/v1/me", {"consents": {"location": {"granted": True, "version": "1"}}})
    assert joined.status == 201
    assert operator.as_(login).post("/v1/me/checkins", checkin()).body["outcome"] == "awarded"
    assert entries(operator, joined.body["member_id"])
    other = replace(member("other"), is_local=False)
    assert operator.as_(other).post("/v1/me/checkins", checkin()).code == "not_a_member"


@pytest.mark.parametrize("who", [EC, TILL])
def test_only_a_member_checks_in_alone(operator, checkin, who):
    assert operator.as_(who).post("/v1/me/checkins", checkin()).code == "forbidden"


@pytest.mark.parametrize(
    "change",
    [
        {"checkin_id": "a b"}, {"checkin_id": None}, {"store_id": ""}, {"more": 1}, {"location": {"lat": 1, "lon": 2}},
        {"location": []}, {"presence_code": 7}, {"qr": ""}, {"device_id": "x" * 129},
    ],
)  # fmt: skip
def test_a_bad_body_is_refused_with_its_pointer(taro, checkin, change):
    answer = taro.post("/v1/me/checkins", checkin() | change)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.body["errors"][0]["pointer"].startswith("/" + next(iter(change)))
    assert taro.world.ledger.table.scan() == []


def test_the_header_may_name_the_checkin(taro, checkin):
    body = {name: value for name, value in checkin().items() if name != "checkin_id"}
    assert taro.post("/v1/me/checkins", body).status == 422
    assert taro.post("/v1/me/checkins", body, idempotency_key="c-1").body == FIRST
    assert taro.post("/v1/me/checkins", body, idempotency_key="c-1").is_replay


def test_ids_of_two_members_are_their_own(taro, checkin, points, operator):
    points.as_(member("hanako")).put("/v1/me/consents/location", {"granted": True, "version": "1"})
    assert taro.post("/v1/me/checkins", checkin()).status == 201
    other = operator.as_(member("hanako")).post("/v1/me/checkins", checkin())
    assert (other.status, other.is_replay) == (201, False)


def test_no_coordinate_of_the_phone_is_kept_anywhere(taro, checkin, clock):
    exact: dict[str, Any] = {"lat": 35.65951234, "lon": 139.70054321, "accuracy_m": 17.654321}
    moves: list[dict[str, Any]] = [{}, {"lat": 35.71112222}, {"is_mock": True}]
    for n, moved in enumerate(moves):
        clock.forward(days=1)
        taro.post("/v1/me/checkins", checkin(f"c-{n}", **(exact | moved)))
    world = taro.world
    kept = repr([world.ledger.table.scan(), world.transient.scan()])
    assert not [digits for digits in ("951234", "054321", "654321", "112222", "3571", "35.7") if digits in kept]


def test_in_one_account_time_never_runs_backwards(taro, checkin, clock):
    taro.post("/v1/me/checkins", checkin("c-1", is_mock=True))
    clock.forward(days=-2)
    answer = taro.post("/v1/me/checkins", checkin("c-2"))
    assert (answer.body["outcome"], answer.body["business_day"]) == ("awarded", "2026-11-20")


def test_three_busy_days_stay_in_one_unit_an_entry(taro, operator, checkin, clock):
    for n in range(3):
        operator.put(
            f"/v1/stores/store-{n}", {"name": f"{n}", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
        )
    for n in range(9):
        body = checkin(f"0192f3c4-7a{n}0-7000-8000-00000000000{n}", at="shibuya") | {"store_id": f"store-{n % 3}"}
        assert taro.post("/v1/me/checkins", body).body["outcome"] == "awarded"
        clock.forward(hours=8)
    sizes = [size(item) for item in entries(taro)]
    assert max(sizes) <= 1024, sizes


def test_a_consent_given_a_moment_ago_is_not_missed_by_a_stale_read(operator, points, checkin, monkeypatch):
    """Eventually consistent reads may show yesterday's profile; a no is said after a consistent one only."""
    table = operator.world.directory.table
    real, old = table.get, table.get(*keys.member("hanako"))
    points.as_(member("hanako")).put("/v1/me/consents/location", {"granted": True, "version": "1"})

    def stale(pk, sk, *, consistent=False):
        return old if not consistent and (pk, sk) == keys.member("hanako") else real(pk, sk, consistent=consistent)

    monkeypatch.setattr(table, "get", stale)
    assert operator.as_(member("hanako")).post("/v1/me/checkins", checkin()).body == FIRST
