"""Check-in's decisions: who is present, what is paid, what is doubtful, and what the chain remembers of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from checkin import arrival, listing, visits
from checkin.evidence import STAFF_SCAN, Evidence, weigh
from checkin.model import CheckinBody, Hours, Location, Store, StoreBody
from checkin.places_model import NearbyQuery
from checkin.rules import Outcome, arrive, judge, next_possible_at, reward
from checkin.visits import Ring, Visit, Visits, bucket_m, kept_of, of_kept, to_kept
from shared.opening import is_open

NOON = datetime(2026, 7, 1, 3, tzinfo=UTC)  # 12:00 in Tokyo
METRE = 1 / 111_195.08  # of latitude, in degrees
SHINJUKU = {"lat": 35.6896, "lon": 139.7006}


def store(store_id: str = "s-1", **fields: Any) -> Store:
    given = {"store_id": store_id, "name": store_id, **SHINJUKU, "time_zone": "Asia/Tokyo"}
    return Store.model_validate(given | fields)


def fix(metres_north: float = 0, *, at: datetime = NOON, **fields: Any) -> Location:
    lat = SHINJUKU["lat"] + metres_north * METRE
    given = {"lat": lat, "lon": SHINJUKU["lon"], "accuracy_m": 10, "captured_at": at}
    return Location.model_validate(given | fields)


def check_in(
    before: Visits | None = None, place: Store | None = None, *, at: datetime = NOON, name: str = "c", **fields: Any
) -> Outcome:
    """A check-in of a visitor who stands at the store, unless the fields say otherwise."""
    place = place or store()
    where = {"lat": place.lat, "lon": place.lon} | fields
    return decided(before, weigh(fix(at=at, **where), place, at), place, at=at, name=name)


def decided(
    before: Visits | None, evidence: Evidence, place: Store, *, at: datetime = NOON, name: str = "c"
) -> Outcome:
    """What comes of some evidence; packed and unpacked on the way, as a name keeps it."""
    said = arrive(place, evidence, at, checkin_id=name)
    return judge(before or Visits(), arrival.unpack(arrival.pack(said)))


def ring_around(lat: float, lon: float, *, apart_m: float, slack_m: float, at: datetime) -> Ring:
    return Ring(of_kept(to_kept(lat)), of_kept(to_kept(lon)), *kept_of(apart_m, slack_m), at)


# ---- present ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metres", "accuracy", "is_present"),
    [(149, 0, True), (151, 0, False), (159, 10, True), (161, 10, False), (199, 50, True), (199, 200, True), (201, 200, False)],
)  # fmt: skip
def test_accuracy_speaks_for_the_visitor_up_to_fifty_metres(metres: float, accuracy: float, is_present: bool) -> None:
    evidence = weigh(fix(metres, accuracy_m=accuracy), store(), NOON)
    assert (evidence.level, evidence.reason) == ((0, None) if is_present else (None, "too_far"))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"at": NOON - timedelta(seconds=60)}, None),
        ({"at": NOON + timedelta(seconds=60)}, None),
        ({"at": NOON - timedelta(seconds=61)}, "stale"),
        ({"at": NOON + timedelta(seconds=61)}, "stale"),
        ({"accuracy_m": 200}, None),
        ({"accuracy_m": 201}, "inaccurate"),
        ({"is_mock": True}, "mock"),
    ],
)
def test_a_fix_counts_only_fresh_accurate_and_honest(fields: dict[str, Any], reason: str | None) -> None:
    assert weigh(fix(**fields), store(), NOON).reason == reason


def test_no_location_proves_nothing() -> None:
    outcome = decided(None, weigh(None, store(), NOON), store())
    assert (outcome.outcome, outcome.level, outcome.reason) == ("recorded_no_award", None, "no_evidence")


# ---- paid ------------------------------------------------------------------------------------------------------------


def test_a_present_visitor_is_awarded_until_the_next_business_day() -> None:
    place = store(cutoff_hour=4)
    outcome = check_in(place=place)
    assert (outcome.outcome, outcome.day, outcome.already) == ("awarded", date(2026, 7, 1), False)
    assert (outcome.level, outcome.points, outcome.campaigns) == (0, 10, ())
    said = arrive(place, STAFF_SCAN, NOON, checkin_id="c")
    assert next_possible_at(said, outcome.day) == datetime(2026, 7, 1, 19, tzinfo=UTC)


def test_the_same_store_day_gives_the_first_answer_again() -> None:
    first = check_in(name="first")
    again = check_in(first.visits, at=NOON + timedelta(minutes=1), name="second", is_mock=True)
    later = replace(first.visits, at=NOON + timedelta(minutes=1))
    assert again == replace(first, already=True, reason="already", visits=later)


def test_what_comes_late_is_judged_at_the_time_of_what_it_follows() -> None:
    """A check-in of yesterday that the stream finishes today can't give yesterday's store-day away again."""
    today = check_in(name="today")
    late = check_in(today.visits, at=NOON - timedelta(days=1), name="yesterday's")
    assert (late.checkin_id, late.already, late.visits.at) == ("today", True, NOON)


def test_a_new_business_day_is_paid_again() -> None:
    first = check_in(at=NOON)
    midnight = datetime(2026, 7, 1, 15, tzinfo=UTC)
    assert check_in(first.visits, at=midnight - timedelta(milliseconds=1)).already
    next_day = check_in(first.visits, at=midnight)
    assert (next_day.outcome, next_day.already, next_day.day) == ("awarded", False, date(2026, 7, 2))


def test_after_a_try_without_award_a_new_one_is_judged_anew() -> None:
    tried = check_in(lat=SHINJUKU["lat"] + 5000 * METRE)
    assert (tried.outcome, tried.points) == ("recorded_no_award", 0)
    assert check_in(tried.visits, at=NOON + timedelta(seconds=1)).outcome == "awarded"


def test_under_thirty_minutes_since_an_award_elsewhere_nothing_is_paid() -> None:
    first = check_in(place=store("a"))
    soon = check_in(first.visits, store("b"), at=NOON + timedelta(minutes=30) - timedelta(milliseconds=1))
    assert (soon.outcome, soon.reason, soon.level) == ("recorded_no_award", "too_soon", 0)
    assert check_in(soon.visits, store("b"), at=NOON + timedelta(minutes=30)).outcome == "awarded"


def test_a_try_without_award_does_not_start_the_thirty_minutes() -> None:
    tried = check_in(place=store("a"), is_mock=True)
    assert check_in(tried.visits, store("b"), at=NOON + timedelta(minutes=1)).outcome == "awarded"


def test_the_fourth_store_of_a_day_is_not_paid() -> None:
    state, outcomes = Visits(), []
    for number in range(4):
        outcome = check_in(state, store(f"s-{number}"), at=NOON + timedelta(hours=number))
        state = outcome.visits
        outcomes.append((outcome.outcome, outcome.reason))
    assert outcomes == [("awarded", None)] * 3 + [("recorded_no_award", "too_many_stores")]
    assert check_in(state, store("s-9"), at=NOON + timedelta(hours=13)).outcome == "awarded"


def test_the_day_of_a_fourth_store_is_the_one_of_its_own_zone() -> None:
    """Three stores on 1 July in Tokyo; the next one, in a place where it is 2 July already, is that day's first."""
    state = Visits()
    for number in range(3):
        state = check_in(state, store(f"s-{number}"), at=NOON + timedelta(hours=number)).visits
    ahead = store("s-3", time_zone="Pacific/Kiritimati")
    outcome = check_in(state, ahead, at=NOON + timedelta(hours=8))
    assert (outcome.outcome, outcome.day) == ("awarded", date(2026, 7, 2))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"state": "closed"}, "store_closed"),
        ({"rewards_paused": True}, "store_paused"),
        ({"rewards_paused": True, "paused_by": "operator"}, "store_paused"),
        ({"hours": {"tue": (("09:00", "21:00"),)}}, "store_closed"),  # 1 July 2026 is a Wednesday
        ({"hours": {"wed": (("09:00", "12:00"),)}}, "store_closed"),
        ({"hours": {"wed": (("12:00", "12:01"),)}}, None),
    ],
)
def test_a_closed_or_paused_store_records_only(fields: dict[str, Any], reason: str | None) -> None:
    outcome = check_in(place=store(**fields))
    assert (outcome.reason, outcome.level) == (reason, 0)
    assert outcome.outcome == ("awarded" if reason is None else "recorded_no_award")


def test_all_rewards_whose_level_is_reached_are_given() -> None:
    ladder = ({"points": 5}, {"points": 20, "campaign_id": "c-1"}, {"min_level": 2, "points": 50, "campaign_id": "c-2"})
    rewards = store(rewards=ladder).rewards
    assert reward(rewards, 0) == (25, ("c-1",))
    assert reward(rewards, 2) == (50, ("c-2",))
    assert reward((), 4) == (0, ())


def test_a_store_that_asks_for_more_evidence_keeps_the_day_open_for_it() -> None:
    outcome = check_in(place=store(rewards=({"min_level": 2},)))
    assert (outcome.outcome, outcome.level, outcome.points) == ("recorded_no_award", 0, 0)
    assert outcome.visits.taken == ()


# ---- doubtful --------------------------------------------------------------------------------------------------------

OSAKA: dict[str, Any] = {"lat": 34.7025, "lon": 135.4960}  # 397 km from Shinjuku


def test_faster_than_any_train_since_the_last_award_is_reviewed() -> None:
    first = check_in()
    jumped = check_in(first.visits, store("osaka", **OSAKA), at=NOON + timedelta(minutes=60))
    assert (jumped.outcome, jumped.level, jumped.points, jumped.campaigns) == ("pending_review", 0, 0, ())
    assert check_in(first.visits, store("osaka", **OSAKA), at=NOON + timedelta(minutes=85)).outcome == "awarded"


def test_a_review_takes_the_store_day() -> None:
    jumped = check_in(check_in().visits, store("osaka", **OSAKA), at=NOON + timedelta(minutes=60))
    again = check_in(jumped.visits, store("osaka", **OSAKA), at=NOON + timedelta(minutes=180))
    assert (again.outcome, again.already) == ("pending_review", True)


def test_a_try_that_is_only_recorded_does_not_move_the_traveller() -> None:
    """An attempt in Osaka five minutes after an award in Tokyo must not make the next one there believable."""
    state = check_in().visits
    state = check_in(state, store("osaka", **OSAKA), at=NOON + timedelta(minutes=5)).visits
    assert check_in(state, store("osaka", **OSAKA), at=NOON + timedelta(minutes=31)).outcome == "pending_review"


def test_a_fix_far_from_the_store_counts_for_the_next_one() -> None:
    tried = check_in(**OSAKA)
    assert tried.reason == "too_far"
    assert check_in(tried.visits, at=NOON + timedelta(minutes=5)).outcome == "pending_review"
    assert check_in(tried.visits, at=NOON + timedelta(hours=2)).outcome == "awarded"


@pytest.mark.parametrize("fields", [{"is_mock": True}, {"accuracy_m": 5000}, {"captured_at": NOON}])
def test_a_bad_fix_does_not_wash_the_last_good_one_away(fields: dict[str, Any]) -> None:
    later = NOON + timedelta(minutes=5)
    tried = check_in(**OSAKA)
    washed = check_in(tried.visits, at=later, **fields)
    assert washed.outcome == "recorded_no_award"
    assert washed.visits.fix == tried.visits.fix
    assert check_in(washed.visits, at=later + timedelta(seconds=1)).outcome == "pending_review"


def test_what_cannot_be_paid_is_recorded_and_not_reviewed() -> None:
    soon = check_in(check_in().visits, store("osaka", **OSAKA), at=NOON + timedelta(minutes=10))
    assert (soon.outcome, soon.reason) == ("recorded_no_award", "too_soon")


OVERRUN: dict[str, Any] = {"rewards_paused": True, "paused_by": "anomaly"}


def test_at_an_overrun_store_what_would_be_paid_waits_for_people() -> None:
    outcome = check_in(place=store(**OVERRUN))
    assert (outcome.outcome, outcome.reason, outcome.points) == ("pending_review", "anomaly", 0)
    assert (outcome.visits.award, len(outcome.visits.taken)) == (None, 1)


def test_at_an_overrun_store_a_journey_that_nobody_could_make_is_still_told_to_people() -> None:
    jumped = check_in(check_in().visits, store("osaka", **OSAKA, **OVERRUN), at=NOON + timedelta(minutes=60))
    assert (jumped.outcome, jumped.reason) == ("pending_review", "travel")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 400),
            st.sampled_from(["s-1", "s-2", "s-3", "s-4"]),
            st.sampled_from([{}, {"is_mock": True}, {"lat": 36.0}, {"accuracy_m": 300}]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_an_overrun_store_doubts_what_it_would_pay_and_nothing_else(
    steps: list[tuple[int, str, dict[str, Any]]],
) -> None:
    """Whatever came before, an anomaly turns `awarded` into `pending_review` and leaves all other outcomes as they are."""
    state, at = Visits(), NOON
    for minutes, store_id, changes in steps:
        at += timedelta(minutes=minutes)
        paid = check_in(state, store(store_id), at=at, **changes)
        doubted = check_in(state, store(store_id, **OVERRUN), at=at, **changes)
        expected = "pending_review" if paid.outcome == "awarded" and not paid.already else paid.outcome
        assert (doubted.outcome, doubted.already) == (expected, paid.already)
        state = paid.visits


# ---- what is remembered ----------------------------------------------------------------------------------------------

ids = st.text("ABCxyz019._-", min_size=1, max_size=64)
times = st.integers(0, 10**12).map(lambda number: NOON + timedelta(milliseconds=number))
rings = st.builds(
    ring_around,
    st.floats(-90, 90),
    st.floats(-180, 180),
    apart_m=st.floats(0, 2e7),
    slack_m=st.floats(0, 200),
    at=times,
)
stored = st.builds(
    Visits,
    at=times,
    taken=st.lists(
        st.builds(
            Visit,
            ids,
            st.dates(),
            ids,
            st.sampled_from(["awarded", "pending_review"]),
            st.integers(0, 4),
            st.integers(0, 10**6),
            st.lists(ids, max_size=3).map(tuple),
        ),
        max_size=4,
    ).map(tuple),
    award_store_id=st.none() | ids,
    award=st.none() | rings,
    fix=st.none() | rings,
)


@given(stored)
def test_what_is_packed_comes_back(state: Visits) -> None:
    assert visits.unpack(visits.pack(state)) == state


def test_an_empty_state_packs_to_nothing() -> None:
    assert visits.pack(Visits()) == {}


def test_the_state_holds_no_coordinate_of_the_phone() -> None:
    outcome = check_in(lat=35.123456, lon=139.654321)
    text = json.dumps(visits.pack(outcome.visits))
    assert not [digits for digits in ("35.12", "3512", "139.65", "13965") if digits in text]
    assert outcome.visits.fix is not None
    assert (outcome.visits.fix.near_m, outcome.visits.fix.far_m) == (51_200, 102_400)


def test_a_busy_day_packs_into_few_bytes() -> None:
    state = Visits()
    for number in range(3):
        place = store(f"store-{number:04d}", rewards=({"campaign_id": "welcome-2026"},))
        state = check_in(state, place, at=NOON + timedelta(hours=number), name=f"checkin-{number:028d}").visits
    assert sum(len(name) + len(text) for name, text in visits.pack(state).items()) < 400


def test_old_days_and_places_are_forgotten() -> None:
    later = check_in(check_in().visits, store("b"), at=NOON + timedelta(days=5), is_mock=True).visits
    assert later == Visits(at=NOON + timedelta(days=5))


@given(st.floats(0, 2e7))
def test_a_distance_is_kept_as_the_bucket_below_it(metres: float) -> None:
    bucket = bucket_m(metres)
    assert bucket <= metres < (2 * bucket or 100)


@given(st.floats(0, 500_000), st.floats(0, 200), st.floats(0, 500_000), st.floats(0, 200))
def test_no_journey_is_ever_thought_longer_than_it_was(
    from_m: float, slack_m: float, to_m: float, blur_m: float
) -> None:
    """Along one meridian: somebody `from_m` north of the store who goes to `to_m` north of it."""
    ring = ring_around(0, 0, apart_m=from_m, slack_m=slack_m, at=NOON)
    assert ring.travelled_m(to_m * METRE, 0, blur_m) <= abs(from_m - to_m) + 1


def test_a_ring_at_the_store_measures_from_the_store() -> None:
    ring = Ring(0, 0, 0, 200, NOON)
    assert ring.travelled_m(1, 0, 50) == pytest.approx(111_195 - 250, abs=1)
    assert ring.travelled_m(0, 0, 50) == 0


# ---- hours -----------------------------------------------------------------------------------------------------------

NIGHT: Hours = {"fri": (("22:00", "03:00"),), "sat": (("12:00", "14:00"),), "sun": (("00:00", "00:00"),)}


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-07-03T21:59", False),  # Friday
        ("2026-07-03T22:00", True),
        ("2026-07-04T02:59", True),  # Saturday, still Friday's night
        ("2026-07-04T03:00", False),
        ("2026-07-04T12:00", True),
        ("2026-07-04T14:00", False),
        ("2026-07-05T00:00", True),  # Sunday, round the clock
        ("2026-07-05T23:59", True),
        ("2026-07-06T00:00", False),
        ("2026-07-03T01:00", False),  # the night to Friday is Thursday's
    ],
)
def test_hours_run_over_midnight(local: str, expected: bool) -> None:
    assert is_open(NIGHT, datetime.fromisoformat(local)) is expected


def test_without_hours_a_store_is_always_open_and_with_none_never() -> None:
    last_minute = datetime.fromisoformat("2026-07-03T23:59")
    assert is_open(None, last_minute)
    assert not is_open({}, last_minute)
    assert is_open({"fri": (("10:00", "24:00"),)}, last_minute)


def test_a_search_shows_whether_a_store_is_open() -> None:
    place = store(hours={"wed": (("09:00", "12:30"),)})
    shown = listing.unpack("s-1", listing.pack(place)).shown(12.4, NOON, [])
    assert (shown.open_now, shown.distance_m) == (True, 12)
    assert not listing.unpack("s-1", listing.pack(place)).shown(0, NOON + timedelta(minutes=30), []).open_now


# ---- shapes ----------------------------------------------------------------------------------------------------------

STORE: dict[str, Any] = {"name": "A", "lat": 35, "lon": 139.5, "time_zone": "Asia/Tokyo"}


def test_a_body_describes_a_store() -> None:
    body = STORE | {"hours": {"mon": [["05:00", "23:00"]]}, "rewards": [{"points": 5}]}
    place = StoreBody.model_validate_json(json.dumps(body)).named("s-1")
    assert (place.radius_m, place.cutoff_hour, place.rewards[0].points, place.store_id) == (150, 0, 5, "s-1")
    assert place.hours == {"mon": (("05:00", "23:00"),)}


@pytest.mark.parametrize(
    "change",
    [
        {"lat": 90.1}, {"lat": "35"}, {"lat": float("nan")}, {"lon": -180.5}, {"lon": float("inf")}, {"lat": True},
        {"radius_m": 0}, {"radius_m": 150.0}, {"radius_m": 10_001}, {"time_zone": "Asia/Nowhere"}, {"time_zone": ""},
        {"cutoff_hour": 24}, {"cutoff_hour": -1}, {"name": ""}, {"name": "\ud800"}, {"state": "gone"}, {"more": 1},
        {"rewards_paused": True}, {"store_id": "a b"}, {"store_id": "a\n"}, {"rewards": [{"points": -1}]},
        {"hours": {"monday": []}}, {"hours": {"mon": [["5:00", "23:00"]]}}, {"hours": {"mon": [["24:00", "03:00"]]}},
        {"hours": {"mon": [["05:00", "24:01"]]}}, {"hours": {"mon": [["05:00"]]}}, {"hours": {"mon": [["05:00", "0٣:00"]]}},
        {"hours": {"mon": [["05:00", "06:00"]] * 5}}, {"rewards": [{"min_level": 5}]}, {"rewards": "ab"}, {"hours": []},
    ],
)  # fmt: skip
def test_a_bad_store_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StoreBody.model_validate_json(json.dumps(STORE | change))


FIX: dict[str, Any] = {"lat": 35.0, "lon": 139.5, "accuracy_m": 12, "captured_at": "2026-07-01T03:00:00Z"}


def test_a_checkin_takes_every_kind_of_evidence_by_shape() -> None:
    body = {
        "checkin_id": "c",
        "store_id": "s",
        "location": FIX,
        "presence_code": "nonsense",
        "qr": "x",
        "device_id": "d",
    }
    parsed = CheckinBody.model_validate_json(json.dumps(body))
    assert parsed.location is not None
    assert parsed.location.captured_at == NOON
    assert CheckinBody.model_validate_json('{"checkin_id": "c", "store_id": "s"}').location is None


@pytest.mark.parametrize(
    "change",
    [
        {"captured_at": 1_780_000_000}, {"captured_at": "2026-07-01T03:00:00"},
        {"captured_at": "2026-07-01"}, {"captured_at": "0001-01-01T00:00:00+14:00"}, {"captured_at": "2026-13-01T00:00:00Z"},
        {"captured_at": "2026-07-01T03:00:00+99:00"}, {"captured_at": None},
        {"accuracy_m": -1}, {"accuracy_m": float("nan")}, {"accuracy_m": None}, {"is_mock": "yes"}, {"lat": None},
    ],
)  # fmt: skip
def test_a_bad_fix_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Location.model_validate_json(json.dumps(FIX | change))


def test_a_search_reads_its_numbers_from_text() -> None:
    query = NearbyQuery.model_validate_strings({"lat": "35.5", "lon": "-139"})
    assert (query.lat, query.lon, query.radius_m, query.limit) == (35.5, -139.0, 1000, 20)
    for bad in (
        {"lat": "nan"},
        {"lat": "x"},
        {"radius_m": "20001"},
        {"radius_m": "1.5"},
        {"limit": "0"},
        {"page": "1"},
    ):
        with pytest.raises(ValidationError):
            NearbyQuery.model_validate_strings({"lat": "1", "lon": "1"} | bad)
