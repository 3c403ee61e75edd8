"""What a member's visits bring into another's, and take back. Pure.

The merged member has been wherever either was: the stores of the day, the last award and the last fix of both count,
and so do their devices and what they tried in vain.
If the merge is ended, each has been where it was before, and has the devices that it had; a device that was bound while
they were one is the other's, who was bound to it. But the last award and fix stay with the other as well, for who was
parted minutes ago has no new right to a reward.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from checkin import devices, tries
from checkin.visits import VISITS, Ring, Visits, pack
from shared.chain import Decided
from shared.moves import MOVED, Merger, Move


def leave(visits: Visits, move: Move[Visits], _at: datetime) -> Decided[Visits]:
    """The chain is closed, and knows of no visit."""
    return Decided(Visits(), (move.step(data={MOVED: pack(visits)}),))


def join(visits: Visits, move: Move[Visits], _at: datetime) -> Decided[Visits]:
    """Both have been there. Of a store that both visited on a day both visits stay: one may wait, and be rejected."""
    brought = move.brought
    is_later = _is_later(brought.award, visits.award)
    together = Visits(
        at=max(visits.at, brought.at),
        taken=(*visits.taken, *brought.taken),
        award_store_id=brought.award_store_id if is_later else visits.award_store_id,
        award=brought.award if is_later else visits.award,
        fix=brought.fix if _is_later(brought.fix, visits.fix) else visits.fix,
        devices=(*visits.devices, *brought.devices),  # one that both had stands there twice: each takes its own along
        tries=tries.united(visits.tries, brought.tries),
    )
    return Decided(together, (move.step(),))


def part(visits: Visits, move: Move[Visits], _at: datetime) -> Decided[Visits]:
    """The visits and devices that were brought are the other's alone again.

    On those devices it is the other who has a place: whoever kept them here would be one member more than places.
    """
    brought = {visit.checkin_id for visit in move.brought.taken}
    left = tuple(visit for visit in visits.taken if visit.checkin_id not in brought)
    own = devices.apart(visits.devices, move.brought.devices)
    return Decided(replace(visits, taken=left, devices=own), (move.step(is_end=True),))


def come_back(_: Visits, move: Move[Visits], _at: datetime) -> Decided[Visits]:
    """The chain is opened again, with what it brought."""
    return Decided(move.brought, (move.step(is_end=True),))


def _is_later(one: Ring | None, other: Ring | None) -> bool:
    return one is not None and (other is None or one.at > other.at)


MERGER = Merger(VISITS, leave, join, part, come_back)
