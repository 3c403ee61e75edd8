"""What a check-in and a search cost, from what the tables report."""

import json
import random
import statistics
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from checkin import geo, listing
from checkin.model import Hours, Store, Weekday
from checkin.reactions import REACTIONS as CHECKIN_REACTIONS
from checkin.routes import ROUTES as CHECKIN
from checkin.tries import KEPT_MAX
from coupons.routes import ROUTES as COUPONS
from points.reactions import REACTIONS
from points.routes import ROUTES as POINTS
from shared import chain, events, inbox, keys
from shared.memory import size
from shared.secrets import Secrets
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import OPERATOR, ROOT, TILL, Client, FakeClock, make_world, member
from tests.phones import Play, hashed, verdict
from tests.stream import Stream

SHIBUYA = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def taro(clock):
    """A member with a history: the check-in of the day before is in the chain, the store in the cache."""
    world = make_world(clock)
    card = {"type": "card", "value": "card-taro"}
    consents = {"location": {"granted": True, "version": "1"}}
    Client(POINTS, world).post("/v1/members", {"member_id": "taro", "identities": [card], "consents": consents})
    Client(CHECKIN, world, OPERATOR).put("/v1/stores/shibuya", SHIBUYA)
    taro = Client(CHECKIN, world, member("taro"))
    assert taro.post("/v1/me/checkins", body(clock, "yesterday")).status == 201
    taro.as_(TILL).post("/v1/checkins", {})  # whether the store's tills are paused is in the cache, too
    clock.forward(days=1)
    return taro


def body(clock, checkin_id, **changes):
    fix = {"lat": 35.6595, "lon": 139.7005, "accuracy_m": 10, "captured_at": clock.now().isoformat()}
    return {"checkin_id": checkin_id, "store_id": "shibuya", "location": fix | changes}


def spent(world, act):
    """Units and round trips of the ledger and of the directory; settings come from the cache."""
    tables = (world.ledger.table, world.directory.table, world.transient)
    for table in tables:
        table.usage.reset()
    act()
    ledger, directory, transient = (table.usage for table in tables)
    assert transient.round_trips == 0
    assert directory.write_units == 0
    return {
        "write": ledger.write_units,
        "read": ledger.read_units,
        "profile": directory.read_units,
        "trips": ledger.round_trips + directory.round_trips,
    }


USUAL = {"write": 2, "read": 0.5, "profile": 0.5, "trips": 4}


def test_a_checkin_is_two_writes_half_a_read_and_the_members_profile(taro, clock):
    assert spent(taro.world, lambda: taro.post("/v1/me/checkins", body(clock, "c-1"))) == USUAL
    assert spent(taro.world, lambda: taro.post("/v1/me/checkins", body(clock, "c-2"))) == USUAL  # the second of the day
    clock.forward(days=1)
    assert spent(taro.world, lambda: taro.post("/v1/me/checkins", body(clock, "c-3", is_mock=True))) == USUAL


@pytest.mark.parametrize(("share_bp", "more"), [(0, {}), (1000, {"read": 1, "trips": 5})])
def test_a_reward_that_some_are_held_out_of_costs_half_a_read_more(taro, clock, share_bp, more):
    """For it is asked whose the account is by now."""
    measured = {"claimable": False, "attribution": {"window_hours": 24, "holdout_share_bp": share_bp}}
    assert Client(COUPONS, taro.world, OPERATOR).post("/v1/campaigns", CAMPAIGN | measured).status == 201
    store = SHIBUYA | {"rewards": [{"points": 10, "campaign_id": "spring"}]}
    assert taro.as_(OPERATOR).put("/v1/stores/shibuya", store).status == 200
    taro.post("/v1/me/checkins", body(clock, "first"))  # which reads the settings
    clock.forward(days=1)
    assert spent(taro.world, lambda: taro.post("/v1/me/checkins", body(clock, "c-1"))) == USUAL | more


@pytest.mark.parametrize("late", [0, 500])
def test_a_platforms_word_costs_no_unit_more(taro, clock, late):
    """Nor does one that does not count; the secret is read once in five minutes, and lies in no table."""
    play, read = Play(), []

    def load():
        read.append("once")
        return json.dumps([play.setting()])

    held = Secrets(lambda: ROOT, load)
    phone = replace(taro, world=replace(taro.world, secrets=held))
    phone.post("/v1/me/checkins", body(clock, "c-0") | {"device_id": "phone"})  # a new device asks its own chain, once
    for n in (1, 2):
        clock.forward(days=1)
        sent = body(clock, f"c-{n}") | {"device_id": "phone"}
        token = play.token(verdict(hashed("taro", sent), clock.now() - timedelta(seconds=late)))
        said = sent | {"attestation": {"kind": "play_integrity", "token": token}}
        assert spent(phone.world, partial(phone.post, "/v1/me/checkins", said)) == USUAL
        (entry,) = chain.entries_of(phone.world.ledger.table.newest("V#taro"))
        assert entry.data["evidence_level"] == (0 if late else 4)
    assert read == ["once"]


def test_a_scan_needs_no_profile_and_a_card_costs_half_a_read(taro, clock):
    till = taro.as_(TILL)
    by_id = {"checkin_id": "s-1", "member": {"member_id": "taro"}}
    assert spent(taro.world, lambda: till.post("/v1/checkins", by_id)) == {
        "write": 2,
        "read": 0.5,
        "profile": 0,
        "trips": 3,
    }
    by_card = {"checkin_id": "s-2", "member": {"identity": {"type": "card", "value": "card-taro"}}}
    assert spent(taro.world, lambda: till.post("/v1/checkins", by_card)) == USUAL


def test_a_retry_is_one_failed_condition(taro, clock):
    said = body(clock, "c-1")
    taro.post("/v1/me/checkins", said)
    cost = spent(taro.world, lambda: taro.post("/v1/me/checkins", said))
    assert cost == {"write": 1, "read": 0.5, "profile": 0.5, "trips": 3}


def test_a_checkin_with_its_points_is_three_writes(taro, clock):
    world = taro.world

    def all_of_it():
        taro.post("/v1/me/checkins", body(clock, "c-1"))
        entry = chain.entries_of(world.ledger.table.newest("V#taro"))[-1]
        world.ledger.table.usage.read_units -= 0.5  # the test's own look; the relay has the entry from the stream
        world.ledger.table.usage.round_trips -= 1
        deliver(world, entry)

    deliver(world, chain.entries_of(world.ledger.table.newest("V#taro"))[-1])  # the account exists, settings are cached
    cost = spent(world, all_of_it)
    assert cost["write"] == 3
    assert cost["read"] <= 1.5


def deliver(world, entry):
    records = [{"messageId": "m", "body": json.dumps(event)} for event in events.of_entry(entry)]
    assert inbox.work(world, {"Records": records}, reactions=REACTIONS) == {"batchItemFailures": []}


# ---- searches -------------------------------------------------------------------------------------------------------

WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat")
_SIDE_M = 30_000
_PER_KM2 = 2.65  # a million stores in a country of 378,000 km²


@pytest.fixture(scope="module")
def country():
    """A piece of a country with a million stores, listed as a PUT lists them."""
    world = make_world()
    chance = random.Random(11)
    for n in range(int(_PER_KM2 * (_SIDE_M / 1000) ** 2)):
        lat, lon = place(chance, _SIDE_M)
        hours: Hours = dict.fromkeys(WEEK, (("07:00", "23:00"),))
        store = Store(
            store_id=f"store-{n:06d}",
            name=f"おもてなし {n:06d} 店",
            lat=lat,
            lon=lon,
            time_zone="Asia/Tokyo",
            hours=hours,
        )
        for cell in geo.cells_of(lat, lon):
            pk, sk = keys.cell(cell, store.store_id)
            world.directory.table.put({"pk": pk, "sk": sk, "p": listing.pack(store)})
    return Client(CHECKIN, world, member("taro"))


def place(chance, side_m):
    def degrees():
        return chance.uniform(-side_m / 2, side_m / 2) / 111_195

    return 35.5 + degrees(), 139.5 + degrees() / 0.814


def test_what_is_near_of_a_million_costs_one_read_unit_and_one_round_trip(country):
    usage, chance, units = country.world.directory.table.usage, random.Random(3), []
    country.world.directory.settings(keys.campaign("")[0])  # campaigns come from the cache
    for _ in range(200):
        lat, lon = place(chance, _SIDE_M - 6000)
        usage.reset()
        answer = country.get(f"/v1/stores/nearby?lat={lat}&lon={lon}")
        assert answer.status == 200
        assert usage.round_trips == 1
        units.append(usage.read_units)
    assert statistics.median(units) <= 1
    assert max(units) <= 2


def test_a_far_search_among_many_shops_takes_one_round_trip(country):
    usage = country.world.directory.table.usage
    usage.reset()
    items = country.get("/v1/stores/nearby?lat=35.5&lon=139.5&radius_m=20000&limit=5").body["items"]
    assert (len(items), usage.round_trips) == (5, 1)


def test_a_store_is_set_in_one_transaction(clock):
    world = make_world(clock)
    operator = Client(CHECKIN, world, OPERATOR)
    operator.put("/v1/stores/shibuya", SHIBUYA)
    world.directory.table.usage.reset()
    operator.put("/v1/stores/shibuya", SHIBUYA | {"lat": 43.0})
    assert world.directory.table.usage.round_trips == 2
    assert world.directory.table.usage.write_units <= 2 * (1 + 1 + 14 + 14)


def test_a_page_of_the_list_of_stores_is_two_reads_whatever_is_searched(clock):
    world = make_world(clock)
    operator = Client(CHECKIN, world, OPERATOR)
    for n in range(300):
        operator.put(f"/v1/stores/s-{n:03d}", SHIBUYA)
    usage = world.directory.table.usage
    for path, units in (("/v1/stores?limit=20", 21), ("/v1/stores?q=s-1&limit=20", 30)):
        usage.reset()
        assert len(operator.get(path).body["items"]) == 20
        assert usage.round_trips == 2
        assert usage.read_units <= units


def test_a_row_of_an_import_costs_what_a_put_costs_and_an_unchanged_one_a_read(clock):
    world = make_world(clock)
    operator = Client(CHECKIN, world, OPERATOR)
    lines = ["store_id,name,lat,lon,time_zone", *(f"s-{n},S,35.{n:02d},139,Asia/Tokyo" for n in range(50))]
    usage = world.directory.table.usage

    def send():
        usage.reset()
        body = "\n".join(lines).encode()
        assert operator.send("POST", "/v1/stores/import", raw=body, content_type="text/csv").status == 200
        return usage

    assert send().round_trips == 2 * 50
    assert usage.write_units <= 50 * 2 * (1 + 1 + 14)
    assert send().round_trips == 50
    assert (usage.write_units, usage.read_units) == (0, 50)


# ---- codes, devices, reviews, approaches ------------------------------------------------------------------------------


def test_a_code_costs_nothing_more(taro, clock):
    code = taro.as_(OPERATOR).get("/v1/stores/shibuya/presence-code").body["code"]
    said = {"checkin_id": "c-1", "store_id": "shibuya", "presence_code": code}
    assert spent(taro.world, lambda: taro.post("/v1/me/checkins", said)) == USUAL


def test_a_code_is_shown_without_a_write(taro):
    taro.as_(OPERATOR).get("/v1/stores/shibuya")
    path = "/v1/stores/shibuya/presence-code"
    assert spent(taro.world, lambda: taro.as_(TILL).get(path)) == {"write": 0, "read": 0, "profile": 0, "trips": 0}


def test_only_the_first_check_in_on_a_device_pays_for_it(taro, clock):
    said = body(clock, "c-1") | {"device_id": "phone"}
    assert spent(taro.world, lambda: taro.post("/v1/me/checkins", said)) == {
        "write": 3,
        "read": 2,
        "profile": 0.5,
        "trips": 7,
    }
    for n in range(2, 29):
        clock.forward(days=1)
        later = body(clock, f"c-{n}") | {"device_id": "phone"}
        assert spent(taro.world, lambda said=later: taro.post("/v1/me/checkins", said)) == USUAL


def test_counting_a_guest_is_one_append_of_one_unit(taro, clock):
    world = taro.world
    counted = {name: react for name, react in CHECKIN_REACTIONS.items() if "checkin" in name}

    def hear(n):
        entry = chain.entries_of(world.ledger.table.newest("V#taro"))[-1]
        (event,) = events.of_entry(entry)
        clock.forward(minutes=10)
        told = event | {"id": f"{event['id']}{n}", "time": clock.now().isoformat()}
        record = [{"messageId": "m", "body": json.dumps(told)}]
        world.ledger.table.usage.reset()
        assert inbox.work(world, {"Records": record}, reactions=counted) == {"batchItemFailures": []}
        usage = world.ledger.table.usage
        return usage.write_units, usage.read_units, usage.round_trips

    hear(-1)
    for n in range(1200):
        assert hear(n) == (1, 0.5, 2)


def test_who_comes_in_vain_costs_what_any_check_in_costs_at_a_hundred_stores_a_day_too(taro, clock):
    for n in range(3 + KEPT_MAX):
        taro.as_(OPERATOR).put(f"/v1/stores/s-{n}", SHIBUYA)
    for n in range(3):
        assert taro.post("/v1/me/checkins", body(clock, f"c-{n}") | {"store_id": f"s-{n}"}).body["outcome"] == "awarded"
        clock.forward(minutes=40)
    for n in range(3, 3 + KEPT_MAX):
        said = body(clock, f"c-{n}") | {"store_id": f"s-{n}"}
        cost = spent(taro.world, lambda said=said: taro.post("/v1/me/checkins", said))
        assert cost == USUAL | {"profile": 1.5, "trips": 5}  # a store that nobody asked about in this second
    (entry,) = chain.entries_of(taro.world.ledger.table.newest("V#taro"))
    assert entry.kind == "limited"


def test_an_approach_is_two_writes(taro, clock):
    def near(n):
        return taro.post("/v1/me/approaches", {"approach_id": f"a-{n}", "store_id": "shibuya"})

    near(1)
    assert spent(taro.world, lambda: near(2)) == USUAL
    clock.forward(days=1)
    assert spent(taro.world, lambda: near(3)) == USUAL


def test_a_decision_is_two_writes(taro, clock):
    umeda = SHIBUYA | {"lat": 34.7025, "lon": 135.4959}
    operator = taro.as_(OPERATOR)
    operator.put("/v1/stores/umeda", umeda)
    taro.post("/v1/me/checkins", body(clock, "c-1"))
    clock.forward(minutes=40)
    far = body(clock, "c-2", lat=34.7025, lon=135.4959) | {"store_id": "umeda"}
    assert taro.post("/v1/me/checkins", far).body["outcome"] == "pending_review"
    Stream(taro.world).run()
    (review,) = operator.get("/v1/reviews").body["items"]
    path = f"/v1/reviews/{review['review_id']}/approve"
    assert spent(taro.world, lambda: operator.post(path, {})) == {"write": 2, "read": 0.5, "profile": 0.5, "trips": 4}


def test_many_decisions_cost_each_what_it_costs_alone(taro, clock):
    operator = taro.as_(OPERATOR)
    operator.put("/v1/stores/umeda", SHIBUYA | {"lat": 34.7025, "lon": 135.4959})
    for n in range(5):
        taro.post("/v1/me/checkins", body(clock, f"c-{n}"))
        clock.forward(minutes=40)
        far = body(clock, f"far-{n}", lat=34.7025, lon=135.4959) | {"store_id": "umeda"}
        assert taro.post("/v1/me/checkins", far).body["outcome"] == "pending_review"
        clock.forward(days=3)
    Stream(taro.world).run()
    waiting = operator.get("/v1/reviews?store_id=umeda").body["items"]
    decisions = {"reviews": [{"review_id": one["review_id"], "decision": "approve"} for one in waiting]}
    cost = spent(taro.world, lambda: operator.post("/v1/reviews/batch", decisions))
    assert cost == {"write": 10, "read": 2.5, "profile": 2.5, "trips": 20}


def test_a_visitor_with_five_devices_and_three_stores_a_day_stays_in_two_units(taro, clock):
    operator = taro.as_(OPERATOR)
    for n in range(3):
        operator.put(f"/v1/stores/store-{n}", SHIBUYA)
    for n in range(15):
        clock.forward(hours=8)
        code = operator.get(f"/v1/stores/store-{n % 3}/presence-code").body["code"]
        said = body(clock, f"0192f3c4-7a{n:02d}-7000-8000-00000000000a") | {
            "store_id": f"store-{n % 3}",
            "presence_code": code,
            "device_id": f"phone-{n % 5}",
        }
        assert taro.post("/v1/me/checkins", said).body["outcome"] == "awarded"
    sizes = [size(item) for item in taro.world.ledger.table.items("V#taro")]
    assert max(sizes) <= 1400, sizes
