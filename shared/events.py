"""Entries as events: CloudEvents 1.0 whose id and source never change, however often they are delivered.

id             account:number:type      (an entry may make several events; of reminders also the day and kind)
subject        the member, else the campaign or the store; nobody's purchase or code has none
sequence       the entry's number in its account, for whoever shows a latest state
partitionkey   the account
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared import clock, keys, varint
from shared.chain import Entry
from shared.table import Item

Event = dict[str, Any]

_OF_ENTRY: Mapping[tuple[str, str], tuple[str, ...]] = {
    (keys.MEMBER_POINTS, "earned"): ("points.earned",),
    (keys.MEMBER_POINTS, "spent"): ("points.spent",),
    (keys.MEMBER_POINTS, "expired"): ("points.expired",),
    (keys.MEMBER_POINTS, "held"): ("points.held",),
    (keys.MEMBER_POINTS, "captured"): ("points.spent",),
    (keys.MEMBER_POINTS, "released"): ("points.released",),
    (keys.MEMBER_POINTS, "refused"): ("points.refused",),
    (keys.MEMBER_POINTS, "reversed"): ("points.reversed",),
    (keys.MEMBER_POINTS, "pending"): ("points.pending",),
    (keys.MEMBER_POINTS, "activated"): ("points.earned",),
    (keys.MEMBER_POINTS, "returned"): ("points.returned",),
    (keys.MEMBER_POINTS, "restored"): ("points.returned",),
    (keys.MEMBER_POINTS, "adjusted"): ("points.adjusted",),
    (keys.PURCHASE, "completed"): ("purchase.completed",),
    (keys.PURCHASE, "cancelled"): ("purchase.cancelled",),
    (keys.PURCHASE, "reversed"): ("purchase.cancelled",),
    (keys.PURCHASE, "returned"): ("purchase.returned",),
    (keys.VISITS, "accepted"): ("checkin.accepted",),
    (keys.VISITS, "approved"): ("checkin.accepted",),
    (keys.VISITS, "flagged"): ("checkin.flagged",),
    (keys.VISITS, "limited"): ("checkin.limited",),
    (keys.COUPON_BOOK, "reserved"): ("coupon.reserved",),
    (keys.TRAFFIC, "anomaly"): ("checkin.anomaly",),
    (keys.APPROACHES, "approached"): ("store.approached",),
    (keys.COUPON_BOOK, "issued"): ("coupon.issued",),
    (keys.COUPON_BOOK, "redeemed"): ("coupon.redeemed",),
    (keys.COUPON_BOOK, "held"): ("coupon.held",),
    (keys.COUPON_BOOK, "voided"): ("coupon.voided",),
    (keys.COUPON_BOOK, "expired"): ("coupon.expired",),
    (keys.COUPON_BOOK, "expiring"): ("coupon.expiring",),
    (keys.COUPON_BOOK, "revoked"): ("coupon.voided",),
    (keys.COUPON_BOOK, "stamped"): ("stamp.added",),
    (keys.COUPON_BOOK, "filled"): ("stamp_card.completed",),
    (keys.POOL, "exhausted"): ("campaign.exhausted",),
    (keys.EXPOSURES, "exposed"): ("campaign.exposed",),
    (keys.EXPOSURES, "visited"): ("campaign.attributed",),
    (keys.EXPOSURES, "bought"): ("campaign.attributed",),
    **{(keys.CODE, kind): (f"coupon.{kind}",) for kind in ("redeemed", "held", "voided")},
}
"""Which events the entries of each kind of account make; all others are the product's own business."""

_BY_REFERENCE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("earned", "purchase"): ("purchase.recorded",),
    ("pending", "purchase"): ("purchase.recorded",),
    ("earned", "award"): ("award.given",),
    ("merged", "merge"): ("member.merged",),
    ("merged", "unmerge"): ("member.unmerged",),
}
"""What an entry on a member's points also says, by what it came from."""

# Asked of the relay, or our own shorthand: not of the world.
_ASKED = ("carry", "alarm", "explain", "withheld", "unattested", "v", "ends")
_OF_MEMBERS = (keys.MEMBER_POINTS, keys.COUPON_BOOK, keys.VISITS, keys.APPROACHES, keys.EXPOSURES)
_COUPONS = (keys.COUPON_BOOK, keys.CODE, keys.POOL, keys.EXPOSURES)
_CHECKIN = (keys.VISITS, keys.TRAFFIC, keys.APPROACHES)
_ABOUT = {keys.POOL: "campaign_id", keys.TRAFFIC: "store_id"}  # what is about no member has another subject
_SERVICE = dict.fromkeys(_COUPONS, "coupons") | dict.fromkeys(_CHECKIN, "checkin")


@dataclass(frozen=True, slots=True)
class Received:
    """An event as a consumer reads it."""

    id: str
    type: str
    time: datetime
    subject: str | None
    sequence: int
    data: Mapping[str, Any]


def type_name(short: str) -> str:
    """The full type of a short name such as `points.earned`."""
    return f"omotenashi.{short}.v1"


def names_of(letter: str, kind: str) -> tuple[str, ...]:
    """The short names of the events that every entry of this kind makes in this kind of account."""
    return _OF_ENTRY.get((letter, kind), ())


def of_entry(entry: Entry) -> Iterator[Event]:
    """The events that an entry makes."""
    letter = entry.account[0]
    if letter == keys.MEMBER_POINTS and "due" in entry.data:
        yield from _of_reminders(entry)
    names = names_of(letter, entry.kind)
    if letter == keys.MEMBER_POINTS and entry.ref is not None:
        names += _by_reference(entry)
    if "void" in entry.data:  # what is reversed was cancelled before, and that was told
        names = ()
    member = keys.holder(entry.account) if letter in _OF_MEMBERS else entry.data.get("member_id")
    for name in names:
        yield _envelope(
            id=f"{entry.account}:{entry.sequence}:{name}",
            source=f"/omotenashi/{_SERVICE.get(letter, 'points')}",
            name=name,
            subject=entry.data[_ABOUT[letter]] if letter in _ABOUT else member,
            at=entry.recorded_at,
            sequence=entry.sequence,
            partition=entry.account,
            data=_as_told(name, said_of(entry, member)),
        )


def _as_told(name: str, said: dict[str, Any]) -> dict[str, Any]:
    """Whether a purchase was its member's first is told by its own event, and only by that."""
    is_first = bool(said.pop("first_purchase", False))
    return said | {"first_purchase": is_first} if name == "purchase.recorded" else said


def _by_reference(entry: Entry) -> tuple[str, ...]:
    """What an entry says besides. Points of an order that is completed are `pending` again if they wait for a day."""
    assert entry.ref is not None
    names = _BY_REFERENCE.get((entry.kind, entry.ref[0]), ())
    if entry.ref[0] == "purchase" and "amount" not in entry.data:
        names = ()
    if entry.kind == "merged" and entry.data["into"] != keys.holder(entry.account):
        names = ()  # said once, by the account that takes the other in
    return names + (("tier.changed",) if "tier" in entry.data else ())


def _of_reminders(entry: Entry) -> Iterator[Event]:
    """An event for each last day and kind of points that an entry, whatever else it says, reminds of."""
    member = keys.holder(entry.account)
    today, *numbers = varint.unpack(entry.data["due"])
    for packed, points in zip(numbers[::2], numbers[1::2], strict=True):
        days_left, is_limited = divmod(packed, 2)
        on, kind = date.fromordinal(today + days_left).isoformat(), "limited" if is_limited else "regular"
        yield _envelope(
            id=f"{entry.account}:{entry.sequence}:points.expiring:{on}:{kind}",
            source="/omotenashi/points",
            name="points.expiring",
            subject=member,
            at=entry.recorded_at,
            sequence=entry.sequence,
            partition=entry.account,
            data={
                "member_id": member,
                "on": on,
                "days_left": days_left,
                "kind": kind,
                "points": points,
                "balance": entry.balance_after,
            },
        )


def of_member(old: Item | None, new: Item) -> Iterator[Event]:
    """The events of a changed profile: created, erased, and each consent that is new or different."""
    member_id, version = str(new["member_id"]), int(new["version"])
    common: dict[str, Any] = {
        "source": "/omotenashi/points",
        "subject": member_id,
        "sequence": version,
        "partition": f"member#{member_id}",
    }
    at = clock.from_ms(new["t"])
    if version == 1:
        yield _envelope(
            id=f"member:{member_id}:created", name="member.created", at=at, data={"member_id": member_id}, **common
        )
    if new["state"] == "erased":
        if old is None or old["state"] != "erased":
            merged = {"merged_into": new["host"]} if "host" in new else {}
            data = {"member_id": member_id, "guests": new["guests"], **merged}
            erased_at = clock.from_ms(new["erased_at"])
            yield _envelope(id=f"member:{member_id}:erased", name="member.erased", at=erased_at, data=data, **common)
        return
    for purpose, consent in sorted(new.get("consents", {}).items()):
        if old is None or old.get("consents", {}).get(purpose) != consent:
            yield _envelope(
                id=f"member:{member_id}:consent:{purpose}:{consent['t']}",
                name="consent.changed",
                at=clock.from_ms(consent["t"]),
                data={
                    "member_id": member_id,
                    "purpose": purpose,
                    "granted": consent["granted"],
                    "version": consent["version"],
                },
                **common,
            )


def _envelope(  # noqa: PLR0913 - CloudEvents has that many attributes
    *,
    id: str,
    source: str,
    name: str,
    subject: str | None,
    at: datetime,
    sequence: int,
    partition: str,
    data: Mapping[str, Any],
) -> Event:
    event = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": type_name(name),
        "time": clock.to_text(at),
        "datacontenttype": "application/json",
        "sequence": f"{sequence:020d}",
        "partitionkey": partition,
        "data": dict(data),
    }
    return event | ({"subject": subject} if subject else {})


def said_of(entry: Entry, member: str | None = None) -> dict[str, Any]:
    """What an entry tells the outside: everything but its packed bytes and what it asks of the stream."""
    said = {name: value for name, value in entry.data.items() if name not in _ASKED and not isinstance(value, bytes)}
    if entry.account[0] == keys.MEMBER_POINTS:
        said |= {"points": entry.points, "balance": entry.balance_after}
    if isinstance(said.get("on"), int):
        said["on"] = date.fromordinal(said["on"]).isoformat()
    if entry.account[0] == keys.MEMBER_POINTS and "ends" in entry.data:
        said["expires_at"] = clock.to_text(clock.from_ms(entry.data["ends"]))
    if entry.ref is not None:
        said["ref"] = {"kind": entry.ref[0], "id": entry.ref[1]}
    if member is not None:
        said["member_id"] = member
    return said | {"occurred_at": clock.to_text(entry.occurred_at)}


def read(body: Any) -> Received:
    """An event from its JSON; ValueError says what is wrong with it."""
    if not isinstance(body, dict):
        raise ValueError("an event is an object")  # noqa: TRY004 - a wrong message, not a wrong call
    for name in ("id", "type", "time", "data"):
        if not body.get(name):
            raise ValueError(f"the event has no {name}")
    if not all(isinstance(body[name], str) for name in ("id", "type", "time")) or not isinstance(body["data"], dict):
        raise ValueError("the event's attributes have the wrong types")
    subject = body.get("subject")
    if subject is not None and not isinstance(subject, str):
        raise ValueError("the event's subject must be a text")
    return Received(
        id=f"{body.get('source', '')}:{body['id']}",
        type=body["type"],
        time=clock.from_text(body["time"]),
        subject=subject,
        sequence=int(body.get("sequence", 0)),
        data=body["data"],
    )
