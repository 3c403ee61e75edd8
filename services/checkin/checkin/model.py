"""The shapes of check-in's requests and answers, with every limit in the type.

Floats appear in coordinates and their accuracy only, and are finite.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from shared import business_day
from shared.reference import MemberRef
from shared.shapes import Id, Shape, ShownName, Time, Words

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
OutcomeName = Literal["awarded", "pending_review", "recorded_no_award"]
PausedBy = Literal["operator", "anomaly"]


def _zone_name(name: str) -> str:
    business_day.zone(name)
    return name


ZoneName = Annotated[str, AfterValidator(_zone_name)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Opens = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Closes = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Interval = tuple[Opens, Closes]
Intervals = Annotated[tuple[Interval, ...], Field(max_length=4)]
DWELL_SECONDS_MAX = 3600
Hours = dict[Weekday, Intervals]


class Reward(Shape):
    """What a check-in with at least this level of evidence gets."""

    min_level: Annotated[int, Field(ge=0, le=4)] = 0
    points: Annotated[int, Field(ge=0, le=1_000_000)] = 10
    campaign_id: Id | None = None


class StoreFields(Shape):
    """What a store says about itself.

    `hours` are local: a day that is not named is closed, an end at or before its start runs over midnight, and a store
    without hours is always open. A store that names no rewards gives the default one. `dwell_seconds` is how long a
    guest must have stayed, so far as a phone's place alone proves it.
    """

    name: ShownName
    lat: Latitude
    lon: Longitude
    radius_m: Annotated[int, Field(ge=1, le=10_000)] = 150
    dwell_seconds: Annotated[int, Field(ge=0, le=DWELL_SECONDS_MAX)] | None = None
    time_zone: ZoneName
    cutoff_hour: Annotated[int, Field(ge=0, le=23)] = 0
    hours: Hours | None = None
    rewards: Annotated[tuple[Reward, ...], Field(max_length=20)] = (Reward(),)
    state: Literal["open", "closed"] = "open"


class StoreBody(StoreFields):
    """The body of `PUT /v1/stores/{store_id}`; where it repeats the id, the route compares the two."""

    store_id: Id | None = None

    def named(self, store_id: str, *, paused_by: PausedBy | None = None) -> Store:
        """The store that this body describes."""
        fields = {name: getattr(self, name) for name in StoreFields.model_fields}
        return Store(store_id=store_id, rewards_paused=paused_by is not None, paused_by=paused_by, **fields)


class Store(StoreFields):
    """A store as check-in knows it; who has paused its rewards is never said by the store's body."""

    store_id: Id
    rewards_paused: bool = False
    paused_by: PausedBy | None = None


class StoreQuery(Shape):
    """Which stores: all, or those whose id or name has these words; and how much of the list."""

    q: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None


class StorePage(Shape):
    """A page may hold fewer stores than asked for, none too, and still have a next one: so far it has been searched."""

    items: list[Store]
    next_cursor: str | None


class Pause(Shape):
    """`PUT /v1/stores/{store_id}/rewards-pause`."""

    paused: bool
    reason: Words | None = None


class PauseAnswer(Pause):
    store_id: Id


class StoreQr(Shape):
    """The text of a store's printed QR."""

    store_id: Id
    qr_payload: str


class Location(Shape):
    """Where a phone says it is: with what accuracy, since when, and whether it admits to pretending."""

    lat: Latitude
    lon: Longitude
    accuracy_m: Annotated[float, Field(ge=0, le=50_000_000)]
    captured_at: Time
    is_mock: bool | None = None


DeviceId = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Attestation(Shape):
    """What the phone's platform says of phone and app: the encrypted text of Google Play's integrity verdict."""

    kind: Literal["play_integrity"]
    token: Annotated[str, StringConstraints(min_length=1, max_length=16_384)]


class CheckinBody(Shape):
    """`POST /v1/me/checkins`. A code, QR or token that proves nothing is no fault of the request, only no evidence."""

    checkin_id: Id
    store_id: Id
    location: Location | None = None
    presence_code: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    qr: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = None
    device_id: DeviceId | None = None
    challenge: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = None
    attestation: Attestation | None = None


class ChallengeBody(Shape):
    """`POST /v1/me/checkins/challenges`: the first of two fixes, where a store asks its guests to stay."""

    challenge_id: Id
    store_id: Id
    location: Location
    device_id: DeviceId | None = None


class ChallengeAnswer(Shape):
    """What a check-in shows between these times, with the second fix. The same, wherever the phone was."""

    challenge: str
    not_before: Time
    expires_at: Time


class StaffScan(Shape):
    """`POST /v1/checkins`: a member of staff saw the guest. A till's key brings its store."""

    checkin_id: Id
    store_id: Id | None = None
    member: MemberRef


class PresenceCode(Shape):
    """What a store's screen shows for half a minute: a code to type, and the same as the payload of a QR.

    `valid_for_ms` is what is left of it, for a screen whose clock is wrong.
    """

    code: str
    qr_payload: str
    valid_until: Time
    valid_for_ms: int
    store_name: str


class ApproachBody(Shape):
    """`POST /v1/me/approaches`: the phone has crossed the fence around a store."""

    approach_id: Id
    store_id: Id


class ApproachAnswer(ApproachBody):
    """The same, whether anybody hears of it or not."""


class Given(Shape):
    """The reward of an answer: points on their way, and campaigns whose coupon is."""

    points: int
    campaigns: tuple[Id, ...]


class CheckinAnswer(Shape):
    """The answer to a check-in. It never says why nothing was given: that would teach a cheat."""

    checkin_id: Id
    store_id: Id
    business_day: date
    outcome: OutcomeName
    already: bool
    evidence_level: int | None
    reward: Given
    next_possible_at: Time


class Page(Shape):
    """Where in a list, and how much of it."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None


class CheckinListed(Shape):
    """One check-in of a list."""

    checkin_id: Id
    store_id: Id
    business_day: date
    outcome: OutcomeName
    evidence_level: int | None
    reward: Given
    occurred_at: Time


class CheckinPage(Shape):
    items: list[CheckinListed]
    next_cursor: str | None
