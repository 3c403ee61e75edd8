"""Entries as events: CloudEvents 1.0 whose id and source never change, however often they are delivered.

id             account:number:type      (an entry may make several events)
subject        the member, where there is one
sequence       the entry's number in its account, for whoever shows a latest state
partitionkey   the account
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import clock, keys
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
    (keys.VISITS, "accepted"): ("checkin.accepted",),
    (keys.VISITS, "flagged"): ("checkin.flagged",),
    (keys.COUPON_BOOK, "issued"): ("coupon.issued",),
    (keys.COUPON_BOOK, "redeemed"): ("coupon.redeemed",),
    (keys.COUPON_BOOK, "held"): ("coupon.held",),
    (keys.COUPON_BOOK, "voided"): ("coupon.voided",),
    (keys.COUPON_BOOK, "expired"): ("coupon.expired",),
    (keys.POOL, "exhausted"): ("campaign.exhausted",),
    (keys.CODE, "redeemed"): ("coupon.redeemed",),
    (keys.CODE, "held"): ("coupon.held",),
    (keys.CODE, "voided"): ("coupon.voided",),
}
"""Which events the entries of each kind of account make; all others are the product's own business."""

_BY_REFERENCE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("earned", "purchase"): ("purchase.recorded",),
    ("earned", "award"): ("award.given",),
}
"""What an entry on a member's points also says, by what it came from."""

_OF_MEMBERS = (keys.MEMBER_POINTS, keys.COUPON_BOOK, keys.VISITS)
_SERVICE = {keys.VISITS: "checkin", keys.COUPON_BOOK: "coupons", keys.CODE: "coupons", keys.POOL: "coupons"}


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


def of_entry(entry: Entry) -> Iterator[Event]:
    """The events that an entry makes."""
    letter = entry.account[0]
    names = _OF_ENTRY.get((letter, entry.kind), ())
    if letter == keys.MEMBER_POINTS and entry.ref is not None:
        names += _BY_REFERENCE.get((entry.kind, entry.ref[0]), ())
    member = keys.holder(entry.account) if letter in _OF_MEMBERS else entry.data.get("member_id")
    for name in names:
        yield _envelope(
            id=f"{entry.account}:{entry.sequence}:{name}",
            source=f"/omotenashi/{_SERVICE.get(letter, 'points')}",
            name=name,
            subject=member,
            at=entry.recorded_at,
            sequence=entry.sequence,
            partition=entry.account,
            data=_data(entry, member),
        )


def of_member(old: Item | None, new: Item) -> Iterator[Event]:
    """The events of a changed profile: created, and each consent that is new or different."""
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


def _data(entry: Entry, member: str | None) -> dict[str, Any]:
    """What an entry tells the outside: everything but its packed bytes and what it asks of the stream."""
    said = {name: value for name, value in entry.data.items() if name != "carry" and not isinstance(value, bytes)}
    if entry.account[0] == keys.MEMBER_POINTS:
        said |= {"points": entry.points, "balance": entry.balance_after}
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
