"""A member was erased: where they have been is remembered by nobody, and their phone is somebody else's to use."""

import json

import pytest

from checkin import arrival, checkins, devices, forgetting
from checkin.reactions import CARRY_ON, REACTIONS
from checkin.visits import VISITS
from infra import invariants
from shared import events, inbox, relay
from tests.events.test_relay import Box, ledger_records
from tests.kit import OPERATOR, member
from tests.stream import record

PHONE = "planted-device-9f2c"


def hear(points, *types):
    """Delivers what the relay publishes of these types."""
    box, world = Box(), points.world
    relay.relay_ledger(world, ledger_records(points), box)
    relay.relay_directory([record(item) for item in world.directory.table.scan(after=None, limit=10_000)], box)
    told = [event for event in box.sent if event["type"] in map(events.type_name, types)]
    records = [{"messageId": str(n), "body": json.dumps(event)} for n, event in enumerate(told)]
    assert inbox.work(world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON) == {"batchItemFailures": []}
    assert not [item for item in world.transient.scan(after=None, limit=100) if item["pk"].startswith("parked")]


@pytest.fixture
def erase(points):
    def make(member_id="taro"):
        assert points.as_(OPERATOR).delete(f"/v1/members/{member_id}", {}).status == 202
        hear(points, "member.erased")

    return make


def faults(client):
    return invariants.faults(client.world.ledger.table.scan(after=None, limit=100_000))


@pytest.fixture
def been(operator, taro, checkin, clock, points):
    """Taro was paid, looked at, passed by, with a phone; one check-in waits for its review."""
    assert taro.post("/v1/me/checkins", checkin("c-1") | {"device_id": PHONE}).body["outcome"] == "awarded"
    assert taro.post("/v1/me/checkins", checkin("c-2") | {"device_id": PHONE}).body["already"]
    clock.forward(minutes=31)
    far = checkin("c-3", store_id="umeda") | {"device_id": PHONE}
    assert taro.post("/v1/me/checkins", far).body["outcome"] == "pending_review"
    assert taro.post("/v1/me/approaches", {"approach_id": "a", "store_id": "harajuku"}).status == 202
    hear(points, "checkin.accepted")
    return operator


def test_nothing_is_known_of_where_an_erased_member_has_been(been, erase):
    world = been.world
    device = world.secrets.digest("device", PHONE)
    kept = str(world.ledger.table.scan(after=None, limit=1000))
    assert kept.count(device) > 2
    waits = been.get("/v1/reviews").body["items"]
    assert [one["member_id"] for one in waits] == ["taro"]
    erase()
    head = world.ledger.head(VISITS, "taro")
    assert head.state == head.state.__class__(at=head.state.at, is_erased=True)
    assert been.get("/v1/reviews").body["items"] == []
    left = [item for item in world.ledger.table.scan(after=None, limit=1000) if device in str(item)]
    assert {item["pk"] for item in left} == {f"D#{device}"}
    (chain_of_device,) = ([item for item in left if item["sk"] == max(one["sk"] for one in left)],)
    assert chain_of_device[0]["s"] == {"m": []}
    erase()
    assert faults(been) == []


def test_a_twin_that_looked_before_the_erasure_does_not_bind_the_phone_anew(been):
    ledger = been.world.ledger
    names = [one for one in ledger.table.scan(after=None, limit=1000) if "v" in one.get("op", {})]
    (twin,) = [one for one in names if one["pk"].endswith("c-2")]  # the phone was known, so it has bound nothing yet
    for name in names:
        forgetting.forget_device(been.world, name)
    assert checkins._bound_at(been.world, twin, arrival.unpack(twin["op"])) is None
    assert ledger.head(devices.DEVICE, twin["op"]["v"], consistent=True).state == ()
    assert faults(been) == []


def test_who_is_erased_checks_in_no_more_and_the_phone_is_free(been, erase, taro, checkin):
    erase()
    assert taro.post("/v1/me/checkins", checkin("late")).code == "not_a_member"
    assert taro.post("/v1/me/approaches", {"approach_id": "b", "store_id": "harajuku"}).code == "not_a_member"
    scan = {"checkin_id": "scan", "store_id": "shibuya", "member": {"member_id": "taro"}}
    assert been.post("/v1/checkins", scan).code == "member_not_found"
    assert taro.get("/v1/me/checkins").code == "not_a_member"
    assert faults(been) == []


def test_requests_from_before_are_answered_as_before(been, erase, points, checkin, clock):
    body = {"checkin_id": "staff", "store_id": "harajuku", "member": {"member_id": "taro"}}
    first = been.post("/v1/checkins", body)
    erase()
    again = been.post("/v1/checkins", body)
    assert (again.status, again.body, again.is_replay) == (first.status, first.body, True)


def test_a_review_that_is_decided_later_pays_nobody(been, erase, points):
    (waiting,) = been.get("/v1/reviews").body["items"]
    table = been.world.directory.table
    place = table.get("review", waiting["review_id"])
    erase()
    table.put(place)  # a record of the stream that came late
    assert been.post(f"/v1/reviews/{waiting['review_id']}/approve", {}).status == 200
    assert been.world.ledger.head(VISITS, "taro").state.taken == ()
    assert faults(been) == []


def test_challenges_that_are_open_go(operator, taro, erase, checkin):
    body = {"challenge_id": "x", "store_id": "shibuya", "location": checkin("c")["location"]}
    assert (
        operator.put(
            "/v1/stores/shibuya",
            {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo", "dwell_seconds": 300},
        ).status
        == 200
    )
    assert taro.post("/v1/me/checkins/challenges", body).status == 201
    assert "challenge#taro" in str(operator.world.transient.scan(after=None, limit=100))
    erase()
    assert "challenge#taro" not in str(operator.world.transient.scan(after=None, limit=100))


@pytest.mark.parametrize("is_merge_first", [True, False])
def test_who_was_merged_is_forgotten_too(been, points, erase, is_merge_first):
    body = {"merge_id": "m", "into_member_id": "hanako"}
    assert points.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200
    if is_merge_first:
        hear(points, "member.merged")
    erase("hanako")
    hear(points, "member.merged")
    for one in ("taro", "hanako"):
        state = been.world.ledger.open_head(VISITS, one, consistent=True).state
        assert (state.is_erased, state.taken, state.devices) == (True, (), ())
    device = been.world.secrets.digest("device", PHONE)
    assert been.world.ledger.table.newest(f"D#{device}")["s"] == {"m": []}
    assert been.get("/v1/reviews").body["items"] == []
    assert faults(been) == []


# ---- the phone of who was merged ------------------------------------------------------------------------------------


def phone_is_known(client):
    """What still leads to the phone: names, and whom its own chain binds."""
    table = client.world.ledger.table
    device = client.world.secrets.digest("device", PHONE)
    names = [item["pk"] for item in table.scan(after=None, limit=1000) if item.get("op", {}).get("v") == device]
    return [*names, *table.newest(f"D#{device}")["s"]["m"]]


def merge(points):
    consent = {"granted": True, "version": "1"}
    assert points.as_(member("hanako")).put("/v1/me/consents/location", consent).status == 200
    body = {"merge_id": "m", "into_member_id": "hanako"}
    assert points.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200
    hear(points, "member.merged")


@pytest.mark.parametrize("leavers", [["hanako"], ["hanako", "taro"], ["taro", "hanako"]])
def test_a_phone_that_was_used_under_a_merged_login_is_forgotten_also_after_they_were_parted(
    points, taro, checkin, erase, leavers
):
    merge(points)
    assert taro.post("/v1/me/checkins", checkin() | {"device_id": PHONE}).body["outcome"] == "awarded"
    if "taro" in leavers:
        assert points.as_(OPERATOR).post("/v1/members/taro/unmerge", {"merge_id": "m"}).status == 200
        hear(points, "member.unmerged")
    assert len(phone_is_known(points)) == 2
    for one in leavers:
        erase(one)
    assert phone_is_known(points) == []
    assert faults(taro) == []


@pytest.mark.parametrize("is_late", [True, False])
def test_a_phone_lets_go_of_whom_it_has_bound_though_the_checkin_came_in_after_a_merge(
    points, taro, checkin, erase, is_late
):
    """Its process died when it had bound the phone; the stream finishes it after the merge, or after the erasure."""
    ledger = points.world.ledger
    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(ledger, "enter_one", None)
        assert taro.post("/v1/me/checkins", checkin() | {"device_id": PHONE}).status == 500
    merge(points)
    (name,) = (item for item in ledger.table.scan(after=None, limit=1000) if "v" in item.get("op", {}))
    if is_late:
        erase("hanako")
    checkins.finish(points.world, name)
    if not is_late:
        erase("hanako")
    assert phone_is_known(points) == []
    assert faults(taro) == []
