"""POST /v1/me/checkins with the word of the phone's platform: what level 4 takes, and what it never is."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checkin import attestations
from shared import chain, events
from shared.secrets import Secrets
from tests.api.checkin.conftest import SHIBUYA
from tests.kit import ROOT, Client, member
from tests.phones import Play, hashed, verdict

PATH = "/v1/me/checkins"
REWARDS = [{"min_level": 0, "points": 1}, {"min_level": 2, "points": 5}, {"min_level": 4, "points": 50}]
GOOD = ("awarded", 4, 50)
PLAIN = ("awarded", 0, 1)
NOT_AT_ALL = ("recorded_no_award", None, 0)


@pytest.fixture
def play():
    return Play()


@pytest.fixture
def secret(play):
    """What the operator has put into the attestation secret; a test may change it before the first token comes."""
    return [play.setting()]


@pytest.fixture
def phone(operator, secret):
    """Taro's phone, at a shop that has told us its app, in front of a store that pays for it."""
    assert operator.put("/v1/stores/shibuya", SHIBUYA | {"rewards": REWARDS}).status == 200
    held = Secrets(lambda: ROOT, lambda: json.dumps(secret) if secret is not None else None)
    return replace(operator, world=replace(operator.world, secrets=held), who=member("taro"))


@pytest.fixture
def vouched(play, clock, checkin):
    """The body of a check-in whose token is good, unless the changes of the verdict say otherwise."""

    def make(checkin_id="c-1", *, who="taro", more=None, late=0, **changes):
        body = checkin(checkin_id) | {"device_id": "phone-1"} | (more or {})
        body = {name: value for name, value in body.items() if value is not None}
        said = verdict(hashed(who, body), clock.now() - timedelta(seconds=late), **changes)
        return body | {"attestation": {"kind": "play_integrity", "token": play.token(said)}}

    return make


def outcome(phone: Client, body):
    answer = phone.post(PATH, body)
    assert answer.status == 201, answer.body
    return answer.body["outcome"], answer.body["evidence_level"], answer.body["reward"]["points"]


def why(phone):
    """What the books keep of a token that did not count."""
    return chain.entries_of(phone.world.ledger.table.newest("V#taro"))[-1].data.get("unattested")


def test_a_phone_whose_platform_vouches_for_it_reaches_the_highest_level(phone, vouched):
    assert outcome(phone, vouched()) == GOOD
    assert why(phone) is None


def test_a_standard_requests_verdict_is_taken_as_well(phone, vouched):
    assert outcome(phone, vouched(classic=False)) == GOOD


def test_with_the_screens_code_no_place_is_needed(phone, vouched, operator):
    code = operator.get("/v1/stores/shibuya/presence-code").body["code"]
    assert outcome(phone, vouched(more={"location": None, "presence_code": code})) == GOOD


def test_a_code_serves_once_though_the_phone_is_attested(phone, vouched, operator, clock):
    """A store whose day ends between the two: the half minute is the same."""
    assert operator.put("/v1/stores/shibuya", SHIBUYA | {"cutoff_hour": 12}).status == 200
    clock.forward(seconds=-1)
    code = operator.get("/v1/stores/shibuya/presence-code").body["code"]
    shown = {"location": None, "presence_code": code}
    assert outcome(phone, vouched(more=shown))[:2] == ("awarded", 4)
    clock.forward(seconds=2)
    assert outcome(phone, vouched("c-2", more=shown))[:2] == ("recorded_no_award", 4)


def test_a_phone_alone_proves_no_place(phone, vouched, checkin):
    assert outcome(phone, vouched(more={"location": None})) == NOT_AT_ALL
    far = checkin(at="umeda")["location"]
    assert outcome(phone, vouched("c-2", more={"location": far})) == NOT_AT_ALL
    mock = checkin()["location"] | {"is_mock": True}
    assert outcome(phone, vouched("c-3", more={"location": mock})) == NOT_AT_ALL
    assert outcome(phone, vouched("c-4", more={"presence_code": "00000000"})) == NOT_AT_ALL


def test_a_store_that_asks_for_a_stay_asks_no_attested_phone(phone, vouched, checkin, operator):
    assert operator.put("/v1/stores/shibuya", SHIBUYA | {"dwell_seconds": 600}).status == 200
    assert outcome(phone, checkin("c-0")) == ("recorded_no_award", 0, 0)
    assert outcome(phone, vouched())[:2] == ("awarded", 4)


# ---- what does not count falls back ----------------------------------------------------------------------------------

BAD: dict[str, dict[str, Any]] = {
    "stale": {"late": 121},
    "app": {"appIntegrity": {"appRecognitionVerdict": "UNRECOGNIZED_VERSION"}},
    "device": {"deviceIntegrity": {"deviceRecognitionVerdict": []}},
    "other_request": {"requestDetails": {"requestPackageName": "jp.example.other"}},
    "no_device": {"more": {"device_id": None}},
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_token_is_no_evidence_and_no_crime(phone, vouched, reason):
    """The guest is judged by what else was proved; the answer is that of a check-in without a token."""
    assert outcome(phone, vouched(**BAD[reason])) == PLAIN
    assert why(phone) == reason


@pytest.mark.parametrize("token", ["x", "a.b.c.d.e", "....", "é", "e" * 16_384])
def test_garbage_is_a_bad_token(phone, vouched, token):
    body = vouched() | {"attestation": {"kind": "play_integrity", "token": token}}
    assert outcome(phone, body) == PLAIN
    assert why(phone) == "unreadable"


@pytest.mark.parametrize("reason", [None, *BAD])
def test_bad_tokens_are_answered_alike(phone, vouched, checkin, reason):
    answer = phone.post(PATH, checkin() if reason is None else vouched(**BAD[reason]))
    assert answer.body == {
        "checkin_id": "c-1",
        "store_id": "shibuya",
        "business_day": "2026-11-20",
        "outcome": "awarded",
        "already": False,
        "evidence_level": 0,
        "reward": {"points": 1, "campaigns": []},
        "next_possible_at": "2026-11-20T15:00:00Z",
    }


def test_a_strangers_keys_make_no_token(phone, vouched, clock):
    body = vouched()
    token = Play().token(verdict(hashed("taro", body), clock.now()))
    assert outcome(phone, body | {"attestation": {"kind": "play_integrity", "token": token}}) == PLAIN
    assert why(phone) == "unreadable"


@pytest.mark.parametrize(
    "attestation",
    [
        {}, {"kind": "play_integrity"}, {"kind": "play_integrity", "token": ""}, {"kind": "app_attest", "token": "t"},
        {"kind": "play_integrity", "token": "t" * 16_385}, {"kind": "play_integrity", "token": 7}, "token",
    ],
)  # fmt: skip
def test_a_token_of_another_form_is_a_fault_of_the_request(phone, checkin, attestation):
    answer = phone.post(PATH, checkin() | {"attestation": attestation})
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert not phone.world.ledger.table.items("V#taro")


# ---- used again -----------------------------------------------------------------------------------------------------


def test_the_same_request_again_is_its_retry_however_late(phone, vouched, clock):
    body = vouched()
    first = phone.post(PATH, body)
    clock.forward(days=2)
    again = phone.post(PATH, body)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert len(phone.world.ledger.table.items("V#taro")) == 1


@pytest.mark.parametrize("what", ["id", "place", "time", "device", "qr", "code"])
def test_a_token_serves_no_other_checkin(phone, vouched, operator, clock, what):
    """Of another id, place, phone or code: what it vouched for is one request, to the last of its fields."""
    fix = vouched()["location"]
    changes = {
        "id": {"checkin_id": "c-9"},
        "place": {"location": fix | {"lat": fix["lat"] + 0.00002}},
        "time": {"location": fix | {"captured_at": (clock.now() - timedelta(seconds=9)).isoformat()}},
        "device": {"device_id": "phone-2"},
        "qr": {"qr": operator.get("/v1/stores/shibuya/qr").body["qr_payload"]},
        "code": {"presence_code": operator.get("/v1/stores/shibuya/presence-code").body["code"]},
    }
    level = {"qr": 1, "code": 2}.get(what, 0)
    assert outcome(phone, vouched() | changes[what])[:2] == ("awarded", level)
    assert why(phone) == "other_request"


def test_a_token_serves_no_other_store(phone, vouched, operator):
    next_door = SHIBUYA | {"rewards": REWARDS}
    assert operator.put("/v1/stores/next-door", next_door).status == 200
    assert outcome(phone, vouched() | {"store_id": "next-door"}) == PLAIN
    assert why(phone) == "other_request"


def test_a_token_used_again_at_once_is_of_another_request(phone, vouched):
    assert outcome(phone, vouched()) == GOOD
    again = vouched() | {"checkin_id": "c-2"}
    answer = phone.post(PATH, again)
    assert (answer.status, answer.body["already"], answer.body["evidence_level"]) == (200, True, 4)  # the first one's
    name = phone.world.ledger.table.get("N#checkin#member.taro#c-2", 0)
    assert (name["op"]["u"], name["op"]["l"]) == ("other_request", 0)


def test_a_token_serves_no_other_member(phone, vouched, points):
    said = {"member_id": "jiro", "consents": {"location": {"granted": True, "version": "1"}}}
    assert points.post("/v1/members", said).status == 201
    assert outcome(phone.as_(member("jiro")), vouched()) == PLAIN


def test_the_same_id_with_another_token_is_another_content(phone, vouched):
    assert outcome(phone, vouched()) == GOOD
    other = phone.post(PATH, vouched())
    assert (other.status, other.code) == (422, "id_reused")
    without = {name: value for name, value in vouched().items() if name != "attestation"}
    assert phone.post(PATH, without).code == "id_reused"
    assert len(phone.world.ledger.table.items("V#taro")) == 1


def test_one_phone_vouches_for_few_members(phone, vouched, points):
    """The phone is in the hash, so its platform vouches for that as well: no more than three members."""
    seen = []
    for n in range(5):
        said = {"member_id": f"m-{n}", "consents": {"location": {"granted": True, "version": "1"}}}
        assert points.post("/v1/members", said).status == 201
        seen.append(outcome(phone.as_(member(f"m-{n}")), vouched(who=f"m-{n}")))
    assert seen == [GOOD] * 3 + [("recorded_no_award", 4, 0)] * 2


# ---- the shop's setting ---------------------------------------------------------------------------------------------


@pytest.fixture
def _unset(secret, phone):
    held = Secrets(lambda: ROOT, lambda: None)
    object.__setattr__(phone.world, "secrets", held)


@pytest.mark.usefixtures("_unset")
def test_without_a_setting_the_level_is_not_reached_and_nobody_is_in_the_way(phone, vouched):
    assert outcome(phone, vouched()) == PLAIN
    assert why(phone) == "unset"


@pytest.mark.usefixtures("_unset")
def test_without_a_setting_a_reward_for_that_level_alone_is_not_paid(phone, vouched, operator):
    only = SHIBUYA | {"rewards": [{"min_level": 4, "points": 50}]}
    assert operator.put("/v1/stores/shibuya", only).status == 200
    assert outcome(phone, vouched()) == ("recorded_no_award", 0, 0)


def test_two_keys_of_one_app_are_good_while_they_change(phone, vouched, secret, play):
    secret.insert(0, Play().setting())
    assert outcome(phone, vouched()) == GOOD


def test_strong_phones_can_be_asked_for(phone, vouched, secret):
    secret[0]["needs"] = "strong"
    assert outcome(phone, vouched()) == PLAIN
    assert why(phone) == "device"


@pytest.mark.parametrize(
    "broken",
    [
        {"decryption_key": "c2hvcnQ="}, {"verification_key": "AAAA"}, {"certificates": ["ab"]}, {"needs": "basic"},
        {"package_name": ""}, {"surprise": 1},
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_read_is_told_to_the_operator_and_stops_nobody(phone, vouched, secret, caplog, broken):
    attestations.apps.cache_clear()
    secret[0] |= broken
    with caplog.at_level(logging.ERROR, "omotenashi"):
        assert outcome(phone, vouched()) == PLAIN
    assert why(phone) == "unreadable"
    assert "attestation secret unreadable" in caplog.text
    assert secret[0]["decryption_key"] not in caplog.text


def test_a_new_setting_holds_within_five_minutes(operator, clock):
    """The secret's reader is asked once in five minutes, also for its not being there."""
    texts = [None, "one", "two"]
    held = Secrets(lambda: ROOT, lambda: texts.pop(0))
    assert [held.attestation(at) for at in (0, 299, 300, 599, 600)] == [None, None, "one", "one", "two"]


# ---- what is kept ---------------------------------------------------------------------------------------------------


def test_neither_token_nor_phone_is_kept_or_logged(phone, vouched, play, caplog):
    caplog.set_level(logging.DEBUG)
    bodies = [vouched(), vouched("c-2", deviceIntegrity={"deviceRecognitionVerdict": []})]
    for body in bodies:
        assert phone.post(PATH, body).status in (200, 201)
    world = phone.world
    kept = repr([table.scan() for table in (world.ledger.table, world.directory.table, world.transient)])
    kept += caplog.text + repr([record.__dict__ for record in caplog.records])
    for body in bodies:
        for part in body["attestation"]["token"].split("."):
            assert part[:24] not in kept
        assert hashed("taro", body) not in kept
    for secret_text in play.setting().values():
        if isinstance(secret_text, str) and secret_text != "device":
            assert secret_text not in kept


def test_the_names_of_faults_go_to_no_event(phone, vouched):
    phone.post(PATH, vouched(late=500))
    (entry,) = chain.entries_of(phone.world.ledger.table.newest("V#taro"))
    assert entry.data["unattested"] == "stale"
    (event,) = events.of_entry(entry)
    assert "unattested" not in event["data"]
    assert "stale" not in json.dumps(event)
