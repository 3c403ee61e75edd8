"""GET /v1/me/checkins and /v1/members/{member_id}/checkins."""

import pytest

from tests.kit import CAFE, EC, OPERATOR, TILL, member


@pytest.fixture
def week(taro, checkin, clock):
    """Seven days: a check-in each, which the phone sends twice under two ids."""
    for n in range(7):
        taro.post("/v1/me/checkins", checkin(f"c-{n}"))
        taro.post("/v1/me/checkins", checkin(f"again-{n}"))
        clock.forward(days=1)
    return taro


def ids(answer):
    return [item["checkin_id"] for item in answer.body["items"]]


def test_checkins_are_listed_newest_first_and_the_repeated_not_at_all(week):
    answer = week.get("/v1/me/checkins")
    assert ids(answer) == [f"c-{n}" for n in range(6, -1, -1)]
    assert answer.body["next_cursor"] is None
    assert answer.body["items"][-1] == {
        "checkin_id": "c-0",
        "store_id": "shibuya",
        "business_day": "2026-11-20",
        "outcome": "awarded",
        "evidence_level": 0,
        "reward": {"points": 10, "campaigns": []},
        "occurred_at": "2026-11-20T03:00:00Z",
    }


def test_what_was_only_recorded_is_listed_without_its_reason(taro, checkin):
    taro.post("/v1/me/checkins", checkin(is_mock=True))
    (item,) = taro.get("/v1/me/checkins").body["items"]
    assert (item["outcome"], item["evidence_level"]) == ("recorded_no_award", None)
    assert "reason" not in item


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_together_are_the_whole_list(week, limit):
    found: list[str] = []
    cursor, pages = "", 0
    while cursor is not None:
        answer = week.get(f"/v1/me/checkins?limit={limit}{cursor and '&cursor=' + cursor}")
        assert len(answer.body["items"]) <= limit
        found += ids(answer)
        cursor, pages = answer.body["next_cursor"], pages + 1
    assert found == [f"c-{n}" for n in range(6, -1, -1)]
    assert pages == -(-7 // limit)


def test_a_page_of_nothing_but_repeated_ones_goes_on(taro, checkin):
    taro.post("/v1/me/checkins", checkin("first"))
    for n in range(40):
        taro.post("/v1/me/checkins", checkin(f"again-{n}"))
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        answer = taro.get(f"/v1/me/checkins?limit=2{cursor and '&cursor=' + cursor}")
        found, cursor = found + ids(answer), answer.body["next_cursor"]
    assert found == ["first"]


def test_a_cursor_is_for_its_own_list_and_caller(week, operator):
    cursor = week.get("/v1/me/checkins?limit=2").body["next_cursor"]
    assert operator.get(f"/v1/members/taro/checkins?cursor={cursor}").code == "bad_cursor"
    assert operator.as_(member("hanako")).get(f"/v1/me/checkins?cursor={cursor}").code == "bad_cursor"
    assert week.get(f"/v1/me/checkins?cursor={cursor[:-2]}AA").code == "bad_cursor"


def test_the_shop_sees_a_members_checkins(week, operator):
    for who in (EC, OPERATOR):
        assert ids(operator.as_(who).get("/v1/members/taro/checkins?limit=2")) == ["c-6", "c-5"]
    assert operator.get("/v1/members/hanako/checkins").body == {"items": [], "next_cursor": None}
    assert operator.get("/v1/members/nobody/checkins").code == "member_not_found"
    assert operator.get("/v1/members/no%20id/checkins").code == "member_not_found"


@pytest.mark.parametrize("who", [TILL, CAFE, member("taro")])
def test_others_do_not(operator, who):
    assert operator.as_(who).get("/v1/members/taro/checkins").code == "forbidden"


def test_a_member_sees_only_its_own(week, operator):
    assert operator.as_(member("hanako")).get("/v1/me/checkins").body["items"] == []
    assert operator.as_(member("nobody")).get("/v1/me/checkins").code == "not_a_member"
    assert operator.as_(EC).get("/v1/me/checkins").code == "forbidden"


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "page=2", "cursor="])
def test_a_bad_query_is_refused(week, query):
    assert week.get(f"/v1/me/checkins?{query}").status in (400, 422)
