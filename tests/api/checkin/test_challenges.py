"""POST /v1/me/checkins/challenges, and check-ins at stores that ask their guests to stay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from infra import invariants
from shared.secrets import Secrets
from tests.api.checkin.conftest import PLACES, SHIBUYA
from tests.kit import EC, OPERATOR, TILL, member

PATH = "/v1/me/checkins/challenges"
DWELL = 600


@pytest.fixture
def lounge(taro, operator):
    """The store asks its guests to stay for ten minutes."""
    assert operator.put("/v1/stores/shibuya", SHIBUYA | {"dwell_seconds": DWELL}).body["dwell_seconds"] == DWELL
    return taro


@pytest.fixture
def begin(lounge, checkin):
    """Asks for a challenge; answers it."""

    def ask(challenge_id="d-1", *, who=lounge, **changes):
        said = checkin(challenge_id, **changes)
        said["challenge_id"] = said.pop("checkin_id")
        return who.post(PATH, said)

    return ask


def outcome(one, body):
    return one.post("/v1/me/checkins", body).body["outcome"]


def test_who_stays_is_paid_and_who_does_not_is_recorded(lounge, begin, checkin, clock):
    started = clock.now()
    answer = begin()
    assert (answer.status, answer.is_replay) == (201, False)
    ends = [datetime.fromisoformat(answer.body[name]) - started for name in ("not_before", "expires_at")]
    assert ends == [timedelta(seconds=DWELL), timedelta(seconds=DWELL + 1800)]
    shown = {"challenge": answer.body["challenge"]}
    assert outcome(lounge, checkin("c-1")) == "recorded_no_award"
    assert outcome(lounge, checkin("c-2") | shown) == "recorded_no_award"
    clock.forward(seconds=DWELL)
    assert outcome(lounge, checkin("c-3")) == "recorded_no_award"
    paid = lounge.post("/v1/me/checkins", checkin("c-4") | shown)
    assert (paid.status, paid.body["outcome"], paid.body["evidence_level"]) == (201, "awarded", 0)
    assert lounge.post("/v1/me/checkins", checkin("c-5") | shown).body["already"]
    assert invariants.faults(lounge.world.ledger.table.scan()) == []


def test_an_unpassed_challenge_looks_like_any_other_record(lounge, begin, checkin, clock):
    good, far = begin("d-1"), begin("d-2", lat=36.0)
    assert (good.status, good.body.keys()) == (far.status, far.body.keys())
    assert len(good.body["challenge"]) == len(far.body["challenge"])
    assert (good.body["not_before"], good.body["expires_at"]) == (far.body["not_before"], far.body["expires_at"])
    clock.forward(seconds=DWELL)
    answers = [
        lounge.post("/v1/me/checkins", checkin(f"c-{n}", **place) | {"challenge": shown}).body
        for n, (shown, place) in enumerate(
            [(far.body["challenge"], {}), ("made-up", {}), (good.body["challenge"], {"lat": 36.0})]
        )
    ]
    plain = lounge.post("/v1/me/checkins", checkin("c-9")).body
    for answer in answers[:2]:
        assert answer | {"checkin_id": ""} == plain | {"checkin_id": ""}
    assert answers[2]["outcome"] == "recorded_no_award"


def test_it_ends_and_is_good_for_its_member_store_and_phone_only(lounge, operator, begin, checkin, clock, points):
    consents = {"location": {"granted": True, "version": "1"}}
    assert points.post("/v1/members", {"member_id": "jiro", "consents": consents}).status == 201
    assert operator.put("/v1/stores/harajuku", SHIBUYA | PLACES["harajuku"] | {"dwell_seconds": DWELL}).status == 200
    shown = {"challenge": begin().body["challenge"]}
    clock.forward(seconds=DWELL)
    assert outcome(operator.as_(member("jiro")), checkin("c-1") | shown) == "recorded_no_award"
    assert outcome(lounge, checkin("c-2", store_id="harajuku") | shown) == "recorded_no_award"
    assert outcome(lounge, checkin("c-3") | shown | {"device_id": "another"}) == "recorded_no_award"
    clock.forward(seconds=1801)
    assert outcome(lounge, checkin("c-4") | shown) == "recorded_no_award"
    assert outcome(lounge, checkin("c-5") | {"challenge": begin("d-2").body["challenge"]}) == "recorded_no_award"


def test_a_code_of_the_screen_or_a_member_of_staff_needs_no_stay(lounge, operator):
    code = operator.get("/v1/stores/shibuya/presence-code").body["code"]
    said = {"checkin_id": "c-1", "store_id": "shibuya", "presence_code": code}
    assert outcome(lounge, said) == "awarded"


def test_a_scan_needs_no_stay(lounge, operator):
    said = {"checkin_id": "s-1", "member": {"member_id": "taro"}}
    assert operator.as_(TILL).post("/v1/checkins", said).body["outcome"] == "awarded"


def test_the_same_again_is_the_same_challenge_and_other_content_is_not_taken(lounge, checkin, clock):
    said = checkin("d-1")
    said["challenge_id"] = said.pop("checkin_id")
    first = lounge.post(PATH, said)
    clock.forward(minutes=5)  # the fix is stale by now, and was good when it came
    again = lounge.post(PATH, said)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    refused = lounge.post(PATH, said | {"store_id": "umeda"})
    assert (refused.status, refused.code) == (422, "id_reused")


def test_two_at_once_get_one_challenge(lounge, checkin):
    said = checkin("d-1")
    said["challenge_id"] = said.pop("checkin_id")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: lounge.post(PATH, said), range(16)))
    assert {answer.body["challenge"] for answer in answers} == {answers[0].body["challenge"]}
    assert sum(not answer.is_replay for answer in answers) == 1


def test_what_is_no_challenge_is_refused_and_leaves_nothing(lounge, operator, begin):
    assert begin(lat=91).status == 422
    assert lounge.post(PATH, {"challenge_id": "d", "store_id": "shibuya"}).status == 422
    assert lounge.post(PATH, {"challenge_id": "a b", "store_id": "shibuya"}).status == 422
    assert begin(store_id="nowhere", at="shibuya").code == "store_not_found"
    assert begin(who=operator.as_(member("hanako"))).code == "consent_required"
    assert begin(who=operator.as_(member("stranger"))).code == "not_a_member"
    for who in (EC, TILL, OPERATOR):
        assert begin(who=operator.as_(who)).status == 403
    assert lounge.world.transient.scan() == []
    assert begin().status == 201


def test_it_costs_one_write_and_tells_a_reader_of_the_table_no_place(lounge, begin):
    table = lounge.world.transient
    table.usage.reset()
    shown = begin(lat=35.65951234, lon=139.70054321).body["challenge"]
    assert (table.usage.write_units, table.usage.round_trips) == (1, 2)
    (item,) = table.scan()
    assert item["ttl"] > 0
    assert not any(digits in repr(item) for digits in ("951234", "054321", "35.65", "139.7"))
    world = lounge.world
    assert world.secrets.unseal("challenge", "taro", shown) == item["first"]
    assert world.secrets.unseal("challenge", "hanako", shown) is None
    assert Secrets(lambda: '{"root": "another"}').unseal("challenge", "taro", shown) is None


@pytest.mark.parametrize("seconds", [-1, 3601, 1.5, "600"])
def test_a_stay_is_whole_seconds_up_to_an_hour(operator, seconds):
    answer = operator.put("/v1/stores/shibuya", SHIBUYA | {"dwell_seconds": seconds})
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/dwell_seconds")


def test_a_store_that_asks_for_none_pays_as_ever(operator, taro, checkin):
    assert operator.put("/v1/stores/shibuya", SHIBUYA | {"dwell_seconds": 0}).status == 200
    assert outcome(taro, checkin()) == "awarded"
