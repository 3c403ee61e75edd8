"""Check-ins of members who turn out to be one: the day's limits are the merged member's, whoever of them shows up."""

import itertools
import json

import pytest

from checkin.reactions import CARRY_ON, REACTIONS
from shared import chain, inbox, keys, relay
from tests.events.test_relay import Box, ledger_records
from tests.kit import OPERATOR, TILL, member


@pytest.fixture
def told(points):
    """Delivers what the relay publishes."""

    def make():
        box = Box()
        relay.relay_ledger(points.world, ledger_records(points), box)
        records = [{"messageId": str(n), "body": json.dumps(event)} for n, event in enumerate(box.sent)]
        answer = inbox.work(points.world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON)
        assert answer == {"batchItemFailures": []}

    return make


@pytest.fixture
def merge(points, told):
    def make():
        body = {"merge_id": "m-1", "into_member_id": "hanako"}
        assert points.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200
        told()

    return make


@pytest.fixture
def unmerge(points, told):
    def make():
        assert points.as_(OPERATOR).post("/v1/members/taro/unmerge", {"merge_id": "m-1"}).status == 200
        told()

    return make


def scan(operator, n, member_id, store_id):
    body = {"checkin_id": f"c-{n}", "store_id": store_id, "member": {"member_id": member_id}}
    return operator.post("/v1/checkins", body)


def test_a_store_that_either_has_visited_today_is_visited(operator, merge):
    first = scan(operator, 1, "taro", "shibuya").body
    merge()
    for n, member_id in enumerate(("taro", "hanako"), 2):
        answer = scan(operator, n, member_id, "shibuya")
        assert (answer.status, answer.body["already"], answer.body["checkin_id"]) == (200, True, "c-1")
    assert scan(operator, 1, "taro", "shibuya").body == first


def test_three_stores_a_day_are_the_merged_members(operator, clock, merge, unmerge):
    operator.put("/v1/stores/ueno", {"name": "u", "lat": 35.7, "lon": 139.8, "time_zone": "Asia/Tokyo"})
    for n, (member_id, store_id) in enumerate((("taro", "shibuya"), ("taro", "umeda"), ("hanako", "harajuku"))):
        assert scan(operator, n, member_id, store_id).body["outcome"] == "awarded"
        clock.forward(minutes=31)
    merge()
    assert scan(operator, 10, "taro", "ueno").body["outcome"] == "recorded_no_award"
    unmerge()
    assert scan(operator, 11, "taro", "ueno").body["outcome"] == "awarded"


def test_so_shortly_after_the_others_award_nothing_is_paid(operator, clock, merge):
    scan(operator, 1, "taro", "shibuya")
    merge()
    assert scan(operator, 2, "hanako", "harajuku").body["outcome"] == "recorded_no_award"
    clock.forward(minutes=31)
    assert scan(operator, 3, "hanako", "harajuku").body["outcome"] == "awarded"


def test_who_never_came_by_is_merged_too(operator, merge):
    """Else the old id would have limits of its own."""
    merge()
    scan(operator, 1, "hanako", "shibuya")
    assert scan(operator, 2, "taro", "shibuya").body["already"]
    assert operator.world.ledger.table.items("V#taro")[0]["sk"] == 1


def test_the_phone_of_the_old_login_checks_in_for_the_merged_member(points, operator, taro, checkin, merge):
    merge()
    assert taro.post("/v1/me/checkins", checkin()).code == "consent_required"  # which is the merged member's to give
    points.as_(member("hanako")).put("/v1/me/consents/location", {"granted": True, "version": "1"})
    answer = taro.post("/v1/me/checkins", checkin())
    assert (answer.status, answer.body["outcome"]) == (201, "awarded")
    assert taro.post("/v1/me/checkins", checkin()).is_replay
    for path in ("/v1/members/taro/checkins", "/v1/members/hanako/checkins"):
        listed = operator.get(path).body["items"]
        assert [one["checkin_id"] for one in listed] == ["c-1"]


def test_a_list_goes_on_in_the_chain_in_which_it_began(operator, merge):
    for n, store_id in enumerate(("shibuya", "umeda")):
        scan(operator, n, "taro", store_id)
    first = operator.get("/v1/members/taro/checkins?limit=1").body
    merge()
    rest = operator.get(f"/v1/members/taro/checkins?limit=1&cursor={first['next_cursor']}").body
    assert [one["checkin_id"] for one in (*first["items"], *rest["items"])] == ["c-1", "c-0"]


def test_a_check_in_that_the_merge_overtook_is_finished_where_it_led(operator, merge):
    ledger, enter = operator.world.ledger, operator.world.ledger.enter
    ledger.enter = None
    assert scan(operator.as_(TILL), 1, "taro", "shibuya").status == 500
    ledger.enter = enter
    merge()
    name = ledger.table.get(keys.name("checkin", "shop", "c-1"), 0)
    for _ in range(2):
        CARRY_ON["checkin"](operator.world, name)
    entries = [entry for item in ledger.table.items("V#hanako") for entry in chain.entries_of(item)]
    assert [entry.kind for entry in entries] == ["merged", "accepted"]


@pytest.fixture
def on_phone(points, operator, checkin, clock):
    """Whether a guest who comes by with a phone, an hour later than whoever came last, is paid."""
    agreed = {"location": {"granted": True, "version": "1"}}
    for guest in ("jiro", "saburo"):
        points.post("/v1/members", {"member_id": guest, "consents": agreed})
    points.as_(member("hanako")).put("/v1/me/consents/location", agreed["location"])
    many = itertools.count()

    def come(guest, phone):
        clock.forward(hours=1)
        body = checkin(f"on-{next(many)}") | {"device_id": phone}
        return operator.as_(member(guest)).post("/v1/me/checkins", body).body["outcome"] == "awarded"

    return come


def test_who_was_merged_for_a_while_has_no_place_on_the_other_s_phone(on_phone, clock, merge, unmerge):
    assert [on_phone(guest, "shared") for guest in ("taro", "jiro", "saburo")] == [True] * 3
    merge()
    clock.forward(days=1)
    assert on_phone("hanako", "shared")  # it is taro's
    unmerge()
    clock.forward(days=1)
    found = {guest: on_phone(guest, "shared") for guest in ("hanako", "taro", "jiro", "saburo")}
    assert found == {"hanako": False, "taro": True, "jiro": True, "saburo": True}


def test_the_other_s_phones_take_none_of_one_s_own_five(on_phone, clock, merge, unmerge):
    for n in range(4):
        clock.forward(days=1)
        assert on_phone("taro", f"of-taro-{n}")
    assert on_phone("hanako", "of-hanako-0")
    merge()
    unmerge()
    clock.forward(days=1)
    assert on_phone("hanako", "of-hanako-1")
