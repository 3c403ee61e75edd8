"""Stores that check in far more guests than ever pause by themselves; the hunt of 2018 played again."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest

from checkin import traffic
from checkin.reactions import REACTIONS
from checkin.traffic import FEW, TRAFFIC, Traffic
from checkin.tries import MANY
from infra import invariants
from points.routes import ROUTES as POINTS
from shared import inbox, keys
from shared.chain import Part, next_item
from tests.kit import Client, member
from tests.stream import Stream

USUAL = 4


@pytest.fixture
def stream(operator):
    """Events go to check-in's own inbox, as often as it is run; answers what was sent."""
    stream = Stream(operator.world)

    def run(*, times=1):
        sent = stream.run()
        records = [{"messageId": f"m-{n}", "body": json.dumps(event)} for n, event in enumerate(sent * times)]
        assert inbox.work(operator.world, {"Records": records}, reactions=REACTIONS) == {"batchItemFailures": []}
        return [event["type"].split(".", 1)[1] for event in sent]

    return run


def has_a_past(world, store_id, guests=USUAL, weeks=10):
    """The store has been open for some weeks, with so many guests in every hour."""
    now = world.clock.now()
    hour = int(now.timestamp()) // 3600
    past = Traffic(hour - 1, 0, hour - weeks * 168, weeks * 168, (guests * 16,) * 168)
    head = world.ledger.head(TRAFFIC, store_id)
    seen = traffic.Seen(store_id, now - timedelta(hours=1))
    steps = traffic.count(past, seen, seen.at).steps
    world.ledger.table.put_new(next_item(TRAFFIC, head, [Part(b"the past", steps)], past, now - timedelta(hours=1)))


def crowd(operator, count, start=0):
    """Members by the dozen, each with a login of its own."""
    points = Client(POINTS, operator.world)
    consents = {"location": {"granted": True, "version": "1"}}
    names = [f"guest-{n}" for n in range(start, start + count)]
    for name in names:
        assert points.post("/v1/members", {"member_id": name, "consents": consents}).status == 201
    return [operator.as_(member(name)) for name in names]


def test_too_many_guests_pause_their_store_and_say_so_once(operator, checkin, stream):
    has_a_past(operator.world, "shibuya")
    sent = []
    for one in crowd(operator, FEW + 5):
        one.post("/v1/me/checkins", checkin())
        sent += stream(times=2)
    sent += stream()
    assert sent.count("checkin.anomaly.v1") == 1
    assert operator.world.directory.table.get(*keys.store("shibuya"))["reason"] == (
        f"{FEW + 1} check-ins in an hour; usual are {USUAL}"
    )
    (late,) = crowd(operator, 1, start=100)
    waits = late.post("/v1/me/checkins", checkin()).body
    assert (waits["outcome"], waits["reward"]) == ("pending_review", {"points": 0, "campaigns": []})
    elsewhere = late.post("/v1/me/checkins", checkin("c-2", store_id="harajuku"))
    assert elsewhere.body["outcome"] == "awarded"
    assert invariants.faults(operator.world.ledger.table.scan()) == []


def test_what_people_resume_no_late_message_pauses_again(operator, checkin, stream):
    has_a_past(operator.world, "shibuya")
    for one in crowd(operator, FEW + 1):
        one.post("/v1/me/checkins", checkin())
    stream()
    stored = Stream(operator.world)
    told = [event for event in stored.run() if event["type"].startswith("omotenashi.checkin.anomaly")]
    assert told[0]["subject"] == "shibuya"
    record = {"Records": [{"messageId": "m", "body": json.dumps(told[0])}]}
    inbox.work(operator.world, record, reactions=REACTIONS)
    assert operator.world.directory.table.get(*keys.store("shibuya"))["paused"]
    assert operator.put("/v1/stores/shibuya/rewards-pause", {"paused": False}).status == 200
    inbox.work(operator.world, record, reactions=REACTIONS)
    (late,) = crowd(operator, 1, start=100)
    assert late.post("/v1/me/checkins", checkin()).body["outcome"] == "awarded"


def test_a_change_of_the_store_keeps_the_pause_and_what_caused_it(operator, checkin, stream):
    has_a_past(operator.world, "shibuya")
    for one in crowd(operator, FEW + 1):
        one.post("/v1/me/checkins", checkin())
    stream()
    stream()
    store = operator.get("/v1/stores/shibuya").body
    assert store.pop("rewards_paused")
    assert store.pop("paused_by") == "anomaly"
    assert operator.put("/v1/stores/shibuya", store | {"name": "new"}).status == 200
    item = operator.world.directory.table.get(*keys.store("shibuya"))
    assert item["paused"]
    assert item["anomaly"]


@pytest.fixture
def overrun(operator, checkin, stream):
    """A store that has just paused by itself."""
    has_a_past(operator.world, "shibuya")
    for one in crowd(operator, FEW + 1):
        one.post("/v1/me/checkins", checkin())
    stream()
    stream()
    return operator


def at_counter(world):
    return world.ledger.head(TRAFFIC, "shibuya", consistent=True).state


def reviews(operator):
    return operator.get("/v1/reviews?limit=100").body["items"]


def test_who_comes_to_an_overrun_store_waits_for_people_and_is_paid_by_them(overrun, checkin, stream):
    before = at_counter(overrun.world)
    guests = crowd(overrun, 3, start=100)
    assert [one.post("/v1/me/checkins", checkin()).body["outcome"] for one in guests] == ["pending_review"] * 3
    again = guests[0].post("/v1/me/checkins", checkin("c-2"))
    assert (again.status, again.body["already"], again.body["outcome"]) == (200, True, "pending_review")
    stream()
    assert at_counter(overrun.world) == before
    waiting = reviews(overrun)
    assert {(one["member_id"], one["reason"]) for one in waiting} == {
        (f"guest-{n}", "anomaly") for n in range(100, 103)
    }
    waiting.sort(key=lambda one: one["member_id"])  # all of them came in the same moment
    for one, word in zip(waiting, ("approve", "approve", "reject"), strict=True):
        assert overrun.post(f"/v1/reviews/{one['review_id']}/{word}", {}).status == 200
    sent = stream()
    assert sent.count("checkin.accepted.v1") == 2
    assert at_counter(overrun.world) == before
    outcomes = [one.get("/v1/me/checkins").body["items"][0]["outcome"] for one in guests]
    assert outcomes == ["awarded", "awarded", "recorded_no_award"]
    assert overrun.put("/v1/stores/shibuya/rewards-pause", {"paused": False}).status == 200
    assert guests[2].post("/v1/me/checkins", checkin("c-3")).body["outcome"] == "awarded"
    assert invariants.faults(overrun.world.ledger.table.scan()) == []


def in_vain(clock, guest, checkin, stores):
    """A guest checks in at three stores, so that nothing is left on this day, and then at these."""
    for n, store_id in enumerate((*FULL, *stores)):
        clock.forward(minutes=40 if n < len(FULL) else 0)
        answer = guest.post("/v1/me/checkins", checkin(f"v-{clock.now():%d}-{n}", store_id=store_id, at="shibuya")).body
        assert answer["outcome"] == ("awarded" if n < len(FULL) else "recorded_no_award"), answer
    return answer


FULL = ("full-0", "full-1", "full-2")


@pytest.fixture
def full(operator):
    """Three stores more, next door: whoever was there has nothing left on this day."""
    place = {name: value for name, value in operator.get("/v1/stores/shibuya").body.items() if name in ("lat", "lon")}
    for store_id in FULL:
        store = {"name": store_id, "time_zone": "Asia/Tokyo", **place}
        assert operator.put(f"/v1/stores/{store_id}", store).status == 200
    return operator


def test_who_comes_in_vain_is_a_guest_as_well_once_a_day_and_never_by_a_bad_fix(full, clock, checkin, stream):
    has_a_past(full.world, "shibuya")
    (guest,) = crowd(full, 1)
    in_vain(clock, guest, checkin, ["shibuya"])
    sent = stream(times=2)
    assert sent.count("checkin.limited.v1") == 1
    assert at_counter(full.world).guests == 1
    changed: list[dict[str, object]] = [{}, {}, {"lat": 36.0}, {"is_mock": True}]
    for n, changes in enumerate(changed):
        guest.post("/v1/me/checkins", checkin(f"again-{n}", **changes))
    assert "checkin.limited.v1" not in stream()
    assert at_counter(full.world).guests == 1
    assert invariants.faults(full.world.ledger.table.scan()) == []


def test_who_comes_in_vain_and_is_paid_an_hour_later_was_one_guest(operator, clock, checkin, stream):
    has_a_past(operator.world, "shibuya")
    (guest,) = crowd(operator, 1)
    assert guest.post("/v1/me/checkins", checkin("c-1", store_id="harajuku")).body["outcome"] == "awarded"
    assert guest.post("/v1/me/checkins", checkin("c-2")).body["outcome"] == "recorded_no_award"  # too soon
    stream()
    clock.forward(minutes=40)
    assert guest.post("/v1/me/checkins", checkin("c-3")).body["outcome"] == "awarded"
    stream()
    counted = [raw for item in operator.world.ledger.table.items("G#shibuya") for raw in item["e"]]
    assert sum(raw["k"] == "counted" for raw in counted[1:]) == 1
    assert invariants.faults(operator.world.ledger.table.scan()) == []


def test_a_crowd_that_comes_in_vain_pauses_a_store_and_one_member_alone_never(full, clock, checkin, stream):
    has_a_past(full.world, "shibuya")
    (alone,) = crowd(full, 1, start=500)
    in_vain(clock, alone, checkin, ["shibuya"] * (FEW + 5))
    stream()
    stream()
    assert not full.get("/v1/stores/shibuya").body["rewards_paused"]
    guests = crowd(full, FEW + 1)
    for n, store_id in enumerate((*FULL, "shibuya")):
        clock.forward(minutes=40)
        for one in guests:
            one.post("/v1/me/checkins", checkin(f"v-{n}", store_id=store_id, at="shibuya"))
    stream()
    stream()
    assert full.get("/v1/stores/shibuya").body["paused_by"] == "anomaly"
    before = at_counter(full.world)
    clock.forward(days=1)
    (late,) = crowd(full, 1, start=700)
    in_vain(clock, late, checkin, ["shibuya"])  # while it is paused, nobody is counted
    assert "checkin.limited.v1" not in stream()
    assert at_counter(full.world) == before


def test_who_was_in_vain_at_more_stores_than_any_guest_is_paid_by_people_for_a_month(full, clock, checkin, stream):
    (guest,) = crowd(full, 1)
    place = {name: full.get("/v1/stores/shibuya").body[name] for name in ("lat", "lon")}
    many = [f"street-{n}" for n in range(MANY + 1)]
    for store_id in many:
        full.put(f"/v1/stores/{store_id}", {"name": store_id, "time_zone": "Asia/Tokyo", **place})
    in_vain(clock, guest, checkin, many[:-1])
    clock.forward(days=1)
    assert guest.post("/v1/me/checkins", checkin("next")).body["outcome"] == "awarded"
    clock.forward(days=1)
    in_vain(clock, guest, checkin, many)
    clock.forward(days=30)
    assert guest.post("/v1/me/checkins", checkin("c-1")).body["outcome"] == "pending_review"
    clock.forward(minutes=40)
    code = full.get("/v1/stores/harajuku/presence-code").body["code"]
    shown = {"checkin_id": "c-2", "store_id": "harajuku", "presence_code": code}
    assert guest.post("/v1/me/checkins", shown).body["outcome"] == "awarded"
    stream()
    assert [one["reason"] for one in reviews(full)] == ["many_stores"]
    clock.forward(days=1)
    assert guest.post("/v1/me/checkins", checkin("c-3")).body["outcome"] == "awarded"


def test_nothing_waits_that_would_not_be_paid(overrun, checkin):
    (guest,) = crowd(overrun, 1, start=100)
    changes: list[dict[str, object]] = [{"is_mock": True}, {"lat": 36.0}, {"accuracy_m": 500}]
    for n, change in enumerate(changes):
        answer = guest.post("/v1/me/checkins", checkin(f"c-{n}", **change))
        assert answer.body["outcome"] == "recorded_no_award"


def test_the_pause_of_an_operator_is_no_case_for_reviews_whichever_came_first(overrun, checkin, stream):
    path = "/v1/stores/shibuya/rewards-pause"
    assert overrun.put(path, {"paused": True}).status == 200
    assert overrun.get("/v1/stores/shibuya").body["paused_by"] == "operator"
    (guest,) = crowd(overrun, 1, start=100)
    assert guest.post("/v1/me/checkins", checkin()).body["outcome"] == "recorded_no_award"
    event = {"id": "x", "source": "s", "type": "omotenashi.checkin.anomaly.v1", "time": "2026-11-20T03:00:00Z",
             "sequence": 10_000, "data": {"store_id": "shibuya", "guests": 99, "usual": 1}}  # fmt: skip
    record = {"Records": [{"messageId": "m", "body": json.dumps(event)}]}
    assert inbox.work(overrun.world, record, reactions=REACTIONS) == {"batchItemFailures": []}
    assert overrun.get("/v1/stores/shibuya").body["paused_by"] == "operator"
    assert overrun.put(path, {"paused": False}).status == 200
    assert "paused_by" not in overrun.get("/v1/stores/shibuya").body


def test_thousands_of_reviews_are_read_page_by_page_each_once(overrun):
    table, of = overrun.world.directory.table, {"store_id": "shibuya", "business_day": "2026-11-20", "checkin_id": "c"}
    said = {**of, "evidence_level": 0, "reason": "anomaly", "withheld": {"points": 1, "campaigns": []}}
    for n in range(2000):
        pk, sk = keys.review(f"{1795143600000 + n // 7:013d}-{n:016x}")
        table.put({"pk": pk, "sk": sk, "acc": keys.account(keys.VISITS, f"m-{n}"), "x": said, "t": 1795143600000})
    found, cursor = [], ""
    while cursor is not None:
        table.usage.reset()
        page = overrun.get(f"/v1/reviews?limit=100{cursor and f'&cursor={cursor}'}").body
        assert table.usage.read_units <= 8
        found += [item["member_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == [f"m-{n}" for n in range(2000)]


def test_a_store_without_a_past_may_open_with_a_crowd(operator, checkin, stream):
    for one in crowd(operator, 3 * FEW):
        assert one.post("/v1/me/checkins", checkin()).body["outcome"] == "awarded"
    assert "checkin.anomaly.v1" not in stream()


def test_an_event_of_no_store_is_parked_and_counts_nothing(operator):
    event = {
        "id": "x",
        "source": "s",
        "type": "omotenashi.checkin.accepted.v1",
        "time": "2026-11-20T03:00:00Z",
        "data": {"a": 1},
    }
    for store_id in (None, 7, "a b"):
        body = event | {"id": f"x-{store_id}", "data": {"store_id": store_id}}
        record = {"Records": [{"messageId": f"m-{store_id}", "body": json.dumps(body)}]}
        assert inbox.work(operator.world, record, reactions=REACTIONS) == {"batchItemFailures": []}
    assert operator.world.ledger.table.scan() == []
    assert len(operator.world.transient.scan()) == 3


# ---- the hunt of 2018: one person, emulators, 71 stores, 902 accounts, 42 days; here smaller, at the same density -------

STORES, DAYS = 8, 3
HUNTERS = 60
DEVICES = 6
HONEST_A_DAY = 16


@pytest.fixture
def street(operator):
    """Stores in one town, each with a past of a few guests an hour."""
    for n in range(STORES):
        store = {
            "name": f"{n}",
            "lat": 35.0 + n / 100,
            "lon": 139.0,
            "time_zone": "Asia/Tokyo",
            "rewards": [{"points": 2}],
        }
        assert operator.put(f"/v1/stores/st-{n}", store).status == 200
        has_a_past(operator.world, f"st-{n}", guests=1)
    return operator


def at_store(clock, n, checkin_id, *, metres_off=0.0, accuracy_m=10.0):
    place = {"lat": 35.0 + n / 100 + metres_off / 111_195, "lon": 139.0, "accuracy_m": accuracy_m}
    return {
        "checkin_id": checkin_id,
        "store_id": f"st-{n}",
        "location": place | {"captured_at": clock.now().isoformat()},
    }


def test_the_hunt_pauses_its_stores_on_the_first_day_is_worth_little_and_refuses_no_honest_guest(street, clock, stream):
    """Each emulator holds ten accounts and tries every store, every day. What the caps alone would leave is the bound."""
    chance = random.Random(2018)
    hunters = crowd(street, HUNTERS)
    honest = crowd(street, HONEST_A_DAY * DAYS, start=1000)
    paid = tried = paused = 0
    outcomes = set()
    for day in range(DAYS):
        for n in range(STORES):
            for number, one in enumerate(hunters):
                body = at_store(clock, n, f"h-{day}-{n}") | {"device_id": f"emulator-{number % DEVICES}"}
                paid += one.post("/v1/me/checkins", body).body["reward"]["points"]
                tried += 1
            stream()
            stream()
            for _ in range(HONEST_A_DAY // STORES):
                guest = honest.pop()
                off = min(abs(chance.gauss(0, 65)), 190)
                body = at_store(clock, n, "mine", metres_off=off, accuracy_m=65)
                outcomes.add(guest.post("/v1/me/checkins", body).body["outcome"])
            clock.forward(minutes=40)
        clock.forward(minutes=24 * 60 - 40 * STORES)
        stores = [street.get(f"/v1/stores/st-{n}").body for n in range(STORES)]
        paused = paused or sum(store["rewards_paused"] for store in stores)
    assert tried == HUNTERS * STORES * DAYS
    by_caps_alone = HUNTERS * 3 * DAYS * 2
    by_devices = DEVICES * 3 * 3 * DAYS * 2
    assert 0 < paid <= by_devices < by_caps_alone / 3
    assert paused == STORES
    assert outcomes <= {"awarded", "pending_review"}
    assert invariants.faults(street.world.ledger.table.scan()) == []


def test_honest_guests_with_an_accuracy_of_65_metres_are_refused_in_less_than_one_of_a_hundred(street, clock):
    """The phone is off by what its accuracy says: 65 m is the radius in which it is right in 68 of 100 cases."""
    chance, refused, count = random.Random(65), 0, 1000
    sigma = 65 / 1.51  # of each of two directions, for 68 of 100 within 65 m
    (guest,) = crowd(street, 1)
    for n in range(count):
        off = (chance.gauss(0, sigma) ** 2 + chance.gauss(0, sigma) ** 2) ** 0.5
        answer = guest.post("/v1/me/checkins", at_store(clock, 0, f"c-{n}", metres_off=off, accuracy_m=65))
        refused += answer.body["outcome"] != "awarded"
        clock.forward(days=1)
    assert refused / count < 0.01
