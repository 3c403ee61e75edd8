"""When a check-in is present, paid, doubtful or only recorded. Pure: time, store and state come in.

`weigh` says what a phone's location proves, `arrive` what the store makes of it, `judge` what the visits before it
make of that. The first two are done before the check-in is named, the last in the append.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from checkin.arrival import Arrival
from checkin.geo import distance_m
from checkin.model import Hours, Location, OutcomeName, Reward, Store, Weekday
from checkin.visits import Distance, Ring, Visit, Visits, kept_of, of_kept, to_kept
from shared.business_day import business_day, day_end, zone

FIX_AGE_MAX = timedelta(seconds=60)
ACCURACY_M_MAX = 200
ACCURACY_M_COUNTED = 50
STORES_PER_DAY = 3
AWARD_GAP = timedelta(minutes=30)
SPEED_KMH_MAX = 300
# A phone's place jumps by kilometres between cell tower and satellite; a jump below this is no journey.
JOURNEY_M_MIN = 20_000

_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Evidence:
    """What a check-in proves: a level, or None and why not; and the distance, where there is a fix worth its name."""

    level: int | None
    reason: str | None = None
    apart: Distance | None = None


STAFF_SCAN = Evidence(3)


@dataclass(frozen=True)
class Outcome:
    """The decision on one check-in, its internal reason, and the state after it."""

    outcome: OutcomeName
    day: date
    checkin_id: str
    level: int | None
    points: int
    campaigns: tuple[str, ...]
    visits: Visits
    reason: str | None
    already: bool = False


def weigh(location: Location | None, store: Store, now: datetime) -> Evidence:
    """What a location proves about being at a store now: level 0, or nothing and why.

    Accuracy speaks for the visitor up to 50 m only, else a vague fix would prove presence everywhere.
    """
    if location is None:
        return Evidence(None, "no_evidence")
    if location.is_mock:
        return Evidence(None, "mock")
    if abs(now - location.captured_at) > FIX_AGE_MAX:
        return Evidence(None, "stale")
    if location.accuracy_m > ACCURACY_M_MAX:
        return Evidence(None, "inaccurate")
    apart_m = distance_m(location.lat, location.lon, store.lat, store.lon)
    apart = kept_of(apart_m, location.accuracy_m)
    if apart_m - min(location.accuracy_m, ACCURACY_M_COUNTED) > store.radius_m:
        return Evidence(None, "too_far", apart)
    return Evidence(0, None, apart)


def arrive(store: Store, evidence: Evidence, at: datetime, *, checkin_id: str) -> Arrival:
    """What the store would give for this evidence now, or why it gives nothing."""
    level = evidence.level
    reason = evidence.reason or _store_reason(store, at)
    if reason is None and level is not None and not _is_enough(store.rewards, level):
        reason = "level_too_low"
    points, campaigns = reward(store.rewards, level) if reason is None and level is not None else (0, ())
    return Arrival(
        checkin_id=checkin_id,
        at=at,
        store_id=store.store_id,
        lat=of_kept(to_kept(store.lat)),
        lon=of_kept(to_kept(store.lon)),
        radius_m=store.radius_m,
        time_zone=store.time_zone,
        cutoff_hour=store.cutoff_hour,
        level=level,
        reason=reason,
        apart=evidence.apart,
        points=points,
        campaigns=campaigns,
    )


def judge(visits: Visits, arrival: Arrival) -> Outcome:
    """The decision on an arrival, with the state after it. What comes late is judged at the time of what it follows.

    What can't be paid anyway is recorded; only what would be paid can become a case for review.
    """
    at = max(arrival.at, visits.at)
    day = business_day(at, arrival.time_zone, arrival.cutoff_hour)
    first = visits.of(arrival.store_id, day)
    if first is not None:
        return replace(_of(first, replace(visits, at=at), "already"), already=True)
    seen = _with_fix(replace(visits.pruned(at), at=at), arrival)
    reason = arrival.reason or _limit_reason(visits, arrival.store_id, day, at)
    if reason is not None or arrival.level is None:
        return Outcome("recorded_no_award", day, arrival.checkin_id, arrival.level, 0, (), seen, reason)
    if _is_impossible(visits, arrival, at):
        visit = Visit(arrival.store_id, day, arrival.checkin_id, "pending_review", arrival.level, 0, ())
        return _taken(visit, seen, "travel")
    paid = (arrival.points, arrival.campaigns)
    visit = Visit(arrival.store_id, day, arrival.checkin_id, "awarded", arrival.level, *paid)
    return _taken(visit, _with_award(seen, arrival), None)


def next_possible_at(arrival: Arrival, day: date) -> datetime:
    """The start of the store's next business day."""
    return day_end(day, arrival.time_zone, arrival.cutoff_hour)


def reward(rewards: tuple[Reward, ...], level: int) -> tuple[int, tuple[str, ...]]:
    """What the highest level that is reached gives: the sum of its points and its campaigns, each once.

    Rewards are a table by level: better evidence is paid instead of weaker evidence, not on top of it.
    """
    reached = max((each.min_level for each in rewards if each.min_level <= level), default=None)
    due = [each for each in rewards if each.min_level == reached]
    campaigns = dict.fromkeys(each.campaign_id for each in due if each.campaign_id is not None)
    return sum(each.points for each in due), tuple(campaigns)


def is_open(hours: Hours | None, local: datetime) -> bool:
    """Whether a store with these hours is open at a local time; an interval holds its start and not its end."""
    if hours is None:
        return True
    minute = local.hour * 60 + local.minute
    today, yesterday = _WEEKDAYS[local.weekday()], _WEEKDAYS[local.weekday() - 1]
    return any(
        start <= minute + offset < end
        for day, offset in ((today, 0), (yesterday, _DAY_MINUTES))
        for start, end in map(_minutes, hours.get(day, ()))
    )


def _minutes(interval: tuple[str, str]) -> tuple[int, int]:
    """Start and end in minutes from the day's midnight; an end at or before the start belongs to the next day."""
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in interval)
    return start, end if end > start else end + _DAY_MINUTES


def _taken(visit: Visit, visits: Visits, reason: str | None) -> Outcome:
    """The outcome of a visit that takes its store-day."""
    return _of(visit, replace(visits, taken=(*visits.taken, visit)), reason)


def _of(visit: Visit, visits: Visits, reason: str | None) -> Outcome:
    return Outcome(
        outcome=visit.outcome,
        day=visit.day,
        checkin_id=visit.checkin_id,
        level=visit.level,
        points=visit.points,
        campaigns=visit.campaigns,
        visits=visits,
        reason=reason,
    )


def _store_reason(store: Store, at: datetime) -> str | None:
    if store.rewards_paused:
        return "store_paused"
    if store.state != "open" or not is_open(store.hours, at.astimezone(zone(store.time_zone))):
        return "store_closed"
    return None


def _is_enough(rewards: tuple[Reward, ...], level: int) -> bool:
    """Whether this level is worth a visit: where more evidence would be paid, the store-day stays open for it."""
    return not rewards or any(each.min_level <= level for each in rewards)


def _limit_reason(visits: Visits, store_id: str, day: date, at: datetime) -> str | None:
    """A visit under review holds its place among the day's stores: approved later, it must not become a fourth."""
    if visits.count(day) >= STORES_PER_DAY:
        return "too_many_stores"
    is_elsewhere = visits.award is not None and visits.award_store_id != store_id
    if is_elsewhere and visits.award is not None and at - visits.award.at < AWARD_GAP:
        return "too_soon"
    return None


def _is_impossible(visits: Visits, arrival: Arrival, at: datetime) -> bool:
    """Faster than any train since the last award or the last fix; somebody whom the staff saw needs no believing.

    Both count: else a try that is only recorded would move the traveller, and the next one would be believed.
    """
    before = (ring for ring in (visits.award, visits.fix) if ring is not None)
    return arrival.apart is not None and any(_is_jump(ring, arrival, arrival.apart, at) for ring in before)


def _is_jump(ring: Ring, arrival: Arrival, apart: Distance, at: datetime) -> bool:
    metres = ring.travelled_m(arrival.lat, arrival.lon, apart.far_m)
    return metres >= JOURNEY_M_MIN and metres * 3.6 > SPEED_KMH_MAX * (at - ring.at).total_seconds()


def _with_fix(visits: Visits, arrival: Arrival) -> Visits:
    """The state with this fix as the last; one that is stale, vague or mocked must not wash an older one away."""
    if arrival.apart is None:
        return visits
    return replace(visits, fix=Ring(arrival.lat, arrival.lon, *arrival.apart, visits.at))


def _with_award(visits: Visits, arrival: Arrival) -> Visits:
    here = kept_of(0, arrival.radius_m + ACCURACY_M_COUNTED)
    award = Ring(arrival.lat, arrival.lon, *here, visits.at)
    return replace(visits, award_store_id=arrival.store_id, award=award)
