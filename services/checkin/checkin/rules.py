"""When a check-in is paid, doubtful or only recorded. Pure: time, evidence, store and state come in.

`arrive` says what the store makes of the evidence, `judge` what the visits before it make of that. The first is done
before the check-in is named, the other in the append.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from checkin import devices
from checkin.arrival import Arrival
from checkin.evidence import BY_PLACE, Evidence, at_store
from checkin.model import OutcomeName, Reward, Store
from checkin.visits import DEVICE_SIGNS, Distance, Ring, Visit, Visits, of_kept, to_kept
from shared.business_day import business_day, day_end, zone
from shared.opening import is_open

STORES_PER_DAY = 3
AWARD_GAP = timedelta(minutes=30)
SPEED_KMH_MAX = 300
# A phone's place jumps by kilometres between cell tower and satellite; a jump below this is no journey.
JOURNEY_M_MIN = 20_000
# Shorter than visits are remembered: a code that comes later than this after its half minute can't be judged.
CODE_REMEMBERED = timedelta(days=1)
OVERRUN = "anomaly"
"""Why a check-in waits at a store that has paused by itself."""
RESTLESS = "many_stores"
"""Why the place of a member waits who was at more stores in vain than any guest."""


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
    is_limited: bool = False  # the store would pay it; the limits of member or device do not
    is_known: bool = False  # a guest of this store was counted already, for such a try on this day


def arrive(
    store: Store,
    evidence: Evidence,
    at: datetime,
    *,
    checkin_id: str,
    device: str | None = None,
    has_stayed: bool = False,
) -> Arrival:
    """What the store would give for this evidence now, or why it gives nothing."""
    level = evidence.level
    reason = evidence.reason or _store_reason(store, at)
    if reason is None and level is not None and not _is_enough(store.rewards, level):
        reason = "level_too_low"
    if reason is None and level in BY_PLACE and store.dwell_seconds and not has_stayed:
        reason = "not_stayed"
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
        doubt=OVERRUN if store.paused_by == "anomaly" else None,
        apart=evidence.apart,
        points=points,
        campaigns=campaigns,
        step=evidence.step,
        device=device,
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
    reason = (
        arrival.reason
        or _code_reason(visits, arrival, at)
        or _device_reason(visits, arrival, at)
        or _limit_reason(visits, arrival.store_id, day, at)
    )
    seen = _with_device(_with_fix(replace(visits.pruned(at), at=at), arrival), arrival, at)
    is_known = visits.tries.knows(arrival.store_id, at)
    if reason is not None or arrival.level is None:
        is_limited = arrival.reason is None and arrival.level is not None
        after = replace(seen, tries=seen.tries.and_at(arrival.store_id, at)) if is_limited else seen
        kept = Outcome("recorded_no_award", day, arrival.checkin_id, arrival.level, 0, (), after, reason)
        return replace(kept, is_limited=is_limited, is_known=is_known)
    doubt = _doubt(visits, arrival, at)
    if doubt is not None:
        visit = Visit(arrival.store_id, day, arrival.checkin_id, "pending_review", arrival.level, 0, (), arrival.step)
        return replace(_taken(visit, seen, doubt), is_known=is_known)
    paid = (arrival.points, arrival.campaigns)
    visit = Visit(arrival.store_id, day, arrival.checkin_id, "awarded", arrival.level, *paid, arrival.step)
    return replace(_taken(visit, _with_award(seen, arrival), None), is_known=is_known)


def is_device_new(visits: Visits, arrival: Arrival) -> bool:
    """Whether a check-in comes from a device that the visits do not know."""
    return arrival.device is not None and not visits.knows(arrival.device, max(arrival.at, visits.at))


def would_pay(visits: Visits, arrival: Arrival) -> bool:
    """Whether a check-in is paid, or waits for its review, if its device has a place for the member."""
    outcome = judge(visits, replace(arrival, bound_at=arrival.at))
    return not outcome.already and outcome.outcome != "recorded_no_award"


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
    if store.rewards_paused and store.paused_by != "anomaly":
        return "store_paused"
    if store.state != "open" or not is_open(store.hours, at.astimezone(zone(store.time_zone))):
        return "store_closed"
    return None


def _is_enough(rewards: tuple[Reward, ...], level: int) -> bool:
    """Whether this level is worth a visit: where more evidence would be paid, the store-day stays open for it."""
    return not rewards or any(each.min_level <= level for each in rewards)


def _code_reason(visits: Visits, arrival: Arrival, at: datetime) -> str | None:
    """A store's code serves a member once; what comes so late that the visits may have forgotten it serves nobody."""
    if arrival.step is None:
        return None
    if at - arrival.at > CODE_REMEMBERED:
        return "code_late"
    is_used = any((one.store_id, one.step) == (arrival.store_id, arrival.step) for one in visits.taken)
    return "code_used" if is_used else None


def _device_reason(visits: Visits, arrival: Arrival, at: datetime) -> str | None:
    if arrival.device is None or visits.knows(arrival.device, at):
        return None
    if arrival.bound_at is None:
        return "device_shared"
    has_all = devices.has_as_many_as_may(visits.devices, arrival.device[:DEVICE_SIGNS], at)
    return "too_many_devices" if has_all else None


def _limit_reason(visits: Visits, store_id: str, day: date, at: datetime) -> str | None:
    """A visit under review holds its place among the day's stores: approved later, it must not become a fourth."""
    if visits.count(day) >= STORES_PER_DAY:
        return "too_many_stores"
    is_elsewhere = visits.award is not None and visits.award_store_id != store_id
    if is_elsewhere and visits.award is not None and at - visits.award.at < AWARD_GAP:
        return "too_soon"
    return None


def _doubt(visits: Visits, arrival: Arrival, at: datetime) -> str | None:
    """Why people look first at what would be paid."""
    if _is_impossible(visits, arrival, at):
        return "travel"
    is_restless = arrival.level in BY_PLACE and visits.tries.is_restless(at)
    return arrival.doubt or (RESTLESS if is_restless else None)


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


def _with_device(visits: Visits, arrival: Arrival, at: datetime) -> Visits:
    """The state with the device that was bound for this arrival, if the member may have one more."""
    if arrival.device is None or arrival.bound_at is None:
        return visits
    sign = arrival.device[:DEVICE_SIGNS]
    if devices.has_as_many_as_may(visits.devices, sign, at):
        return visits
    others = devices.others(visits.devices, sign, at)
    return replace(visits, devices=(*others, devices.Bound(sign, arrival.bound_at)))


def _with_award(visits: Visits, arrival: Arrival) -> Visits:
    award = Ring(arrival.lat, arrival.lon, *at_store(arrival.radius_m), visits.at)
    return replace(visits, award_store_id=arrival.store_id, award=award)
