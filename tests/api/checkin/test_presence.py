"""The code on a store's screen, the printed QR, and what they prove together with a location."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkin import store_codes
from shared import keys
from tests.kit import EC, OTHER_TILL, TILL, Client, member

STORE = "/v1/stores/shibuya"
CODE = f"{STORE}/presence-code"


@pytest.fixture
def screen(operator):
    """What a store's screen shows now."""

    def show(store_id="shibuya"):
        answer = operator.get(f"/v1/stores/{store_id}/presence-code")
        assert answer.status == 200
        return answer.body

    return show


def by_code(code, checkin_id="c-1", store_id="shibuya", **more):
    return {"checkin_id": checkin_id, "store_id": store_id, "presence_code": code} | more


def ending(answer):
    return answer.body["outcome"], answer.body["evidence_level"]


def test_a_terminal_shows_the_code_of_its_own_store_only(operator, clock):
    shown = operator.as_(TILL).get(CODE)
    assert (shown.status, shown.body["valid_until"]) == (200, "2026-11-20T03:00:30Z")
    assert shown.body["qr_payload"] == f"omo-store:shibuya:{shown.body['code']}"
    assert (shown.body["valid_for_ms"], shown.body["store_name"]) == (30_000, operator.get(STORE).body["name"])
    clock.forward(seconds=29, milliseconds=999)
    assert operator.as_(TILL).get(CODE).body == shown.body | {"valid_for_ms": 1}
    clock.forward(milliseconds=1)
    assert operator.get(CODE).body["code"] != shown.body["code"]
    refused = operator.as_(OTHER_TILL).get(CODE)
    assert (refused.status, refused.code) == (403, "wrong_store")
    unknown = operator.as_(TILL).get("/v1/stores/nowhere/presence-code")
    assert (unknown.status, unknown.code) == (404, "store_not_found")
    assert operator.as_(EC).get(CODE).code == "forbidden"


@pytest.mark.parametrize("way", ["code", "qr_payload"])
def test_a_code_alone_proves_to_be_there(taro, screen, way):
    answer = taro.post("/v1/me/checkins", by_code(screen()[way]))
    assert (answer.status, *ending(answer)) == (201, "awarded", 2)


def test_a_scanned_screen_may_come_as_a_qr(taro, screen):
    body = {"checkin_id": "c-1", "store_id": "shibuya", "qr": screen()["qr_payload"]}
    assert ending(taro.post("/v1/me/checkins", body)) == ("awarded", 2)


@pytest.mark.parametrize(("seconds", "outcome"), [(59, "awarded"), (60, "recorded_no_award")])
def test_a_code_lives_for_its_half_minute_and_the_next(taro, screen, clock, seconds, outcome):
    code = screen()["code"]
    clock.forward(seconds=seconds)
    assert taro.post("/v1/me/checkins", by_code(code)).body["outcome"] == outcome


def test_a_code_of_another_store_or_of_nobody_spoils_a_good_location(taro, screen, checkin):
    for n, wrong in enumerate(
        (screen("umeda")["code"], screen("umeda")["qr_payload"], "12345678", "x", "１２３４５６７８")
    ):
        answer = taro.post("/v1/me/checkins", checkin(f"c-{n}") | {"presence_code": wrong})
        assert (answer.status, *ending(answer)) == (201, "recorded_no_award", None)
    assert ending(taro.post("/v1/me/checkins", checkin("c-good"))) == ("awarded", 0)


def test_a_wrong_code_is_answered_as_a_place_too_far_away(operator, taro, checkin, points):
    """The answers of two who may not be paid differ in nothing but their ids."""
    far = taro.post("/v1/me/checkins", checkin("c-1", at="harajuku"))
    wrong = taro.post("/v1/me/checkins", checkin("c-2") | {"presence_code": "00000000"})
    assert (far.status, far.headers.keys()) == (wrong.status, wrong.headers.keys())
    assert far.body | {"checkin_id": "c-2"} == wrong.body


def test_the_printed_qr_counts_together_with_a_location_only(operator, taro, checkin, clock):
    qr = store_codes.qr_of(operator.world, "shibuya")
    alone = taro.post("/v1/me/checkins", {"checkin_id": "c-0", "store_id": "shibuya", "qr": qr})
    assert ending(alone) == ("recorded_no_award", None)
    far = taro.post("/v1/me/checkins", checkin("c-far", at="harajuku") | {"qr": qr})
    assert ending(far) == ("recorded_no_award", None)
    assert ending(taro.post("/v1/me/checkins", checkin() | {"qr": qr})) == ("awarded", 1)


def test_the_printed_qr_of_another_store_spoils_a_good_location(operator, taro, checkin):
    qr = store_codes.qr_of(operator.world, "umeda")
    assert ending(taro.post("/v1/me/checkins", checkin() | {"qr": qr})) == ("recorded_no_award", None)


def test_a_phone_that_pretends_is_not_believed_with_a_code_either(taro, screen, checkin):
    body = checkin(is_mock=True) | {"presence_code": screen()["code"]}
    assert ending(taro.post("/v1/me/checkins", body)) == ("recorded_no_award", None)


def test_a_code_serves_a_member_once_and_another_member_too(operator, taro, points, clock):
    """Around the end of a business day the same code would be of two of them."""
    clock.at = clock.at.replace(hour=14, minute=59, second=59)
    code = operator.get(CODE).body["code"]
    assert ending(taro.post("/v1/me/checkins", by_code(code))) == ("awarded", 2)
    clock.forward(seconds=2)
    again = taro.post("/v1/me/checkins", by_code(code, "c-2"))
    assert (again.status, *ending(again)) == (201, "recorded_no_award", 2)
    assert again.body["business_day"] == "2026-11-21"
    points.as_(member("hanako")).put("/v1/me/consents/location", {"granted": True, "version": "1"})
    hanako = operator.as_(member("hanako"))
    assert ending(hanako.post("/v1/me/checkins", by_code(code))) == ("awarded", 2)
    clock.forward(seconds=30)
    assert ending(taro.post("/v1/me/checkins", by_code(operator.get(CODE).body["code"], "c-3"))) == ("awarded", 2)


def test_a_retry_is_answered_when_its_code_is_long_over(taro, screen, clock):
    body = by_code(screen()["code"])
    first = taro.post("/v1/me/checkins", body)
    clock.forward(days=2)
    again = taro.post("/v1/me/checkins", body)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert taro.post("/v1/me/checkins", by_code("11111111")).code == "id_reused"


def test_codes_alone_make_no_journey_that_nobody_can(taro, screen, clock):
    assert ending(taro.post("/v1/me/checkins", by_code(screen()["code"]))) == ("awarded", 2)
    clock.forward(minutes=31)
    relayed = taro.post("/v1/me/checkins", by_code(screen("umeda")["code"], "c-2", "umeda"))
    assert ending(relayed) == ("pending_review", 2)


def test_the_request_s_own_time_moves_the_code(operator):
    operator = Client(operator.routes, replace(operator.world, has_test_clock=True), operator.who)
    taro = operator.as_(member("taro"))
    then = "2026-12-24T09:00:00Z"
    shown = operator.get(CODE, x_omo_now=then).body
    assert shown["valid_until"] == "2026-12-24T09:00:30Z"
    assert ending(taro.post("/v1/me/checkins", by_code(shown["code"]), x_omo_now=then)) == ("awarded", 2)
    assert ending(taro.post("/v1/me/checkins", by_code(shown["code"], "c-2"), x_omo_now=then)) == ("awarded", 2)


def test_no_code_is_kept_anywhere(taro, screen):
    shown = screen()
    taro.post("/v1/me/checkins", by_code(shown["code"]))
    world = taro.world
    assert shown["code"] not in repr([world.ledger.table.scan(), world.transient.scan(), world.directory.table.scan()])


# ---- devices ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(operator, points):
    """Members who have agreed to be located, each signed in."""

    def make(count):
        consents = {"location": {"granted": True, "version": "1"}}
        names = [f"m-{n}" for n in range(count)]
        for name in names:
            assert points.post("/v1/members", {"member_id": name, "consents": consents}).status == 201
        return [operator.as_(member(name)) for name in names]

    return make


def devices_kept(world):
    return [item for item in world.ledger.table.scan() if item["pk"].startswith(f"{keys.DEVICE}#")]


def test_the_fourth_member_of_a_device_is_recorded_only(crowd, checkin):
    found = [one.post("/v1/me/checkins", checkin() | {"device_id": "phone-1"}) for one in crowd(5)]
    assert [answer.body["outcome"] for answer in found] == ["awarded"] * 3 + ["recorded_no_award"] * 2
    assert {answer.status for answer in found} == {201}


def test_who_is_on_a_device_stays_there_and_binds_it_once_in_thirty_days(crowd, checkin, clock):
    *family, stranger = crowd(4)
    world = stranger.world
    for one in family:
        one.post("/v1/me/checkins", checkin("c-0") | {"device_id": "phone-1"})
    assert len(devices_kept(world)) == 3
    for day in range(1, 90):
        clock.forward(days=1)
        for one in family:
            answer = one.post("/v1/me/checkins", checkin(f"c-{day}") | {"device_id": "phone-1"})
            assert answer.body["outcome"] == "awarded"
        if day % 10 == 0:
            shut = stranger.post("/v1/me/checkins", checkin(f"c-{day}") | {"device_id": "phone-1"})
            assert shut.body["outcome"] == "recorded_no_award"
    assert len(devices_kept(world)) == 9


def test_a_place_on_a_device_is_free_sixty_days_after_it_was_taken(crowd, checkin, clock):
    *family, stranger = crowd(4)
    for one in family:
        one.post("/v1/me/checkins", checkin() | {"device_id": "phone-1"})
    clock.forward(days=60)
    assert stranger.post("/v1/me/checkins", checkin("c-1") | {"device_id": "phone-1"}).body["outcome"] != "awarded"
    clock.forward(seconds=1)
    assert stranger.post("/v1/me/checkins", checkin("c-2") | {"device_id": "phone-1"}).body["outcome"] == "awarded"


def test_a_sixth_device_of_a_member_is_recorded_only(taro, checkin, clock):
    found = []
    for n in range(6):
        found.append(taro.post("/v1/me/checkins", checkin(f"c-{n}") | {"device_id": f"phone-{n}"}).body["outcome"])
        clock.forward(days=1)
    assert found == ["awarded"] * 5 + ["recorded_no_award"]
    assert taro.post("/v1/me/checkins", checkin("c-9") | {"device_id": "phone-0"}).body["outcome"] == "awarded"


def test_what_would_not_be_paid_takes_no_place_on_a_device(crowd, checkin):
    for n, one in enumerate(crowd(5)):
        one.post("/v1/me/checkins", checkin(f"c-{n}", at="harajuku") | {"device_id": "phone-1"})
    assert devices_kept(one.world) == []


def test_the_second_of_a_day_and_what_comes_too_soon_take_no_place(taro, checkin):
    taro.post("/v1/me/checkins", checkin() | {"device_id": "phone-1"})
    again = taro.post("/v1/me/checkins", checkin("c-2") | {"device_id": "phone-2"})
    soon = taro.post("/v1/me/checkins", checkin("c-3", store_id="harajuku") | {"device_id": "phone-3"})
    assert (again.body["already"], soon.body["outcome"]) == (True, "recorded_no_award")
    assert len(devices_kept(taro.world)) == 1


def test_a_retry_and_a_used_id_take_no_place_either(taro, checkin, clock):
    body = checkin() | {"device_id": "phone-1"}
    first = taro.post("/v1/me/checkins", body)
    assert taro.post("/v1/me/checkins", body | {"device_id": "phone-2"}).code == "id_reused"
    clock.forward(days=45)
    again = taro.post("/v1/me/checkins", body)
    assert (again.body, again.is_replay) == (first.body, True)
    assert len(devices_kept(taro.world)) == 1


def test_a_device_is_kept_as_a_hash_alone(taro, checkin):
    taro.post("/v1/me/checkins", checkin() | {"device_id": "IDFA-7f3c-secret"})
    world = taro.world
    assert "IDFA" not in repr([world.ledger.table.scan(), world.transient.scan(), world.directory.table.scan()])
